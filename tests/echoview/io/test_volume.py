"""NIfTI and MetaImage as cines."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from echoview.domain.view import View
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io import open_cine
from echoview.io.volume import to_uint8
from ral.formats import write_nifti


def test_a_sequence(tmp_path, grey_frames):
    path = tmp_path / "patient0042_4CH_half_sequence.nii.gz"
    write_nifti(path, grey_frames, (0.3, 0.2))
    cine = open_cine(path)
    assert len(cine) == 5
    assert cine.calibration == pytest.approx((0.3, 0.2))
    assert cine.info.view_hint is View.A4C
    assert cine.info.patient_key == "patient0042"
    assert cine.info.kind == "nifti"
    assert cine.info.identity == cine.info.content_hash
    assert not cine.info.timing_known
    assert "assumed" in cine.info.timing_note
    np.testing.assert_array_equal(cine.frame(3), grey_frames[3])


def test_a_still_has_no_times_and_no_word_is_lost_on_it(tmp_path, grey_frames):
    path = tmp_path / "x.nii"
    write_nifti(path, grey_frames[0], None)
    info = open_cine(path).info
    assert not info.timing_known
    assert info.timing_note == ""
    assert info.patient_key == ""
    assert info.calibration is None
    assert info.calibration_note == "The file gives no pixel size."


def test_an_absurd_pixel_size_is_not_believed(tmp_path, grey_frames):
    write_nifti(tmp_path / "x.nii", grey_frames, (0.3, 40.0))
    info = open_cine(tmp_path / "x.nii").info
    assert info.calibration is None
    assert "0.3 × 40 mm" in info.calibration_note


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32", "float32", "float64"])
def test_any_number_type_becomes_uint8(dtype):
    ramp = np.linspace(-1000, 3000, 60).astype(dtype).reshape(3, 4, 5)
    ramp = ramp if np.dtype(dtype).kind != "u" else np.linspace(0, 65535, 60).astype(dtype).reshape(3, 4, 5)
    shown = to_uint8(ramp)
    assert shown.dtype == np.uint8
    assert shown.shape == (3, 4, 5)
    np.testing.assert_allclose(shown.ravel(), np.linspace(0, 255, 60), atol=0.6)


def test_small_integers_and_odd_floats(grey_frames):
    np.testing.assert_array_equal(to_uint8(grey_frames.astype(np.int16)), grey_frames)
    odd = np.array([[[0.0, np.nan, 1.0, np.inf]]])
    np.testing.assert_array_equal(to_uint8(odd), [[[0, 0, 255, 0]]])
    assert to_uint8(np.full((1, 2, 2), 7.5)).max() == 0
    np.testing.assert_array_equal(to_uint8(np.array([[[-3e38, 3e38, 0.0, 1e300]]])), [[[0, 255, 128, 128]]])


def test_damage_is_told(tmp_path, grey_frames):
    path = tmp_path / "x.nii.gz"
    write_nifti(path, np.random.default_rng(1).integers(0, 256, (3, 40, 40)).astype(np.uint8), (1.0, 1.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CineUnreadable, match=r"x\.nii\.gz is cut off"):
        open_cine(path)
    header = "NDims = 3\nDimSize = 2 2 1\nElementType = MET_UCHAR\nElementDataFile = gone.raw\n"
    (tmp_path / "x.mhd").write_text(header)
    with pytest.raises(CineUnreadable, match=r"gone\.raw"):
        open_cine(tmp_path / "x.mhd")
    (tmp_path / "x.mhd").write_text("ElementNumberOfChannels = 3\n" + header)
    with pytest.raises(CineUnsupported):
        open_cine(tmp_path / "x.mhd")


def test_camus(shared_data):
    still = open_cine(next(shared_data.glob("camus_a4c/patient0001/patient0001_4CH_ED.nii.gz")))
    assert still.size == (194, 274)
    assert still.calibration == pytest.approx((0.617, 0.617), abs=1e-3)
    assert still.info.patient_key == "patient0001"
    published = open_cine(next(shared_data.rglob("patient0001_2CH_ES.mhd")))
    assert published.calibration == pytest.approx((0.308, 0.154))
    assert published.info.view_hint is View.A2C
    with pytest.raises(CineUnreadable, match=r"patient0001_2CH_sequence\.raw"):
        open_cine(next(shared_data.rglob("patient0001_2CH_sequence.mhd")))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b.raw", "LOCAL\x8f" * 60])
def test_a_pixel_file_that_no_system_could_hold(name, tmp_path):
    header = f"NDims = 3\nDimSize = 64 48 6\nElementType = MET_UCHAR\nElementDataFile = {name}\n"
    (tmp_path / "x.mhd").write_bytes(header.encode("latin-1"))
    with pytest.raises(CineUnreadable, match=r"x\.mhd"):
        open_cine(tmp_path / "x.mhd")


@pytest.mark.parametrize(
    ("shape", "unit", "step", "fps"),
    [
        ((64, 48, 1, 5), "sec", 0.02, 50),
        ((64, 48, 1, 5), "msec", 25.0, 40),
        ((64, 48, 1, 5), "usec", 12500.0, 80),
        ((64, 48, 5), "msec", 20.0, 50),
        ((64, 48, 1, 5), "unknown", 0.02, None),
        ((64, 48, 1, 5), "sec", 1.0, None),  # what writers put there that know no time
        ((64, 48, 1, 5), "msec", 0.0, None),
        ((64, 48, 1, 5), "hz", 50.0, None),
    ],
)
def test_the_time_step_of_a_nifti_is_the_files(shape, unit, step, fps, tmp_path, grey_frames):
    image = nib.Nifti1Image(grey_frames.T.reshape(shape), np.diag([0.3, 0.2, 1, 1]))
    image.header.set_xyzt_units("mm", unit)
    image.header["pixdim"][4] = step
    nib.save(image, tmp_path / "x.nii.gz")
    cine = open_cine(tmp_path / "x.nii.gz")
    assert cine.info.timing_known is (fps is not None)
    assert cine.fps == pytest.approx(fps or 30, rel=1e-4)
    assert ("assumed" in cine.info.timing_note) is (fps is None)


@pytest.mark.parametrize(
    ("third", "fps"), [(0.02, 50), (0.0125, 80), (1.0, None), (0.3, None), (0.05, None), (20.0, None), ("x", None)]
)
def test_the_third_spacing_of_a_metaimage_is_a_time_where_it_can_be_none_else(third, fps, tmp_path, grey_frames):
    head = f"NDims = 3\nDimSize = 64 48 5\nElementSpacing = 0.3 0.05 {third}\nElementType = MET_UCHAR\n"
    (tmp_path / "x.mha").write_bytes(f"{head}ElementDataFile = LOCAL\n".encode() + grey_frames.tobytes())
    cine = open_cine(tmp_path / "x.mha")
    assert cine.info.timing_known is (fps is not None)
    assert cine.fps == pytest.approx(fps or 30)
    if fps is not None:
        assert (
            cine.info.timing_note == "The third spacing of the file is taken for the time between frames, in seconds."
        )
