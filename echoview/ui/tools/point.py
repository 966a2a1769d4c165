"""The point tool: drag a control point, add one on the line, delete one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

import numpy as np

from echoview.domain.contour import FEWEST_HANDLES, Contour
from echoview.domain.contour_edit import off_line
from echoview.ui.tools.base import Gesture, Pointer


class Grip(Enum):
    """What a press would take hold of."""

    NOTHING = 0
    HANDLE = 1
    EDGE = 2


@dataclass(frozen=True, slots=True)
class Hit:
    grip: Grip
    index: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class PointDrag(Gesture):
    """One control point in the hand; `start` is the contour with the point that the press at `grip` may have added."""

    start: Contour
    pulled: Contour
    index: int
    what: str
    grip: Pointer

    @property
    def now(self) -> Contour:
        return self.pulled

    @property
    def held(self) -> int:
        return self.index

    @property
    def text(self) -> str:
        return self.what

    def to(self, at: Pointer) -> Self:
        if at.still(self.grip.xy):
            return replace(self, pulled=self.start)
        return replace(self, pulled=self.start.pulled(self.index, at.x, at.y))


def hit(contour: Contour, x: float, y: float, reach: float) -> Hit:
    """What lies within `reach` px of (x, y): a handle before the edge."""
    to_handles = np.hypot(contour.handles[:, 0] - x, contour.handles[:, 1] - y)
    if to_handles.min() <= reach:
        return Hit(Grip.HANDLE, int(to_handles.argmin()))
    line = contour.dense(8 * len(contour.handles))
    return Hit(Grip.EDGE) if off_line(np.array([[x, y]]), line)[0] <= reach else Hit(Grip.NOTHING)


def begin(contour: Contour, at: Pointer) -> PointDrag | None:
    """Take hold of a point, or of a new one on the line; None over nothing."""
    found = hit(contour, at.x, at.y, at.reach)
    if found.grip is Grip.HANDLE:
        return PointDrag(contour, contour, found.index, "move point", at)
    if found.grip is Grip.EDGE:
        added, index = contour.added(at.x, at.y)
        return PointDrag(added, added, index, "add point", at)
    return None


def delete(contour: Contour, x: float, y: float, reach: float) -> Contour | None:
    """The contour without the handle near (x, y); None over nothing, or where three are left."""
    found = hit(contour, x, y, reach)
    if found.grip is not Grip.HANDLE or len(contour.handles) <= FEWEST_HANDLES:
        return None
    return contour.without(found.index)
