"""The commands: what they write, that they go on where they stopped, how they refuse."""

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ral import recipes
from ral.__main__ import main
from ral.checkpoint import Card, read_card, save_weights, write_card
from ral.commands import ablate as ablation
from ral.commands import crossval as crossing
from ral.commands.common import read_events, tell
from ral.commands.crossval import folds
from ral.config import ABLATIONS, BASELINES, EXTENSIONS, RAL_BASE, RALConfig
from ral.network import RAL
from ral.plan import Stage

TINY = RALConfig(
    "tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5, view_widths=(6, 6, 6, 8, 8)
)


@pytest.fixture
def weights(tmp_path) -> Path:
    torch.manual_seed(0)
    net = RAL(TINY)
    with torch.no_grad():  # a contour somewhere: nothing can be said of the confidence of nothing
        net.head.bias.fill_(0.5)
    save_weights(tmp_path / "weights", net, Card("tiny", TINY.to_dict(), "", "", False, 0, "test"))
    return tmp_path / "weights"


def test_simulate_writes_three_kinds_and_leaves_what_is_there(tmp_path, capfd):
    words = ["simulate", str(tmp_path), "--count", "2", "--frames", "3", "--size", "64"]
    assert main(words) == 0
    names = sorted(p.name for p in tmp_path.glob("phantom-*"))
    assert names == [f"phantom-000{i}-{v}.{k}" for i, v in ((0, "A2C"), (1, "A3C")) for k in ("dcm", "mp4", "npz")]
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    (tmp_path / "phantom-0001-A3C.dcm").unlink()
    assert main(words) == 0
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before  # drawn again to the byte, or left
    assert "there already" in capfd.readouterr().out
    (tmp_path / "simulated.json").rename(tmp_path / "elsewhere")
    assert main(words) == 1
    assert "not what they were made with" in capfd.readouterr().err
    (tmp_path / "elsewhere").rename(tmp_path / "simulated.json")
    assert main([*words, "--look", "grainy"]) == 1
    assert "cines of another look" in capfd.readouterr().err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_an_unknown_look_is_refused_with_a_sentence(tmp_path, capfd):
    assert main(["simulate", str(tmp_path), "--count", "1", "--frames", "2", "--look", "sepia"]) == 1
    assert "sepia" in capfd.readouterr().err
    assert main(["simulate", str(tmp_path), "--count", "1", "--frames", "2", "--size", "64"]) == 0  # no trace is left


def test_survey_names_what_is_wrong_and_says_so_by_its_code(tmp_path, capfd):
    assert main(["survey", str(tmp_path / "nowhere")]) == 1
    assert "ral survey:" in capfd.readouterr().err


def test_survey_counts_what_a_folder_holds(tmp_path, patient, capfd):
    patient(tmp_path, "patient0001")
    patient(tmp_path, "patient0002")
    (tmp_path / "split_train.txt").write_text("patient0001\n")
    assert main(["survey", str(tmp_path)]) == 0
    said = capfd.readouterr().out
    assert "camus-nifti: 2 patients, 4 stills of A4C, 2 sequences of A4C" in said
    assert "list train: 1 patients" in said
    (tmp_path / "patient0002" / "patient0002_4CH_ED_gt.nii.gz").unlink()
    assert main(["survey", str(tmp_path)]) == 1
    assert "patient0002/patient0002_4CH_ED_gt.nii.gz: " in capfd.readouterr().out


