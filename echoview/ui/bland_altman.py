"""The difference of two readings over their mean, with its bias and its limits of agreement."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from echoview.measure.agreement import Pair, summary
from echoview.ui.theme import LIGHT, Tokens, current

_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 116, 16, 40
_DOT = 4.0
_PAPER = QSize(1000, 700)  # px of the exported picture, before it is doubled


class BlandAltman(QWidget):
    """EF of the pairs that have both; with fewer than three the points stand alone."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs: list[Pair] = []
        self.setMinimumSize(420, 240)
        self.setAccessibleName("Difference of EF over its mean")

    def show_pairs(self, pairs: list[Pair]) -> None:
        self._pairs = [one for one in pairs if one.ef_difference is not None]
        told = summary(self._pairs).ef
        words = "" if told is None else f"bias {told.bias:.1f}, limits {told.lower:.1f} to {told.upper:.1f} points"
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter, QRectF(self.rect()), current(), 11)

    def picture(self) -> QPixmap:
        """For a paper: dark on white, at twice the size of the screen."""
        drawn = QPixmap(_PAPER * 2)
        drawn.setDevicePixelRatio(2)
        drawn.fill(Qt.GlobalColor.white)
        painter = QPainter(drawn)
        self._paint(painter, QRectF(0, 0, _PAPER.width(), _PAPER.height()), LIGHT, 15)
        painter.end()
        return drawn

    def _paint(self, painter: QPainter, room: QRectF, tokens: Tokens, size: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(size)
        painter.setFont(font)
        scale = size / 11
        box = room.adjusted(_LEFT * scale, _TOP, -_RIGHT * scale, -_BOTTOM * scale)
        if not self._pairs:
            painter.setPen(tokens.colour("quiet"))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "No cine has EF in both readings")
            return
        pairs = np.array([(one.ef_first, one.ef_second) for one in self._pairs], float)
        means, differences = pairs.mean(1), pairs[:, 0] - pairs[:, 1]
        told = summary(self._pairs).ef
        marks = [0.0] if told is None else [0.0, told.lower, told.upper]
        xs = _Axis(means, box.left(), box.right())
        ys = _Axis(np.concatenate([differences, marks]), box.bottom(), box.top())
        _axes(painter, box, xs, ys, tokens)
        if told is not None:
            _levels(painter, box, ys, told.bias, (told.lower, told.upper), tokens)
        painter.setPen(QPen(tokens.colour("ground"), 1))
        painter.setBrush(tokens.colour("prediction"))
        for mean, difference in zip(means, differences, strict=True):
            painter.drawEllipse(QPointF(xs.at(mean), ys.at(difference)), _DOT * scale, _DOT * scale)


class _Axis:
    """Values to px, with round ticks a little beyond the values."""

    def __init__(self, values: np.ndarray, start: float, end: float) -> None:
        low, high = float(values.min()), float(values.max())
        span = max(high - low, 4.0)
        steps = (1, 2, 5, 10, 20, 50)
        self.step = next((step for step in steps if span / step <= 6), 100)
        self.low = np.floor((low - 0.05 * span) / self.step) * self.step
        self.high = np.ceil((high + 0.05 * span) / self.step) * self.step
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        return float(self._start + (value - self.low) / (self.high - self.low) * (self._end - self._start))

    @property
    def ticks(self) -> np.ndarray:
        return np.arange(self.low, self.high + self.step / 2, self.step)


def _axes(painter: QPainter, box: QRectF, xs: _Axis, ys: _Axis, tokens: Tokens) -> None:
    high = painter.fontMetrics().height()
    for value in ys.ticks:
        y = ys.at(value)
        painter.setPen(QPen(tokens.colour("quiet" if value == 0 else "line"), 1))
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(tokens.colour("quiet"))
        place = QRectF(box.left() - 44, y - high / 2, 36, high)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _signed(value, 0))
    for value in xs.ticks:
        place = QRectF(xs.at(value) - 30, box.bottom() + 4, 60, high)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{value:.0f}")
    painter.setPen(tokens.colour("text"))
    below = QRectF(box.left(), box.bottom() + 4 + high, box.width(), high + 4)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "Mean EF of both readings, %")
    painter.save()
    painter.translate(box.left() - 44 - high, box.center().y())
    painter.rotate(-90)
    side = QRectF(-box.height() / 2, 0, box.height(), high)
    painter.drawText(side, Qt.AlignmentFlag.AlignCenter, "First − second, points")
    painter.restore()


def _levels(
    painter: QPainter, box: QRectF, ys: _Axis, bias: float, limits: tuple[float, float], tokens: Tokens
) -> None:
    high = painter.fontMetrics().height()
    for value, name, dashed in ((bias, "bias", False), (limits[0], "−1.96 SD", True), (limits[1], "+1.96 SD", True)):
        pen = QPen(tokens.colour("flag"), 1.5)
        if dashed:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        y = ys.at(value)
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        place = QRectF(box.right() + 6, y - high / 2, 200, high)
        painter.drawText(
            place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, f"{_signed(value, 1)}  {name}"
        )


def _signed(value: float, decimals: int) -> str:
    """With a true minus, and none before zero."""
    words = f"{value:+.{decimals}f}".replace("-", "−")
    return words[1:] if not any(digit in words for digit in "123456789") else words
