"""The demo and the self-test: the whole walk on the sample cine."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QTimer

from echoview.errors import EchoViewError

if TYPE_CHECKING:
    from echoview.domain.prediction import Prediction

PATIENCE_S = 180


def has_display() -> bool:
    """Whether a window could be seen here."""
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def demo(out: Path) -> int:
    """Open the sample in the window; without a display do it offscreen, save a picture and say what was seen."""
    if has_display():
        from echoview.app import run, sample_path

        return run(str(sample_path() or ""))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from echoview.app import application_of, build, sample_path

    sample = sample_path()
    if sample is None:
        raise EchoViewError("The sample cine is missing.", "Install pydicom again.")
    application_of(sys.argv[:1])
    app = build()
    app.window.show()
    app.window.resize(1280, 800)  # the offscreen display is smaller than any that is sold
    app.workflow.open(sample)
    until(lambda: app.session.prediction is not None and app.session.prediction.complete and app.workflow.jobs.idle)
    session = app.session
    assert session.cine is not None and session.prediction is not None and session.measurements is not None
    app.window.player.pause()
    app.window.player.seek(session.measurements.ed or 0)
    until(lambda: session.cine is not None and session.cine.cached(app.window.player.t) is not None)
    out.mkdir(parents=True, exist_ok=True)
    picture = out / "echoview.png"
    app.window.grab().save(str(picture))
    prediction, measured = session.prediction, session.measurements
    ef = "none" if measured.ef_percent is None else f"{measured.ef_percent:.0f} %"
    print(f"cine    {sample.name}")
    print(f"view    {_view(prediction)} ({100 * prediction.view_probabilities.max():.0f} %)")
    print(f"frames  {len(session.cine)}, {int((prediction.confidence > 0).sum())} with a contour")
    print(f"fps     {prediction.fps:.1f} predicted, {session.cine.fps:.1f} played")
    print(f"EF      {ef} (single plane)")
    print(f"device  {prediction.device}, weights {prediction.weights}")
    print(f"picture {picture}")
    app.window.close()
    return 0


def self_test() -> int:
    """Start, open and predict the sample, train two steps in the child process; for a freshly made bundle."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ECHOVIEW_HOME"] = home
        if not has_display():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from echoview.app import application_of, build, sample_path

        sample = sample_path()
        if sample is None:
            raise EchoViewError("The sample cine is missing from this program.", "Install EchoView again.")
        application_of(sys.argv[:1])
        app = build()
        app.window.show()
        app.workflow.remember(annotator="self-test")
        app.workflow.open(sample)
        until(lambda: app.session.prediction is not None and app.session.prediction.complete and app.workflow.jobs.idle)
        assert app.session.cine is not None and app.session.prediction is not None
        prediction = app.session.prediction
        print(f"opened {prediction.done} frames, predicted {_view(prediction)} with {prediction.weights}")
        _train_two_steps(app)
        app.window.close()
    print("self-test passed")
    return 0


def _view(prediction: Prediction) -> str:
    return "none" if prediction.view is None else prediction.view.value


def _train_two_steps(app: object) -> None:
    """A moved point, saved, then a run of two steps in the child."""
    from echoview.app import App
    from echoview.learning import Stage

    assert isinstance(app, App)
    t = next(t for t in range(len(app.session.cine or ())) if app.session.contour(t) is not None)
    contour = app.session.editable(t)
    assert contour is not None
    x, y = contour.handles[3]
    app.workflow.edit_contour(t, contour.moved(3, x - 6, y), "move point")
    until(lambda: app.workflow.jobs.idle)
    steps: list[dict] = []
    refusals: list[EchoViewError] = []
    app.learning.event_read.connect(steps.append)
    app.workflow.refused.connect(refusals.append)
    app.learning.start(steps=2)
    until(lambda: app.learning.stage in (Stage.IDLE, Stage.JUDGING))
    if refusals or not any(event["event"] == "end" for event in steps):
        raise EchoViewError("The training process did not end well.", str(refusals[0]) if refusals else "")
    print(f"trained {sum(event['event'] == 'step' for event in steps)} steps in a child process")


def until(true: Callable[[], bool]) -> None:
    """Run the application's event loop until something is true.

    Raises:
        EchoViewError: it did not come true in three minutes.
    """
    loop, ends = QEventLoop(), time.monotonic() + PATIENCE_S
    came_true = False

    def look() -> None:
        nonlocal came_true
        came_true = came_true or true()
        if came_true or time.monotonic() > ends:
            loop.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    loop.exec()
    timer.stop()
    if not came_true:
        raise EchoViewError("It did not finish in time.", "Try again while the machine does less.")
