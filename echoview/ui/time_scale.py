"""Where a time lies on the screen: the stretch of the cine that the timeline shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

MARGIN = 14  # px left and right of the first and the last frame


@dataclass(frozen=True, slots=True, eq=False)
class TimeScale:
    """Frames lie by their time.

    Attributes:
        times_s: (T,) of the frames; width: of the widget, px; start_s, end_s: what is shown.
    """

    times_s: np.ndarray
    width: int
    start_s: float
    end_s: float

    @classmethod
    def whole(cls, times_s: np.ndarray, width: int) -> TimeScale:
        return cls(times_s, width, 0.0, float(times_s[-1]))

    def x(self, seconds: np.ndarray | float) -> np.ndarray:
        """px of these times, which may lie outside of what is shown."""
        share = (np.asarray(seconds, float) - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        return MARGIN + share * (self.width - 2 * MARGIN)

    def x_of(self, t: int) -> float:
        return float(self.x(self.times_s[t]))

    def edges(self) -> np.ndarray:
        """(T+1,) px: frame t takes the room from edge t to edge t+1, halfway to its neighbours."""
        middles = (self.times_s[1:] + self.times_s[:-1]) / 2
        inner = self.x(middles)
        return np.concatenate([[self.x_of(0) - 2], inner, [self.x_of(len(self.times_s) - 1) + 2]])

    def frame_at(self, x: float) -> int:
        """The frame nearest to x px."""
        return int(np.abs(self.times_s - self.seconds_at(x)).argmin())

    def seconds_at(self, x: float) -> float:
        share = (x - MARGIN) / max(self.width - 2 * MARGIN, 1)
        return self.start_s + min(max(share, 0.0), 1.0) * (self.end_s - self.start_s)

    @property
    def zoomed(self) -> bool:
        return self.end_s - self.start_s < float(self.times_s[-1]) - 1e-9

    def zoom(self, factor: float, at_x: float) -> TimeScale:
        """Closer (factor > 1) or farther about x px; never wider than the cine, nor closer than about eight frames."""
        whole = float(self.times_s[-1])
        closest = min(8 * whole / max(len(self.times_s) - 1, 1), whole)
        length = min(max((self.end_s - self.start_s) / factor, closest), whole)
        at = self.seconds_at(at_x)
        share = (at - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        return self.moved_to(at - share * length, length)

    def showing(self, t: int) -> TimeScale:
        """The same, moved on by most of its length where frame t is not in it."""
        at, length = float(self.times_s[t]), self.end_s - self.start_s
        if self.start_s - 1e-9 <= at <= self.end_s + 1e-9:
            return self
        return self.moved_to(at - 0.1 * length if at > self.end_s else at - 0.9 * length, length)

    def moved_to(self, start_s: float, length_s: float) -> TimeScale:
        start = min(max(start_s, 0.0), float(self.times_s[-1]) - length_s)
        return replace(self, start_s=start, end_s=start + length_s)
