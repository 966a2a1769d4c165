"""CAMUS and TED: views, stills, sequences, the lists of patients; what is missing or contradicts itself is said."""

from __future__ import annotations

import numpy as np
import pytest

from ral.config import VIEWS
from ral.datasets import camus_clips, camus_sequence_clips, check_splits, read_fold, read_split, read_splits, ted_clips
from ral.datasets.camus import camus_files, read_info, read_sequence
from ral.datasets.ted import read_ted
from ral.formats import FormatError

SUFFIXES = [".nii.gz", ".nii", ".mhd"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("view", ["2CH", "4CH"])
def test_a_half_sequence_is_labelled_on_every_frame(tmp_path, patient, heart, suffix, view):
    patient(tmp_path, view=view, suffix=suffix)
    cine = read_sequence(tmp_path, "patient0001", view)
    picture, labels = heart(0.5, 2)
    np.testing.assert_array_equal(cine.frames[2], picture)
    np.testing.assert_array_equal(cine.labels[2], labels)
    assert cine.labelled.all()
    assert cine.spacing_mm == pytest.approx((0.5, 0.5))
    [clip] = camus_sequence_clips(tmp_path, ["patient0001"], view)
    assert clip.frames.shape == clip.masks.shape == (5, 256, 256)
    assert (clip.weights == 1).all()
    assert (np.diff(clip.masks.sum((1, 2))) < 0).all()  # it empties
    assert (clip.view, clip.source, clip.name) == (-1, "camus", f"patient0001_{view}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sequence_without_labels_of_its_own_takes_them_from_the_stills(tmp_path, patient, suffix):
    patient(tmp_path, suffix=suffix, sequence="sequence", labelled=False, ed=2, es=6, count=7)
    [clip] = camus_sequence_clips(tmp_path, ["patient0001"])
    assert clip.weights.tolist() == [0, 1, 0, 0, 0, 1, 0]
    assert clip.masks[1].sum() > clip.masks[5].sum() > 0
    assert not clip.masks[clip.weights == 0].any()


def test_a_sequence_may_run_from_es_to_ed(tmp_path, patient):
    home = patient(tmp_path, suffix=".mhd", sequence="sequence", labelled=False, ed=7, es=1, count=7)
    info = read_info(home / "Info_4CH.cfg")
    assert (info.ed, info.es, info.frames) == (6, 0, 7)
    [clip] = camus_sequence_clips(tmp_path, ["patient0001"])
    assert clip.weights.tolist() == [1, 0, 0, 0, 0, 0, 1]
    assert clip.masks[6].sum() > clip.masks[0].sum() > 0  # labels stand where their frames are, in the file's order


def test_a_view_is_told_only_when_trusted(tmp_path, patient):
    patient(tmp_path, view="2CH")
    assert {clip.view for clip in camus_clips(tmp_path, ["patient0001"], "2CH")} == {-1}
    for clips in (camus_clips, camus_sequence_clips):
        assert {VIEWS[clip.view] for clip in clips(tmp_path, ["patient0001"], "2CH", trust_view=True)} == {"A2C"}


def test_a_frame_of_a_sequence_whose_label_is_empty_weighs_nothing(tmp_path, patient, image, heart):
    home = patient(tmp_path)
    labels = np.stack([heart(share)[1] for share in (0, 0.25, 0.5, 0.75, 1)])
    labels[3] = 0
    image(home / "patient0001_4CH_half_sequence_gt.nii.gz", labels)
    [clip] = camus_sequence_clips(tmp_path, ["patient0001"])
    assert clip.weights.tolist() == [1, 1, 1, 0, 1]


def test_patients_are_found_where_the_publishers_put_them(tmp_path, patient):
    patient(tmp_path / "database_nifti", "patient0001")
    patient(tmp_path / "training", "patient0002", suffix=".mhd")
    assert len(list(camus_clips(tmp_path, ["patient0001", "patient0002"]))) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ED: 1\nES: 5\n", "no whole numbers"),
        ("ED: one\nES: 5\nNbFrame: 5\n", "no whole numbers"),
        ("ED: 0\nES: 5\nNbFrame: 5\n", "cannot be"),
        ("ED: 1\nES: 6\nNbFrame: 5\n", "cannot be"),
        ("ED: 5\nES: 5\nNbFrame: 5\n", "cannot be"),
        ("ED: 1\nES: 4\nNbFrame: 4\n", "holds 5 frames, but Info_4CH.cfg says 4"),
    ],
)
def test_an_info_that_contradicts_the_cine_is_said(tmp_path, patient, text, words):
    home = patient(tmp_path, sequence="sequence", labelled=False)
    (home / "Info_4CH.cfg").write_text(text)
    with pytest.raises(FormatError, match=words):
        list(camus_sequence_clips(tmp_path, ["patient0001"]))


