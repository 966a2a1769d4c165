"""A real mouse on the real window: how long it takes to correct a cine, and how long frame by frame.

Each run starts the program with a fresh library on a display of its own (Xvfb and openbox), lets it predict a cine and
then works it with xdotool, so every press travels the way of a real one. ED and ES are brought to a target, with the
points tool where an annulus point is off and with the nudge circle, what was corrected is carried to the other frames,
accepted, and ED and ES are approved. Before, the cine is worked frame by frame: with the arrow key from frame to frame,
and in each that is below a Dice of 0.95 spline points alone are dragged until it is there. All of that is undone again.

The target of a simulated cine is its exact contour. That of a real cine is the prediction with its border moved by a
smooth, random few per cent of its length, alike in all frames: nobody's reading, but a known goal.

Usage: python scripts/mouse_runs.py [--runs 0 1 2 ...] [--out mouse_runs]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mouse_strokes import moved, score, stroke

GOOD = 0.95  # Dice with the target
MOST_DRAGS = 12  # on one frame
ANNULUS_PX = 4.0  # of the picture: an annulus point that is farther off is set by itself
REACH_S = 0.4  # from one place to the next, as a practised hand needs
STEP_S = 0.012  # between two movements of a drag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=list(range(10)), help="their numbers")
    parser.add_argument("--out", type=Path, default=Path("mouse_runs"))
    parser.add_argument("--display", default=":77")
    parser.add_argument("--one", type=int, default=-1, help="used by the script itself: this run, in this process")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.one >= 0:
        return one_run(chosen.one, chosen.out)
    display = subprocess.Popen(["Xvfb", chosen.display, "-screen", "0", "1440x900x24"], stderr=subprocess.DEVNULL)
    found = []
    try:
        time.sleep(1)
        around = os.environ | {"DISPLAY": chosen.display, "QT_QPA_PLATFORM": "xcb"}
        desk = subprocess.Popen(["openbox"], env=around, stderr=subprocess.DEVNULL)
        for number in chosen.runs:
            with tempfile.TemporaryDirectory() as home:
                command = [sys.executable, __file__, "--one", str(number), "--out", str(chosen.out)]
                code = subprocess.run(command, env=around | {"ECHOVIEW_HOME": home}, check=False).returncode
            result = chosen.out / f"run{number}.json"
            if code == 0 and result.exists():
                found.append(json.loads(result.read_text()))
                print(json.dumps(found[-1]), flush=True)
            else:
                print(f"run {number} ended with {code}", flush=True)
        desk.terminate()
        desk.wait()
    finally:
        display.terminate()
        display.wait()
    (chosen.out / "runs.json").write_text(json.dumps(found, indent=2))


def cine_of(number: int, folder: Path) -> tuple[Path, list[np.ndarray] | None]:
    """The cine of a run, and its true contours where it is a simulated one."""
    from echoview.app import sample_path
    from ral.recipes import data_folder

    data = data_folder()
    real = [sample_path(), *(sorted((data / "cines").glob("*.mp4")) if data else [])]
    if number % 5 < 4:
        path = real[number % 5 % len(real)]
        assert path is not None
        return path, None
    import cv2

    from ral.phantom import simulate

    cine = simulate(7_100_000 + number, frames=24, size=256, beats=1.5)
    path = folder / f"simulated{number}.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, cine.frames.shape[2:0:-1], False)
    for frame in cine.frames:
        writer.write(np.ascontiguousarray(frame))
    writer.release()
    return path, [np.asarray(line) for line in cine.contours]


def one_run(number: int, out: Path) -> None:
    from PySide6.QtCore import QObject, Qt, Signal

    from echoview.app import application_of, build

    application = application_of(["echoview"])
    app = build()

    class Asker(QObject):
        """Has a question answered on the window's thread, even while a dialog is open there."""

        asked = Signal(object)

        def __call__(self, question: Callable[[], Any]) -> Any:
            answer: list[Any] = []
            self.asked.emit(lambda: answer.append(question()))
            return answer[0]

    asker = Asker()
    asker.asked.connect(lambda question: question(), Qt.ConnectionType.BlockingQueuedConnection)
    app.window.setGeometry(20, 40, 1400, 820)
    app.window.show()
    codes = []

    def work() -> None:
        try:
            worked(Hand(app, asker, out, number))
            codes.append(0)
        except Exception:
            traceback.print_exc()
            codes.append(1)
        asker(application.quit)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    application.exec()
    sys.stdout.flush()
    os._exit((codes or [1])[0])  # the library is thrown away: nothing is left to be closed


