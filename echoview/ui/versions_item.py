"""Two versions of a frame's contour over the picture, each with its name."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.deciding import Choice
from echoview.ui.theme import DARK
from echoview.ui.timeline_paint import small

_LOOKS = ((DARK.human, ()), (DARK.propagated, (6.0, 3.0)))  # colour and dashes: what is in force, what is not
_LINE_PX, _AWAY_PX = 2.0, 12


class VersionsItem(QGraphicsItem):
    """Drawn above the contour, which hides where both agree; names stand on opposite sides of the cavity."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, np.ndarray]] = []
        self._bounds = QRectF()
        self.setZValue(11)

    def set_bounds(self, size: tuple[int, int]) -> None:
        """The picture's (height, width), px."""
        self.prepareGeometryChange()
        height, width = size
        self._bounds = QRectF(-width, -height, 3 * width, 3 * height)

    def show_choice(self, choice: Choice | None) -> None:
        if choice is None and not self._lines:
            return
        sides = () if choice is None else choice.sides
        self._lines = [(one.name, np.zeros((0, 2)) if one.contour is None else one.contour.dense(201)) for one in sides]
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._lines:
            return
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(painter.font()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        drawn = [[transform.map(QPointF(x, y)) for x, y in line] for _, line in self._lines]
        for points, (colour, dashes) in zip(drawn, _LOOKS, strict=True):
            pen = QPen(QColor(colour), _LINE_PX)
            if dashes:
                pen.setDashPattern(dashes)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
        for (name, _), points, (colour, _), share in zip(self._lines, drawn, _LOOKS, (0.25, 0.75), strict=True):
            if points:
                size = QRectF(painter.fontMetrics().boundingRect(name)).adjusted(-6, -3, 6, 3).size()
                _name(painter, tag(size, points, drawn, share), name, QColor(colour))
        painter.restore()


def tag(size: QSizeF, own: list[QPointF], drawn: list[list[QPointF]], share: float) -> QRectF:
    """Where the name of a line stands: level with its point at that share, outside of this and the other line."""
    at = own[round(share * (len(own) - 1))]
    middle = sum(point.x() for point in own) / len(own)
    level = [point.x() for line in drawn for point in line if abs(point.y() - at.y()) <= size.height()]
    left = max(level) + _AWAY_PX if at.x() > middle else min(level) - _AWAY_PX - size.width()
    return QRectF(QPointF(left, at.y() - size.height() / 2), size)


def _name(painter: QPainter, box: QRectF, name: str, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(DARK.colour("ground", 200))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
