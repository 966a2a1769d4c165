"""Playing, scrubbing and drawing a long cine in the real window: how true to its time, how soon, how much memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from echoview.app import App, application_of, build
from echoview.domain.cine import Cine, CineInfo
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction

HEIGHT, WIDTH, FPS, FRAMES = 768, 1024, 60, 2000
SECONDS = 8.0
STATUS = Path("/proc/self/status")


class JpegFrames:
    """Speckle in a sector, as a scanner's JPEG frames: decoding one costs what it costs in a DICOM file."""

    def __init__(self, kinds: int = 16) -> None:
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        sector = (np.abs(np.arctan2(x - WIDTH / 2, y + 1.0)) < 0.7) & (np.hypot(x - WIDTH / 2, y) < HEIGHT)
        self._coded = []
        for _ in range(kinds):
            speckle = cv2.GaussianBlur(rng.gamma(2.0, 40, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.5)
            grey = np.clip(np.where(sector, speckle, 0), 0, 255).astype(np.uint8)
            self._coded.append(cv2.imencode(".jpg", np.repeat(grey[..., None], 3, axis=2))[1])

    def decode(self, t: int) -> np.ndarray:
        return cv2.cvtColor(cv2.imdecode(self._coded[t % len(self._coded)], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def long_cine(frames: int = FRAMES) -> Cine:
    info = CineInfo((HEIGHT, WIDTH), np.arange(frames) / FPS, True, "long", "sha256:0", "test")
    return Cine(info, JpegFrames())


def beating(frames: int) -> Prediction:
    """An arch that beats once a second."""
    angle = np.linspace(np.pi, 0, 65)
    wide = 120 + 25 * np.cos(2 * np.pi * np.arange(frames) / FPS)[:, None]
    contours = np.stack([512 + wide * np.cos(angle), 560 - 2.4 * wide * np.sin(angle)], axis=-1)
    confidence = 0.9 + 0.05 * np.sin(np.arange(frames))
    return Prediction(contours, confidence, np.array([0.1, 0.1, 0.8]), frames, "none", "0", "cpu", 30.0)


class Painted(QObject):
    """When the picture was painted with another frame: (t, seconds)."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app
        self.times: list[tuple[int, float]] = []
        app.window.view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        t = self._app.window.player.t
        if event.type() == QEvent.Type.Paint and (not self.times or self.times[-1][0] != t):
            self.times.append((t, time.perf_counter()))
        return False


@pytest.fixture
def app(qapp, qtbot):
    application_of(["echoview"])
    app = build()
    qtbot.addWidget(app.window)
    app.window.show()
    app.window.resize(1280, 1000)  # the picture at about its own size
    app.session.open(long_cine(), "long", Label())
    app.window.player.pause()
    app.session.set_prediction(beating(FRAMES))
    qtbot.wait(300)
    yield app
    app.window.close()


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {os.environ.get('QT_QPA_PLATFORM') or 'display'}"


@pytest.mark.benchmark
@pytest.mark.parametrize("every", [False, True], ids=["in time", "every frame"])
def test_steady_playback(app, qtbot, every):
    player = app.window.player
    painted = Painted(app)
    player.set_every_frame(every)
    cpu, wall = time.process_time(), time.perf_counter()
    player.play()
    qtbot.wait(int(1000 * SECONDS))
    player.pause()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    steps = 1000 * np.diff([seconds for _, seconds in painted.times[1:]])
    shown, due = len(steps), SECONDS * FPS
    print(f"\n{WIDTH} x {HEIGHT} at {FPS} fps, contour and curve, {load()}")
    print(f"  shown {shown} of {due:.0f} frames due, dropped {player.dropped}, speed kept {player.rate:.2f}")
    print(f"  interval median {np.median(steps):.1f}, p95 {np.percentile(steps, 95):.1f}, wanted {1000 / FPS:.1f} ms")
    print(f"  processor {cpu / wall:.2f} of a core")
    assert shown > 0


@pytest.mark.benchmark
def test_scrubbing(app, qtbot):
    """From the request to the painted frame, to places that were never decoded and to their neighbours."""
    painted = Painted(app)
    rng = np.random.default_rng(1)
    waits: dict[str, list[float]] = {"a far frame": [], "the next frame": []}
    for far in rng.permutation(FRAMES - 1)[:40]:
        for name, t in (("a far frame", int(far)), ("the next frame", int(far) + 1)):
            began = time.perf_counter()
            app.window.reading.scrub(t)
            while app.session.cine.cached(t) is None or not painted.times or painted.times[-1][0] != t:
                QApplication.processEvents()
                time.sleep(0.0002)  # the decoder's thread gets its turn
            waits[name].append(1000 * (time.perf_counter() - began))
            qtbot.wait(30)
    alone = [1000 * seconds_of(lambda t=t: JPEG.decode(t)) for t in range(16)]
    decode = statistics.median(alone)
    print(f"\nfrom asking to painted, {load()}; decoding alone takes {decode:.1f} ms")
    for name, found in waits.items():
        middle, late = statistics.median(found), float(np.percentile(found, 95))
        print(f"  {name}: median {middle:.1f}, p95 {late:.1f} ms, {middle / decode:.1f} times the decoding")
    assert all(waits.values())


@pytest.mark.benchmark
def test_drawing_the_timeline(app):
    timeline = app.window.transport.timeline
    whole = statistics.median(seconds_of(timeline.draw_session) for _ in range(30))
    per_frame = statistics.median(seconds_of(timeline.grab) for _ in range(30))
    app.session.open(long_cine(60), "short", Label())
    app.session.set_prediction(beating(60))
    short = statistics.median(seconds_of(timeline.draw_session) for _ in range(30))
    print(f"\ntimeline, {load()}")
    print(f"  drawn anew: {FRAMES} frames {1000 * whole:.1f} ms, 60 frames {1000 * short:.1f} ms: {whole / short:.1f}")
    print(f"  for each frame that is played: {1000 * per_frame:.2f} ms")
    assert whole > 0


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import test_playback as own
cine = own.long_cine({frames})
peak = lambda: int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
before = peak()
for t in range(len(cine)):
    cine.frame(t)
print((peak() - before) // 1024)
"""


@pytest.mark.benchmark
@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from /proc")
def test_memory_of_a_long_cine():
    grown = {}
    for frames in (100, FRAMES):
        command = [sys.executable, "-c", CHILD.format(frames=frames), str(Path(__file__).parent)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        grown[frames] = int(answer.stdout)
    raw = FRAMES * HEIGHT * WIDTH * 3 // 2**20
    print(f"\nplayed through, {load()}: 100 frames {grown[100]} MiB, {FRAMES} frames {grown[FRAMES]} MiB")
    print(f"  all {FRAMES} frames decoded would be {raw} MiB: {grown[FRAMES] / raw:.2f} of that")
    assert grown[FRAMES] > 0


JPEG = JpegFrames()


def seconds_of(work: Callable[[], object]) -> float:
    """Of this thread's own time, so that a busy machine does not count."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
