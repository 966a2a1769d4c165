"""What the tool in the hand shows on the picture: its ring, its stroke, its frame; and a quiet warning sign."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.domain.contour_edit import crossing, outside
from echoview.ui.theme import DARK

_KNOB_PX = 5.0
_SIGN_PX = 11.0
_TEXT_PX = 12
_FEW = 90


class ToolItem(QGraphicsItem):
    """Everything but the contour; sizes on the screen are the same at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._ring: tuple[QPointF, float] | None = None
        self._trail: np.ndarray | None = None
        self._dots = False
        self._frame: tuple[np.ndarray, np.ndarray] | None = None
        self._sign: tuple[QPointF, str, str] | None = None
        self._bounds = QRectF()
        self.setZValue(12)

    def set_bounds(self, rect: QRectF) -> None:
        """The picture's rectangle."""
        self.prepareGeometryChange()
        self._bounds = rect.adjusted(-rect.width(), -rect.height(), rect.width(), rect.height())

    def clear(self) -> None:
        """Nothing of a gesture is left; the warning stays."""
        self.show_ring(None, 0.0)
        self.show_trail(None, dots=False)
        self.show_frame(None)

    def show_ring(self, at: QPointF | None, radius: float) -> None:
        """The circle of nudge, brush and eraser, px of the picture."""
        before, self._ring = self._ring, None if at is None else (at, radius)
        self._paint_anew(before, self._ring)

    def show_trail(self, line: np.ndarray | None, dots: bool) -> None:
        """A stroke (N,2), or clicks with a line between them."""
        before, self._trail, self._dots = self._trail, line, dots
        self._paint_anew(before, line)

    def show_frame(self, frame: tuple[np.ndarray, np.ndarray] | None) -> None:
        """Corners (4,2) and knob (2,) of the frame that moves, turns and scales."""
        before, self._frame = self._frame, frame
        self._paint_anew(before, frame)

    def show_sign(self, at: np.ndarray | None, text: str = "", colour: str = "flag") -> None:
        """A ring and a few words where something asks for a look, or none."""
        before, self._sign = self._sign, None if at is None else (QPointF(*at), text, colour)
        self._paint_anew(before, self._sign)

    def warn(self, line: np.ndarray, size: tuple[int, int]) -> None:
        """A quiet sign where a line (N,2) crosses itself or leaves the picture of (height, width) px."""
        few = line[np.unique(np.linspace(0, len(line) - 1, _FEW).astype(int))]  # enough to see it by
        knot, beyond = crossing(few), outside(few, size)
        if knot is not None:
            self.show_sign(knot, "crosses itself")
        elif beyond is not None:
            self.show_sign(np.clip(beyond, 0, [size[1] - 1, size[0] - 1]), "leaves the picture")
        else:
            self.show_sign(None)

    def _paint_anew(self, before: object, now: object) -> None:
        """Not where nothing was and nothing is: it would paint the whole picture."""
        if before is not None or now is not None:
            self.update()

    @property
    def warning(self) -> str:
        return self._sign[1] if self._sign else ""

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._trail is not None:
            self._paint_trail(painter, [transform.map(QPointF(x, y)) for x, y in self._trail])
        if self._frame is not None:
            corners, knob = self._frame
            at = [transform.map(QPointF(x, y)) for x, y in corners]
            self._paint_frame(painter, at, transform.map(QPointF(*knob)))
        if self._ring is not None:
            at, radius = self._ring
            centre, edge = transform.map(at), transform.map(at + QPointF(radius, radius))
            painter.setPen(QPen(DARK.colour("ground", 160), 3))
            painter.drawEllipse(centre, edge.x() - centre.x(), edge.y() - centre.y())
            painter.setPen(QPen(DARK.colour("text"), 1.2))
            painter.drawEllipse(centre, edge.x() - centre.x(), edge.y() - centre.y())
        if self._sign is not None:
            self._paint_sign(painter, transform.map(self._sign[0]), *self._sign[1:])
        painter.restore()

    def _paint_trail(self, painter: QPainter, line: list[QPointF]) -> None:
        pen = QPen(DARK.colour("human"), 1.6)
        if self._dots:
            pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(line))
        if self._dots:
            painter.setPen(QPen(DARK.colour("ground"), 1.5))
            painter.setBrush(DARK.colour("human"))
            for at in line:
                painter.drawEllipse(at, _KNOB_PX, _KNOB_PX)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_frame(self, painter: QPainter, corners: list[QPointF], knob: QPointF) -> None:
        pen = QPen(DARK.colour("text", 150), 1)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawPolygon(QPolygonF(corners))
        painter.drawLine((corners[0] + corners[1]) / 2, knob)
        painter.setPen(QPen(DARK.colour("ground"), 1.5))
        painter.setBrush(DARK.colour("text"))
        for at in corners:
            painter.drawRect(QRectF(at.x() - _KNOB_PX, at.y() - _KNOB_PX, 2 * _KNOB_PX, 2 * _KNOB_PX))
        painter.drawEllipse(knob, _KNOB_PX + 1, _KNOB_PX + 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_sign(self, painter: QPainter, at: QPointF, text: str, colour: str) -> None:
        painter.setPen(QPen(DARK.colour(colour), 2))
        painter.drawEllipse(at, _SIGN_PX, _SIGN_PX)
        font = painter.font()
        font.setPixelSize(_TEXT_PX)
        painter.setFont(font)
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-6, -3, 6, 3)
        room = QRectF(painter.viewport())
        left = at.x() + _SIGN_PX + 6
        if left + box.width() > room.right():
            left = at.x() - _SIGN_PX - 6 - box.width()
        box.moveTo(left, min(max(at.y() - box.height() / 2, room.top() + 4), room.bottom() - box.height() - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(DARK.colour("ground", 200))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(DARK.colour(colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
