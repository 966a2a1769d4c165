"""The only clock: which frame is shown now."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_SOONEST_MS, _LATEST_MS = 1, 50  # between two looks at the clock
_WAITING_MS = 4  # the same while a frame is late
_CATCH_UP_S = 0.1  # in every-frame mode: lateness that the next frames make good; more than that is lost


class Player(QObject):
    """Plays frames at their own times, uneven ones too; falls behind by dropping frames, never by slowing down.

    In every-frame mode it is the other way round: each frame is shown, though it be late. While it plays it goes to
    frames only that can be drawn at once; one that `arrived` after its time is shown late rather than not at all.

    Attributes:
        dropped: frames that were due since play began, and not shown; `rate`: the speed that was reached, 1 = wanted.
        ready: whether frame t could be drawn now; lost: whether it never can, so that it is passed by.

    Signals:
        frame_changed(t): another frame is shown; awaited(t): that one is due and not ready.
        playing_changed(bool), speed_changed(float), loop_changed(bool), span_changed().
    """

    frame_changed = Signal(int)
    awaited = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal(bool)
    span_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times = np.zeros(1)
        self._usual_s = 0.0
        self._first, self._last = 0, 0
        self._t = self._due = 0  # shown, and due by the clock
        self.speed = 1.0
        self.loop = True
        self.every_frame = False
        self.ready: Callable[[int], bool] = lambda _t: True
        self.lost: Callable[[int], bool] = lambda _t: False
        self.dropped = 0
        self._since = QElapsedTimer()
        self._from_s = 0.0
        self._due_s, self._played_s, self._shown_s = 0.0, 0.0, 0.0  # of every-frame mode, by the stopwatch
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    @property
    def t(self) -> int:
        return self._t

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def span(self) -> tuple[int, int]:
        """First and last frame that are played."""
        return self._first, self._last

    @property
    def rate(self) -> float:
        """Share of the wanted speed that every-frame mode keeps."""
        return min(self._played_s / (self._shown_s * self.speed), 1.0) if self._shown_s > 0 else 1.0

    def load(self, times_s: np.ndarray) -> None:
        """Another cine with these frame times (T,); stands still at its first frame."""
        self._times = np.asarray(times_s, float)
        steps = np.diff(self._times)
        self._usual_s = float(np.median(steps)) if len(steps) else 0.0
        self._first, self._last = 0, len(self._times) - 1
        self._t = self._due = self.dropped = 0
        self.pause()  # tells others, who may look at the frame: it is of this cine by now
        self.span_changed.emit()
        self.frame_changed.emit(0)

    def retime(self, times_s: np.ndarray) -> None:
        """The frames of the same cine have other times (T,); it stays where it is."""
        self._times = np.asarray(times_s, float)
        self._usual_s = float(np.median(np.diff(self._times))) if len(self._times) > 1 else 0.0
        if self.playing:
            self._go_on_from(float(self._times[self._t]))

    def set_span(self, first: int, last: int) -> None:
        """Play these frames only, both included; the frame that is shown moves into them."""
        end = len(self._times) - 1
        first = min(max(first, 0), end)
        span = first, min(max(last, first), end)
        if span == self.span:
            return
        self._first, self._last = span
        self.span_changed.emit()
        if not self._first <= self._t <= self._last:
            self.seek(self._first)
        elif self.playing:
            self._go_on_from(float(self._times[self._t]))

    def play(self) -> None:
        if self._last == self._first or self.playing:
            return
        at_end = self._t >= self._last and not self.loop
        start = self._first if at_end or not self._first <= self._t <= self._last else self._t
        self.dropped = 0
        self._show(start)
        self._go_on_from(float(self._times[start]))
        self._timer.start(_SOONEST_MS)
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
            self._go_on_from(float(self._times[self._t]))

    def step(self, frames: int) -> None:
        """Pause and go so many frames on, around the ends when looping."""
        self.pause()
        count = len(self._times)
        self.seek((self._t + frames) % count if self.loop else self._t + frames)

    def set_speed(self, speed: float) -> None:
        now = self._now_s()
        self.speed = speed
        if self.playing:  # go on from here, not from where the old speed would be
            self._go_on_from(now)
        self.speed_changed.emit(speed)

    def faster(self, by: int) -> None:
        """The next speed up (+1) or down (-1)."""
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.set_speed(SPEEDS[min(max(at + by, 0), len(SPEEDS) - 1)])

    def set_loop(self, loop: bool) -> None:
        if self.playing:  # the time that was folded into the span so far stays folded
            self._go_on_from(self._now_s())
        self.loop = loop
        self.loop_changed.emit(loop)

    def set_every_frame(self, every: bool) -> None:
        """Show each frame, though it be late, or keep the time and drop what comes too late."""
        self.every_frame = every
        self.dropped = 0
        if self.playing:
            self._go_on_from(float(self._times[self._t]))

    def _go_on_from(self, seconds: float) -> None:
        self._from_s = seconds
        self._due_s, self._played_s, self._shown_s = self._step_s(self._t) / self.speed, 0.0, 0.0
        self._since.restart()

    @property
    def _length_s(self) -> float:
        """How long the span plays: its last frame is shown as long as a usual one before the loop starts anew."""
        return float(self._times[self._last] - self._times[self._first]) + self._usual_s

    def _now_s(self) -> float:
        now = self._from_s + self._since.nsecsElapsed() / 1e9 * self.speed
        start = float(self._times[self._first])
        return start + (now - start) % self._length_s if self.loop and now > start else now

    def _tick(self) -> None:
        if self.every_frame:
            self._tick_every()
        else:
            self._tick_timed()
        if self.playing:
            self._timer.setInterval(self._until_due_ms())

    def _tick_timed(self) -> None:
        now = self._now_s()
        if not self.loop and now >= self._times[self._last]:
            self._show(self._last)
            self.pause()
            return
        due = bisect.bisect_right(self._times, now) - 1
        due = min(max(due, self._first), self._last)
        if self.ready(due):
            self._pass_to(due)
        elif due != self._due:
            self._due = due
            if not self.lost(due):
                self.awaited.emit(due)

    def arrived(self, t: int) -> None:
        """Frame t can be drawn now: if its time came while it was on the way, it is shown late."""
        frames = self._last - self._first + 1
        if self.playing and not self.every_frame and 0 < (t - self._t) % frames <= (self._due - self._t) % frames:
            due = self._due
            self._pass_to(t)
            self._due = due

    def _pass_to(self, t: int) -> None:
        self.dropped += max((t - self._t) % (self._last - self._first + 1) - 1, 0)
        self._show(t)

    def _tick_every(self) -> None:
        after = self._next()
        if after is None:
            self.pause()
            return
        elapsed = self._since.nsecsElapsed() / 1e9
        if elapsed < self._due_s:
            return
        if not self.ready(after):
            if self._due != after:
                self._due = after
                self.awaited.emit(after)
            return
        self._played_s += self._step_s(self._t)
        self._shown_s = elapsed
        self._show(after)
        self._due_s = max(self._due_s, elapsed - _CATCH_UP_S) + self._step_s(after) / self.speed

    def _next(self) -> int | None:
        """The frame to be shown after this one, if there is one that is not lost."""
        behind = range(self._t + 1, self._last + 1)
        again = range(self._first, self._t + 1) if self.loop else ()
        return next((t for t in (*behind, *again) if not self.lost(t)), None)

    def _step_s(self, t: int) -> float:
        """How long frame t is to be shown at normal speed."""
        return self._usual_s if t >= self._last else float(self._times[t + 1] - self._times[t])

    def _until_due_ms(self) -> int:
        """When to look at the clock again."""
        if self.every_frame:
            wait = self._due_s - self._since.nsecsElapsed() / 1e9
        else:
            step = self._step_s(self._due)
            left = float(self._times[self._due]) + step - self._now_s()
            wait = left / self.speed if left <= step else 0.0  # the loop has begun anew since the tick
        soonest = _SOONEST_MS if self._due == self._t else _WAITING_MS
        return min(max(math.ceil(1000 * wait), soonest), _LATEST_MS)

    def _show(self, t: int) -> None:
        self._due = t
        if t != self._t:
            self._t = t
            self.frame_changed.emit(t)
