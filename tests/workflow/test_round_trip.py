"""Open, predict, correct, undo and redo, save, open again from elsewhere, fine-tune, compare, adopt, roll back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from echoview.domain.contour import Contour, Origin
from echoview.learning import Stage

T = 5


def test_the_whole_walk(new_desk: Callable, sample: Path, tmp_path: Path) -> None:
    desk = new_desk()
    desk.open(sample)
    session = desk.session
    assert session.prediction is not None and session.prediction.complete
    assert session.measurements is not None and session.measurements.ef_percent is not None
    assert session.measurements.edv_ml is None, "the sample's pixel size is not to be trusted"
    predicted = session.editable(T)
    assert predicted is not None and set(predicted.origins) == {Origin.PREDICTED}

    # correct: the whole lateral half moves outwards, one undo step
    wide = predicted
    for index in range(8, len(predicted.handles) - 1):
        wide = wide.moved(index, predicted.handles[index, 0] + 8, predicted.handles[index, 1])
    ef_before = session.measurements.ef_percent
    desk.workflow.edit_contour(T, wide, "move point")
    assert isinstance(session.contour(T), Contour)
    assert session.measurements.area_px2[T] > session.predicted.area_px2[T] + 50
    session.undo_stack.undo()
    assert isinstance(session.contour(T), np.ndarray)
    assert session.measurements.ef_percent == ef_before
    session.undo_stack.redo()
    np.testing.assert_allclose(session.contour(T).handles, wide.handles)
    desk.settle()
    assert session.unsaved == ""

    # saved: edit, undo and redo are three revisions, and the label is there again under another path
    history = desk.workflow.library.history(session.cine.info.identity)
    assert [r.tool for r in history] == [
        f"move point, frame {T + 1}",
        f"undo move point, frame {T + 1}",
        f"move point, frame {T + 1}",
    ]
    assert {r.annotator for r in history} == {"tester"}
    desk.close()
    moved = shutil.copy(sample, tmp_path / "Ünïcode copy.bin")
    desk = new_desk()
    desk.open(moved)
    session = desk.session
    np.testing.assert_allclose(session.contour(T).handles, wide.handles, atol=1e-3)

    # learn: a real child process, a few steps
    before = session.prediction.contour(T).copy()
    old = session.weights
    events: list[dict] = []
    desk.app.learning.event_read.connect(events.append)
    desk.fine_tune(steps=4)
    assert not desk.refusals
    assert [e["event"] for e in events].count("step") == 4
    assert desk.app.learning.stage is Stage.JUDGING, events[-1]
    report = desk.app.learning.report
    assert report["after"]["corrected"] > report["before"]["corrected"]
    candidate = desk.app.learning.candidate
    assert candidate.parent == old.identity
    assert desk.workflow.registry.active().identity == old.identity, "never in use by itself"

    # adopt: the prediction is another; roll back: it is the old one again
    desk.app.learning.adopt()
    desk.until(lambda: session.prediction is not None and session.prediction.complete)
    desk.settle()
    assert session.weights.identity == candidate.identity
    assert np.abs(session.prediction.contour(T) - before).max() > 0.05
    desk.app.learning.roll_back()
    desk.until(lambda: session.prediction is not None and session.prediction.complete)
    desk.settle()
    assert session.weights.identity == old.identity
    np.testing.assert_allclose(session.prediction.contour(T), before, atol=1e-6)
