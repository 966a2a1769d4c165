"""The beat between two labelled frames: exact at both ends, masks that fit their pictures, nothing torn."""

from __future__ import annotations

import logging

import cv2
import numpy as np
import pytest

from ral.datasets import camus_clips, read_splits
from ral.datasets.motion import Moment, Motion, beat_shares
from ral.datasets.warped import patient_motion, warped_clips
from ral.formats import FormatError
from ral.geometry import dice


def jump(pictures: np.ndarray) -> np.ndarray:
    """Mean grey difference of each frame to the next, (T-1,)."""
    return np.abs(np.diff(pictures.astype(np.float32), axis=0)).mean((1, 2))


@pytest.fixture
def clip(tmp_path, patient):
    patient(tmp_path)
    [made] = warped_clips(tmp_path, ["patient0001"], frames=9)
    return made


def test_both_ends_are_the_published_frames(tmp_path, clip):
    motion = patient_motion(tmp_path, "patient0001")
    ed, es = camus_clips(tmp_path, ["patient0001"])
    for t, still, moment in ((0, ed, motion.ed), (-1, es, motion.es)):
        np.testing.assert_array_equal(clip.frames[t], moment.picture)
        np.testing.assert_array_equal(clip.masks[t], moment.cavity)
        assert dice(clip.masks[t], still.masks[0]) > 0.99  # each still is prepared for itself
    assert (clip.view, clip.source, clip.name) == (-1, "warped", "patient0001_4CH_systole")
    assert (clip.weights == 1).all()
    assert (clip.frames.dtype, clip.masks.dtype, clip.sector.dtype) == (np.uint8, bool, np.uint8)


def test_every_mask_fits_its_picture(clip):
    for picture, mask in zip(clip.frames, clip.masks, strict=True):
        assert np.median(picture[mask]) < 60  # blood is drawn at 40, the wall at 160, the atrium at 45
        rim = mask ^ np.roll(mask, 6, axis=1)
        assert np.median(picture[rim & ~mask & (np.arange(256) > 128)]) > 110
    areas = clip.masks.sum((1, 2))
    assert (np.diff(areas) < 0).all()


def test_the_middle_is_where_the_heart_would_be(tmp_path, clip, patient, heart, image):
    motion = patient_motion(tmp_path, "patient0001")
    home = patient(tmp_path, "patient0002")
    picture, labels = heart(0.5)
    image(home / "patient0002_4CH_ED.nii.gz", picture)
    image(home / "patient0002_4CH_ED_gt.nii.gz", labels)
    drawn = patient_motion(tmp_path, "patient0002").ed.cavity
    assert dice(motion.at(0.5)[1], drawn) > 0.97


def test_it_moves_smoothly_and_keeps_its_speckle(tmp_path, clip):
    motion = patient_motion(tmp_path, "patient0001")
    pictures = np.stack([motion.at(share)[0] for share in np.linspace(0, 1, 17)])
    steps = jump(pictures)
    assert steps.max() < 3 * np.median(steps)
    blood = motion.ed.cavity & motion.es.cavity
    grain = [picture[blood].std() for picture in pictures[[0, 8, 16]]]
    assert grain[1] > 0.7 * (grain[0] + grain[2]) / 2
    assert not motion.folds()
    assert motion.agreement() > 0.97


def test_nothing_leaves_the_sector_and_its_edge_stands(tmp_path, clip):
    inside = clip.sector > 0
    rim = cv2.dilate(clip.sector, np.ones((7, 7), np.uint8)) > 0  # a native px, resampled
    assert not clip.frames[:, ~rim].any()
    lit = (clip.frames > 0)[:, inside].mean(1)
    assert np.ptp(lit) < 0.02
    band = inside & (cv2.erode(clip.sector, np.ones((9, 9), np.uint8)) == 0)
    grey = clip.frames[:, band].astype(float).mean(1)
    assert grey.min() > 0.97 * min(grey[0], grey[-1])  # no black is drawn in from outside
    assert grey.max() < 1.03 * max(grey[0], grey[-1])


def test_an_even_grey_stays_even_where_tissue_comes_in_from_outside():
    sector = np.zeros((128, 128), np.uint8)
    sector[8:100, 8:120] = 1

    def moment(base: int) -> Moment:
        cavity, heart = np.zeros((2, 128, 128), np.uint8)
        cv2.ellipse(cavity, (64, base), (16, 50), 0, 180, 360, 1, -1)
        cv2.ellipse(heart, (64, base), (24, 58), 0, 180, 360, 1, -1)
        return Moment(100 * sector, cavity > 0, heart > 0, np.zeros_like(cavity, bool))

    motion = Motion(moment(98), moment(80), sector)  # at ED the annulus lies on the edge
    for share in (0.1, 0.5, 0.9):
        assert np.ptp(motion.at(share)[0][sector > 0]) <= 1


