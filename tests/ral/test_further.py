"""Further data to learn from: every kind that is known, without what its lists keep for judging."""

import json
from argparse import Namespace
from pathlib import Path

import pytest

from ral import recipes
from ral.__main__ import main
from ral.batches import labelled_stills
from ral.checkpoint import read_card
from ral.commands.train import training_data
from ral.config import RALConfig
from ral.datasets.further import further_clips
from ral.plan import Stage

TINY = RALConfig(
    "tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5, view_widths=(6, 6, 6, 8, 8)
)


def names(folder: Path, without=()) -> list[str]:
    return [clip.name for clip in further_clips(folder, without)]


def test_of_camus_both_views_the_cine_before_the_stills_and_nobody_kept_for_judging(tmp_path, patient):
    for view in ("4CH", "2CH"):
        patient(tmp_path, "patient0001", view=view)
    patient(tmp_path, "patient0002")
    (tmp_path / "patient0001" / "patient0001_2CH_half_sequence.nii.gz").unlink()
    stills = ["patient0001_2CH_ED", "patient0001_2CH_ES"]
    assert names(tmp_path) == [*stills, "patient0001_4CH", "patient0002_4CH"]
    assert names(tmp_path, {"patient0002"}) == [*stills, "patient0001_4CH"]
    (tmp_path / "split_train.txt").write_text("patient0002\n")
    assert names(tmp_path) == ["patient0002_4CH"]
    assert all(clip.view == -1 for clip in further_clips(tmp_path))


def test_labelled_frames_alone_are_stills(tmp_path, patient):
    patient(tmp_path, "patient0001", labelled=False)  # the cine has the labels of its two stills
    [clip] = further_clips(tmp_path)
    stills = labelled_stills(clip)
    assert (len(clip.frames), [len(still.frames) for still in stills]) == (5, [1, 1])
    assert all(still.weights[0] > 0 and still.masks.any() for still in stills)


def test_train_learns_from_it_and_the_card_says_so(tmp_path, monkeypatch, patient, capfd):
    camus, further = tmp_path / "camus_a4c", tmp_path / "more"
    for number, name in enumerate(("train", "inner", "loop", "report"), 1):
        patient(camus, f"patient000{number}")
        (camus / f"split_{name}.txt").write_text(f"patient000{number}\n")
    patient(further, "patient0002")
    patient(further, "patient0009", view="2CH")
    stage = Stage(64, 2, 1e-3, stills=2, real_share=1.0, pairs=1, clip_frames=3, window=3)
    recipe = recipes.Recipe("ral-lite-camus", TINY, (stage,), camus=True, phantoms=0)
    monkeypatch.setitem(recipes.RECIPES, "ral-lite-camus", recipe)
    words = ["train", "ral-lite-camus", "--data", str(tmp_path), "--device", "cpu", "--out"]
    assert main([*words, str(tmp_path / "alone")]) == 1
    assert "warped pairs" in capfd.readouterr().err
    assert main([*words, str(tmp_path / "run"), "--also", str(further)]) == 0
    card = read_card(tmp_path / "run" / "weights")
    assert (card.command.split(" --out")[0].endswith("--also camus-nifti"), card.research_only) == (True, True)
    assert "Further labelled data: camus-nifti." in card.data
    assert "camus-nifti" in card.terms
    digests = json.loads((tmp_path / "run" / "run.json").read_text())["data"]
    assert digests["pairs"], "the cine of patient0009"
    patient(further, "patient0010", view="2CH")
    assert main([*words, str(tmp_path / "run"), "--also", str(further)]) == 1
    assert "other data" in capfd.readouterr().err


def test_whom_other_lists_keep_for_judging_is_not_learnt_from(tmp_path, monkeypatch, patient):
    """Of the patients who are published with both views the A2C are judged, whatever list their A4C are in."""
    camus, further = tmp_path / "camus_a4c", tmp_path / "more"
    for number, name in enumerate(("train", "inner", "loop", "report"), 1):
        patient(camus, f"patient000{number}")
        (camus / f"split_{name}.txt").write_text(f"patient000{number}\n")
    for number in (1, 2, 3, 4, 9):
        patient(further, f"patient000{number}", view="2CH", labelled=number == 9)
    patient(tmp_path / "camus_mhd", "patient0001", view="2CH")
    stage = Stage(64, 2, 1e-3, stills=2, real_share=1.0, clip_frames=5)
    recipe = recipes.Recipe("ral-lite-camus", TINY, (stage,), camus=True, phantoms=0)
    chosen = Namespace(data=str(tmp_path), also=[str(further)])
    data = training_data(recipe, recipe.plan(0), chosen, tmp_path / "run")
    assert {clip.name for clip in data.real} == {"patient0001_4CH_ED", "patient0001_4CH_ES", "patient0009_2CH"}
    assert [clip.name for clip in data.pairs] == ["patient0009_2CH"]
    patient(further, "patient0010", view="2CH", labelled=False)
    data = training_data(recipe, recipe.plan(0), chosen, tmp_path / "run")
    assert "patient0010_2CH" in {clip.name for clip in data.real}
    assert [clip.name for clip in data.pairs] == ["patient0009_2CH"], "most stretches of it would have no label"


def test_a_recipe_without_real_data_takes_none(tmp_path, capfd):
    assert main(["train", "ral-lite-phantom", "--out", str(tmp_path / "run"), "--also", str(tmp_path)]) == 1
    assert "simulated hearts alone" in capfd.readouterr().err


def test_simulated_cines_are_known_by_their_files(tmp_path, capfd):
    words = ["simulate", str(tmp_path), "--count", "2", "--frames", "3", "--size", "64", "--kinds", "npz"]
    assert main(words) == 0
    with pytest.raises(ValueError, match="a training draws its own"):
        names(tmp_path)
    assert main(["survey", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "phantom: 2 patients" in said and "1 sequences of A2C, 1 sequences of A3C" in said
    broken = next(tmp_path.glob("phantom-0001-*.npz"))
    broken.write_bytes(broken.read_bytes()[:-200])
    assert main(["survey", str(tmp_path)]) == 1
    assert f"{broken.name}: {broken.name} is damaged, or no simulated cine." in capfd.readouterr().out
