"""The picture: draws the frame and its contour, and turns the hand's movements into requests."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour
from echoview.measure.disks import SQUARE
from echoview.ui.cavity_item import CavityItem
from echoview.ui.contour_item import ContourItem
from echoview.ui.frame_item import FrameItem
from echoview.ui.hand import Hand
from echoview.ui.look import Look, Overlay
from echoview.ui.lost_frame import LostFrame
from echoview.ui.peek import SAME_HOLD_MS
from echoview.ui.theme import DARK
from echoview.ui.tool_item import ToolItem
from echoview.ui.tools import Tool


class CineView(pg.GraphicsView):
    """Signals:
    contour_edited(contour, text): a gesture ended; contour_previewed(line (N,2) or None): while it goes on.
    ruled(length_px_x, length_px_y): a line was drawn with the calibration tool.
    stepped(frames): the wheel; play_toggled(): Space; touched(): a press that takes hold.
    contrast_changed(), drawing_changed(clicks); revert_wanted(): R, let go without turning the contour.
    put_away(drawing): a contour is half drawn, and another frame, cine or tool comes into the hand.
    proposal_changed(frames, awaited, granted): so many frames have a contour proposed, of so many that still come (0:
    all are there); granted: to be accepted then. noticed(words): what to know of the frame, or "".
    """

    contour_edited = Signal(object, str)
    contour_previewed = Signal(object)
    ruled = Signal(float, float)
    stepped = Signal(int)
    play_toggled = Signal()
    touched = Signal()
    contrast_changed = Signal()
    drawing_changed = Signal(int)
    put_away = Signal(object)
    revert_wanted = Signal()
    proposal_changed = Signal(int, int, bool)
    noticed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=DARK.ground)
        self.setAccessibleName("Cine picture")
        self.setObjectName("picture")  # the style draws a frame where the keyboard is
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, enableMouse=False)
        self.box.setDefaultPadding(0.02)
        self.setCentralItem(self.box)
        self.frame_item = FrameItem()
        self.contour_item = ContourItem()
        self.ghost_item = ContourItem()
        self.ghost_item.setZValue(11)
        self.tool_item = ToolItem()
        self._cavity = CavityItem(self.contour_item)
        self.lost = LostFrame(self)
        for item in (self.frame_item, self.contour_item, self.ghost_item, self.tool_item):
            self.box.addItem(item, ignoreBounds=True)
        self.hand = Hand(self)
        self._size = (0, 0)
        self._panning: QPointF | None = None
        self._contrast_from: QPointF | None = None
        self._space, self._space_used = False, False
        self._turning = False
        self._repeated = False  # whether the held key repeats by now
        self._ending: int | None = None  # the key whose release may be no end, see `Peek`
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(SAME_HOLD_MS)
        self._end.timeout.connect(self._let_go)
        self._handles_shown = True
        self._overlay_hidden = False
        self.viewport().setMouseTracking(True)

    # ---- what is shown

    def set_spacing(self, spacing: Calibration | None) -> None:
        """Pixels are as wide and as high as this says; square where nobody knows."""
        self._cavity.spacing = spacing or SQUARE
        width, height = self._cavity.spacing
        if self.box.state["aspectLocked"] != width / height:
            self.box.setAspectLocked(True, ratio=width / height)  # type: ignore[arg-type]  # any number will do
            self.fit()

    def set_cine(self, size: tuple[int, int] | None, spacing: Calibration | None = None) -> None:
        """Another picture of (height, width) px, with pixels of this size."""
        self.hand.put_away()
        self._size = size or (0, 0)
        height, width = self._size
        for item in (self.contour_item, self.ghost_item, self.tool_item):
            item.set_bounds(QRectF(0, 0, width, height))
        self.hand.reset_radius(height)
        self.show_ghost(None)
        self.lost.hide()
        self.contour_item.show_points(None)
        self.set_spacing(spacing)
        if size is None:
            self.frame_item.show_frame(None)
        self.fit()

    def fit(self) -> None:
        """The whole picture in the window."""
        height, width = self._size
        if width:
            self.box.setRange(QRectF(-0.5, -0.5, width, height), padding=0.02)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Closer (factor > 1) or farther, about a point of the picture or its middle."""
        self.box.scaleBy((1 / factor, 1 / factor), center=at)

    def set_frame(self, frame: np.ndarray) -> None:
        """Draw a frame (H,W) or (H,W,3) uint8; the one that is drawn already is not painted anew."""
        self.lost.hide()
        if frame is not self.frame_item.frame:
            self.frame_item.show_frame(frame)

    def show_lost(self, t: int) -> None:
        """Frame `t` cannot be read: these words in place of a picture, and nothing is drawn on it."""
        self.hand.cancel()
        self.frame_item.show_frame(None)
        self.lost.say(t)

    def show_points(self, points: np.ndarray | None) -> None:
        self.contour_item.show_points(points)
        self.tool_item.show_sign(None)
        self._refresh_handles()

    def show_contour(self, contour: Contour) -> None:
        self.contour_item.show_contour(contour)
        self.tool_item.warn(contour.dense(), self._size)
        self._refresh_handles()

    def show_ghost(self, points: np.ndarray | None) -> None:
        """A contour (N,2) that is proposed for the frame, or none."""
        self.ghost_item.show_ghost(points)

    def set_handles_shown(self, shown: bool) -> None:
        """Handles are shown while the cine stands still."""
        self._handles_shown = shown
        self._refresh_handles()

    def hide_overlay(self, hidden: bool) -> None:
        self._overlay_hidden = hidden
        for item in (self.contour_item, self.ghost_item, self.tool_item):
            item.setVisible(not hidden)

    @property
    def overlay_hidden(self) -> bool:
        return self._overlay_hidden

    @property
    def handles_shown(self) -> bool:
        return self._handles_shown

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width in px, zeros where there is none."""
        return self._size

    @property
    def tool(self) -> Tool:
        return self.hand.tool

    @property
    def space_held(self) -> bool:
        """Whether a drag would pan."""
        return self._space

    def set_tool(self, tool: Tool) -> None:
        self.hand.put_away()
        self.hand.tool = tool
        self.drawing_changed.emit(0)
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if tool is Tool.POINT else Qt.CursorShape.CrossCursor)
        self._refresh_handles()

    @property
    def look(self) -> Look:
        """How grey levels become colours."""
        return self.frame_item.look

    @property
    def grey_window(self) -> float:
        return self.look.window

    @property
    def grey_level(self) -> float:
        return self.look.level

    def set_contrast(self, window: float, level: float) -> None:
        """Grey levels shown from black to white, and the one in the middle."""
        window, level = min(max(window, 8.0), 510.0), min(max(level, 0.0), 255.0)
        self.set_look(replace(self.look, window=window, level=level))

    def set_look(self, look: Look) -> None:
        """Show this and the following frames so."""
        self.frame_item.set_look(look)
        for item in (self.contour_item, self.ghost_item):
            item.haloed = look.inverted
            item.update()
        self.contrast_changed.emit()

    def set_overlay(self, overlay: Overlay) -> None:
        """What is drawn over the picture."""
        self.contour_item.overlay = overlay
        self.contour_item.update()

    def cancel_gesture(self) -> bool:
        """Esc: the gesture under way is undone, nothing else; False where there was none."""
        return self.hand.cancel()

    # ---- the hand

    def _at(self, event: QMouseEvent | QWheelEvent) -> QPointF:
        return self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))

    def pointer_at(self) -> QPointF:
        """Where the pointer is, px of the picture."""
        return self.box.mapSceneToView(self.mapToScene(self.viewport().mapFromGlobal(self.cursor().pos())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        ):
            self._panning, self._space_used = event.position(), True
        elif event.button() == Qt.MouseButton.RightButton:
            self._contrast_from = event.position()
        elif event.button() == Qt.MouseButton.LeftButton and self._size[0] and self.lost.isHidden():
            self.hand.press(self._at(event), event.position(), event.modifiers())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._at(event)
        if self._panning is not None:
            before, now = (
                self.box.mapSceneToView(self.mapToScene(p.toPoint())) for p in (self._panning, event.position())
            )
            self.box.translateBy(x=before.x() - now.x(), y=before.y() - now.y())
            self._panning = event.position()
        elif self._contrast_from is not None:
            moved = event.position() - self._contrast_from
            self._contrast_from = event.position()
            self.set_contrast(self.grey_window * math.exp(-moved.x() / 200), self.grey_level + moved.y() / 2)
        else:
            self.hand.move(at)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panning is not None and event.button() != Qt.MouseButton.RightButton:
            self._panning = None
        elif event.button() == Qt.MouseButton.RightButton:
            self._contrast_from = None
        elif event.button() == Qt.MouseButton.LeftButton:
            self.hand.release(self._at(event), event.position())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is Tool.DRAW and event.button() == Qt.MouseButton.LeftButton:
            self.hand.finish_drawing()
            event.accept()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120  # Alt and Shift may turn it sideways
        if self._turning:
            self.hand.turn(notches)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.tool.round:
            self.hand.change_radius(notches)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.2**notches, self._at(event))
        elif notches:
            self.stepped.emit(-1 if notches > 0 else 1)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.contour_item.show_handles(None)
        if not self.hand.busy:
            self.tool_item.clear()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Space and R come here rather than to their shortcuts, for both do something else while they are held."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _held(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Held while dragging, Space pans; held while the wheel turns, R turns the contour."""
        event.setAccepted(_held(event))
        if not _held(event):
            return
        if self._end.isActive() and event.key() == self._ending:
            self._end.stop()  # it was not let go
        elif event.isAutoRepeat():
            self._repeated = True
        elif event.key() == Qt.Key.Key_Space:
            self._space, self._space_used = True, False
        else:
            self._turning = True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go without that, Space plays, and R goes back to the prediction."""
        if event.isAutoRepeat() or event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_R):
            event.ignore()
            return
        self._ending = event.key()
        if self._repeated:
            self._end.start()
        else:
            self._let_go()

    def _let_go(self) -> None:
        self._repeated = False
        if self._ending == Qt.Key.Key_Space:
            if self._space and not self._space_used:
                self.play_toggled.emit()
            self._space = False
        elif self._turning:
            self._turning = False
            if not self.hand.end_turn():
                self.revert_wanted.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is let go elsewhere is not held here any more."""
        self._space = self._turning = self._repeated = False
        self._end.stop()
        self.hand.end_turn()
        super().focusOutEvent(event)

    def _refresh_handles(self) -> None:
        """After the contour or the frame changed: handles where the pointer is, if it is over the picture."""
        if self.hand.busy:
            return
        pointer: QPoint = self.viewport().mapFromGlobal(self.cursor().pos())
        if self.viewport().rect().contains(pointer) and self.underMouse():
            self.hand.hover(self.pointer_at())
        else:
            self.contour_item.show_handles(None)
            self.tool_item.clear()


def _held(event: QKeyEvent) -> bool:
    """Whether it is a key that does one thing while held, another when let go."""
    plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() == Qt.Key.Key_Space or (event.key() == Qt.Key.Key_R and plain)
