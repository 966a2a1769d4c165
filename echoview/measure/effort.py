"""What a correction costs: the time at work, the pulls of the hand, and how far the border went."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.label import Label

IDLE_S = 10.0  # without a sign of the hand for longer, the person does something else

Shown = Callable[[int], np.ndarray | None]


class Spent(NamedTuple):
    """Seconds at work and pulls since the last save of this cine."""

    seconds: float
    drags: int


class Meter:
    """Counts on one cine; times between two signs of the hand count for at most `IDLE_S` each.

    Attributes:
        total: what was spent since the cine was opened.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Another cine is there."""
        self.total = Spent(0.0, 0)
        self._taken = Spent(0.0, 0)
        self._last = self._clock()

    def sign(self) -> None:
        """The hand did something: moved in a gesture, went to another frame, pressed a key that changes the label."""
        now = self._clock()
        self.total = self.total._replace(seconds=self.total.seconds + min(now - self._last, IDLE_S))
        self._last = now

    def pulled(self) -> None:
        """A gesture ended in another contour."""
        self.sign()
        self.total = self.total._replace(drags=self.total.drags + 1)

    def take(self) -> Spent:
        """What was spent since it was taken last, for the save that is made now."""
        self.sign()
        spent = Spent(self.total.seconds - self._taken.seconds, self.total.drags - self._taken.drags)
        self._taken = self.total
        return spent


def moved_mm(before: Label, after: Label, predicted: Shown, calibration: Calibration | None) -> float | None:
    """How far the borders went, in mm: over the changed frames, the sum of the mean way of a border's points.

    Args:
        predicted: frame -> (65,2) x,y px of the network, or None; where a correction starts when nobody corrected.

    Returns:
        None without a calibration; a border that was drawn where there was none has gone no way.
    """
    if calibration is None:
        return None
    way = 0.0
    for t in {*before.contours, *after.contours}:
        old, new = before.contour(t), after.contour(t)
        if old is new:
            continue
        start = predicted(t) if old is None else old.dense()
        end = predicted(t) if new is None else new.dense()
        if start is not None and end is not None and len(start) == len(end):
            way += float(np.nanmean(np.hypot(*((end - start) * calibration).T)))
    return way


def in_words(spent: Spent) -> str:
    """As in "1 min 5 s at work, 3 pulls"."""
    minutes, seconds = divmod(round(spent.seconds), 60)
    clock = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{clock} at work, {spent.drags} {'pull' if spent.drags == 1 else 'pulls'}"


def time_left(seconds: float) -> str:
    """As in "40 s left" or "12 min left"; "" for less than a second."""
    if seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"
