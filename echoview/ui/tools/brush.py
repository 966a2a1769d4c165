"""A brush that adds cavity, and an eraser that takes it away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.contour_edit import follow
from echoview.measure.painting import Painting
from echoview.ui.tools.base import Gesture, Pointer

_TOLERANCE = 1.6  # cells of the painting: what its grid cannot tell apart


@dataclass(frozen=True, slots=True, eq=False)
class Stroke(Gesture):
    """What was painted so far, and where the brush is (2,) px."""

    before: Contour
    painting: Painting
    place: np.ndarray
    adds: bool

    @property
    def text(self) -> str:
        return "brush" if self.adds else "erase"

    @property
    def now(self) -> Contour:
        """The border of what is painted; the former contour where nothing would be left."""
        line = self.painting.line()
        return self.before if line is None else follow(self.before, line, _TOLERANCE * self.painting.step)

    @property
    def line(self) -> np.ndarray:
        line = self.painting.line()
        return self.before.dense() if line is None else line

    def to(self, at: Pointer) -> Self:
        return replace(self, painting=self.painting.stroke(self.place, at.xy, at.radius, self.adds), place=at.xy)


def begin(contour: Contour, at: Pointer, adds: bool) -> Stroke:
    """Put the brush down."""
    return Stroke(contour, Painting.of(contour.dense(201), at.size), at.xy, adds).to(at)
