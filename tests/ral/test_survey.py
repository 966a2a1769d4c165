"""What a folder holds and what is wrong with it, file by file; fingerprints; clips of a run folder."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from ral.datasets import fingerprint, run_clips, survey
from ral.datasets.camus import camus_files
from ral.datasets.further import further_clips
from ral.datasets.survey import kind_of_data


def sentences(folder) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for problem in survey(folder).problems:
        said.setdefault(problem.file, []).append(problem.sentence)
    return said


@pytest.mark.parametrize(("suffix", "kind"), [(".nii.gz", "camus-nifti"), (".mhd", "camus-metaimage")])
def test_what_a_sound_camus_holds(tmp_path, patient, suffix, kind):
    patient(tmp_path, "patient0001", suffix=suffix)
    patient(tmp_path, "patient0001", view="2CH", suffix=suffix, sequence="sequence", labelled=False)
    patient(tmp_path, "patient0002", suffix=suffix, ed=5, es=1)
    (tmp_path / "split_train.txt").write_text("patient0001\n")
    (tmp_path / "split_inner.txt").write_text("patient0002\n")
    found = survey(tmp_path)
    assert found.kind == kind
    assert found.problems == ()
    assert found.patients == ("patient0001", "patient0002")
    assert found.stills == {"A2C": 2, "A4C": 4}
    assert found.sequences == {"A2C": 1, "A4C": 2}
    assert found.labelled_frames == 6 + 2 * 5
    assert found.spacing_mm == ((0.5, 0.5),)
    assert found.splits == {"train": 1, "inner": 1}
    assert set(camus_files(tmp_path, ["patient0002"], sequences=True)) < set(found.files)
    assert len(fingerprint(tmp_path, found.files)) == 64


def test_each_damage_has_a_name_and_a_sentence(tmp_path, patient, image, heart):
    picture, labels = heart(0)
    home = patient(tmp_path)
    whole = (home / "patient0001_4CH_half_sequence.nii.gz").read_bytes()
    (home / "patient0001_4CH_half_sequence.nii.gz").write_bytes(whole[: len(whole) // 2])
    (home / "patient0001_4CH_ED_gt.nii.gz").unlink()
    image(home / "patient0001_4CH_ES_gt.nii.gz", labels[:, :-2])
    other = patient(tmp_path, "patient0002")
    image(other / "patient0002_4CH_ED_gt.nii.gz", np.zeros_like(labels))
    image(other / "patient0002_4CH_ES.nii.gz", picture, (0.5, 0.6))
    (other / "Info_4CH.cfg").unlink()
    (tmp_path / "patient0003").mkdir()
    raw = patient(tmp_path, "patient0004", suffix=".mhd", sequence="sequence", labelled=False)
    (raw / "patient0004_4CH_sequence.raw").unlink()
    said = sentences(tmp_path)
    assert said.pop("patient0001/patient0001_4CH_ED_gt.nii.gz") == ["patient0001_4CH_ED_gt.nii.gz does not exist."]
    [shape] = said.pop("patient0001/patient0001_4CH_ES_gt.nii.gz")
    assert "98×120 px" in shape and "100×120 px" in shape
    [cut] = said.pop("patient0001/patient0001_4CH_half_sequence.nii.gz")
    assert "cut off" in cut
    [empty] = said.pop("patient0002/patient0002_4CH_ED_gt.nii.gz")
    assert empty.endswith("shows no left ventricle.")
    assert said.pop("patient0002") == [
        "The pictures of patient0002 differ in pixel size: 0.500×0.500 mm, 0.500×0.600 mm."
    ]
    assert said.pop("patient0002/Info_4CH.cfg") == ["Info_4CH.cfg cannot be read."]
    assert said.pop("patient0003") == ["patient0003 holds no pictures."]
    [missing] = said.pop("patient0004/patient0004_4CH_sequence.mhd")
    assert "needs patient0004_4CH_sequence.raw beside it" in missing
    assert said == {}
    assert survey(tmp_path).stills == {"A4C": 3}  # the sound ones alone are counted
    assert str(tmp_path) not in repr(survey(tmp_path))


def test_a_picture_without_pixel_size_and_a_frame_without_label(tmp_path, patient, image, heart):
    home = patient(tmp_path)
    image(home / "patient0001_4CH_ED.nii.gz", heart(0)[0], None)
    labels = np.stack([heart(share)[1] for share in (0, 0.25, 0.5, 0.75, 1)])
    labels[2] = 0
    image(home / "patient0001_4CH_half_sequence_gt.nii.gz", labels)
    said = sentences(tmp_path)
    assert said == {
        "patient0001/patient0001_4CH_ED.nii.gz": ["patient0001_4CH_ED.nii.gz gives no pixel size."],
        "patient0001/patient0001_4CH_half_sequence_gt.nii.gz": [
            "patient0001_4CH_half_sequence_gt.nii.gz shows no left ventricle on frame 3."
        ],
    }
    assert survey(tmp_path).labelled_frames == 2 + 4


def test_lists_that_lie(tmp_path, patient):
    patient(tmp_path)
    (tmp_path / "split_a.txt").write_text("patient0001\npatient0099\n")
    (tmp_path / "split_b.txt").write_text("patient0001\n")
    (tmp_path / "split_c.txt").write_text("\n")
    (tmp_path / "listSubGroups").mkdir()
    for part in ("training", "testing"):
        (tmp_path / "listSubGroups" / f"subGroup1_{part}.txt").write_text("patient0001")
    assert sentences(tmp_path) == {
        "split_a.txt": ["split_a.txt names patient0099, of whom there is no folder."],
        "split_b.txt": ["patient0001 is in two splits, a and b."],
        "split_c.txt": ["The list split_c.txt names no patient."],
        "listSubGroups/subGroup1_training.txt": ["patient0001 is in two splits, testing and training."],
    }


def test_a_beat_of_ted(tmp_path, image, heart):
    home = tmp_path / "patient001"
    home.mkdir()
    frames, labels = (np.stack([part] * 3) for part in heart(0))
    image(home / "patient001_4CH_sequence.mhd", frames)
    image(home / "patient001_4CH_sequence_gt.mhd", labels)
    (home / "patient001_4CH_info.cfg").write_text("ED: 1\nES: 2\nNbFrame: 3\n")
    found = survey(tmp_path)
    assert (found.kind, found.sequences, found.labelled_frames, found.problems) == ("ted", {"A4C": 1}, 3, ())
    with pytest.raises(ValueError, match="patients of CAMUS under other numbers"):
        list(further_clips(tmp_path))
    (home / "patient001_4CH_info.cfg").write_text("ED: 1\nES: 2\nNbFrame: 4\n")
    assert sentences(tmp_path) == {
        "patient001/patient001_4CH_sequence.mhd": [
            "patient001_4CH_sequence.mhd holds 3 frames, but its cfg file says 4."
        ]
    }
    (home / "patient001_4CH_info.cfg").write_text("ED: 1\nES: 2\nNbFrame: 3\n")
    (home / "patient001_4CH_sequence_gt.mhd").unlink()
    assert list(sentences(tmp_path)) == ["patient001/patient001_4CH_sequence_gt.mhd"]


def test_a_folder_of_something_else(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(ValueError, match=f"^{tmp_path.name} holds no data set that is known here"):
        survey(tmp_path)


def test_the_real_data_as_published(real):
    said = sentences(real("camus_mhd"))
    assert set(said) == {f"patient000{n}/patient000{n}_{view}_sequence.mhd" for n in (1, 2) for view in ("2CH", "4CH")}
    assert all(".raw beside it, and that file is missing" in text for [text] in said.values())
    found = survey(real("camus_mhd"))
    assert (found.kind, found.stills, found.sequences) == ("camus-metaimage", {"A2C": 4, "A4C": 4}, {})
    assert found.spacing_mm == ((0.308, 0.154),)


def test_the_real_training_data_is_sound(real):
    found = survey(real("camus_a4c"))
    assert (found.kind, len(found.patients), found.stills) == ("camus-nifti", 449, {"A4C": 898})
    assert found.problems == ()


# Fingerprint


def test_the_same_files_elsewhere_have_the_same_fingerprint(tmp_path, patient):
    patient(tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "there" / "deeper")
    here, there = fingerprint(tmp_path / "here"), fingerprint(tmp_path / "there" / "deeper")
    assert here == there
    names = list(camus_files(tmp_path / "here", ["patient0001"]))
    assert fingerprint(tmp_path / "here", names) == fingerprint(tmp_path / "here", [*names[::-1], names[0]])
    assert fingerprint(tmp_path / "here", names) != here


def test_whatever_changes_shows(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"34")
    seen = {fingerprint(tmp_path), fingerprint(tmp_path, ["a"]), fingerprint(tmp_path, ["b"])}
    (tmp_path / "a").write_bytes(b"21")
    seen.add(fingerprint(tmp_path))
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "b").write_bytes(b"4")
    seen.add(fingerprint(tmp_path))
    (tmp_path / "b").rename(tmp_path / "c")
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 6
    last = fingerprint(tmp_path)
    (tmp_path / ".hidden").write_bytes(b"nothing")
    assert fingerprint(tmp_path) == last


def test_no_fingerprint_of_nothing(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        fingerprint(tmp_path)
    with pytest.raises(ValueError, match=r"^gone\.raw cannot be read"):
        fingerprint(tmp_path, ["gone.raw"])


# Run folders


@pytest.fixture
def run(tmp_path):
    """A run folder with one cine to learn from and one held out, three frames each, the middle one labelled."""
    from ral.finetune import write_clip

    frames = np.full((3, 32, 32), 90, np.uint8)
    masks = np.zeros(frames.shape, bool)
    masks[1, 8:24, 10:20] = True
    for n, held_out in enumerate((False, True)):
        write_clip(
            tmp_path / "clips" / f"cine-0000{n}.npz", frames, masks, np.array([0, 1, 0]),
            np.ones((32, 32), np.uint8), held_out,
        )  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps({"weights": "start", "name": "ral-lite-tuned"}))
    return tmp_path


def test_clips_of_a_run_folder(run):
    assert [clip.name for clip in run_clips(run)] == ["cine-00000", "cine-00001"]
    [kept] = run_clips(run, held_out=True)
    assert kept.name == "cine-00001"
    [learn] = run_clips(run, held_out=False)
    assert (learn.name, learn.view, learn.weights.tolist()) == ("cine-00000", -1, [0, 1, 0])
    assert learn.masks.sum() == 160
    assert [clip.name for clip in further_clips(run)] == ["cine-00000"]


def test_survey_of_a_run_folder(run):
    assert kind_of_data(run) == "run"
    found = survey(run)
    assert (found.patients, found.labelled_frames, found.problems) == (("cine-00000", "cine-00001"), 2, ())
    assert found.files == ("clips/cine-00000.npz", "clips/cine-00001.npz", "run.json")
    (run / "run.json").write_text("{")
    assert list(sentences(run)) == ["run.json"]
