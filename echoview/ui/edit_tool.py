"""What the hand does to a contour, as a small state machine on plain floats; no Qt types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from echoview.domain.contour import FEWEST_HANDLES, Contour, Origin, draw


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
class Drag:
    """A gesture under way.

    Attributes:
        before: the contour as it was; start: the same, with the handle that the press added; now: as it is.
        index: the handle that is held, -1 = all of it; grip: where the press was, x,y px.
    """

    before: Contour
    start: Contour
    now: Contour
    index: int
    grip: tuple[float, float]
    text: str

    def to(self, x: float, y: float) -> Drag:
        """The hand is at (x, y) px."""
        if self.index < 0:
            moved = self.start.shifted(x - self.grip[0], y - self.grip[1])
        else:
            moved = self.start.pulled(self.index, x, y)
        return replace(self, now=moved)


def hit(contour: Contour, x: float, y: float, reach: float) -> Hit:
    """What lies within `reach` px of (x, y): a handle before the edge."""
    to_handles = np.hypot(contour.handles[:, 0] - x, contour.handles[:, 1] - y)
    if to_handles.min() <= reach:
        return Hit(Grip.HANDLE, int(to_handles.argmin()))
    line = contour.dense(4 * len(contour.handles))
    return Hit(Grip.EDGE) if np.hypot(line[:, 0] - x, line[:, 1] - y).min() <= reach else Hit(Grip.NOTHING)


def press(contour: Contour, x: float, y: float, reach: float, whole: bool = False) -> Drag | None:
    """Take hold: of a handle, of a new one on the edge, or (`whole`) of the contour; None over nothing."""
    found = hit(contour, x, y, reach)
    if whole:
        return Drag(contour, contour, contour, -1, (x, y), "move contour")
    if found.grip is Grip.HANDLE:
        return Drag(contour, contour, contour, found.index, (x, y), "move point")
    if found.grip is Grip.EDGE:
        added, index = contour.added(x, y)
        return Drag(contour, added, added, index, (x, y), "add point")
    return None


def delete(contour: Contour, x: float, y: float, reach: float) -> Contour | None:
    """The contour without the handle near (x, y); None over nothing, or where three are left."""
    found = hit(contour, x, y, reach)
    if found.grip is not Grip.HANDLE or len(contour.handles) <= FEWEST_HANDLES:
        return None
    return contour.without(found.index)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A contour that is being clicked, first annulus point first."""

    clicks: tuple[tuple[float, float], ...] = ()

    def click(self, x: float, y: float) -> Drawing:
        return Drawing((*self.clicks, (x, y)))

    def back(self) -> Drawing:
        return Drawing(self.clicks[:-1])

    @property
    def ready(self) -> bool:
        return len(self.clicks) >= FEWEST_HANDLES

    def finished(self) -> Contour:
        """The contour as drawn; three clicks make a rounded ventricle of seven handles.

        Three clicks are annulus and apex in any order: the apex lies highest, as apical views are displayed.

        Raises:
            ValueError: fewer than three clicks.
        """
        drawn = draw(self.clicks)
        if len(self.clicks) == FEWEST_HANDLES:
            apex, *annulus = sorted(self.clicks, key=lambda click: click[1])
            first, second = sorted(annulus)
            return Contour(_ventricle(np.array(first), np.array(apex), np.array(second)), (Origin.DRAWN,) * 7)
        return drawn


def _ventricle(first: np.ndarray, apex: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Seven handles of a bullet shape through the three landmarks, walls a little wider than the annulus."""
    middle = (first + second) / 2
    walls = []
    for end in (first, second):
        out = end - middle
        walls.append([middle + out * wide + (apex - middle) * up for up, wide in ((0.35, 1.1), (0.75, 0.85))])
    return np.array([first, *walls[0], apex, *walls[1][::-1], second])
