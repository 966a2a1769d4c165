"""A correction and what follows it: EF on the screen, undo, and carrying it to the rest of the cine, side by side.

The network reads a cine of 60 frames once more in both directions, with two threads; the first ghost is there as soon
as a frame beside the corrected one is read. Times of one run on a machine with other work are to be compared with each
other, not with a limit; the processor time of the window's thread hardly depends on the other work.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from echoview.app import application_of, build, sample_path
from echoview.demo import until
from echoview.paths import resource
from echoview.services.inference import RUN_UP
from echoview.services.propagation import Way, carried, meet
from ral.geometry import raster
from ral.phantom import simulate
from ral.predict import Predictor
from ral.prepare import prepare

FRAMES, THREADS, ROUNDS = 60, 2, 3


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def milliseconds(act: Callable[[], object]) -> float:
    return both_clocks(act)[0]


def both_clocks(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor in this thread."""
    began, worked = time.perf_counter(), time.thread_time()
    act()
    return 1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - worked)


@pytest.mark.benchmark
def test_a_drag_and_its_undo_on_the_screen(qtbot: QtBot):
    application_of(["echoview"])
    app = build()
    window, session, stack = app.window, app.session, app.session.undo_stack
    window.show()
    qtbot.waitExposed(window)
    app.workflow.remember(annotator="bench")
    sample = sample_path()
    assert sample is not None
    app.workflow.open(sample)
    until(lambda: session.prediction is not None and session.prediction.complete and app.workflow.jobs.idle)
    window.player.pause()
    window.player.seek((session.measurements and session.measurements.ed) or 0)
    until(lambda: app.workflow.jobs.idle)
    hand, none = window.view.hand, Qt.KeyboardModifier.NoModifier
    picture, number = Paints(window.view.viewport()), Paints(window.measure_panel)

    def shown() -> None:
        """Till all that waited is done: painting the window comes last of it."""
        QCoreApplication.sendPostedEvents()

    def move(spot: np.ndarray) -> None:
        hand.move(QPointF(*spot))
        shown()

    def let_go(spot: np.ndarray) -> None:
        hand.release(QPointF(*spot), QPointF(50, 0))
        shown()

    def undo() -> None:
        window.acts["undo"].trigger()  # what the key does
        shown()

    moves, ends, undos = [], [], []
    for _ in range(20):
        held = session.editable(window.player.t)
        assert held is not None
        way = held.handles[11] + np.arange(11)[:, None] * np.array([0.4, 0.0])
        hand.press(QPointF(*way[0]), QPointF(0, 0), none)
        moves += [both_clocks(partial(move, spot)) for spot in way[1:]]
        ends.append(both_clocks(partial(let_go, way[-1])))
        assert stack.canUndo()
        until(lambda: app.workflow.jobs.idle)
        picture.count = number.count = 0
        undos.append(both_clocks(undo))
        assert picture.count and number.count
        until(lambda: app.workflow.jobs.idle)
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; median ms (p95); of the processor")
    for name, times in (("a movement to EF", moves), ("letting go to EF", ends), ("undo to EF", undos)):
        clock, work = np.array(times).T
        line = f"  {name:18} {statistics.median(clock):6.1f}  ({np.percentile(clock, 95):.1f})"
        print(f"{line}   {statistics.median(work):6.1f}  ({np.percentile(work, 95):.1f})")
    assert not stack.canUndo(), "every step was taken back"
    window.close()


@pytest.mark.benchmark
def test_the_first_ghosts_in_the_window_and_how_long_it_stands_still(qtbot: QtBot):
    application_of(["echoview"])
    app = build()
    window, session, correction = app.window, app.session, app.window.correcting.correction
    window.show()
    qtbot.waitExposed(window)
    app.workflow.remember(annotator="bench")
    sample = sample_path()
    assert sample is not None
    app.workflow.open(sample)
    until(lambda: session.prediction is not None and session.prediction.complete and app.workflow.jobs.idle)
    window.player.pause()
    assert session.cine is not None
    frames = len(session.cine)
    middle = frames // 2
    window.player.seek(middle)
    held = session.editable(middle)
    assert held is not None
    app.workflow.edit_contour(
        middle, held.pulled(11, float(held.handles[11, 0]) + 8, float(held.handles[11, 1])), "move point"
    )
    until(lambda: app.workflow.jobs.idle)
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {frames} frames, ms")
    for how in ("predicted before", *["looked around"] * (ROUNDS - 1), "nothing known"):
        if how == "nothing known":  # as after a prediction that was kept from another day
            app.workflow.inference._sights = None
        seen: dict[int, float] = {}
        began = time.perf_counter()

        def look(seen: dict[int, float] = seen, began: float = began) -> None:
            for t in (middle - 1, middle + 1):
                if t in correction.proposal:
                    seen.setdefault(t, 1000 * (time.perf_counter() - began))

        ticks.clear()
        timer.start(2)
        correction.proposed.connect(look)
        correction.propose(middle, Way.REREAD)
        until(lambda: not correction.awaited)
        timer.stop()
        correction.proposed.disconnect(look)
        still = 1000 * np.diff(ticks)
        print(f"  {how}:", end=" ")
        print(f"first ghost forwards {seen[middle + 1]:.0f}, backwards {seen[middle - 1]:.0f};", end=" ")
        print(f"all {1000 * (time.perf_counter() - began):.0f}; between two turns of the window", end=" ")
        print(f"{np.percentile(still, 99):.1f} (p99), {still.max():.1f} at most")
        assert len(correction.proposal) > frames // 2
        correction.reject()
        until(lambda: app.workflow.jobs.idle)
    window.close()


@pytest.mark.benchmark
def test_carrying_a_correction_by_each_way():
    cine = simulate(7_200_000, frames=FRAMES, size=256, beats=3)
    predictor = Predictor(resource("weights/ral-lite-camus"), "cpu", threads=THREADS)
    assert predictor.reads_hints
    preparation = prepare(list(cine.frames[::8]), (cine.mm_per_px, cine.mm_per_px))
    base = np.stack([found.contour for found in predictor.stream(iter(cine.frames), preparation)])
    middle = FRAMES // 2
    human = {middle: np.asarray(cine.contours[middle])}

    def read(backwards: bool, count: int = FRAMES) -> dict[int, np.ndarray]:
        order = range(FRAMES)[:: -1 if backwards else 1]
        order = order[order.index(middle) - RUN_UP :][:count]  # as `Inference.reread_both` does
        hints = {order.index(t): raster(line, cine.masks.shape[1:]) for t, line in human.items() if t in order}
        found = predictor.stream((cine.frames[t] for t in order), preparation, hints)
        return {order[one.t]: one.contour for one in found}

    ways = {
        "displacement": lambda: carried(Way.DISPLACEMENT, base, human, range(FRAMES), lambda t: cine.frames[t]),
        "optical flow": lambda: carried(Way.FLOW, base, human, range(FRAMES), lambda t: cine.frames[t]),
        "network, first ghost": lambda: read(False, RUN_UP + 2),
        "network, both ways": lambda: meet(read(False), read(True), human),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):  # in turn, so that other work on the machine meets all alike
        for name, way in ways.items():
            times[name].append(milliseconds(way))
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {FRAMES} frames of 256 px, {THREADS} threads")
    least = {name: min(taken) for name, taken in times.items()}
    for name, taken in least.items():
        print(f"  {name:22} {taken:9.1f} ms  {taken / least['displacement']:7.1f} x displacement")
    assert len(ways["network, both ways"]()) >= FRAMES - 1
