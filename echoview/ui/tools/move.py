"""Move, turn and scale the whole contour, by a frame with a knob and corners."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.contour_edit import scaled, turned
from echoview.ui.tools.base import Gesture, Pointer

_LEAST, _MOST = 0.3, 3.0
_KNOB = 3.0  # reaches above the frame


class Part(Enum):
    """What of the frame is held; the value names the gesture."""

    INSIDE = "move contour"
    KNOB = "turn contour"
    CORNER = "scale contour"


@dataclass(frozen=True, slots=True, eq=False)
class WholeDrag(Gesture):
    """All of the contour in the hand, from where it was taken, `grip` (2,) px."""

    before: Contour
    moved: Contour
    part: Part
    grip: np.ndarray

    @property
    def now(self) -> Contour:
        return self.moved

    @property
    def text(self) -> str:
        return self.part.value

    def to(self, at: Pointer) -> Self:
        if at.still(self.grip):
            return replace(self, moved=self.before)
        if self.part is Part.INSIDE:
            return replace(self, moved=self.before.shifted(*(at.xy - self.grip)))
        centre = self.before.handles.mean(0)
        was, here = self.grip - centre, at.xy - centre
        if self.part is Part.KNOB:
            angle = math.degrees(math.atan2(here[1], here[0]) - math.atan2(was[1], was[0]))
            return replace(self, moved=turned(self.before, angle))
        factor = np.hypot(*here) / max(float(np.hypot(*was)), 1e-6)
        return replace(self, moved=scaled(self.before, float(np.clip(factor, _LEAST, _MOST))))


@dataclass(frozen=True, slots=True, eq=False)
class Turn(Gesture):
    """The contour turned step by step."""

    before: Contour
    degrees: float = 0.0
    text = "turn contour"

    @property
    def now(self) -> Contour:
        return turned(self.before, self.degrees)

    def by(self, degrees: float) -> Self:
        return replace(self, degrees=self.degrees + degrees)

    def to(self, at: Pointer) -> Self:
        return self


def frame(contour: Contour, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The four corners (4,2) px of the frame around a contour, and its knob (2,)."""
    low, high = contour.handles.min(0) - reach, contour.handles.max(0) + reach
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    return corners, np.array([(low[0] + high[0]) / 2, low[1] - _KNOB * reach])


def begin(contour: Contour, at: Pointer) -> WholeDrag | None:
    """Take hold of the frame, its knob or a corner; None beside it."""
    corners, knob = frame(contour, at.reach)
    if np.hypot(*(knob - at.xy)) <= at.reach:
        part = Part.KNOB
    elif np.hypot(*(corners - at.xy).T).min() <= at.reach:
        part = Part.CORNER
    elif (at.xy >= corners[0]).all() and (at.xy <= corners[2]).all():
        part = Part.INSIDE
    else:
        return None
    return WholeDrag(contour, contour, part, at.xy)


def whole(contour: Contour, at: Pointer) -> WholeDrag:
    """Take hold of all of it, wherever the hand is."""
    return WholeDrag(contour, contour, Part.INSIDE, at.xy)
