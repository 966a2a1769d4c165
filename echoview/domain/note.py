"""What a person measured on a frame with a caliper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NoteKind(Enum):
    """What the points of a note mean: the two ends of a line, or the corners of a closed outline."""

    DISTANCE = "distance"
    AREA = "area"

    @property
    def fewest(self) -> int:
        return 2 if self is NoteKind.DISTANCE else 3


@dataclass(frozen=True, slots=True)
class Note:
    """One measurement.

    Attributes:
        t: its frame, 0-based; points: x,y px, pixel centres at integers.
    """

    kind: NoteKind
    t: int
    points: tuple[tuple[float, float], ...]