def test_what_does_not_fit_is_said(tmp_path, patient, image, heart):
    home = patient(tmp_path)
    _, labels = heart(0)
    still = home / "patient0001_4CH_ED_gt.nii.gz"
    image(still, labels[:-1])
    with pytest.raises(FormatError, match=r"ED_gt.* is 100×119 px with 1 frame, but its picture is 100×120 px"):
        list(camus_clips(tmp_path, ["patient0001"]))
    image(still, labels + 3)
    with pytest.raises(FormatError, match="no labels of 0 to 3"):
        list(camus_clips(tmp_path, ["patient0001"]))
    image(still, np.where(labels == 1, 0, labels))
    with pytest.raises(FormatError, match="patient0001_4CH_ED shows no left ventricle"):
        list(camus_clips(tmp_path, ["patient0001"]))
    image(home / "patient0001_4CH_half_sequence_gt.nii.gz", labels)
    with pytest.raises(FormatError, match=r"with 1 frame, but its picture is .* with 5 frames"):
        list(camus_sequence_clips(tmp_path, ["patient0001"]))
    image(home / "patient0001_4CH_half_sequence_gt.nii.gz", np.zeros((5, *labels.shape), np.uint8))
    with pytest.raises(FormatError, match="No label of patient0001_4CH"):
        list(camus_sequence_clips(tmp_path, ["patient0001"]))


def test_values_that_are_no_grey_levels_are_said(tmp_path, patient, image, heart):
    home = patient(tmp_path)
    wrong = heart(0)[0].astype(np.float32)
    wrong[0, 0] = np.nan
    for picture in (heart(0)[0].astype(np.int16) * 10, -heart(0)[0].astype(np.int16), wrong):
        image(home / "patient0001_4CH_ED.nii.gz", picture)
        with pytest.raises(FormatError, match="no grey levels"):
            list(camus_clips(tmp_path, ["patient0001"]))


def test_the_files_of_a_patient(tmp_path, patient):
    patient(tmp_path / "database_nifti")
    stem = "database_nifti/patient0001/patient0001_4CH_"
    assert set(camus_files(tmp_path, ["patient0001"])) == {
        f"{stem}{name}.nii.gz" for name in ("ED", "ES", "ED_gt", "ES_gt")
    }
    assert set(camus_files(tmp_path, ["patient0001"], sequences=True)) == {
        f"{stem}half_sequence.nii.gz", f"{stem}half_sequence_gt.nii.gz",
    }  # fmt: skip
    patient(tmp_path, "patient0002", suffix=".mhd", sequence="sequence", labelled=False)
    files = {name.partition("_4CH")[2] for name in camus_files(tmp_path, ["patient0002"], sequences=True)}
    assert files == {"_sequence.mhd", "_sequence.raw", "_ED_gt.mhd", "_ED_gt.raw", "_ES_gt.mhd", "_ES_gt.raw", ".cfg"}


# Lists


def test_a_patient_in_two_splits_is_named():
    check_splits({"train": ["patient0001", "patient0002"], "inner": ["patient0003"]})
    with pytest.raises(ValueError, match="patient0002 is in two splits, train and report"):
        check_splits({"train": ["patient0001", "patient0002"], "report": iter(["patient0002"])})


