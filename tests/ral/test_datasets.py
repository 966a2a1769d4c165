"""Clips for training: the mask moves with the picture, seeds reproduce, CAMUS is read as it is published."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from ral.config import VIEWS
from ral.datasets import Clip, augment, camus_clips, collate, phantom_clips, read_split
from ral.datasets.clip import plain, restyle
from ral.datasets.look import Change, change_greys
from ral.datasets.sources import read_camus
from ral.formats import FormatError, write_nifti

DATA = Path(os.environ.get("ECHOVIEW_DATA") or Path(__file__).parents[3] / "shared" / "data")


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def shape_clip(frames: int = 3, size: int = 96, view: int = 2) -> Clip:
    """Frames that are their own masks: a bright ellipse that no turn or mirror leaves as it is."""
    masks = np.zeros((frames, size, size), np.uint8)
    for t, mask in enumerate(masks):
        cv2.ellipse(mask, (size // 2 - 8, size // 2), (12 + 2 * t, 24), 20, 0, 360, 1, -1)
    grey = (40 + 160 * masks).astype(np.uint8)
    return Clip(grey, masks > 0, np.ones(frames, np.float32), np.ones((size, size), np.uint8), view, "test", "x")


# Augmentation


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def bright(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The part that is nearer in grey to what lies under the mask than to what lies around it."""
    around = (cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~mask
    level = (np.median(picture[mask]) + np.median(picture[around])) / 2
    return (picture > level) & (mask | around)


@pytest.mark.parametrize("size", [96, 64, 48])
def test_the_mask_moves_with_the_picture(size):
    scores = []
    for seed in range(25):
        sample = augment(shape_clip(), rng(seed), size)
        for picture, mask in zip(sample.frames, sample.masks > 0, strict=True):
            scores.append(overlap(bright(picture, mask), mask))
    assert np.median(scores) > 0.97
    assert np.mean(np.array(scores) > 0.9) > 0.85  # a shadow, words or coarse speckle may hide a part


def test_it_moves_at_all_and_differently_each_time():
    masks = [augment(shape_clip(1), rng(seed), 96).masks[0] > 0 for seed in range(8)]
    rest = shape_clip(1).masks[0]
    assert all(overlap(m, rest) < 0.98 for m in masks)
    assert all(overlap(a, b) < 0.995 for i, a in enumerate(masks) for b in masks[:i])


def test_calm_draws_move_less_than_the_others_and_take_the_mask_along():
    rest = shape_clip(1).masks[0]
    kept = {}
    for change in (Change.CALM, Change.USUAL):
        samples = [augment(shape_clip(1), rng(seed), 96, change=change) for seed in range(25)]
        kept[change] = np.array([overlap(s.masks[0] > 0, rest) for s in samples])
        if change is Change.CALM:
            assert min(overlap(bright(s.frames[0], s.masks[0] > 0), s.masks[0] > 0) for s in samples) > 0.95
    assert kept[Change.CALM].min() > 0.7 > kept[Change.USUAL].min()
    assert kept[Change.CALM].mean() > kept[Change.USUAL].mean()
    assert kept[Change.CALM].std() > 0.01  # it moves at all


def test_shapes_and_kinds_of_a_sample():
    sample = augment(shape_clip(3), rng(0), 64)
    assert sample.frames.shape == sample.masks.shape == (3, 64, 64)
    assert sample.frames.dtype == sample.masks.dtype == sample.weights.dtype == np.float32
    assert set(np.unique(sample.masks)) == {0.0, 1.0}
    assert sample.view == 2
    assert sample.frames[0].mean() == pytest.approx(0, abs=0.7)


def test_all_frames_of_a_clip_share_one_geometry_and_one_look():
    clip = shape_clip(1)
    still = Clip(
        np.repeat(clip.frames, 4, 0), np.repeat(clip.masks, 4, 0), np.ones(4, np.float32), clip.sector, 0, "test", "x"
    )
    for seed in range(10):
        sample = augment(still, rng(seed), 64)
        for t in range(1, 4):
            np.testing.assert_array_equal(sample.frames[t], sample.frames[0])
            np.testing.assert_array_equal(sample.masks[t], sample.masks[0])


def test_the_same_seed_gives_the_same_sample_and_the_clip_stays_as_it_was():
    clip = shape_clip()
    before = clip.frames.copy()
    for style in (None, shape_clip(1)):
        a, b, c = (augment(clip, rng(seed), 64, style) for seed in (5, 5, 6))
        np.testing.assert_array_equal(a.frames, b.frames)
        np.testing.assert_array_equal(a.masks, b.masks)
        assert not np.array_equal(a.masks, c.masks)
    np.testing.assert_array_equal(clip.frames, before)


def grey_clip(seed: int, scale: float) -> Clip:
    frames = (rng(seed).random((2, 64, 64)) ** scale * 255).astype(np.uint8)
    sector = np.zeros((64, 64), np.uint8)
    sector[8:, 8:] = 1
    return Clip(frames, np.zeros((2, 64, 64), bool), np.ones(2, np.float32), sector, 0, "test", "x")


def test_a_restyled_clip_has_the_grey_levels_of_the_other_in_its_own_order():
    own, other = grey_clip(0, 1.0), grey_clip(1, 3.0)
    frames = restyle(own, other, 1.0)
    inside = own.sector > 0
    for share in (0.1, 0.5, 0.9):
        wanted = np.quantile(other.frames[:, inside], share)
        assert np.quantile(frames[:, inside], share) == pytest.approx(wanted, abs=4)
    order = np.argsort(own.frames[0].ravel(), kind="stable")
    assert (np.diff(frames[0].ravel()[order].astype(int)) >= 0).all()
    np.testing.assert_array_equal(restyle(own, other, 0.0), own.frames)


def test_a_clip_without_a_sector_keeps_its_grey_levels():
    own, other = grey_clip(0, 1.0), grey_clip(1, 3.0)
    other.sector[:] = 0
    np.testing.assert_array_equal(restyle(own, other, 1.0), own.frames)


def test_weights_stay_with_their_frames():
    clip = shape_clip(3)
    clip.weights[:] = 0, 2, 1
    assert augment(clip, rng(0), 64).weights.tolist() == [0, 2, 1]
    assert plain(clip, 64).weights.tolist() == [0, 2, 1]


@pytest.mark.parametrize("change", list(Change))
def test_another_look_stays_a_picture(change):
    pixels = rng(0).random((3, 32, 32), np.float32)
    for seed in range(40):
        looks = change_greys(pixels.copy(), rng(seed), change)
        assert (looks.shape, looks.dtype) == (pixels.shape, np.float32)
        assert looks.min() >= 0
        assert looks.max() <= 1


def test_wild_looks_change_more_than_the_usual_ones_and_leave_place_alone():
    clip, far = shape_clip(1), {}
    pixels = clip.frames.astype(np.float32) / 255
    for change in Change:
        looks = [change_greys(pixels.copy(), rng(seed), change) for seed in range(60)]
        far[change] = np.mean([np.abs(look - pixels).mean() for look in looks])
    assert far[Change.CALM] < far[Change.USUAL] < far[Change.WILD]
    wild = [change_greys(pixels.copy(), rng(seed), Change.WILD)[0] for seed in range(60)]
    assert np.median([overlap(bright(look, clip.masks[0]), clip.masks[0]) for look in wild]) > 0.95


def test_plain_leaves_the_geometry_as_it_is():
    clip = shape_clip()
    sample = plain(clip, 96)
    np.testing.assert_array_equal(sample.masks > 0, clip.masks)
    assert sample.frames.shape == (3, 96, 96)
    np.testing.assert_array_equal(sample.frames[0] > sample.frames[0].mean(), clip.masks[0])


@pytest.mark.parametrize("size", [48, 24])
def test_plain_shrinks_the_mask_where_it_shrinks_the_picture(size):
    clip = shape_clip()
    v, u = np.mgrid[:96, :96]
    sample = plain(clip, size)
    y, x = np.mgrid[:size, :size]
    for mask, small in zip(clip.masks, sample.masks, strict=True):
        middle = (np.array([u[mask].mean(), v[mask].mean()]) + 0.5) * size / 96 - 0.5
        found = [x[small > 0].mean(), y[small > 0].mean()]
        np.testing.assert_allclose(found, middle, atol=0.1)


def test_samples_are_put_together():
    batch = collate([augment(shape_clip(2, view=v), rng(v), 32) for v in (0, 1, 2)])
    assert {k: tuple(t.shape) for k, t in batch.items()} == {
        "frames": (3, 2, 1, 32, 32), "masks": (3, 2, 32, 32), "weights": (3, 2), "views": (3,),
    }  # fmt: skip
    assert batch["views"].tolist() == [0, 1, 2]


# The phantom


def test_phantom_clips_take_the_views_in_turn():
    clips = list(phantom_clips(range(3, 6), 2, size=48))
    assert [VIEWS[clip.view] for clip in clips] == [VIEWS[0], VIEWS[1], VIEWS[2]]
    for clip in clips:
        assert clip.frames.shape == clip.masks.shape == (2, 48, 48)
        assert clip.weights.tolist() == [1, 1]
        assert clip.masks.any((1, 2)).all()
        assert clip.source == "phantom"


def test_a_cached_phantom_is_the_same_clip(tmp_path):
    [fresh] = phantom_clips([4], 2, cache=tmp_path / "cache", size=48)
    assert [p.suffix for p in (tmp_path / "cache").iterdir()] == [".npz"]
    [kept] = phantom_clips([4], 2, cache=tmp_path / "cache", size=48)
    for field in ("frames", "masks", "weights", "sector"):
        one, other = getattr(fresh, field), getattr(kept, field)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert (kept.view, kept.source, kept.name) == (fresh.view, fresh.source, fresh.name)


# CAMUS


def camus_picture(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A picture and labels (H,W): 0 background, 1 cavity, 2 myocardium, 3 atrium."""
    picture = rng(seed).integers(1, 200, (60, 50)).astype(np.uint8)
    labels = np.zeros((60, 50), np.uint8)
    labels[10:50, 15:35] = 2
    labels[14:40, 19:31] = 1
    labels[42:50, 19:31] = 3
    return picture, labels


def write_nifti_patient(folder: Path, patient: str, view: str = "4CH") -> None:
    (folder / patient).mkdir(parents=True, exist_ok=True)
    for seed, instant in enumerate(("ED", "ES")):
        picture, labels = camus_picture(seed)
        for kind, pixels in (("", picture), ("_gt", labels)):
            write_nifti(folder / patient / f"{patient}_{view}_{instant}{kind}.nii.gz", pixels, (0.3, 0.15))


def write_mhd_patient(folder: Path, patient: str, view: str = "4CH") -> None:
    (folder / patient).mkdir(parents=True, exist_ok=True)
    for seed, instant in enumerate(("ED", "ES")):
        picture, labels = camus_picture(seed)
        for kind, pixels in (("", picture), ("_gt", labels)):
            name = f"{patient}_{view}_{instant}{kind}"
            header = (
                "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                "CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n"
                "ElementSpacing = 0.3 0.15 1\nDimSize = 50 60 1\nElementType = MET_UCHAR\n"
                f"ElementDataFile = {name}.raw\n"
            )
            (folder / patient / f"{name}.mhd").write_text(header)
            (folder / patient / f"{name}.raw").write_bytes(pixels.tobytes())


@pytest.mark.parametrize("write", [write_nifti_patient, write_mhd_patient])
def test_camus_is_read_in_both_formats(tmp_path, write):
    write(tmp_path, "patient0007")
    for seed, instant in enumerate(("ED", "ES")):
        picture, cavity, spacing = read_camus(tmp_path, "patient0007", "4CH", instant)
        expected, labels = camus_picture(seed)
        np.testing.assert_array_equal(picture, expected)
        np.testing.assert_array_equal(cavity, labels == 1)  # not the myocardium, not the atrium
        assert (picture.dtype, cavity.dtype) == (np.uint8, bool)
        assert spacing == pytest.approx((0.3, 0.15))


@pytest.mark.parametrize("write", [write_nifti_patient, write_mhd_patient])
def test_camus_clips_are_stills_whose_view_is_withheld(tmp_path, write):
    for patient in ("patient0001", "patient0002"):
        write(tmp_path, patient)
    clips = list(camus_clips(tmp_path, ["patient0002", "patient0001"]))
    assert [clip.name for clip in clips] == [f"patient000{n}_4CH_{i}" for n in (2, 1) for i in ("ED", "ES")]
    assert {clip.view for clip in clips} == {-1}
    assert {clip.source for clip in clips} == {"camus"}
    for clip in clips:
        assert clip.frames.shape == clip.masks.shape == (1, 256, 256)
        rows, columns = (np.flatnonzero(clip.masks[0].any(axis)) for axis in (1, 0))
        # 12 x 26 px of 0.3 x 0.15 mm
        assert len(columns) / len(rows) == pytest.approx(12 * 0.3 / (26 * 0.15), rel=0.05)


def test_another_view_is_read_from_its_own_files(tmp_path):
    write_nifti_patient(tmp_path, "patient0001", "2CH")
    assert len(list(camus_clips(tmp_path, ["patient0001"], "2CH"))) == 2
    with pytest.raises(FormatError, match="4CH"):
        list(camus_clips(tmp_path, ["patient0001"]))


def test_a_patient_or_a_label_that_is_missing_is_said(tmp_path):
    with pytest.raises(FormatError, match="patient0009"):
        list(camus_clips(tmp_path, ["patient0009"]))
    write_nifti_patient(tmp_path, "patient0001")
    (tmp_path / "patient0001" / "patient0001_4CH_ES_gt.nii.gz").unlink()
    with pytest.raises(FormatError, match="ES_gt"):
        list(camus_clips(tmp_path, ["patient0001"]))


def test_a_split_names_one_patient_a_line(tmp_path):
    (tmp_path / "split.txt").write_text("patient0001\r\npatient0300\n\n")
    assert read_split(tmp_path / "split.txt") == ["patient0001", "patient0300"]


def real(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"no {name} in {DATA} (set ECHOVIEW_DATA)")
    return DATA / name


def test_real_camus_stills():
    folder = real("camus_a4c")
    [split] = [read_split(folder / "split_train.txt")]
    assert len(split) == 319
    clips = list(camus_clips(folder, split[:2]))
    assert len(clips) == 4
    for clip in clips:
        share = clip.masks.mean()
        assert 0.02 < share < 0.4
        rows = np.flatnonzero(clip.masks[0].any(1))
        columns = np.flatnonzero(clip.masks[0].any(0))
        assert len(rows) > len(columns)  # a ventricle is longer than wide: the picture stands upright
        inside, wall = clip.masks[0], cv2.dilate(clip.masks[0].astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        assert clip.frames[0][inside].mean() < clip.frames[0][wall & ~inside].mean()


def test_real_camus_as_published():
    folder = real("camus_mhd")
    picture, cavity, spacing = read_camus(folder, "patient0001", "4CH", "ED")
    assert spacing == pytest.approx((0.308, 0.154), abs=1e-3)
    assert picture.shape == cavity.shape
    [clip, _] = camus_clips(folder, ["patient0001"])
    rows, columns = (np.flatnonzero(clip.masks[0].any(axis)) for axis in (1, 0))
    assert 1.2 < len(rows) / len(columns) < 3  # in true aspect
    assert clip.view == -1
