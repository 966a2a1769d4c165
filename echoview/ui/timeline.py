"""Time at a glance: what each frame is, how large the cavity is, where ED and ES are; a click goes there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from echoview.session import Session
from echoview.ui.theme import DARK

_MARGIN = 14
_STATES_TOP, _STATES_HEIGHT = 22, 8
_CURVE_TOP = 38
_UNSURE = 0.6


class Timeline(QWidget):
    """Draws the session along the frames. `sought(t)` asks to go to a frame."""

    sought = Signal(int)
    stepped = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._t = 0
        self._drawn: QPixmap | None = None  # all but the playhead; drawn anew when the session or the size changes
        self.setAccessibleName("Timeline")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click or drag to go to a frame")
        for signal in (
            session.cine_changed,
            session.measured,
            session.label_changed,
            session.prediction_changed,
        ):
            signal.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(600, 104)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 104)

    def set_frame(self, t: int) -> None:
        self._t = t
        self.update()

    def x_of(self, t: float) -> float:
        """Where frame t lies, px; frames lie by their time."""
        cine = self._session.cine
        if cine is None or len(cine) < 2:
            return float(_MARGIN)
        before = min(int(t), len(cine) - 2)
        at = cine.times_s[before] + (t - before) * (cine.times_s[before + 1] - cine.times_s[before])
        return _MARGIN + float(at / cine.times_s[-1]) * (self.width() - 2 * _MARGIN)

    def frame_at(self, x: float) -> int:
        """The frame nearest to x px."""
        cine = self._session.cine
        if cine is None or len(cine) < 2:
            return 0
        share = (x - _MARGIN) / max(self.width() - 2 * _MARGIN, 1)
        return int(np.abs(cine.times_s - np.clip(share, 0, 1) * cine.times_s[-1]).argmin())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(self.frame_at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.stepped.emit(-1 if event.angleDelta().y() > 0 else 1)

    def _redraw(self, *_: object) -> None:
        self._drawn = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn is None or self._drawn.devicePixelRatioF() != self.devicePixelRatioF():
            self._drawn = self._draw_session()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        if self._session.cine is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_playhead(painter)

    def _draw_session(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(DARK.colour("panel"))
        cine = self._session.cine
        if cine is not None:
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            self._paint_states(painter, len(cine))
            self._paint_curve(painter)
            self._paint_marks(painter)
            painter.end()
        return picture

    def _paint_states(self, painter: QPainter, frames: int) -> None:
        """A bar a frame: full yellow = a person's, cyan at half height = predicted, a thin line = nothing."""
        label, prediction = self._session.label, self._session.prediction
        edges = [self.x_of(t - 0.5) if t else self.x_of(0) - 2 for t in range(frames)] + [self.x_of(frames - 1) + 2]
        for t in range(frames):
            gap = 1.0 if edges[t + 1] - edges[t] > 3 else 0.0
            own = label.contour(t)
            if own is not None:
                colour = "human" if own.edited else "approved" if own.human else "propagated"
                top, height = _STATES_TOP + (0 if own.human else 2), _STATES_HEIGHT - (0 if own.human else 2)
            elif t in label.not_traceable:
                colour, top, height = "quiet", _STATES_TOP + 6, 2
            elif prediction is not None and prediction.contour(t) is not None:
                unsure = prediction.confidence[t] < _UNSURE
                colour, top, height = "flag" if unsure else "prediction", _STATES_TOP + 3, _STATES_HEIGHT - 3
            else:
                colour, top, height = "line", _STATES_TOP + 6, 2
            painter.fillRect(
                QRectF(edges[t], top, max(edges[t + 1] - edges[t] - gap, 0.6), height), DARK.colour(colour)
            )

    def _paint_curve(self, painter: QPainter) -> None:
        now, was = self._session.measurements, self._session.predicted
        if now is None or not np.isfinite(now.area_px2).any():
            return
        known = now.area_px2[np.isfinite(now.area_px2)]
        low, high = 0.9 * known.min(), 1.05 * known.max()
        if was is not None and not self._session.label.empty:
            self._paint_line(painter, was.area_px2, low, high, "prediction", dashed=True)
        edited = bool(self._session.label.contours)
        self._paint_line(painter, now.area_px2, low, high, "human" if edited else "prediction", dashed=not edited)
        painter.setPen(DARK.colour("quiet"))
        painter.setFont(_small(painter.font()))
        painter.drawText(QPointF(_MARGIN, _CURVE_TOP + 10), "area")

    def _paint_line(
        self, painter: QPainter, values: np.ndarray, low: float, high: float, colour: str, dashed: bool
    ) -> None:
        bottom = self.height() - 8
        pen = QPen(DARK.colour(colour), 1.6)
        if dashed:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        run: list[QPointF] = []
        for t, value in enumerate(values):
            if np.isfinite(value):
                run.append(
                    QPointF(self.x_of(t), bottom - (value - low) / max(high - low, 1e-9) * (bottom - _CURVE_TOP))
                )
            elif run:
                painter.drawPolyline(QPolygonF(run))
                run = []
        if run:
            painter.drawPolyline(QPolygonF(run))

    def _paint_marks(self, painter: QPainter) -> None:
        measured = self._session.measurements
        if measured is None:
            return
        painter.setFont(_small(painter.font()))
        for name, t, chosen in (
            ("ED", measured.ed, self._session.label.ed),
            ("ES", measured.es, self._session.label.es),
        ):
            if t is None:
                continue
            x = self.x_of(t)
            pen = QPen(DARK.colour("text", 150), 1)
            if chosen is None:
                pen.setDashPattern([2, 3])  # found, not chosen
            painter.setPen(pen)
            painter.drawLine(QPointF(x, 16), QPointF(x, self.height() - 4))
            painter.setPen(DARK.colour("text"))
            left = min(max(x - 14, 0), self.width() - 28)
            painter.drawText(QRectF(left, 2, 28, 14), Qt.AlignmentFlag.AlignCenter, name)

    def _paint_playhead(self, painter: QPainter) -> None:
        x = self.x_of(self._t)
        painter.setPen(QPen(DARK.colour("text"), 2))
        painter.drawLine(QPointF(x, 18), QPointF(x, self.height() - 2))
        painter.setBrush(DARK.colour("text"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, 16), QPointF(x + 5, 16), QPointF(x, 23)]))


def _small(font: QFont) -> QFont:
    font = QFont(font)
    font.setPixelSize(11)
    return font
