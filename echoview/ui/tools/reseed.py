"""A contour from three landmarks: both annulus points and the apex, fitted to what the network saw."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import DENSE_POINTS, Contour, Origin
from echoview.domain.prediction import LogitMap
from echoview.measure.reseed import snapped, warped
from echoview.ui.tools.base import Gesture, Pointer
from echoview.ui.tools.draw import in_order, ventricle

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Seeds(Gesture):
    """Landmarks so far, in any order, and where the hand is."""

    former: Contour | None
    seen: LogitMap | None
    placed: tuple[Point, ...] = ()
    hand: Point | None = None
    text = "set landmarks"

    def to(self, at: Pointer) -> Self:
        return replace(self, hand=(at.x, at.y))

    def release(self, at: Pointer) -> Self:
        """A landmark stands where the button went up, so it can be dragged into place."""
        return replace(self, placed=(*self.placed, (at.x, at.y)), hand=None)

    @property
    def clicks(self) -> int:
        return len(self.placed)

    @property
    def done(self) -> bool:
        return len(self.placed) >= 3

    @property
    def trail(self) -> np.ndarray | None:
        shown = [*self.placed, *([self.hand] if self.hand else [])]
        return np.array(shown) if shown else None

    @property
    def now(self) -> Contour | None:
        """The contour through the landmarks, as soon as there are three with the one in the hand."""
        marks = self.trail
        if marks is None or len(marks) < 3 or _flat(marks[:3]):
            return None
        return fitted(marks[:3], self.former, self.seen)


def fitted(three: np.ndarray, former: Contour | None, seen: LogitMap | None) -> Contour:
    """The contour through three landmarks (3,2) px in any order.

    It has the shape of the former contour carried over, or of a plain ventricle where there is none, and lies on the
    border that the network saw where that is near.
    """
    if former is None:
        first, apex, second = in_order(three)
        drawn = Contour(ventricle(first, apex, second), (Origin.DRAWN,) * 7)
        line, origin = drawn.dense(), Origin.DRAWN
    else:
        points = former.dense(DENSE_POINTS)
        middle = (points[0] + points[-1]) / 2
        apex_was = points[int(np.hypot(*(points - middle).T).argmax())]
        was = np.array([points[0], apex_was, points[-1]])
        first, apex, second = min(
            (three[list(order)] for order in itertools.permutations(range(3))),
            key=lambda marks: np.hypot(*(marks - was).T).sum(),
        )
        line, origin = warped(points, first, apex, second), Origin.CORRECTED
    return Contour.through(line if seen is None else snapped(line, seen, apex), origin)


def _flat(three: np.ndarray) -> bool:
    (ax, ay), (bx, by) = three[1] - three[0], three[2] - three[0]
    return abs(ax * by - ay * bx) < 4.0