class Hand:
    """Moves the pointer, presses keys, and counts."""

    def __init__(self, app: Any, ask: Callable[[Callable[[], Any]], Any], out: Path, number: int) -> None:
        self.app, self.ask, self.out, self.number = app, ask, out, number
        self.drags = self.keys = 0
        self.began = time.monotonic()

    def start(self) -> None:
        self.drags = self.keys = 0
        self.began = time.monotonic()

    @property
    def counted(self) -> dict[str, float]:
        seconds = round(time.monotonic() - self.began, 1)
        return {"seconds": seconds, "drags": self.drags, "keys": self.keys}

    def key(self, name: str) -> None:
        self.keys += 1
        do("key", name)
        time.sleep(0.15)

    def until(self, there: Callable[[], bool], what: str, patience_s: float = 120) -> None:
        end = time.monotonic() + patience_s
        while not self.ask(there):
            if time.monotonic() > end:
                self.shot("stuck")
                raise TimeoutError(what)
            time.sleep(0.05)

    def drag(self, way: np.ndarray) -> None:
        """Along a way (N,2) px of the picture, with the left button down."""
        spots = self.ask(lambda: [self._screen(*spot) for spot in way])
        words = ["mousemove", *spots[0], "sleep", REACH_S, "mousedown", 1]
        for spot in spots[1:]:
            words += ["mousemove", *spot, "sleep", STEP_S]
        do(*words, "mouseup", 1)
        self.drags += 1
        time.sleep(0.15)
        self.name_asked()

    def name_asked(self) -> None:
        """The first correction asks who corrects."""
        from PySide6.QtWidgets import QApplication

        if self.ask(lambda: QApplication.activeModalWidget() is not None):
            self.shot("name")
            do("type", "mouse")
            do("key", "Return")
            self.until(lambda: QApplication.activeModalWidget() is None, "the question for a name stays open")

    def shot(self, stage: str) -> None:
        do_shot = self.out / f"run{self.number}_{stage}.png"
        self.ask(lambda: self.app.window.grab().save(str(do_shot)))

    def _screen(self, x: float, y: float) -> tuple[int, int]:
        from PySide6.QtCore import QPointF

        view = self.app.window.view
        spot = view.viewport().mapToGlobal(view.mapFromScene(view.box.mapViewToScene(QPointF(x, y))))
        return spot.x(), spot.y()


def do(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)


def worked(hand: Hand) -> None:
    """One run, and its figures into a file."""
    app = hand.app
    session = app.session
    with tempfile.TemporaryDirectory() as folder:
        path, truth = cine_of(hand.number, Path(folder))
        hand.ask(lambda: app.workflow.open(path))
        ready = lambda: session.prediction is not None and session.prediction.complete and app.workflow.jobs.idle  # noqa: E731
        hand.until(ready, "the prediction does not end", 300)
        kind = "simulated" if truth else path.stem
        base = hand.ask(lambda: [np.array(line) for line in session.prediction.contours])
        targets = truth or moved(base, hand.number)
        size = hand.ask(lambda: session.cine.size)
        ed, es = hand.ask(lambda: (session.measurements.ed, session.measurements.es))
        hand.ask(app.window.player.pause)
        before = [score(line, goal, size) for line, goal in zip(base, targets, strict=True)]
        hand.shot("predicted")
        alone = frame_by_frame(hand, targets, size)
        hand.shot("frame_by_frame")
        hand.ask(lambda: session.undo_stack.setIndex(0))
        hand.until(lambda: session.label.empty, "not all is undone")
        hand.start()
        reached = []
        for letter, t in (("d", ed), ("s", es)):
            hand.key(letter)
            hand.until(lambda t=t: app.window.player.t == t, "the key does not go there", 10)
            annulus_to(hand, t, targets[t])
            hand.key("2")
            reached.append(nudged_to(hand, t, targets[t], size))
            hand.shot("corrected_" + ("ed" if letter == "d" else "es"))
        hand.key("ctrl+e")
        hand.until(lambda: bool(app.window.correcting.correction.proposal), "nothing is proposed", 60)
        hand.shot("proposed")
        hand.key("Return")
        hand.until(lambda: not app.window.correcting.correction.proposal, "Enter does not accept", 10)
        for t in (es, ed):  # where it stands, and the other
            hand.until(lambda t=t: app.window.player.t == t, "ED is elsewhere now", 10)
            hand.key("a")
            if t == es:
                hand.key("d")
        settled = lambda: all({o.human for o in session.contour(t).origins} == {True} for t in (ed, es))  # noqa: E731
        hand.until(settled, "A does not approve", 10)
        whole = hand.counted
        hand.shot("approved")
        lines = hand.ask(lambda: [session.editable(t).dense(201) for t in range(len(session.cine))])
        after = [score(line, goal, size) for line, goal in zip(lines, targets, strict=True)]
        need = sum(value < GOOD for value in before)
        report = {
            "run": hand.number, "cine": kind, "frames": len(base), "load": round(os.getloadavg()[0], 1),
            "carried": whole, "below_before": need, "below_after": sum(value < GOOD for value in after),
            "dice_before": mean(before), "dice_after": mean(after), "dice_ed_es": [round(v, 3) for v in reached],
            "frame_by_frame": alone,
        }  # fmt: skip
        (hand.out / f"run{hand.number}.json").write_text(json.dumps(report))


