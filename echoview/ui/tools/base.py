"""What every tool of the hand has in common; plain floats, no Qt types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self

import numpy as np

from echoview.domain.contour import Contour

_STILL = 0.15  # of the reach: a hand that moved less has not moved


class Tool(Enum):
    """What a left press on the picture begins; the value is the name of its action."""

    POINT = "point"
    NUDGE = "nudge"
    DRAW = "draw"
    ARC = "arc"
    BRUSH = "brush"
    ERASER = "eraser"
    RESEED = "reseed"
    MOVE = "move"
    CALIBRATE = "calibrate"

    @property
    def round(self) -> bool:
        """Whether it has a radius."""
        return self in (Tool.NUDGE, Tool.BRUSH, Tool.ERASER)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the hand is, in px of the picture.

    Attributes:
        reach: how near counts as on it; the same on the screen at every zoom.
        radius: of the tools that have one.
        size: height and width of the picture.
    """

    x: float
    y: float
    reach: float = 1.0
    radius: float = 10.0
    size: tuple[int, int] = (0, 0)

    @property
    def xy(self) -> np.ndarray:
        return np.array([self.x, self.y])

    def still(self, since: np.ndarray) -> bool:
        """Whether the hand is where it was, (2,) px, as far as a hand can tell."""
        return float(np.hypot(*(self.xy - since))) < _STILL * self.reach


class Gesture:
    """Something the hand has begun: a value; every movement makes the next.

    Attributes:
        text: names it in the menu and in the history.
        now: the contour as it would be if the hand let go here, None while there is none.
        line: the same as a plain line (N,2) px, quick enough to follow the hand.
        done: whether letting go ends it; a tool of several clicks says when it has them all.
        held: the control point in the hand, or -1.
        trail: a line (N,2) px that is being drawn, or None.
        clicks: how many clicks were made, for a tool that waits for several.
    """

    __slots__ = ()
    text: str = ""
    done: bool = True
    held: int = -1

    @property
    def now(self) -> Contour | None:
        raise NotImplementedError

    @property
    def line(self) -> np.ndarray | None:
        return None if self.now is None else self.now.dense()

    @property
    def trail(self) -> np.ndarray | None:
        return None

    @property
    def clicks(self) -> int:
        return 0

    def to(self, at: Pointer) -> Self:
        """The hand is there."""
        raise NotImplementedError

    def press(self, at: Pointer) -> Self:
        """The button went down again."""
        return self.to(at)

    def release(self, at: Pointer) -> Self:
        """The button went up."""
        return self
