"""A contour drawn anew, click by click."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import FEWEST_HANDLES, Contour, Origin, draw
from echoview.ui.tools.base import Gesture, Pointer

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing(Gesture):
    """Clicks so far, first annulus point first, and where the hand is; Enter ends it."""

    placed: tuple[Point, ...] = ()
    hand: Point | None = None
    text = "draw contour"
    done = False

    def to(self, at: Pointer) -> Self:
        return replace(self, hand=(at.x, at.y))

    def release(self, at: Pointer) -> Self:
        """The point stands where the button went up, so it can be dragged into place."""
        return replace(self, placed=(*self.placed, (at.x, at.y)), hand=None)

    def back(self) -> Self:
        return replace(self, placed=self.placed[:-1])

    @property
    def clicks(self) -> int:
        return len(self.placed)

    @property
    def ready(self) -> bool:
        return len(self.placed) >= FEWEST_HANDLES

    @property
    def now(self) -> Contour | None:
        return None

    @property
    def trail(self) -> np.ndarray | None:
        shown = [*self.placed, *([self.hand] if self.hand else [])]
        return np.array(shown) if shown else None

    def finished(self) -> Contour:
        """The contour as drawn; three clicks make a rounded ventricle of seven handles.

        Three clicks are annulus and apex in any order: the apex lies highest, as apical views are displayed.

        Raises:
            ValueError: fewer than three clicks.
        """
        drawn = draw(self.placed)
        if len(self.placed) == FEWEST_HANDLES:
            first, apex, second = in_order(np.array(self.placed))
            return Contour(ventricle(first, apex, second), (Origin.DRAWN,) * 7)
        return drawn


def in_order(three: np.ndarray) -> np.ndarray:
    """Three clicks (3,2) px in any order -> first annulus point, apex, second: the apex lies highest."""
    apex = int(three[:, 1].argmin())
    annulus = np.delete(three, apex, axis=0)
    first, second = annulus[annulus[:, 0].argsort()]
    return np.array([first, three[apex], second])


def ventricle(first: np.ndarray, apex: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Seven handles (7,2) of a bullet shape through the three landmarks, walls a little wider than the annulus."""
    middle = (first + second) / 2
    walls = []
    for end in (first, second):
        out = end - middle
        walls.append([middle + out * wide + (apex - middle) * up for up, wide in ((0.35, 1.1), (0.75, 0.85))])
    return np.array([first, *walls[0], apex, *walls[1][::-1], second])
