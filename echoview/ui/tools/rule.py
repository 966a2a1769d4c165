"""A ruler laid over the picture, to calibrate by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from echoview.ui.tools.base import Gesture, Pointer


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Gesture):
    """From where to where it reaches, (2,2) px."""

    ends: np.ndarray

    @property
    def now(self) -> None:
        return None

    @property
    def trail(self) -> np.ndarray:
        return self.ends

    def to(self, at: Pointer) -> Self:
        return replace(self, ends=np.array([self.ends[0], at.xy]))


def begin(at: Pointer) -> Rule:
    """Put its zero down."""
    return Rule(np.array([at.xy, at.xy]))
