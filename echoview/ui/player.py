"""The only clock: which frame is shown now."""

from __future__ import annotations

import bisect

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_TICK_MS = 5


class Player(QObject):
    """Plays frames at their own times, uneven ones too; falls behind by dropping frames, never by slowing down.

    Signals:
        frame_changed(t): another frame is shown.
        playing_changed(bool), speed_changed(float), loop_changed(bool).
    """

    frame_changed = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times = np.zeros(1)
        self._span = 0.0
        self._t = 0
        self.speed = 1.0
        self.loop = True
        self._since = QElapsedTimer()
        self._from_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def t(self) -> int:
        return self._t

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def load(self, times_s: np.ndarray) -> None:
        """Another cine with these frame times (T,); stands still at its first frame."""
        self.pause()
        self._times = np.asarray(times_s, float)
        steps = np.diff(self._times)
        # the last frame is shown as long as a usual one before the loop starts anew
        self._span = float(self._times[-1] + (np.median(steps) if len(steps) else 0.0))
        self._t = 0
        self.frame_changed.emit(0)

    def play(self) -> None:
        if len(self._times) < 2 or self.playing:
            return
        self._from_s = 0.0 if self._t == len(self._times) - 1 and not self.loop else float(self._times[self._t])
        self._since.start()
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        self.pause() if self.playing else self.play()

    def seek(self, t: int) -> None:
        """Go to frame t, kept inside the cine; a playing cine goes on from there."""
        self._show(min(max(t, 0), len(self._times) - 1))
        if self.playing:
            self._from_s = float(self._times[self._t])
            self._since.restart()

    def step(self, frames: int) -> None:
        """Pause and go so many frames on, around the ends when looping."""
        self.pause()
        count = len(self._times)
        self.seek((self._t + frames) % count if self.loop else self._t + frames)

    def set_speed(self, speed: float) -> None:
        if self.playing:  # go on from here, not from where the old speed would be
            self._from_s = self._now_s()
            self._since.restart()
        self.speed = speed
        self.speed_changed.emit(speed)

    def faster(self, by: int) -> None:
        """The next speed up (+1) or down (-1)."""
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.set_speed(SPEEDS[min(max(at + by, 0), len(SPEEDS) - 1)])

    def set_loop(self, loop: bool) -> None:
        self.loop = loop
        self.loop_changed.emit(loop)

    def _now_s(self) -> float:
        now = self._from_s + self._since.nsecsElapsed() / 1e9 * self.speed
        return now % self._span if self.loop and self._span > 0 else now

    def _tick(self) -> None:
        now = self._now_s()
        if not self.loop and now >= self._times[-1]:
            self._show(len(self._times) - 1)
            self.pause()
            return
        self._show(max(bisect.bisect_right(self._times, now) - 1, 0))

    def _show(self, t: int) -> None:
        if t != self._t:
            self._t = t
            self.frame_changed.emit(t)
