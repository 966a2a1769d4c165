"""How large a pixel is."""

from __future__ import annotations

from typing import NamedTuple


class Calibration(NamedTuple):
    """Millimetres per pixel along each axis of the picture, so that `x_mm, y_mm = cine.calibration`."""

    x_mm: float
    y_mm: float
