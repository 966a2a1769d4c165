"""The numbers of a caliper."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.note import Note, NoteKind
from ral.geometry import area


class Reading(NamedTuple):
    """A value and its unit: cm and cm² with a calibration, px and px² without."""

    value: float
    unit: str

    @property
    def decimals(self) -> int:
        return 2 if self.unit.startswith("cm") else 0

    @property
    def text(self) -> str:
        return f"{self.value:.{self.decimals}f} {self.unit}"


def read(note: Note, calibration: Calibration | None) -> Reading:
    """Length of the line, or the area that the outline encloses."""
    points = np.array(note.points, float) * np.asarray(calibration or (1.0, 1.0))
    if note.kind is NoteKind.DISTANCE:
        length = float(np.hypot(*(points[1] - points[0])))
        return Reading(length / 10, "cm") if calibration else Reading(length, "px")
    inside = area(points)
    return Reading(inside / 100, "cm²") if calibration else Reading(inside, "px²")
