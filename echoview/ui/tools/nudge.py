"""A round nudge that pushes the border: outwards from within the cavity, inwards from outside.

The annulus points stay: the circle is for the walls, and a valve's hinge does not move because the wall beside it does.
Only a circle that is put down on an annulus point takes that point along.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.contour_edit import follow, inside
from echoview.ui.tools.base import Gesture, Pointer

_POINTS = 181
_STEP = 0.3  # of the radius: how far the circle goes at once
_ON = 0.5  # of the radius: as near to an annulus point the circle is put down on it
_TAPER = 1.2  # radii from a pinned end to where the circle is all there; from 9/8 on it pushes nothing around the end
_TOLERANCE = 0.12  # of the reach, so a twelfth of what a hand can see; the least change that counts


@dataclass(frozen=True, slots=True, eq=False)
class Nudge(Gesture):
    """The line (N,2) px as pushed so far, where the circle is (2,) px, and whether its first and last point stay."""

    before: Contour
    pushed: np.ndarray
    place: np.ndarray
    outwards: bool
    pinned: tuple[bool, bool]
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
        line = self.pushed
        for n in range(1, steps + 1):
            line = push(line, self.place + way * n / steps, at.radius, self.outwards, self.pinned)
        return replace(self, pushed=line, place=at.xy)


def begin(contour: Contour, at: Pointer) -> Nudge:
    """Put the circle down: inside the cavity it will push outwards, outside inwards."""
    line = contour.dense(_POINTS)
    first, last = np.hypot(*(line[[0, -1]] - at.xy).T) > _ON * at.radius
    outwards, tolerance = inside(line, at.x, at.y), max(_TOLERANCE * at.reach, 0.1)
    return Nudge(contour, line, at.xy, outwards, (bool(first), bool(last)), tolerance).to(at)


def push(
    line: np.ndarray, centre: np.ndarray, radius: float, outwards: bool, pinned: tuple[bool, bool] = (True, True)
) -> np.ndarray:
    """A line (N,2) with the points inside the circle moved along their normals to its edge.

    Towards an end that is pinned the circle acts as a smaller and smaller one, and the end itself stays. A share of
    each step would not do: many small steps would add up to a hook around the pinned end.
    """
    gap = line - centre
    near = np.full(len(line), radius)
    for end, stays in zip((0, -1), pinned, strict=True):
        if stays:
            near = np.minimum(near, radius * _eased(np.hypot(*(line - line[end]).T) / (_TAPER * radius)))
    within = np.hypot(*gap.T) < near
    if not within.any():
        return line
    along = np.gradient(line, axis=0)
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    normal /= np.hypot(*normal.T)[:, None] + 1e-9
    x, y = line.T
    clockwise = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0
    normal = normal if clockwise == outwards else -normal
    ahead = (gap * normal).sum(1)
    far = -ahead + np.sqrt(np.maximum(ahead**2 - (gap * gap).sum(1) + near**2, 0))
    step = np.where(within, far, 0.0)
    soft = np.convolve(np.pad(step, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    moved = line + np.where(within, np.maximum(step, 0), soft)[:, None] * normal
    for end, stays in zip((0, -1), pinned, strict=True):
        moved[end] = line[end] if stays else moved[end]
    steps = np.hypot(*np.diff(moved, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, arc[-1], len(line))
    return np.column_stack([np.interp(at, arc, moved[:, i]) for i in (0, 1)])


def _eased(share: np.ndarray) -> np.ndarray:
    """0 at 0, 1 from 1 on, without a bend at either."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
