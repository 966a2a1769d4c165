"""The apical views."""

from __future__ import annotations

from enum import Enum


class View(Enum):
    """An apical view; the order of the members is the order of every view probability."""

    A2C = "A2C"
    A3C = "A3C"
    A4C = "A4C"

    @property
    def index(self) -> int:
        return list(View).index(self)

    @property
    def walls(self) -> tuple[str, str]:
        """The walls on which a contour begins and ends, left to right in the standard display."""
        return {
            View.A2C: ("inferior", "anterior"),
            View.A3C: ("inferolateral", "anteroseptal"),
            View.A4C: ("septal", "lateral"),
        }[self]
