"""Beats and seconds along the time: where the cavity turns, and round times below it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from echoview.measure.cycle import turns
from echoview.ui import timeline_paint as paint
from echoview.ui.theme import current
from echoview.ui.time_scale import MARGIN, TimeScale

AXIS_HEIGHT = 14
_SAME_TURN = 2  # frames between a flag and a turn of the curve that are the same instant
_TICKS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
_FROM_EDGE = 8  # px between a number and the end of the timeline, at least
_TICK_ROOM = 90  # px from one number of the time axis to the next, at least


def other_turns(areas: np.ndarray, flags: dict[str, tuple[int, bool]]) -> list[tuple[int, str]]:
    """Further end-diastoles and end-systoles of the areas (T,): frame and name, without those that have a flag."""
    flagged = {name: t for name, (t, _) in flags.items()}
    inner = [(t, diastole) for t, diastole in turns(areas) if 0 < t < len(areas) - 1]
    named = [(_extreme(areas, t, diastole), "ED" if diastole else "ES") for t, diastole in inner]
    return [(t, name) for t, name in named if name not in flagged or abs(flagged[name] - t) > _SAME_TURN]


def _extreme(areas: np.ndarray, t: int, largest: bool) -> int:
    """The frame itself: a turn is found on a smoothed curve and may lie beside it."""
    first = max(t - _SAME_TURN, 0)
    near = areas[first : t + _SAME_TURN + 1]
    if not np.isfinite(near).any():
        return t
    return first + int(np.nanargmax(near) if largest else np.nanargmin(near))


def paint_turns(
    painter: QPainter, scale: TimeScale, found: list[tuple[int, str]], flags: dict[str, tuple[int, bool]], bottom: float
) -> None:
    """The other beats: a tick and small letters where the cavity turns, and a faint line where a beat begins."""
    painter.setFont(paint.small(painter.font()))
    taken = [paint.flag_box(scale, t).adjusted(-4, 0, 4, 0) for t, _ in flags.values()]
    for t, name in found:
        x = scale.x_of(t)
        if not MARGIN - 1 <= x <= scale.width - MARGIN + 1:
            continue
        if name == "ED":
            painter.setPen(QPen(current().colour("quiet", 110), 1))
            painter.drawLine(QPointF(x, paint.CURVE_TOP - 4), QPointF(x, bottom))
        painter.setPen(QPen(current().colour("quiet"), 1))
        painter.drawLine(QPointF(x, paint.FLAGS_HEIGHT + 1), QPointF(x, paint.STATES_TOP - 1))
        box = paint.flag_box(scale, t)
        if not any(box.intersects(other) for other in taken):
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
            taken.append(box)


def paint_seconds(painter: QPainter, scale: TimeScale, top: float, colour: QColor) -> None:
    """The time axis: a tick and a number at even steps of seconds that are shown, below `top` px."""
    painter.setFont(paint.small(painter.font()))
    painter.setPen(QPen(colour, 1))
    ticks = seconds_shown(scale)
    for number, seconds in enumerate(ticks):
        x = float(scale.x(seconds))
        painter.drawLine(QPointF(x, top), QPointF(x, top + 3))
        text = f"{seconds:.{_decimals(ticks)}f}" + (" s" if number == len(ticks) - 1 else "")
        wide = painter.fontMetrics().horizontalAdvance(text)
        left = min(max(x - wide / 2, 2), scale.width - wide - _FROM_EDGE)
        painter.drawText(QPointF(left, top + AXIS_HEIGHT - 2), text)


def seconds_shown(scale: TimeScale) -> list[float]:
    """Round times for the axis, as many as there is room for."""
    length = max(scale.end_s - scale.start_s, 1e-9)
    most = max((scale.width - 2 * MARGIN) / _TICK_ROOM, 1)
    step = next((step for step in _TICKS_S if length / step <= most), _TICKS_S[-1])
    first, last = int(np.ceil(scale.start_s / step - 1e-6)), int(np.floor(scale.end_s / step + 1e-6))
    return [round(number * step, 3) for number in range(first, last + 1)]


def _decimals(ticks: list[float]) -> int:
    return next((count for count in (0, 1) if all(abs(t - round(t, count)) < 1e-6 for t in ticks)), 2)
