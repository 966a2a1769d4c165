"""The written files are read back by the program's own readers: frames, times, pixel size and truth survive."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from echoview.domain.view import View
from echoview.io import open_cine
from ral.phantom import PhantomCine, simulate
from ral.phantom.write import write_dicom, write_mp4, write_npz


@pytest.fixture(scope="module")
def cine() -> PhantomCine:
    """Odd sides and more than two beats: nothing may count on even numbers or on one R wave."""
    return simulate(4, "A2C", frames=14, size=97, beats=2.2, look="even")


def _greys(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else picture[..., 1]


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("jpeg_quality", [92, None])
def test_a_dicom_file_opens_as_the_cine_that_it_was(
    cine: PhantomCine, tmp_path: Path, jpeg_quality: int | None, colour: bool
) -> None:
    opened = open_cine(write_dicom(tmp_path / "a.dcm", cine, jpeg_quality=jpeg_quality, colour=colour))
    assert len(opened) == len(cine.frames)
    for t, frame in enumerate(cine.frames):
        read = opened.frame(t)
        assert read.ndim == (3 if colour else 2)
        off = np.abs(_greys(read).astype(int) - frame)
        assert off.mean() < (1.5 if jpeg_quality else 1e-9)
    assert opened.times_s == pytest.approx(cine.times_s, abs=1e-6)
    assert opened.info.timing_known
    assert opened.calibration is not None
    assert (opened.calibration.x_mm, opened.calibration.y_mm) == pytest.approx((cine.mm_per_px,) * 2)
    assert opened.info.region_px == (0, 0, 96, 96)
    assert opened.info.view_hint is View.A2C
    assert opened.info.patient_label.startswith("PHANTOM")
    assert not opened.info.withheld


def test_single_frame_times_can_be_given_one_by_one(cine: PhantomCine, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", cine, uneven=True)
    header = pydicom.dcmread(path, stop_before_pixels=True)
    assert "FrameTime" not in header
    assert len(header.FrameTimeVector) == len(cine.frames)
    assert open_cine(path).times_s == pytest.approx(cine.times_s, abs=1e-6)


def test_the_header_tells_rate_r_waves_and_that_it_is_simulated(cine: PhantomCine, tmp_path: Path) -> None:
    header = pydicom.dcmread(write_dicom(tmp_path / "a.dcm", cine), stop_before_pixels=True)
    assert int(header.HeartRate) == round(cine.heart_rate_bpm)
    assert np.asarray(header.RWaveTimeVector) == pytest.approx(1000 * cine.r_waves_s, rel=1e-5)
    assert len(cine.r_waves_s) >= 2
    assert str(header.PatientName) == "PHANTOM^4"
    assert "imulated" in header.ImageComments
    assert header.SOPClassUID.name == "Ultrasound Multi-frame Image Storage"


def test_the_same_cine_gives_the_same_bytes_and_another_cine_another_instance(tmp_path: Path) -> None:
    paths = [
        write_dicom(tmp_path / f"{name}.dcm", simulate(9, frames=frames, size=64))
        for name, frames in (("a", 3), ("b", 3), ("c", 4))
    ]
    a, b, c = (path.read_bytes() for path in paths)
    assert a == b
    assert a != c
    first, other = (pydicom.dcmread(path, stop_before_pixels=True) for path in paths[::2])
    assert first.StudyInstanceUID == other.StudyInstanceUID
    assert first.SOPInstanceUID != other.SOPInstanceUID
    assert first.SOPInstanceUID.is_valid


def test_a_still_is_written_too(tmp_path: Path) -> None:
    still = simulate(2, frames=1, size=64)
    opened = open_cine(write_dicom(tmp_path / "a.dcm", still, jpeg_quality=None))
    assert len(opened) == 1
    assert np.array_equal(opened.frame(0), still.frames[0])
    with np.load(write_npz(tmp_path / "a.npz", still)) as kept:
        assert kept["frames"].shape == (1, 64, 64)


def test_a_video_keeps_frames_and_rate(tmp_path: Path) -> None:
    cine = simulate(6, frames=8, size=96, look="soft")
    opened = open_cine(write_mp4(tmp_path / "a.mp4", cine))
    assert len(opened) == 8
    assert opened.times_s == pytest.approx(cine.times_s, abs=2e-3)
    assert np.abs(_greys(opened.frame(5)).astype(int) - cine.frames[5]).mean() < 4
    assert opened.calibration is None


def test_a_video_that_cannot_be_written_is_told(cine: PhantomCine, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_mp4(tmp_path / "nowhere" / "a.mp4", cine)


def test_npz_keeps_every_field(cine: PhantomCine, tmp_path: Path) -> None:
    with np.load(write_npz(tmp_path / "a.npz", cine)) as kept:
        assert np.array_equal(kept["frames"], cine.frames)
        assert np.array_equal(kept["masks"], cine.masks)
        assert np.array_equal(kept["contours"], cine.contours)
        assert (str(kept["view"]), str(kept["pathology"]), str(kept["look"])) == ("A2C", cine.pathology, "even")
        assert float(kept["ef_percent"]) == cine.ef_percent
