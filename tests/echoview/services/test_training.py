"""Runs: what goes in, what must not, and how the child is heard."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from echoview.app import registry, sample_path
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.errors import TrainingError
from echoview.io import open_cine
from echoview.services import training
from echoview.store.library import LabelledCine
from echoview.store.registry import read_set
from ral.finetune import read_run
from ral.geometry import area


@pytest.fixture(scope="module")
def weights():
    return registry().active()


def labelled(path: Path, patient: str = "p1", edited: bool = True) -> LabelledCine:
    angle = np.linspace(np.pi, 0, 9)
    points = np.column_stack([165 + 25 * np.cos(angle), 180 - 80 * np.sin(angle)])
    origin = Origin.DRAWN if edited else Origin.ACCEPTED
    own = Contour(points, (origin,) * 9)
    label = Label({4: own, 6: Contour(points, (Origin.ACCEPTED,) * 9)})
    return LabelledCine(open_cine(path).info.identity, str(path), patient, (30, 240, 320), label)


def prepared(one: list[LabelledCine], weights, tmp_path: Path) -> training.Prepared:
    items = list(training.prepare_run(one, weights, tmp_path / "runs", "cpu", 1, None))
    assert all(isinstance(i, str) for i in items[:-1])
    return items[-1]


def test_a_run_holds_the_corrected_frames_and_no_one_s_name(weights, tmp_path) -> None:
    path = Path(shutil.copy(sample_path(), tmp_path / "Zebedee.dcm"))
    run = prepared([labelled(path)], weights, tmp_path)
    assert (run.cines, run.frames, run.held_out) == (1, 2, 0)
    config, learn, held_out = read_run(run.folder)
    assert read_set(run.folder / config.weights).identity == weights.identity
    assert held_out == []
    clip = learn[0]
    assert clip.weights[4] == 1.0
    assert clip.weights[6] == pytest.approx(training.ACCEPTED_WEIGHT)
    assert (clip.weights > 0).sum() == 2
    assert 0.02 < clip.masks[4].mean() < 0.4
    assert not clip.masks[3].any()
    for file in run.folder.rglob("*"):
        assert not file.is_file() or b"Zebedee" not in file.read_bytes()


def test_the_mask_is_the_contour_on_the_prepared_picture(weights, tmp_path) -> None:
    from echoview.services.inference import preparation_of

    cine = open_cine(sample_path())
    one = labelled(sample_path())
    _, masks, _, _, _ = training.clip_of(cine, one.label)
    expected = area(preparation_of(cine).to_input(one.label.contour(4).dense(201)))
    assert masks[4].sum() == pytest.approx(expected, rel=0.01)


def test_the_stretch_that_was_moved_counts_most_and_the_rest_of_its_border_least() -> None:
    from echoview.services.inference import preparation_of

    cine, one = open_cine(sample_path()), labelled(sample_path())
    contour = one.label.contour(4)
    half = len(contour.handles) // 2
    mixed = Contour(contour.handles, (Origin.CORRECTED,) * half + (Origin.PREDICTED,) * (len(contour.handles) - half))
    accepted = Contour(contour.handles, (Origin.ACCEPTED,) * len(contour.handles))
    _, _, weights, _, care = training.clip_of(cine, Label({4: mixed, 6: accepted}))
    x, y = np.round(preparation_of(cine).to_input(contour.handles[[2, -3]])).astype(int).T
    assert [int(c) for c in care[4, y, x]] == [200, 30]
    assert (weights[4], weights[6]) == (1.0, pytest.approx(training.ACCEPTED_WEIGHT))
    assert (care[6] == 100).all()


def test_what_was_only_carried_to_a_frame_is_not_learnt_from() -> None:
    cine, one = open_cine(sample_path()), labelled(sample_path())
    t, mine = next(iter(one.label.contours.items()))
    carried = Contour(mine.handles, (Origin.PROPAGATED,) * len(mine.handles))
    _, masks, weights, _, _ = training.clip_of(cine, Label({t: mine, t + 1: carried, t + 2: carried}))
    assert (weights > 0).sum() == 1
    assert masks[weights == 0].sum() == 0


def test_nothing_edited_is_nothing_to_learn_from(weights, tmp_path) -> None:
    accepted = LabelledCine("x", "x", "p", (1, 1, 1), Label({1: Contour(np.eye(3)[:, :2], (Origin.ACCEPTED,) * 3)}))
    with pytest.raises(TrainingError, match="nothing to learn"):
        prepared([accepted], weights, tmp_path)


def test_a_run_says_how_many_frames_in_conflict_it_leaves_out(weights, tmp_path) -> None:
    path = Path(shutil.copy(sample_path(), tmp_path / "kept.dcm"))
    one = replace(labelled(path), disputed=3)
    assert prepared([one], weights, tmp_path).disputed == 3
    with pytest.raises(TrainingError, match="Every corrected frame is in conflict"):
        prepared([replace(one, label=Label())], weights, tmp_path)


def test_a_cine_that_is_gone_or_replaced_is_left_out_with_a_sentence(weights, tmp_path) -> None:
    kept = labelled(Path(shutil.copy(sample_path(), tmp_path / "kept.dcm")))
    gone = LabelledCine("gone", str(tmp_path / "gone.dcm"), "p2", kept.shape, kept.label)
    other = LabelledCine("another identity", kept.path, "p3", kept.shape, kept.label)
    run = prepared([kept, gone, other], weights, tmp_path)
    assert run.cines == 1
    assert len(run.missing) == 2
    assert "another file" in run.missing[1]


def test_patients_are_held_out_whole_and_the_same_ones_each_round() -> None:
    assert training.held_out_patients(["a", "b", "c"]) == set()
    patients = [f"p{i}" for i in range(40)]
    out = training.held_out_patients(patients)
    assert 3 <= len(out) <= 20
    assert training.held_out_patients([*patients, "another"]) >= out - {"another"} or "another" in out
    assert training.held_out_patients(patients[::-1] * 2) == out
    assert training.held_out_patients(["a", "b", "c", "d"]), "one at least"


def test_events_are_read_as_they_come_and_half_a_line_waits(tmp_path) -> None:
    assert training.read_events(tmp_path, 0) == ([], 0)
    file = tmp_path / training.EVENTS
    file.write_text('{"event": "step", "step": 1}\n{"event": "st')
    events, position = training.read_events(tmp_path, 0)
    assert [e["step"] for e in events] == [1]
    with file.open("a") as more:
        more.write('ep", "step": 2}\n')
    events, position = training.read_events(tmp_path, position)
    assert [e["step"] for e in events] == [2]
    assert training.read_events(tmp_path, position) == ([], position)


def test_the_child_of_a_folder_that_is_no_run_says_why(tmp_path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(TrainingError, match=r"run\.json"):
        training.run_child(tmp_path)
    event = json.loads((tmp_path / training.EVENTS).read_text())
    assert event["event"] == "failed"


def test_a_set_tuned_again_keeps_its_base_name() -> None:
    assert training.base_name("ral-lite-camus-tuned-tuned") == "ral-lite-camus"
