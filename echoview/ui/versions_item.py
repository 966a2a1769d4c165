"""Two versions of a frame's contour over the picture, each with its name."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.deciding import Choice
from echoview.ui.theme import DARK
from echoview.ui.timeline_paint import small

_LOOKS = ((DARK.human, ()), (DARK.propagated, (6.0, 3.0)))  # colour and dashes: what is in force, what is not
_LINE_PX = 2.0


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
        for (name, line), (colour, dashes), share in zip(self._lines, _LOOKS, (0.25, 0.75), strict=True):
            if not len(line):
                continue
            pen = QPen(QColor(colour), _LINE_PX)
            if dashes:
                pen.setDashPattern(dashes)
            painter.setPen(pen)
            points = [transform.map(QPointF(x, y)) for x, y in line]
            painter.drawPolyline(QPolygonF(points))
            _name(painter, points, share, name, QColor(colour))
        painter.restore()


def _name(painter: QPainter, points: list[QPointF], share: float, name: str, colour: QColor) -> None:
    """Outside the cavity, level with the point at that share of the line."""
    at = points[round(share * (len(points) - 1))]
    middle = sum(point.x() for point in points) / len(points)
    box = QRectF(painter.fontMetrics().boundingRect(name)).adjusted(-6, -3, 6, 3)
    left = at.x() + 12 if at.x() > middle else at.x() - 12 - box.width()
    box.moveTo(left, at.y() - box.height() / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(DARK.colour("ground", 200))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
