"""Fine-tuning a run folder: events, the report, the candidate; what must not change; how it stops."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from ral.batches import Data, cut
from ral.checkpoint import Card, CheckpointError, load_weights, read_card, save_weights
from ral.config import RALConfig
from ral.datasets.clip import Clip, collate, plain
from ral.datasets.sources import phantom_clips
from ral.evaluate import dice_of_clips
from ral.evaluation.reliability import expected_dice
from ral.finetune import TuneConfig, carried, finetune, read_run, write_clip
from ral.geometry import largest_component
from ral.network import RAL
from ral.plan import Plan, Stage
from ral.predict import agreement
from ral.train import train

SIZE = 64
TINY = RALConfig(
    "tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5, view_widths=(6, 6, 6, 8, 8)
)


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    """A set of weights that has seen a little, so that its statistics are none of the first."""
    folder = tmp_path_factory.mktemp("parent")
    clips = list(phantom_clips(range(3), 1, size=SIZE))
    plan = Plan(TINY, (Stage(SIZE, 40, 1e-2, stills=4),), ema=0.9, validate_every=1000, save_every=1000)
    list(train(plan, Data(phantom=clips, validation=clips), folder / "run"))
    from safetensors.torch import load_file

    net = RAL(TINY)
    net.load_state_dict(load_file(folder / "run" / "best.safetensors"))
    save_weights(folder / "weights", net, Card("parent", TINY.to_dict(), "Simulated.", "Free.", True, 0, "train"))
    return folder / "weights"


@pytest.fixture(scope="module")
def corrected() -> list[Clip]:
    return list(phantom_clips((50, 51), 5, size=SIZE))


def write_run(
    folder: Path, parent: Path, clips: list[Clip], held_out: tuple[bool, ...] = (False, True), **config
) -> Path:
    folder.mkdir(parents=True)
    settings = {"steps": 4, "replay": 2, "guard": 3, "size": SIZE, "device": "cpu", **config}
    (folder / "run.json").write_text(json.dumps({"weights": str(parent), "name": "mine", **settings}))
    for n, (clip, held) in enumerate(zip(clips, held_out, strict=False)):
        weights = np.array([0, 1, 0, 0.5, 0], np.float32)
        write_clip(folder / "clips" / f"{n:03d}.npz", clip.frames, clip.masks, weights, clip.sector, held)
    return folder


@pytest.fixture
def run(tmp_path, parent, corrected) -> Path:
    return write_run(tmp_path / "run", parent, corrected)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, parent, corrected) -> tuple[Path, list[dict]]:
    folder = write_run(tmp_path_factory.mktemp("finished") / "run", parent, corrected)
    return folder, list(finetune(folder))


def test_events(finished):
    _, events = finished
    assert events[0] == {"event": "data", "cines": 1, "frames": 2, "held_out": 2, "device": "cpu"}
    assert (events[1]["event"], events[1]["step"]) == ("validated", 0)
    steps = [e for e in events if e["event"] == "step"]
    assert [e["step"] for e in steps] == [1, 2, 3, 4]
    assert all(e["loss"] > 0 and e["replay_loss"] > 0 for e in steps)
    for e in events[1:-1]:
        assert e["of"] == 4
        if e["event"] == "validated":
            assert all(0 <= e[key] <= 1 for key in ("corrected", "guard"))
            assert (e["held_out"] is None) == (e["step"] > 0), "held-out patients steer nothing"
    assert events[-1]["event"] == "end"
    json.dumps(events)


def test_the_report_says_what_the_events_said(finished):
    folder, events = finished
    report = json.loads((folder / "report.json").read_text())
    assert report == {k: v for k, v in events[-1].items() if k != "event"}
    judged = [e for e in events if e["event"] == "validated"]
    validated = {e["step"]: {k: e[k] for k in ("corrected", "guard")} for e in judged}
    for when, step in (("before", 0), ("after", report["best_step"])):
        assert {k: report[when][k] for k in ("corrected", "guard")} == validated[step]
        assert 0 <= report[when]["held_out"] <= 1
    assert report["steps"] == 4
    assert report["reason"] in ("finished", "guard")
    assert report["identity"] == read_card(folder / "weights").identity


def test_the_candidate_knows_where_it_comes_from(finished, parent):
    folder, _ = finished
    card, former = read_card(folder / "weights"), read_card(parent)
    assert (card.name, card.parent) == ("mine", former.identity)
    assert (card.terms, card.research_only, card.config) == (former.terms, former.research_only, former.config)
    assert card.data == "Simulated. Fine-tuned here on 2 corrected frames of 1 cines."
    assert card.created
    assert str(folder) not in json.dumps(asdict(card))  # no path leaves the run


def test_the_candidate_scores_what_the_report_says(finished, corrected):
    folder, _ = finished
    net, _ = load_weights(folder / "weights")
    _, [learn], [kept] = read_run(folder)
    report = json.loads((folder / "report.json").read_text())["after"]
    for clip, key in ((learn, "corrected"), (kept, "held_out")):
        windows = [cut(clip, 0, t + 1) for t in (1, 3)]
        assert dice_of_clips(net, windows, SIZE) == pytest.approx(report[key], abs=1e-9)


def test_it_moves_the_weights_but_not_the_statistics_and_not_the_view_branch(tmp_path, parent, corrected):
    """Without held-out patients and with a long run, so that a better state than the first is found."""
    folder = write_run(tmp_path / "run", parent, corrected[:1], (False,), steps=24)
    events = list(finetune(folder))
    assert events[-1]["best_step"] > 0
    before, after = load_weights(parent)[0].state_dict(), load_weights(folder / "weights")[0].state_dict()
    still = [k for k in before if "running_" in k or "num_batches" in k or k.startswith("view_branch.")]
    assert still
    assert [k for k in still if not torch.equal(before[k], after[k])] == []
    for part in ("stem.", "blocks.", "transitions.", "laterals.", "cells.", "head."):
        assert any(not torch.equal(before[k], after[k]) for k in before if k.startswith(part)), part


def test_it_learns_the_corrections(tmp_path, parent, corrected):
    folder = write_run(tmp_path / "run", parent, corrected[:1], (False,), steps=24)
    events = list(finetune(folder))
    end = events[-1]
    assert end["before"]["held_out"] is None
    assert end["after"]["corrected"] > end["before"]["corrected"]
    assert end["after"]["guard"] >= end["before"]["guard"] - 0.005


def test_the_same_run_gives_the_same_weights(run, tmp_path):
    shutil.copytree(run, tmp_path / "again")
    one, other = list(finetune(run)), list(finetune(tmp_path / "again"))
    assert one == other


def test_stop_ends_the_run_and_keeps_the_best_so_far(tmp_path, parent, corrected):
    folder = write_run(tmp_path / "run", parent, corrected, steps=400)
    events = []
    for event in finetune(folder):
        events.append(event)
        if event == {**event, "event": "step", "step": 2}:
            (folder / "stop").touch()
    assert [e["step"] for e in events if e["event"] == "step"] == [1, 2]
    end = events[-1]
    assert end["reason"] == "stopped"
    assert end["steps"] == 400
    report = json.loads((folder / "report.json").read_text())
    assert report["reason"] == "stopped"
    assert load_weights(folder / "weights")[1].identity == report["identity"]
    validated = [e for e in events if e["event"] == "validated"]
    assert [e["step"] for e in validated] == [0, 2]
    assert end["after"]["corrected"] == max(e["corrected"] for e in validated)


def test_when_nothing_got_better_the_candidate_is_the_parent(tmp_path, parent, corrected):
    """What is written is the best of all that was judged, and the weights to start from are among it."""
    folder, clip = write_run(tmp_path / "run", parent, corrected, steps=1), corrected[0]
    net, said = load_weights(parent)[0], np.zeros_like(clip.masks)
    with torch.inference_mode():  # a correction that says what the parent says: no step can do better
        logits = net(collate([plain(cut(clip, 0, 1), SIZE)])["frames"]).logits
        said[0] = largest_component(logits[0, 0].numpy() > 0)
    first = np.array([1, 0, 0, 0, 0], np.float32)
    write_clip(folder / "clips" / "000.npz", clip.frames, said, first, clip.sector, False)
    end = list(finetune(folder))[-1]
    assert end["before"]["corrected"] == 1.0
    assert (end["best_step"], end["after"]) == (0, end["before"])
    before, after = load_weights(parent)[0].state_dict(), load_weights(folder / "weights")[0].state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_a_run_that_was_ended_by_force_leaves_no_candidate(run):
    stream = finetune(run)
    for _ in range(3):
        next(stream)
    stream.close()
    assert not (run / "report.json").exists()
    assert not (run / "weights").exists()
    assert list(finetune(run))[-1]["event"] == "end"


# Refused


def test_a_run_without_a_corrected_frame_is_refused(tmp_path, parent, corrected):
    folder = write_run(tmp_path / "run", parent, [])
    with pytest.raises(ValueError, match=r"holds no corrected frame to learn from\.$"):
        next(finetune(folder))
    clip = corrected[0]
    write_clip(folder / "clips" / "a.npz", clip.frames, clip.masks, np.zeros(5, np.float32), clip.sector, False)
    write_clip(folder / "clips" / "b.npz", clip.frames, clip.masks, np.ones(5, np.float32), clip.sector, True)
    with pytest.raises(ValueError, match="no corrected frame"):
        next(finetune(folder))
    assert not (folder / "weights").exists()


@pytest.mark.parametrize("config", [None, "", "{", "[]", "null", "{}", '{"weights": "w", "name": "n", "wings": 2}'])
def test_a_folder_that_is_no_run_is_refused(tmp_path, config):
    folder = tmp_path / "some"
    folder.mkdir()
    if config is not None:
        (folder / "run.json").write_text(config)
    with pytest.raises(ValueError, match=r"'some' is not a run folder"):
        next(finetune(folder))


def test_weights_that_are_gone_are_said(tmp_path, corrected):
    folder = write_run(tmp_path / "run", tmp_path / "nowhere", corrected)
    with pytest.raises(CheckpointError, match="no weights"):
        next(finetune(folder))


def test_a_clip_comes_back_as_it_was_written(run, corrected):
    config, [learn], [kept] = read_run(run)
    assert config == TuneConfig(config.weights, "mine", 4, 2, 3, 0, SIZE, "cpu", 0)
    for clip, known in ((learn, corrected[0]), (kept, corrected[1])):
        np.testing.assert_array_equal(clip.frames, known.frames)
        np.testing.assert_array_equal(clip.masks, known.masks)
        np.testing.assert_array_equal(clip.sector, known.sector)
        assert clip.weights.tolist() == [0, 1, 0, 0.5, 0]
        assert clip.view == -1  # a correction says nothing of the view


def test_the_calibration_follows_a_network_whose_borders_became_softer(parent):
    """The same borders, half as steep: as sure as before of what it draws, and as wide a spread."""
    net, _ = load_weights(parent)
    softer, _ = load_weights(parent)
    with torch.no_grad():
        softer.head.weight *= 0.5
        softer.head.bias *= 0.5
    guard = list(phantom_clips(range(60, 64), 3, size=SIZE))
    known = {"frames": 9, "confidence": [0.6, 0.9], "dice": [0.5, 0.9], "spread_factor": 2.0}
    made = carried(known, net, softer, guard, SIZE)
    assert (made["frames"], made["dice"]) == (9, [0.5, 0.9])
    assert made["confidence"][1] < 0.9 and made["confidence"][0] < 0.6
    assert made["spread_factor"] < 2
    told = [sure(one, guard, fit) for one, fit in ((net, known), (softer, made), (softer, known))]
    assert abs(told[1] - told[0]) < 0.25 * abs(told[2] - told[0])
    assert carried(known, net, net, guard, SIZE) == known
    assert carried({}, net, softer, guard, SIZE) == {}
    assert carried(known, net, softer, [], SIZE) == known


def sure(net: RAL, clips: list[Clip], calibration: dict) -> float:
    """Mean calibrated confidence on clips."""
    found = []
    with torch.inference_mode():
        for clip in clips:
            for logits in net(collate([plain(clip, SIZE)])["frames"]).logits[0].numpy():
                found.append(expected_dice(agreement(logits, largest_component(logits > 0)), calibration))
    return float(np.mean(found))