def test_train_goes_on_and_leaves_weights_with_the_revision(tmp_path, monkeypatch, capfd):
    stage = Stage(64, 4, 1e-3, stills=2, clips=1, clip_frames=2, window=2)
    recipe = recipes.Recipe("ral-lite-phantom", TINY, (stage,), camus=False, phantoms=3, phantom_frames=3)
    monkeypatch.setitem(recipes.RECIPES, "ral-lite-phantom", recipe)
    words = ["train", "ral-lite-phantom", "--out", str(tmp_path / "run"), "--device", "cpu"]
    assert main(words) == 0
    card = read_card(tmp_path / "run" / "weights")
    assert (card.name, card.research_only) == ("ral-lite-phantom", False)
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events] == ["begin", "step", "validated", "end"]
    assert card.revision == events[0]["revision"]
    written = load_file(tmp_path / "run" / "weights" / "weights.safetensors")
    last = load_file(tmp_path / "run" / "net-4.safetensors")
    assert all(torch.equal(tensor, last[f"ema.{key}"]) for key, tensor in written.items())
    judged = replace(card, metrics={"data": {"ED": {"dice": 0.5}}}, calibration={"confidence": [0.9], "dice": [0.8]})
    write_card(tmp_path / "run" / "weights", judged)
    assert main(words) == 0
    assert read_card(tmp_path / "run" / "weights") == judged  # what was found of the same weights since stands
    assert main([*words, "--start", str(tmp_path / "run" / "weights")]) == 1
    assert "began from other weights" in capfd.readouterr().err


def test_weights_may_go_a_part_of_the_way_to_what_was_learnt(weights, tmp_path, monkeypatch, capfd):
    stage = Stage(64, 4, 1e-3, stills=2, clips=1, clip_frames=2, window=2)
    recipe = recipes.Recipe("ral-lite-phantom", TINY, (stage,), camus=False, phantoms=3, phantom_frames=3, ema=0.0)
    monkeypatch.setitem(recipes.RECIPES, "ral-lite-phantom", recipe)
    words = ["train", "ral-lite-phantom", "--out", str(tmp_path / "run"), "--device", "cpu"]
    for refused in (["--share", "0.25"], ["--share", "0", "--start", str(weights)], ["--share", "nan"]):
        assert main([*words, *refused]) == 1
        assert "--share goes from 0 to 1" in capfd.readouterr().err
    assert main([*words, "--start", str(weights), "--share", "0.25"]) == 0
    card = read_card(tmp_path / "run" / "weights")
    assert f"--start {read_card(weights).identity} --share 0.25" in card.command
    before = load_file(weights / "weights.safetensors")
    learnt = load_file(tmp_path / "run" / "net-4.safetensors")
    written = load_file(tmp_path / "run" / "weights" / "weights.safetensors")
    moved = [key for key in written if not torch.equal(before[key], learnt[f"ema.{key}"])]
    assert "head.weight" in moved
    for key in set(moved) - {k for k in moved if "num_batches" in k}:
        torch.testing.assert_close(written[key], 0.75 * before[key] + 0.25 * learnt[f"ema.{key}"])


def test_events_after_a_line_that_was_cut_off_are_read(tmp_path):
    tell([{"event": "end", "step": 1}], tmp_path)
    log = tmp_path / "events.jsonl"
    log.write_text(log.read_text() + '{"event": "st')
    tell([{"event": "end", "step": 2}], tmp_path)
    assert [e["event"] for e in read_events(tmp_path)] == ["begin", "end", "begin", "end"]


