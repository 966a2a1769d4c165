"""What can be drawn inside the contour: its area, the long axis, the disks that its volume is made of."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.domain.calibration import Calibration
from echoview.measure.disks import SQUARE, disk_lines, long_axis_line
from echoview.ui.contour_item import ContourItem
from echoview.ui.theme import DARK

_FILL = 0.22  # of the overlay's opacity
_FEWEST = 8  # points: a line of a few clicks has no disks yet


class CavityItem(QGraphicsItem):
    """Lies behind the contour and follows its line; `spacing` keeps the disks at right angles in millimetres."""

    def __init__(self, contour: ContourItem) -> None:
        super().__init__(contour)
        self._contour = contour
        self.spacing: Calibration = SQUARE
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemStacksBehindParent)

    def boundingRect(self) -> QRectF:
        return self._contour.boundingRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        overlay, points = self._contour.overlay, self._contour.points
        if points is None or len(points) < _FEWEST or not (overlay.fill or overlay.axis or overlay.disks):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if overlay.fill:
            painter.setPen(Qt.PenStyle.NoPen)
            colour = self._contour.colour
            colour.setAlphaF(_FILL * overlay.opacity)
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
        colour = DARK.colour("text")
        colour.setAlphaF(0.75 * overlay.opacity)
        pen = QPen(colour, painter.device().devicePixelRatioF())
        pen.setCosmetic(True)
        painter.setPen(pen)
        if overlay.disks:
            painter.drawLines([QLineF(*a, *b) for a, b in disk_lines(points, self.spacing)])
        if overlay.axis:
            (x0, y0), (x1, y1) = long_axis_line(points * self.spacing) / self.spacing
            painter.drawLine(QLineF(x0, y0, x1, y1))