def annulus_to(hand: Hand, t: int, target: np.ndarray) -> None:
    """The points tool for the annulus points that are clearly off: the circle leaves them alone."""
    for end in (0, -1):
        at = hand.ask(lambda end=end: hand.app.session.editable(t).handles[end])
        if np.hypot(*(at - target[end])) > ANNULUS_PX:
            hand.key("1")
            hand.drag(np.linspace(at, target[end], 8))


def nudged_to(hand: Hand, t: int, target: np.ndarray, size: tuple[int, int]) -> float:
    """Push the border with the circle, each time where it is farthest off, until the contour is good."""
    for _ in range(MOST_DRAGS):
        line = hand.ask(lambda: hand.app.session.editable(t).dense(201))
        if score(line, target, size) >= 0.5 * (1 + GOOD):
            break
        radius = hand.ask(lambda: hand.app.window.view.hand.radius)
        hand.drag(stroke(line, target, radius))
    return score(hand.ask(lambda: hand.app.session.editable(t).dense(201)), target, size)


def frame_by_frame(hand: Hand, targets: list[np.ndarray], size: tuple[int, int]) -> dict[str, Any]:
    """From the first frame to the last with the arrow key; each that is not good is made so with spline points."""
    window = hand.app.window
    hand.key("Home")
    hand.key("1")
    hand.start()
    dice = []
    for t, target in enumerate(targets):
        if t:
            hand.key("Right")
        hand.until(lambda t=t: window.player.t == t and window.session.cine.cached(t) is not None, "no next frame", 10)
        dice.append(points_to(hand, t, target, size))
    worked = hand.ask(lambda: len(window.session.label.contours))
    return {**hand.counted, "corrected": worked, "below": sum(value < GOOD for value in dice), "dice": mean(dice)}


def points_to(hand: Hand, t: int, target: np.ndarray, size: tuple[int, int]) -> float:
    """Drag spline points one by one, each time the one that is farthest off, until the contour is good."""
    from echoview.measure.propagate import by_arc

    done: set[tuple[int, int]] = set()
    for _ in range(2 * MOST_DRAGS):
        contour = hand.ask(lambda: hand.app.session.editable(t))
        if score(contour.dense(201), target, size) >= GOOD:
            break
        here, there = by_arc(contour.dense(201)), by_arc(target)
        nearest = [int(np.hypot(*(here - point).T).argmin()) for point in contour.handles]
        off = [0.0 if (i, 0) in done else float(np.hypot(*(there[n] - p)))
               for i, (n, p) in enumerate(zip(nearest, contour.handles, strict=True))]  # fmt: skip
        held = int(np.argmax(off))
        done.add((held, 0))
        hand.drag(np.linspace(contour.handles[held], there[nearest[held]], 8))
    return score(hand.ask(lambda: hand.app.session.editable(t).dense(201)), target, size)


def mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 3)


if __name__ == "__main__":
    main()
