"""The picture: draws the frame and its contour, and turns the hand's movements into requests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QGraphicsLineItem, QGraphicsPixmapItem, QWidget

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour
from echoview.measure.disks import SQUARE
from echoview.ui import edit_tool
from echoview.ui.cavity_item import CavityItem
from echoview.ui.contour_item import ContourItem
from echoview.ui.look import Look, Overlay
from echoview.ui.theme import DARK

REACH_PX = 10.0  # screen px within which a point takes hold


class Tool(Enum):
    """What a left drag on the picture does."""

    POINT = "point"
    DRAW = "draw"
    CALIBRATE = "calibrate"


class CineView(pg.GraphicsView):
    """Signals:
    contour_edited(contour, text): a gesture ended; contour_previewed(contour or None): while it goes on.
    ruled(length_px_x, length_px_y): a line was drawn with the calibration tool.
    stepped(frames): the wheel; play_toggled(): Space; touched(): a press that takes hold.
    contrast_changed(), drawing_changed(clicks).
    """

    contour_edited = Signal(object, str)
    contour_previewed = Signal(object)
    ruled = Signal(float, float)
    stepped = Signal(int)
    play_toggled = Signal()
    touched = Signal()
    contrast_changed = Signal()
    drawing_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=DARK.ground)
        self.setAccessibleName("Cine picture")
        self.setObjectName("picture")  # the style draws a frame where the keyboard is
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, enableMouse=False)
        self.box.setDefaultPadding(0.02)
        self.setCentralItem(self.box)
        self._pixmap = QGraphicsPixmapItem()
        self._pixmap.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._pixmap.setOffset(-0.5, -0.5)  # pixel centres at integers
        self.contour_item = ContourItem()
        self._cavity = CavityItem(self.contour_item)
        self._ruler = QGraphicsLineItem()
        pen = QPen(DARK.colour("human"), 2)
        pen.setCosmetic(True)
        self._ruler.setPen(pen)
        self._ruler.hide()
        for item in (self._pixmap, self.contour_item, self._ruler):
            self.box.addItem(item, ignoreBounds=True)
        self.editable: Callable[[], Contour | None] = lambda: None
        self.tool = Tool.POINT
        self.look = Look()
        self._size = (0, 0)
        self._frame: np.ndarray | None = None
        self._drag: edit_tool.Drag | None = None
        self._drawing = edit_tool.Drawing()
        self._panning: QPointF | None = None
        self._contrast_from: QPointF | None = None
        self._ruler_from: QPointF | None = None
        self._space, self._space_used = False, False
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
        self.cancel_gesture()
        self._size = size or (0, 0)
        height, width = self._size
        self.contour_item.set_bounds(QRectF(0, 0, width, height))
        self.contour_item.show_points(None)
        self.set_spacing(spacing)
        if size is None:
            self._frame = None
            self._pixmap.setPixmap(QPixmap())
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
        """Draw a frame (H,W) or (H,W,3) uint8."""
        self._frame = frame
        shown, image = self._image(frame)
        self._pixmap.setPixmap(QPixmap.fromImage(image))  # copies: `shown` lives as long as it must
        del shown

    def show_points(self, points: np.ndarray | None) -> None:
        self.contour_item.show_points(points)
        self._refresh_handles()

    def show_contour(self, contour: Contour) -> None:
        self.contour_item.show_contour(contour)
        self._refresh_handles()

    def set_handles_shown(self, shown: bool) -> None:
        """Handles are shown while the cine stands still."""
        self._handles_shown = shown
        self._refresh_handles()

    def hide_overlay(self, hidden: bool) -> None:
        self._overlay_hidden = hidden
        self.contour_item.setVisible(not hidden)

    @property
    def overlay_hidden(self) -> bool:
        return self._overlay_hidden

    @property
    def space_held(self) -> bool:
        """Whether a drag would pan."""
        return self._space

    def set_tool(self, tool: Tool) -> None:
        self.tool = tool
        self.cancel_gesture()
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if tool is Tool.POINT else Qt.CursorShape.CrossCursor)
        self._refresh_handles()

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
        self.look = look
        mode = Qt.TransformationMode
        self._pixmap.setTransformationMode(mode.SmoothTransformation if look.smooth else mode.FastTransformation)
        if self._frame is not None:
            self.set_frame(self._frame)
        self.contrast_changed.emit()

    def set_overlay(self, overlay: Overlay) -> None:
        """What is drawn over the picture."""
        self.contour_item.overlay = overlay
        self.contour_item.update()

    def cancel_gesture(self) -> None:
        """Esc: the gesture under way is undone; nothing else."""
        if self._drag is not None:
            self._drag = None
            self.contour_previewed.emit(None)
        self._drawing = edit_tool.Drawing()
        self._ruler_from = None
        self._ruler.setVisible(False)
        self.drawing_changed.emit(0)

    def finish_drawing(self) -> None:
        """Enter: the clicks become a contour, if they are three at least."""
        if self._drawing.ready:
            contour = self._drawing.finished()
            self._drawing = edit_tool.Drawing()
            self.drawing_changed.emit(0)
            self.contour_edited.emit(contour, "draw contour")

    def _image(self, frame: np.ndarray) -> tuple[np.ndarray, QImage]:
        """The frame in the look that is set: an array, and an image that borrows its memory."""
        height, width = frame.shape[:2]
        if frame.ndim == 2:
            frame = np.ascontiguousarray(frame)
            image = QImage(frame.data, width, height, frame.strides[0], QImage.Format.Format_Indexed8)
            red, green, blue = self.look.tables().astype(int)
            image.setColorTable((0xFF000000 | red << 16 | green << 8 | blue).tolist())
            return frame, image
        shown = self.look.applied(frame)
        return shown, QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB888)

    # ---- the hand

    def _at(self, event: QMouseEvent | QWheelEvent) -> QPointF:
        return self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))

    def _reach(self) -> float:
        """REACH_PX on the screen, in picture px."""
        return REACH_PX * float(max(self.box.viewPixelSize()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        ):
            self._panning, self._space_used = event.position(), True
        elif event.button() == Qt.MouseButton.RightButton:
            self._contrast_from = event.position()
        elif event.button() == Qt.MouseButton.LeftButton and self._size[0]:
            self._press(self._at(event), event.modifiers())
        event.accept()

    def _press(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        x, y = at.x(), at.y()
        if self.tool is Tool.CALIBRATE:
            self._ruler_from = at
            return
        if self.tool is Tool.DRAW:
            self._drawing = self._drawing.click(x, y)
            self._show_drawing(at)
            self.drawing_changed.emit(len(self._drawing.clicks))
            return
        contour = None if self._overlay_hidden else self.editable()
        if contour is None:
            return
        if keys & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier):
            self._delete_at(contour, x, y)
            return
        self._drag = edit_tool.press(
            contour, x, y, self._reach(), whole=bool(keys & Qt.KeyboardModifier.ControlModifier)
        )
        if self._drag is not None:
            self.touched.emit()
            self._preview()

    def delete_point(self) -> None:
        """Del: the point under the pointer goes."""
        contour = self.editable()
        if contour is not None:
            at = self.box.mapSceneToView(self.mapToScene(self.viewport().mapFromGlobal(self.cursor().pos())))
            self._delete_at(contour, at.x(), at.y())

    def _delete_at(self, contour: Contour, x: float, y: float) -> None:
        less = edit_tool.delete(contour, x, y, self._reach())
        if less is not None:
            self.touched.emit()
            self.contour_edited.emit(less, "delete point")

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
        elif self._ruler_from is not None:
            self._ruler.setLine(self._ruler_from.x(), self._ruler_from.y(), at.x(), at.y())
            self._ruler.setVisible(True)
        elif self._drag is not None:
            self._drag = self._drag.to(at.x(), at.y())
            self._preview()
        elif self.tool is Tool.DRAW:
            self._show_drawing(at)
        else:
            self._hover(at)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panning is not None and event.button() in (
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.LeftButton,
        ):
            self._panning = None
        elif event.button() == Qt.MouseButton.RightButton:
            self._contrast_from = None
        elif self._ruler_from is not None:
            at, start, self._ruler_from = self._at(event), self._ruler_from, None
            self.ruled.emit(abs(at.x() - start.x()), abs(at.y() - start.y()))
            self._ruler.setVisible(False)
        elif self._drag is not None:
            drag, self._drag = self._drag, None
            if drag.now is not drag.before:
                self.contour_edited.emit(drag.now, drag.text)
            else:
                self.contour_previewed.emit(None)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool is Tool.DRAW and event.button() == Qt.MouseButton.LeftButton:
            self.finish_drawing()
            event.accept()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.2**notches, self._at(event))
        elif notches:
            self.stepped.emit(-1 if notches > 0 else 1)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.contour_item.show_handles(None)
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Space comes here rather than to its shortcut: held while dragging it pans, let go it plays."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Space
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space, self._space_used = True, False
            event.accept()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            if self._space and not self._space_used:
                self.play_toggled.emit()
            self._space = False
            event.accept()
        else:
            event.ignore()

    def _preview(self) -> None:
        assert self._drag is not None
        if self._drag.now is not self._drag.before:
            self.contour_item.show_contour(self._drag.now)
            self.contour_previewed.emit(self._drag.now)
        self.contour_item.show_handles(self._drag.now, self._drag.index)

    def _hover(self, at: QPointF) -> None:
        contour = self.editable() if self._handles_shown and not self._overlay_hidden else None
        if contour is None:
            self.contour_item.show_handles(None)
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
            return
        found = edit_tool.hit(contour, at.x(), at.y(), self._reach())
        near = (
            found.grip is not edit_tool.Grip.NOTHING or edit_tool.hit(contour, at.x(), at.y(), 12 * self._reach()).grip
        )
        self.contour_item.show_handles(contour if near is not edit_tool.Grip.NOTHING else None, found.index)
        shape = {
            edit_tool.Grip.HANDLE: Qt.CursorShape.SizeAllCursor, edit_tool.Grip.EDGE: Qt.CursorShape.CrossCursor,
        }.get(found.grip, Qt.CursorShape.ArrowCursor)  # fmt: skip
        self.viewport().setCursor(shape)

    def _refresh_handles(self) -> None:
        """After the contour or the frame changed: handles where the pointer is, if it is over the picture."""
        if self._drag is not None or self.tool is Tool.DRAW:
            return
        pointer: QPoint = self.viewport().mapFromGlobal(self.cursor().pos())
        if self.viewport().rect().contains(pointer) and self.underMouse():
            self._hover(self.box.mapSceneToView(self.mapToScene(pointer)))
        else:
            self.contour_item.show_handles(None)

    def _show_drawing(self, at: QPointF) -> None:
        clicks = [*self._drawing.clicks, (at.x(), at.y())]
        self.contour_item.show_points(np.array(clicks) if len(clicks) > 1 else None)
        self.contour_item.show_handles(None)
