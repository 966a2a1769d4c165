"""Time at a glance: what each frame is, how large the cavity is, where ED, ES and the beats are; a click goes there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.study import Status
from echoview.measure.propagate import areas
from echoview.session import Session
from echoview.ui import timeline_paint as paint
from echoview.ui.curve_words import paint_name, size_of
from echoview.ui.loops import Loops, Over
from echoview.ui.theme import current
from echoview.ui.time_axis import AXIS_HEIGHT, other_turns, paint_seconds, paint_turns
from echoview.ui.time_scale import MARGIN, TimeScale

_ZOOM = 1.25
_EDGE = 4
_LATER_MS = 15  # about a picture of the screen
_LOW = 560  # px, of a window in which the timeline is lower too


class Timeline(QWidget):
    """Draws the session along the frames.

    Signals:
        sought(t): asks to go to a frame; stepped(frames): the wheel.
        marked(name, t): the flag "ED" or "ES" was put on frame t; ranged(first, last): frames were marked.
    """

    sought = Signal(int)
    stepped = Signal(int)
    marked = Signal(str, int)
    ranged = Signal(int, int)

    def __init__(self, session: Session, loops: Loops, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._loops = session, loops
        self._t = 0
        self._scale: TimeScale | None = None
        self._drawn: QPixmap | None = None  # all but the playhead; drawn anew when the session or the size changes
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_LATER_MS)
        self._soon.timeout.connect(self._freshen)
        self._stale = False
        self._flag: tuple[str, int] | None = None  # that is being dragged, and where it is
        self._range_from: int | None = None
        self._scrubbing = False
        self._other: np.ndarray | None = None
        self._proposed: dict[int, tuple[Contour, float]] = {}  # with the area, px2
        self._commented: frozenset[int] = frozenset()
        self._judged: dict[int, Status] = {}
        self._unreadable: frozenset[int] = frozenset()  # frames that were met so far
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        session.cine_changed.connect(self._new_cine)
        session.retimed.connect(self._retime)
        for signal in (session.measured, session.label_changed, session.prediction_changed):
            signal.connect(self._redraw_soon)
        loops.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(600, self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self._height())

    def show_other(self, areas_px2: np.ndarray | None) -> None:
        """Also the areas (T,) that another set of weights gives, or no longer."""
        self._other = areas_px2
        self._redraw()

    def show_proposal(self, proposal: Mapping[int, Contour]) -> None:
        """Contours that wait to be accepted, by frame, or none; it may grow."""
        known = self._proposed
        self._proposed = {
            t: known[t] if t in known and known[t][0] is made else (made, float(areas(made.dense()[None])[0]))
            for t, made in proposal.items()
        }
        self._redraw_soon()

    def set_frame(self, t: int) -> None:
        self._t = t
        scale = self.scale
        if scale is not None and scale.zoomed and not self._scrubbing:
            moved = scale.showing(t)
            if moved is not scale:
                self._set_scale(moved)
        self._mark_unreadable()
        self.update()

    def _mark_unreadable(self) -> None:
        cine = self._session.cine
        met = frozenset() if cine is None else cine.unreadable
        if met != self._unreadable:
            self._unreadable = met
            self._redraw()

    def set_review(self, commented: frozenset[int], judged: dict[int, Status]) -> None:
        """Frames with open comments, and what reviewers said of frames."""
        if (commented, judged) != (self._commented, self._judged):
            self._commented, self._judged = commented, judged
            self._redraw()

    @property
    def scale(self) -> TimeScale | None:
        """Where the frames lie; None where nothing moves."""
        cine = self._session.cine
        if self._scale is None and cine is not None and len(cine) > 1:
            self._scale = TimeScale.whole(cine.times_s, self.width())
        return self._scale

    def flags(self) -> dict[str, tuple[int, bool]]:
        """Where ED and ES are, and whether a person said so."""
        measured, label = self._session.measurements, self._session.label
        if measured is None:
            return {}
        found = {"ED": (measured.ed, label.ed is not None), "ES": (measured.es, label.es is not None)}
        return {name: (t, chosen) for name, (t, chosen) in found.items() if t is not None}

    # ---- the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        scale = self.scale
        if scale is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position()
        flag = self._flag_at(at)
        if flag is not None:
            self._flag = flag, self.flags()[flag][0]
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._range_from = scale.frame_at(at.x())
        else:
            self._scrubbing = True
            self.sought.emit(scale.frame_at(at.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        scale = self.scale
        if scale is None:
            return
        t = scale.frame_at(event.position().x())
        if self._flag is not None:
            self._flag = self._flag[0], t
            self.sought.emit(t)  # the picture shows what would be ED or ES
            self.update()
        elif self._range_from is not None:
            self.ranged.emit(min(self._range_from, t), max(self._range_from, t))
        elif self._scrubbing:
            self.sought.emit(t)
        else:
            over = self._flag_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        flag, self._flag, self._scrubbing = self._flag, None, False
        scale, start, self._range_from = self.scale, self._range_from, None
        if flag is not None and flag[1] == self.flags()[flag[0]][0]:
            self.sought.emit(flag[1])  # a click on a flag goes there
        elif flag is not None:
            self.marked.emit(*flag)
        if start is not None and scale is not None and scale.frame_at(event.position().x()) == start:
            self.ranged.emit(start, start)  # Shift+click takes the mark away
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The whole cine again; where it is seen already, a quick second press takes hold like the first."""
        cine, scale = self._session.cine, self.scale
        if cine is not None and scale is not None and scale.zoomed:
            self._set_scale(TimeScale.whole(cine.times_s, self.width()))
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        scale = self.scale
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if scale is None or not notches:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._set_scale(scale.zoom(_ZOOM**notches, event.position().x()))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            length = scale.end_s - scale.start_s
            self._set_scale(scale.moved_to(scale.start_s - 0.1 * length * notches, length))
        else:
            self.stepped.emit(-1 if notches > 0 else 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom about the playhead; Shift with the arrows marks frames."""
        scale, key = self.scale, event.key()
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(key))
        if scale is not None and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / _ZOOM if key == Qt.Key.Key_Minus else _ZOOM
            self._set_scale(scale.zoom(factor, scale.x_of(self._t)))
        elif scale is not None and by and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._extend(by)
        else:
            super().keyPressEvent(event)

    def _extend(self, by: int) -> None:
        """The end of the range on which the playhead stands moves on by one frame, and the playhead with it."""
        cine, t = self._session.cine, self._t
        assert cine is not None
        first, last = self._loops.range or (t, t)
        fixed = last if t == first and last != first else first
        moved = min(max(t + by, 0), len(cine) - 1)
        self.ranged.emit(min(fixed, moved), max(fixed, moved))
        self.sought.emit(moved)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._told(event.pos().x()), self)
            return True
        return super().event(event)

    def _told(self, x: int) -> str:
        scale = self.scale
        if scale is None:
            return ""
        t = scale.frame_at(x)
        state = paint.STATE_NAMES[int(paint.states(self._session, self._judged, self._proposed)[t])]
        state += ", with an open comment" if t in self._commented else ""
        size = size_of(self._session.measurements, t)
        return (
            f"Frame {t + 1}, {scale.times_s[t]:.2f} s: {state}{', ' if size else ''}{size}\n"
            "Drag to scrub, drag a flag to move it, Shift+drag to mark a range, Ctrl+wheel to zoom"
        )

    def _flag_at(self, at: QPointF) -> str | None:
        scale = self.scale
        if scale is None or at.y() > paint.FLAGS_HEIGHT:
            return None
        boxes = {name: paint.flag_box(scale, t) for name, (t, _) in self.flags().items()}
        return next((name for name, box in boxes.items() if box.adjusted(-2, -2, 2, 2).contains(at)), None)

    # ---- drawing

    def _new_cine(self) -> None:
        self._scale, self._flag, self._range_from, self._other = None, None, None, None
        self.updateGeometry()
        self._redraw()

    def _retime(self) -> None:
        self._scale = None  # made anew from the frames' times
        self._redraw()

    def _set_scale(self, scale: TimeScale) -> None:
        self._scale = scale
        self._redraw()

    def _redraw_soon(self, *_: object) -> None:
        """A contour changed: the picture and the numbers go first, and several changes are drawn at once."""
        if not self._soon.isActive():
            self._soon.start()

    def _freshen(self) -> None:
        self._stale = True
        self.update()

    def _redraw(self) -> None:
        self._soon.stop()
        self._drawn = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.height() != self._height():
            self.updateGeometry()  # the window became lower or higher
        self._scale = None
        self._redraw()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._redraw()
        super().changeEvent(event)

    def _height(self) -> int:
        cine = self._session.cine
        low = self.window() is not self and self.window().height() < _LOW
        strip = paint.ECG_HEIGHT if cine is not None and cine.info.ecg is not None else 0
        return (paint.LOWEST if low else paint.HEIGHT) + strip

    def paintEvent(self, event: QPaintEvent) -> None:
        outdated = self._stale and not self._soon.isActive()  # else there is something newer, which waits its turn
        if self._drawn is None or outdated or self._drawn.devicePixelRatioF() != self.devicePixelRatioF():
            self._drawn, self._stale = self.draw_session(), False
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.scale is not None:
            if self._flag is not None:
                paint.paint_flags(
                    painter, self.scale, {self._flag[0]: (self._flag[1], True)}, self.height() - AXIS_HEIGHT
                )
            self._paint_playhead(painter, self.scale)
        if self.hasFocus():
            painter.setPen(QPen(current().colour("prediction"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def draw_session(self) -> QPixmap:
        """All but the playhead, at the screen's sharpness."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(current().colour("panel"))
        scale, cine = self.scale, self._session.cine
        if scale is not None and cine is not None:
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            bottom = self.height() - AXIS_HEIGHT
            curve_bottom = bottom - _EDGE
            flags = self.flags()
            if self._loops.range is not None:
                paint.paint_range(painter, scale, self._loops.range, bottom, self._loops.over is Over.RANGE)
            paint_seconds(painter, scale, bottom, current().colour("quiet"))
            paint_turns(painter, scale, self._turns(), flags, bottom)
            painter.setClipRect(MARGIN - 3, 0, self.width() - 2 * MARGIN + 6, self.height())
            if cine.info.ecg is not None:
                curve_bottom -= paint.ECG_HEIGHT
                paint.paint_ecg(painter, scale, cine.info.ecg, curve_bottom + _EDGE, bottom - paint.R_HEIGHT - 1)
            paint.paint_states(painter, scale, paint.states(self._session, self._judged, self._proposed))
            paint.paint_comments(painter, scale, self._commented)
            paint.paint_curve(painter, scale, self._session, curve_bottom, self._other, self._proposed_px2(cine))
            paint.paint_beats(painter, scale, cine.info.r_waves_s, bottom)
            painter.setClipping(False)
            paint.paint_flags(painter, scale, flags, bottom)
            paint_name(painter, scale, self.width(), flags, self._session.measurements)
            painter.end()
        return picture

    def _proposed_px2(self, cine: Cine) -> np.ndarray | None:
        """Areas (T,) of what is proposed, NaN elsewhere; None where nothing is."""
        if not self._proposed:
            return None
        found = np.full(len(cine), np.nan)
        for t, (_, area) in self._proposed.items():
            found[t] = area
        return found

    def _turns(self) -> list[tuple[int, str]]:
        """ED and ES of the other beats, once all is predicted and where the file has no R waves."""
        cine, measured, prediction = self._session.cine, self._session.measurements, self._session.prediction
        growing = prediction is not None and not prediction.complete
        if cine is None or measured is None or growing or cine.info.r_waves_s:
            return []
        return other_turns(measured.area_px2, self.flags())

    def _paint_playhead(self, painter: QPainter, scale: TimeScale) -> None:
        x, top = scale.x_of(self._t), paint.FLAGS_HEIGHT
        painter.setPen(QPen(current().colour("text"), 2))
        painter.drawLine(QPointF(x, top + 2), QPointF(x, self.height() - AXIS_HEIGHT + 2))
        painter.setBrush(current().colour("text"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))
