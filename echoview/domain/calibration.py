"""How large a pixel is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Calibration(NamedTuple):
    """Millimetres per pixel along each axis of the picture, so that `x_mm, y_mm = cine.calibration`."""

    x_mm: float
    y_mm: float


PLAUSIBLE_MM = (0.05, 2.5)  # how large a pixel of an echo picture is


def plausible(calibration: Calibration) -> bool:
    """Whether an echo picture can have such pixels; False for NaN as well."""
    return all(PLAUSIBLE_MM[0] <= side <= PLAUSIBLE_MM[1] for side in calibration)


class Axes(Enum):
    """What a line of known length tells about."""

    BOTH = "both"  # pixels keep their shape, square where nothing else is known
    ACROSS = "across"
    DOWN = "down"


def calibrated(
    dx_px: float, dy_px: float, length_mm: float, known: Calibration | None = None, axes: Axes = Axes.BOTH
) -> Calibration:
    """The calibration by which a line, so many px across and down, is `length_mm` long.

    Args:
        known: what was known before: it gives the shape of a pixel, or the axis that the line says nothing about.

    Raises:
        ValueError: the line has no length along the axes that it is to calibrate.
    """
    x_mm, y_mm = known or (1.0, 1.0)
    if axes is Axes.BOTH:
        before = ((dx_px * x_mm) ** 2 + (dy_px * y_mm) ** 2) ** 0.5
        if before == 0:
            raise ValueError("a line of no length")
        return Calibration(x_mm * length_mm / before, y_mm * length_mm / before)
    along = abs(dx_px if axes is Axes.ACROSS else dy_px)
    if along == 0:
        raise ValueError(f"a line of no length {axes.value}")
    mm = length_mm / along
    if known is None:
        return Calibration(mm, mm)
    return Calibration(mm, y_mm) if axes is Axes.ACROSS else Calibration(x_mm, mm)
