"""What a correction does to the numbers, and whether it matters: EF under the mouse, with its band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.measure.measurements import Measurements
from ral.geometry import signed_area, volume_single_plane_ml

BORDER_MM = 1.0  # how far two careful readers may lie apart along a border


@dataclass(frozen=True, slots=True)
class Effect:
    """The numbers of one frame while it is corrected; None where something is not known.

    Attributes:
        area, area_unit: "cm²" with calibration, else "px²".
        volume_ml: None without calibration.
        ef_percent: of the cine, with this contour; change: points of EF against the prediction.
        band: EF if the border of this frame lay 1 mm inside or outside the contour, the lower first; None without
            calibration, and where the frame is neither ED nor ES, for then EF does not hang on it.
        decides: "ED", "ES" or "".
    """

    area: float
    area_unit: str
    volume_ml: float | None
    ef_percent: float | None
    change: float | None
    band: tuple[float, float] | None
    decides: str


def effect(measured: Measurements, predicted: Measurements | None, t: int, points: np.ndarray) -> Effect:
    """The effect of a contour on the numbers.

    Args:
        measured: the numbers with the contour in place; predicted: those of the prediction alone.
        t: its frame, 0-based; points: the contour (N,2) px.
    """
    spacing = measured.calibration
    decides = "ED" if t == measured.ed else "ES" if t == measured.es else ""
    ef, was = measured.ef_percent, None if predicted is None else predicted.ef_percent
    volume = None if spacing is None else float(measured.volumes[t])
    if measured.area_mm2 is None:
        area, unit = float(measured.area_px2[t]), "px²"
    else:
        area, unit = float(measured.area_mm2[t]) / 100, "cm²"
    band = _band(measured, decides, points, spacing) if spacing is not None and decides and ef is not None else None
    return Effect(area, unit, volume, ef, None if ef is None or was is None else ef - was, band, decides)


def moved(before: Measurements | None, after: Measurements | None) -> str:
    """In words, where ED or ES went from one set of numbers to the next; "" where both stayed."""
    if before is None or after is None:
        return ""
    pairs = (("ED", before.ed, after.ed), ("ES", before.es, after.es))
    went = [
        f"{name} is frame {now + 1} now"
        for name, was, now in pairs
        if was is not None and now is not None and was != now
    ]
    return ", ".join(went)


def moved_out(points: np.ndarray, by_mm: float, spacing: Calibration) -> np.ndarray:
    """A contour (N,2) px with each point `by_mm` further out along its normal; inwards where negative."""
    scale = np.array([spacing.x_mm, spacing.y_mm])
    line = points * scale
    along = np.gradient(line, axis=0)
    along[0], along[-1] = _end(line[:3]), -_end(line[:-4:-1])
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    normal /= np.hypot(*normal.T)[:, None] + 1e-12
    out = normal if signed_area(line) > 0 else -normal
    return (line + by_mm * out) / scale


def _end(three: np.ndarray) -> np.ndarray:
    """Direction at the first of three points, from the parabola through them."""
    return -1.5 * three[0] + 2 * three[1] - 0.5 * three[2]


def _band(measured: Measurements, decides: str, points: np.ndarray, spacing: Calibration) -> tuple[float, float]:
    assert measured.ed is not None and measured.es is not None
    edv, esv = measured.volumes[measured.ed], measured.volumes[measured.es]
    found = []
    for step in (-BORDER_MM, BORDER_MM):
        volume = volume_single_plane_ml(moved_out(points, step, spacing), spacing)
        found.append(100 * (1 - esv / volume) if decides == "ED" else 100 * (1 - volume / edv))
    return float(min(found)), float(max(found))
