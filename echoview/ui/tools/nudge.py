"""A round nudge that pushes the border: outwards from within the cavity, inwards from outside.

An annulus point goes with the wall only where the circle lies on it; a push beside it bends the wall and leaves it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.contour_edit import crossing, follow, inside
from echoview.ui.tools.base import Gesture, Pointer

_POINTS = 181
_STEP = 0.3  # of the radius: how far the circle goes at once
_TOLERANCE = 0.12  # of the reach, so a twelfth of what a hand can see; the least change that counts
_END = 8  # points from an annulus point that tell which way its wall runs


@dataclass(frozen=True, slots=True, eq=False)
class Nudge(Gesture):
    """The line (N,2) px as pushed so far, and where the circle is (2,) px."""

    before: Contour
    pushed: np.ndarray
    place: np.ndarray
    outwards: bool
    tolerance: float
    text = "nudge"

    @property
    def now(self) -> Contour:
        return follow(self.before, self.pushed, self.tolerance)

    @property
    def line(self) -> np.ndarray:
        return self.pushed

    def to(self, at: Pointer) -> Self:
        way = at.xy - self.place
        steps = max(math.ceil(float(np.hypot(*way)) / (_STEP * at.radius)), 1)
        line, knotted = self.pushed, _knotted(self.pushed)
        for n in range(1, steps + 1):
            pushed = push(line, self.place + way * n / steps, at.radius, self.outwards)
            if knotted or not _knotted(
                pushed
            ):  # a step that would tie a knot is left out; one that is there may be undone
                line = pushed
        return replace(self, pushed=line, place=at.xy)


def begin(contour: Contour, at: Pointer) -> Nudge:
    """Put the circle down: inside the cavity it will push outwards, outside inwards."""
    line = contour.dense(_POINTS)
    return Nudge(contour, line, at.xy, inside(line, at.x, at.y), max(_TOLERANCE * at.reach, 0.1)).to(at)


def _knotted(line: np.ndarray) -> bool:
    return crossing(line[::2]) is not None


def push(line: np.ndarray, centre: np.ndarray, radius: float, outwards: bool) -> np.ndarray:
    """A line (N,2) with the points inside the circle moved along their normals to its edge.

    Their neighbours give way a little, but not an annulus point: step by step it would be drawn away like a rope's end.
    """
    gap = line - centre
    within = np.hypot(*gap.T) < radius
    if not within.any():
        return line
    along = np.gradient(line, axis=0)
    along[:_END], along[-_END:] = line[_END] - line[0], line[-1] - line[-1 - _END]
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    normal /= np.hypot(*normal.T)[:, None] + 1e-9
    x, y = line.T
    clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0
    normal = normal if clockwise == outwards else -normal
    ahead = (gap * normal).sum(1)
    far = -ahead + np.sqrt(np.maximum(ahead**2 - (gap * gap).sum(1) + radius**2, 0))
    step = np.where(within, far, 0.0)
    soft = np.convolve(np.pad(step, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    moved = line + np.where(within, np.maximum(step, 0), soft)[:, None] * normal
    ends = [end for end in (0, -1) if not within[end]]
    moved[ends] = line[ends]
    steps = np.hypot(*np.diff(moved, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, arc[-1], len(line))
    return np.column_stack([np.interp(at, arc, moved[:, i]) for i in (0, 1)])