def test_a_list_that_says_nothing_or_too_much(tmp_path):
    path = tmp_path / "split_train.txt"
    for text, words in (("\n \n", "names no patient"), ("a\nb\na\n", "names a twice")):
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            read_split(path)
    path.unlink()
    with pytest.raises(ValueError, match=r"split_train\.txt cannot be read"):
        read_split(path)


def test_the_official_folds(tmp_path):
    (tmp_path / "listSubGroups").mkdir()
    for number, part in enumerate(("training", "validation", "testing")):
        (tmp_path / "listSubGroups" / f"subGroup3_{part}.txt").write_text(f"patient000{number}\n")
    assert read_fold(tmp_path, 3) == {
        "training": ["patient0000"], "validation": ["patient0001"], "testing": ["patient0002"],
    }  # fmt: skip
    (tmp_path / "listSubGroups" / "subGroup3_testing.txt").write_text("patient0000\n")
    with pytest.raises(ValueError, match="patient0000 is in two splits"):
        read_fold(tmp_path, 3)
    with pytest.raises(ValueError, match="folds 1 to 10"):
        read_fold(tmp_path, 11)


def test_one_partition_from_either_kind_of_list(tmp_path):
    assert read_splits(tmp_path) == {}
    (tmp_path / "database_split").mkdir()
    (tmp_path / "database_split" / "subgroup_training.txt").write_text("patient0001")
    assert read_splits(tmp_path) == {"training": ["patient0001"]}
    (tmp_path / "split_train.txt").write_text("patient0001")
    (tmp_path / "split_inner.txt").write_text("patient0001")
    with pytest.raises(ValueError, match="patient0001 is in two splits"):
        read_splits(tmp_path)


def test_the_real_splits_share_nobody(real):
    splits = read_splits(real("camus_a4c"))
    assert {name: len(patients) for name, patients in splits.items()} == {
        "train": 319, "inner": 40, "loop": 40, "report": 50,
    }  # fmt: skip


def test_real_two_chamber_stills(real):
    clips = list(camus_clips(real("camus_mhd"), ["patient0001", "patient0002"], "2CH"))
    for ed, es in (clips[:2], clips[2:]):
        assert ed.masks.sum() > es.masks.sum() > 0


def test_a_real_sequence_without_its_pixels_is_said(real):
    with pytest.raises(FormatError, match=r"patient0001_4CH_sequence\.raw beside it, and that file is missing"):
        list(camus_sequence_clips(real("camus_mhd"), ["patient0001"]))


# TED


@pytest.fixture
def ted(tmp_path, image, heart):
    """One patient, a whole beat of seven frames."""
    home = tmp_path / "database" / "patient001"
    home.mkdir(parents=True)
    cine = [heart(share, seed) for seed, share in enumerate((0, 0.4, 1, 0.8, 0.5, 0.2, 0))]
    frames, labels = (np.stack(part) for part in zip(*cine, strict=True))
    image(home / "patient001_4CH_sequence.mhd", frames)
    image(home / "patient001_4CH_sequence_gt.mhd", labels)
    (home / "patient001_4CH_info.cfg").write_text("ED: 1\nES: 3\nNbFrame: 7\nEF: 55\n")
    return tmp_path


def test_a_whole_beat_of_ted(ted):
    [clip] = ted_clips(ted)
    assert (clip.source, clip.name, clip.view) == ("ted", "patient001", -1)
    assert (clip.weights == 1).all()
    assert clip.masks.sum((1, 2)).argmin() == 2
    cine, info = read_ted(ted, "patient001")
    assert (info.ed, info.es, len(cine.frames)) == (0, 2, 7)
    assert [VIEWS[clip.view] for clip in ted_clips(ted, ["patient001"], trust_view=True)] == ["A4C"]
    with pytest.raises(FormatError, match="patient002"):
        list(ted_clips(ted, ["patient002"]))