def test_evaluate_writes_a_report_and_the_card_and_keeps_the_sheets(weights, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("ral.commands.evaluate.PHANTOM_FRAMES", 3)
    out = tmp_path / "report.html"
    write_card(weights, replace(read_card(weights), metrics={"other data": {"ED": {"dice": 0.5}}}))
    words = ["evaluate", str(weights), "--split", "none", "--phantoms", "3", "--device", "cpu", "--out", str(out)]
    assert main([*words, "--card"]) == 0
    assert {p.suffix for p in tmp_path.iterdir()} >= {".html", ".json", ".sheets"}
    metrics = read_card(weights).metrics
    assert metrics.pop("other data") == {"ED": {"dice": 0.5}}
    assert set(metrics) == {"simulated hearts, test seeds", "simulated hearts, look 'vintage' never trained on"}
    assert set(metrics["simulated hearts, test seeds"]["dice_by_view"]) == {"A2C", "A3C", "A4C"}
    numbers = json.loads(out.with_suffix(".json").read_text())
    assert [s["summary"]["all"]["frames"] for s in numbers["sheets"]] == [9, 9]
    with monkeypatch.context() as patched:
        patched.setattr("ral.evaluate.evaluate", lambda *_, **__: pytest.fail("the sheets were there"))
        assert main(words) == 0
    words[words.index("--phantoms") + 1] = "4"
    assert main(words) == 0
    numbers = json.loads(out.with_suffix(".json").read_text())
    assert [s["summary"]["all"]["frames"] for s in numbers["sheets"]] == [12, 12]  # other data, other sheets
    assert "seeds 900000 to 900003 of simulator" in numbers["data"]["simulated hearts, test seeds"]
    write_card(weights, replace(read_card(weights), calibration={"dice": [0.1, 0.2], "confidence": [0, 1]}))
    assert main([*words, "--uncalibrated"]) == 0  # which the sheets from before the calibration are
    monkeypatch.setattr("ral.evaluate.evaluate", lambda *_, **__: pytest.fail("calibrated since"))
    with pytest.raises(pytest.fail.Exception, match="calibrated since"):
        main(words)


def test_evaluate_reads_both_views_and_whole_sequences_of_camus_where_they_are(weights, tmp_path, patient, capfd):
    camus, names = tmp_path / "camus_a4c", ("patient0001", "patient0002")
    for name in names:
        for view in ("4CH", "2CH"):
            patient(camus, name, view=view)
    (camus / "split_inner.txt").write_text("\n".join(names) + "\n")
    (camus / "patient0002" / "patient0002_4CH_half_sequence.nii.gz").unlink()
    out = tmp_path / "report.html"
    words = ["evaluate", str(weights), "--data", str(tmp_path), "--phantoms", "0", "--device", "cpu", "--out", str(out)]
    assert main(words) == 0
    numbers = json.loads(out.with_suffix(".json").read_text())
    stills, a4c, a2c = numbers["sheets"]
    assert stills["source"] == "CAMUS A4C and A2C, inner split"
    assert (a4c["source"], a2c["source"]) == tuple(f"CAMUS {v}, inner split, whole sequences" for v in ("A4C", "A2C"))
    assert [s["summary"]["all"]["frames"] for s in (stills, a4c, a2c)] == [8, 5, 10]
    assert [p["planes"] for p in stills["clinical"]["patients"]] == ["biplane"] * 2
    assert stills["clinical"]["camus"]["edv_ml"]["n"] == 2
    assert a4c["curves"], "whole sequences have a cycle"
    assert len(set(numbers["data"].values())) == 3
    (camus / "patient0002" / "patient0002_2CH_ES_gt.nii.gz").unlink()
    assert main(words) == 0
    assert json.loads(out.with_suffix(".json").read_text())["sheets"][0]["source"] == "CAMUS A4C, inner split"


def test_cines_without_labels_are_judged_for_steadiness(weights, tmp_path, capfd):
    words = ["simulate", str(tmp_path / "cines"), "--count", "2", "--frames", "6", "--size", "64", "--kinds", "mp4"]
    assert main(words) == 0
    cines = [str(path) for path in sorted((tmp_path / "cines").glob("phantom-*"))]
    out = tmp_path / "report.html"
    words = ["evaluate", str(weights), "--split", "none", "--phantoms", "0", "--device", "cpu", "--cines"]
    assert main([*words, f"{cines[0]}=A2C", *cines[1:], "--out", str(out)]) == 0
    numbers = json.loads(out.with_suffix(".json").read_text())
    assert [e["true"] for e in numbers["unlabelled"]] == ["A2C", None]
    assert [(e["cine"], e["frames"]) for e in numbers["unlabelled"]] == [("cine 1", 6), ("cine 2", 6)]
    assert "cine 2: " in capfd.readouterr().out
    assert len(set(numbers["data"].values())) == 2
    html = out.read_text()
    assert "Steadiness on cines without labels" in html
    assert "of 1 cines right; rows true, columns found" in html
    assert "phantom-0000" not in html  # the name of a file may be a patient's
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    for name, said in (("broken.mp4", "can be decoded"), ("absent.mp4", "does not exist")):
        assert main([*words, str(tmp_path / name)]) == 1
        assert said in capfd.readouterr().err


def test_nothing_to_judge_on_is_refused(weights, capfd):
    assert main(["evaluate", str(weights), "--split", "none", "--phantoms", "0"]) == 1
    assert "nothing to judge on" in capfd.readouterr().err


def test_compare_pairs_two_sets_frame_by_frame(weights, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("ral.commands.evaluate.PHANTOM_FRAMES", 2)
    torch.manual_seed(1)
    save_weights(tmp_path / "other", RAL(TINY), Card("other", TINY.to_dict(), "", "", False, 0, "test"))
    words = ["compare", str(weights), str(tmp_path / "other"), "--split", "none", "--phantoms", "3", "--device", "cpu"]
    assert main([*words, "--out", str(tmp_path / "c.html")]) == 0
    said = json.loads((tmp_path / "c.json").read_text())["comparisons"]
    assert [(c["a"], c["b"], c["frames"]) for c in said] == [("tiny", "other", 6)] * 2


def test_calibrate_writes_a_rising_map_into_the_card(weights, tmp_path, capfd):
    told = tmp_path / "told.jsonl"
    assert main(["calibrate", str(weights), "--phantoms", "3", "--device", "cpu", "--events", str(told)]) == 0
    events = [json.loads(line) for line in told.read_text().splitlines()]
    assert [(e["done"], e["of"]) for e in events] == [(n, 3) for n in range(4)] * 2
    assert {e["words"] for e in events} == {"as they are", "in wild looks"}
    fit = read_card(weights).calibration
    assert fit["frames"] > 0
    assert fit["dice"] == sorted(fit["dice"])
    assert fit["spread_factor"] > 0


def test_weights_that_are_not_there_are_refused(tmp_path, capfd):
    assert main(["evaluate", str(tmp_path / "none"), "--split", "none"]) == 1
    assert "There are no weights" in capfd.readouterr().err


# Folds and variants


def test_every_patient_is_in_one_fold_and_the_seed_decides_which():
    patients = [f"p{n:03d}" for n in range(57)]
    parts = folds(patients, 10, 0)
    assert sorted(p for part in parts for p in part) == patients
    assert {len(part) for part in parts} == {5, 6}
    assert folds(patients[::-1], 10, 0) == parts
    assert folds(patients, 10, 1) != parts


def test_a_patient_who_stands_twice_and_too_few_patients_are_refused():
    with pytest.raises(ValueError, match="twice"):
        folds(["a", "b", "a"], 2, 0)
    with pytest.raises(ValueError, match="folds"):
        folds(["a", "b"], 3, 0)


def test_crossval_judges_every_fold_by_patients_it_never_met_and_goes_on(tmp_path, monkeypatch, capfd, patient):
    """On a data set as small as it gets: three patients in three folds."""
    camus, names = tmp_path / "camus_a4c", [f"patient000{n}" for n in (1, 2, 3)]
    for name in names:
        patient(camus, name)
    (camus / "split_train.txt").write_text("\n".join(names[:2]) + "\n")
    (camus / "split_inner.txt").write_text(names[2] + "\n")
    stage = Stage(64, 2, 1e-3, stills=2, real_share=1.0)
    recipe = recipes.Recipe("ral-lite-camus", TINY, (stage,), camus=True, phantoms=1, phantom_frames=2)
    monkeypatch.setitem(recipes.RECIPES, "ral-lite-camus", recipe)
    monkeypatch.setattr(crossing, "FOLDS", 3)
    out = tmp_path / "runs" / "folds"
    words = ["crossval", "ral-lite-camus", "--out", str(out), "--data", str(tmp_path), "--device", "cpu", "--folds"]
    assert main([*words, "0"]) == 0
    monkeypatch.setattr(crossing, "_fold", lambda *_: pytest.fail("it was done"))
    assert main([*words, "0"]) == 0
    monkeypatch.undo()
    monkeypatch.setitem(recipes.RECIPES, "ral-lite-camus", recipe)
    monkeypatch.setattr(crossing, "FOLDS", 3)
    assert main([*words, "1", "2"]) == 0
    numbers = json.loads((out / "report.json").read_text())
    together, *each = numbers["sheets"]
    judged = [{row["patient"] for row in sheet["rows"]} for sheet in each]
    assert sorted(name for of_fold in judged for name in of_fold) == names
    assert together["summary"]["all"]["frames"] == 6
    assert [run["name"] for run in numbers["training"]] == ["fold-0", "fold-1", "fold-2"]
    assert main([*words, "0", "--seed", "1"]) == 1
    assert "folds of another seed" in capfd.readouterr().err


def test_the_training_of_the_paper_is_a_recipe():
    """Adam is AdamW without decay of weights."""
    plan = recipes.RECIPES["ral-base-paper"].plan(0)
    [stage] = plan.stages
    assert (plan.decay, plan.weight_decay, plan.ema) == ("dice", 0.0, 0.0)
    assert (stage.rate, stage.stills, stage.clip_frames, stage.window) == (1e-3, 0, 10, 10)
    assert plan.config == replace(RAL_BASE, literal_inputs=True)


def test_the_variants_differ_in_one_thing_each():
    plans = ablation.plans(0)
    assert set(plans) >= {"plain", "no_ema", *ABLATIONS, *EXTENSIONS, *BASELINES}
    plain = plans["plain"]
    for name in (*ABLATIONS, *EXTENSIONS):
        assert plans[name] != plain
        assert replace(plans[name], config=plain.config) == plain
    assert replace(plans["no_ema"], ema=plain.ema) == plain


def test_the_plain_network_does_as_many_steps_with_every_seed_and_the_others_in_proportion(tmp_path, monkeypatch):
    """Whatever the minutes and the machine's speed are by then."""
    seconds = {"plain": 0.5, "bidirectional": 0.8}
    monkeypatch.setattr(ablation, "seconds_a_step", lambda kinds, *_: [seconds[by_plan[k.config]] for k in kinds])
    by_plan = {ablation.plans(1)[name].config: name for name in seconds}
    chosen = Namespace(minutes=1.0, device="cpu")
    plain, other = (ablation.plans(1)[name] for name in seconds)
    assert ablation._length(plain, None, chosen, tmp_path, tmp_path) == 120  # a minute of half seconds
    assert ablation._length(other, None, chosen, tmp_path, tmp_path) == 75
    (tmp_path / "plain-0.json").write_text(json.dumps({"name": "plain", "steps": 80, "simulator": "x"}))
    assert ablation._length(plain, None, chosen, tmp_path, tmp_path) == 80
    assert ablation._length(other, None, chosen, tmp_path, tmp_path) == 50


def test_the_table_gives_the_mean_and_the_span_of_the_seeds():
    judged = ("dice_es", "hd_mm", "phantom_dice", "view_right", "flagged", "hint_gain", "gmac")
    row = dict.fromkeys(judged, 0.5)
    rows = [
        {"name": "plain", "seed": n, "dice_ed": d, "steps": 1000, **row} for n, d in enumerate((0.9, 0.92))
    ] + [{"name": "unet1", "seed": 0, "dice_ed": 0.8, "steps": 700, **row, "view_right": None}]  # fmt: skip
    lines = ablation.table(rows).splitlines()
    assert lines[4].startswith("| plain | 0.910 (0.020) | 0.500 (0.000)")
    assert lines[4].endswith("| 1000 | 2 |")
    assert "| – |" in lines[5]


def test_ablate_trains_judges_and_goes_on(tmp_path, monkeypatch, capfd, patient):
    """On a data set as small as it gets; a second call has nothing left to do."""
    camus = tmp_path / "camus_a4c"
    for name in ("patient0001", "patient0002"):
        patient(camus, name)
    (camus / "split_train.txt").write_text("patient0001\n")
    (camus / "split_inner.txt").write_text("patient0002\n")
    stage = Stage(64, 1, 1e-3, stills=2, real_share=0.5, clips=1, clip_frames=2, window=2)
    for name, value in {"SIZE": 64, "PHANTOMS": 2, "TEST_PHANTOMS": 3, "FRAMES": 3, "STAGE": stage}.items():
        monkeypatch.setattr(ablation, name, value)
    monkeypatch.setattr(ablation, "RAL_LITE", TINY)
    words = ["ablate", "--out", str(tmp_path / "out"), "--data", str(tmp_path), "--only", "plain", "unet1"]
    assert main([*words, "--seeds", "0", "--minutes", "0.01"]) == 0
    results = sorted(p.name for p in (tmp_path / "out").glob("*.json"))
    assert results == ["plain-0.json", "report.json", "unet1-0.json"]
    assert len(json.loads((tmp_path / "out" / "report.json").read_text())) == 2
    found = json.loads((tmp_path / "out" / "plain-0.json").read_text())
    assert found["steps"] >= 2
    unet1 = json.loads((tmp_path / "out" / "unet1-0.json").read_text())
    assert unet1["steps"] < found["steps"]  # a step of it takes many times as long
    assert 0 <= found["dice_ed"] <= 1
    assert "| unet1 |" in (tmp_path / "out" / "table.md").read_text()
    assert "<td>U-Net 1</td>" in (tmp_path / "out" / "report.html").read_text()
    monkeypatch.setattr(ablation, "_run", lambda *_: pytest.fail("it was done"))
    assert main([*words, "--seeds", "0", "--minutes", "0.01"]) == 0
    assert main([*words, "--seeds", "0", "--minutes", "0.02"]) == 0  # nothing new that would not compare
    assert main([*words, "--seeds", "1", "--minutes", "0.02"]) == 1
    assert "results of another minutes (0.01, here 0.02)" in capfd.readouterr().err
    assert main(["ablate", "--out", str(tmp_path / "out"), "--only", "wings"]) == 1
    (tmp_path / "out" / "unet1-0.json").write_text(json.dumps(unet1 | {"simulator": "0123abcd"}))
    assert main([*words, "--seeds", "1", "--minutes", "0.01"]) == 1
    assert "another simulator (0123abcd" in capfd.readouterr().err
    (tmp_path / "out" / "unet1-0.json").write_text(json.dumps({k: v for k, v in unet1.items() if k != "simulator"}))
    assert main([*words, "--seeds", "1", "--minutes", "0.01"]) == 1
    assert "another simulator (unknown" in capfd.readouterr().err


def test_a_variant_that_was_broken_off_does_not_go_on_as_another(tmp_path, monkeypatch):
    """Its steps were counted for those minutes."""
    monkeypatch.setattr(ablation, "_length", lambda *_: 3)
    monkeypatch.setattr("ral.train.train", lambda *_: iter(()))
    with pytest.raises(FileNotFoundError):  # it was broken off before it left any weights
        ablation._run("plain", 0, None, Namespace(minutes=1.0, device="cpu"), tmp_path)
    with pytest.raises(ValueError, match="a variant of another minutes"):
        ablation._run("plain", 0, None, Namespace(minutes=2.0, device="cpu"), tmp_path)