def test_a_whole_beat_returns(tmp_path, patient):
    patient(tmp_path)
    [beat] = warped_clips(tmp_path, ["patient0001"], frames=16, whole=True)
    np.testing.assert_array_equal(beat.frames[0], beat.frames[-1])
    areas = beat.masks.sum((1, 2))
    assert areas.argmin() == 6
    np.testing.assert_array_equal(beat.masks[6], patient_motion(tmp_path, "patient0001").es.cavity)
    assert beat.name == "patient0001_4CH_beat"


@pytest.mark.parametrize("frames", [2, 3, 5, 10, 33])
def test_the_course_of_a_beat(frames):
    half = beat_shares(frames, whole=False)
    assert (half[0], half[-1]) == (0, 1)
    assert (np.diff(half) > 0).all()
    if frames < 3:
        return
    whole = beat_shares(frames, whole=True)
    assert len(whole) == frames
    assert (whole[0], whole[-1], whole.max()) == (0, 0, 1)
    top = int(whole.argmax())
    assert top < frames / 2 or frames < 5  # filling takes longer
    assert (np.diff(whole[: top + 1]) > 0).all()
    assert (np.diff(whole[top:]) < 0).all()


def test_a_cached_clip_is_the_same_and_knows_its_files(tmp_path, patient, image, heart):
    home = patient(tmp_path / "data")
    made, again = ([*warped_clips(tmp_path / "data", ["patient0001"], 4, cache=tmp_path / "kept")] for _ in range(2))
    [path] = (tmp_path / "kept").iterdir()
    for name in ("frames", "masks", "weights", "sector"):
        np.testing.assert_array_equal(getattr(made[0], name), getattr(again[0], name))
        assert getattr(made[0], name).dtype == getattr(again[0], name).dtype
    assert (made[0].view, made[0].source, made[0].name) == (again[0].view, again[0].source, again[0].name)
    path.write_bytes(path.read_bytes()[:500])
    [third] = warped_clips(tmp_path / "data", ["patient0001"], 4, cache=tmp_path / "kept")
    np.testing.assert_array_equal(third.frames, made[0].frames)
    image(home / "patient0001_4CH_ED.nii.gz", heart(0, seed=9)[0])
    [other] = warped_clips(tmp_path / "data", ["patient0001"], 4, cache=tmp_path / "kept")
    assert (other.frames[0] != made[0].frames[0]).any()


def test_a_patient_without_a_wall_is_left_out_and_that_is_logged(tmp_path, patient, image, heart, caplog):
    home = patient(tmp_path, "patient0001")
    patient(tmp_path, "patient0002")
    labels = heart(0)[1]
    image(home / "patient0001_4CH_ED_gt.nii.gz", np.where(labels == 2, 0, labels))
    with caplog.at_level(logging.WARNING):
        clips = list(warped_clips(tmp_path, ["patient0001", "patient0002"], 3))
    assert [clip.name for clip in clips] == ["patient0002_4CH_systole"]
    assert "patient0001_4CH_systole is left out" in caplog.text


def test_what_cannot_be_is_said(tmp_path, patient, image, heart):
    with pytest.raises(ValueError, match="1 frames"):
        list(warped_clips(tmp_path, ["patient0001"], 1))
    with pytest.raises(ValueError, match="2 frames"):
        list(warped_clips(tmp_path, ["patient0001"], 2, whole=True))
    with pytest.raises(FormatError, match="patient0001"):
        list(warped_clips(tmp_path, ["patient0001"]))
    home = patient(tmp_path)
    for kind, part in zip(("", "_gt"), heart(1), strict=True):
        image(home / f"patient0001_4CH_ES{kind}.nii.gz", part[:-4])
    with pytest.raises(FormatError, match="not of one size"):
        list(warped_clips(tmp_path, ["patient0001"]))
    home = patient(tmp_path, "patient0002")
    for kind, part in zip(("", "_gt"), heart(1), strict=True):
        image(home / f"patient0002_4CH_ES{kind}.nii.gz", part, (0.9, 0.9))
    with pytest.raises(FormatError, match="not of one pixel size"):
        list(warped_clips(tmp_path, ["patient0002"]))


def test_real_hearts(real):
    folder = real("camus_a4c")
    patients = read_splits(folder)["train"][:12]
    clips = list(warped_clips(folder, patients, frames=5))
    assert len(clips) >= 11
    for patient, clip in zip(patients, clips, strict=False):
        areas = clip.masks.sum((1, 2)).astype(float)
        assert (np.diff(areas) < 0.02 * areas[0]).all()  # it empties
        wall = np.array([picture[mask].mean() for picture, mask in zip(clip.frames, clip.masks, strict=True)])
        assert wall[1:-1].max() < 1.25 * max(wall[0], wall[-1])  # no wall is blended into the cavity
        motion = patient_motion(folder, patient)
        moved = [motion.at(share)[1] for share in (0.02, 0.98)]
        assert dice(moved[0], motion.ed.cavity) > 0.96
        assert dice(moved[1], motion.es.cavity) > 0.96
