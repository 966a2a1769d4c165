"""An arc of the contour drawn anew, from the contour back to the contour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.contour_edit import follow, nearest_on
from echoview.ui.tools.base import Gesture, Pointer

_POINTS = 201
_NEAR = 2.0  # reaches within which a stroke may begin
_LEAST = 0.25  # reaches between two points of the stroke
_TOLERANCE = 0.12  # reaches


@dataclass(frozen=True, slots=True, eq=False)
class Arc(Gesture):
    """The stroke so far, (N,2) px."""

    before: Contour
    former: np.ndarray
    stroke: np.ndarray
    reach: float
    text = "redraw arc"

    @property
    def trail(self) -> np.ndarray:
        return self.stroke

    @property
    def now(self) -> Contour:
        line = self.line
        return self.before if line is self.former else follow(self.before, line, max(_TOLERANCE * self.reach, 0.1))

    @property
    def line(self) -> np.ndarray:
        """The stretch between where the stroke begins and ends gives way to it."""
        arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(self.former, axis=0).T))])
        start, end = (nearest_on(self.former, *self.stroke[i])[0] for i in (0, -1))
        stroke = self.stroke if start <= end else self.stroke[::-1]
        start, end = sorted((start, end))
        if len(stroke) < 2 or end - start < self.reach / 2:
            return self.former
        before, after = self.former[arc < start - self.reach / 2], self.former[arc > end + self.reach / 2]
        before = before if len(before) else self.former[:1]  # beside an annulus point it begins at that point
        after = after if len(after) else self.former[-1:]
        return _evened(np.vstack([before, stroke, after]))

    def to(self, at: Pointer) -> Self:
        if np.hypot(*(at.xy - self.stroke[-1])) < _LEAST * at.reach:
            return self
        return replace(self, stroke=np.vstack([self.stroke, at.xy]))


def begin(contour: Contour, at: Pointer) -> Arc | None:
    """Begin on the contour; None away from it."""
    line = contour.dense(_POINTS)
    if nearest_on(line, at.x, at.y)[1] > _NEAR * at.reach:
        return None
    return Arc(contour, line, at.xy[None], at.reach)


def _evened(line: np.ndarray) -> np.ndarray:
    """The line (N,2) at equal steps, its smallest jitter gone."""
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0, arc[-1], _POINTS)
    even = np.column_stack([np.interp(at, arc, line[:, i]) for i in (0, 1)])
    padded = np.pad(even, ((2, 2), (0, 0)), mode="edge")
    soft = np.column_stack([np.convolve(padded[:, i], [1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9], "valid") for i in (0, 1)])
    soft[[0, -1]] = even[[0, -1]]
    return soft
