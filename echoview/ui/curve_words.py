"""What the curve of the timeline shows, in words: its name with its range, and the size of one frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from echoview.measure import Measurements
from echoview.ui.theme import current
from echoview.ui.time_scale import MARGIN, TimeScale
from echoview.ui.timeline_paint import FLAGS_HEIGHT, flag_box, small

_APART = 8


def size_of(measured: Measurements | None, t: int) -> str:
    """The area of frame t, and its volume where that is known in ml; "" where there is no contour."""
    if measured is None or not np.isfinite(measured.area_px2[t]):
        return ""
    if measured.area_mm2 is None:
        return f"{measured.area_px2[t]:.0f} px²"
    return f"{measured.area_mm2[t] / 100:.1f} cm², {measured.volumes[t]:.0f} ml"


def name_of(measured: Measurements | None) -> str:
    """Of the whole curve, from its smallest to its largest area; "" where there is none."""
    areas, unit, decimals = (None, "", 0) if measured is None else (measured.area_px2, "px²", 0)
    if measured is not None and measured.area_mm2 is not None:
        areas, unit, decimals = measured.area_mm2 / 100, "cm²", 1
    if areas is None or not np.isfinite(areas).any():
        return ""
    return f"Area {np.nanmin(areas):.{decimals}f} to {np.nanmax(areas):.{decimals}f} {unit}"


def paint_name(
    painter: QPainter,
    scale: TimeScale,
    width: int,
    flags: Mapping[str, tuple[int, bool]],
    measured: Measurements | None,
) -> None:
    """In the row of the flags, at the right or, where a flag stands there, at the left; nowhere if both are taken."""
    words = name_of(measured)
    painter.setFont(small(painter.font()))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(words) + 2
    taken = [flag_box(scale, t).adjusted(-_APART, 0, _APART, 0) for t, _ in flags.values()]
    for left in (width - MARGIN - wide, MARGIN):
        box = QRectF(left, 0, wide, FLAGS_HEIGHT)
        if not any(flag.intersects(box) for flag in taken):
            painter.setPen(current().colour("quiet"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
            return
