"""The hand on the picture: turns presses and movements into gestures of the tool it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt

from echoview.domain.contour import Contour
from echoview.domain.prediction import LogitMap
from echoview.ui import tools
from echoview.ui.tools import Drawing, Gesture, Pointer, Tool, move, point, rule

if TYPE_CHECKING:
    from echoview.ui.cine_view import CineView

REACH_PX = 10.0  # screen px within which a point takes hold
STILL_PX = 3.0  # a press that moves less on the screen is a click: the gesture stays in the hand until the next one
TURN_DEGREES = 2.0  # a notch of the wheel
_RADIUS = 0.06  # of the picture's height
_RADIUS_LEAST, _RADIUS_MOST = 0.01, 0.3


class Hand:
    """One tool, and the gesture under way.

    Every gesture goes by press, drag, let go, and by click, move, click. Esc drops it.

    Attributes:
        editable: the contour of the frame that may be taken hold of, or None.
        seen: what the network saw in the frame, or None.
        radius: of nudge, brush and eraser, px of the picture.
    """

    def __init__(self, view: CineView) -> None:
        self._view = view
        self.editable: Callable[[], Contour | None] = lambda: None
        self.seen: Callable[[], LogitMap | None] = lambda: None
        self.tool = Tool.POINT
        self.radius = 10.0
        self.gesture: Gesture | None = None
        self._pressed_at: QPointF | None = None  # on the screen; None while no button is down
        self._carried = False  # between two clicks
        self._before: Contour | None = None  # what the gesture began on

    @property
    def busy(self) -> bool:
        return self.gesture is not None

    def reset_radius(self, height: int) -> None:
        self.radius = max(_RADIUS * height, 2.0)

    def change_radius(self, notches: float) -> None:
        height = max(self._view.picture_size[0], 1)
        self.radius = float(np.clip(self.radius * 1.15**notches, _RADIUS_LEAST * height, _RADIUS_MOST * height))
        self.hover(self._view.pointer_at())

    # ---- what the mouse does

    def press(self, at: QPointF, screen: QPointF, keys: Qt.KeyboardModifier) -> None:
        self._pressed_at = screen
        pointer = self._pointer(at)
        if self.gesture is not None:
            self.gesture = self.gesture.press(pointer)
        else:
            self.gesture = self._begin(pointer, keys)
            self._carried = False
        if self.gesture is not None:
            self._view.touched.emit()
            self._preview(at)

    def move(self, at: QPointF) -> None:
        if self.gesture is None:
            self.hover(at)
            return
        self.gesture = self.gesture.to(self._pointer(at))
        self._preview(at)

    def release(self, at: QPointF, screen: QPointF) -> None:
        if self.gesture is None or self._pressed_at is None:
            return
        moved = (screen - self._pressed_at).manhattanLength() > STILL_PX
        self._pressed_at = None
        self.gesture = self.gesture.release(self._pointer(at))
        if self.gesture.clicks:
            self._view.drawing_changed.emit(self.gesture.clicks)
            self._preview(at)
        if not self.gesture.done:
            return
        if not moved and not self._carried and not self.gesture.clicks:
            self._carried = True  # a click: the next one lets go
            return
        self._finish()

    def _begin(self, at: Pointer, keys: Qt.KeyboardModifier) -> Gesture | None:
        contour = None if self._view.overlay_hidden else self.editable()
        deleting = keys & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
        if contour is not None and self.tool is Tool.POINT and deleting:
            self.delete_at(at)
            return None
        self._before = contour
        if contour is not None and keys & Qt.KeyboardModifier.ControlModifier:
            return move.whole(contour, at)
        return tools.begin(self.tool, contour, at, self.seen())

    def _finish(self) -> None:
        gesture, self.gesture = self.gesture, None
        self._carried = False
        assert gesture is not None
        self._view.tool_item.show_trail(None, dots=False)
        if isinstance(gesture, rule.Rule):
            self._view.ruled.emit(*np.abs(gesture.ends[1] - gesture.ends[0]).tolist())
            return
        made = gesture.now
        if gesture.clicks:
            self._view.drawing_changed.emit(0)
        if made is None or made is self._before:
            self._view.contour_previewed.emit(None)
        else:
            self._view.contour_edited.emit(made, gesture.text)

    # ---- what the keys do

    def cancel(self) -> bool:
        """Esc: the gesture under way is undone, nothing else; False where there was none."""
        was, self.gesture = self.gesture, None
        self._carried, self._pressed_at = False, None
        self._view.tool_item.clear()
        if was is not None:
            self._view.contour_previewed.emit(None)
            self._view.drawing_changed.emit(0)
        return was is not None

    def put_away(self) -> None:
        """The hand goes elsewhere: the gesture ends, and a contour that is half drawn is handed over to be kept."""
        drawing = self.gesture
        self.cancel()
        if isinstance(drawing, Drawing) and drawing.ready:
            self._view.put_away.emit(drawing)

    def resume(self, drawing: Drawing) -> None:
        """Go on with a contour that was put away."""
        self.gesture = drawing
        self._view.drawing_changed.emit(drawing.clicks)
        self._preview(self._view.pointer_at())

    def finish_drawing(self) -> bool:
        """Enter: the clicks become a contour, if they are three at least; False where nothing was drawn."""
        drawing = self.gesture
        if not isinstance(drawing, Drawing) or not drawing.ready:
            return False
        self.gesture = None
        self._view.drawing_changed.emit(0)
        self._view.contour_edited.emit(drawing.finished(), drawing.text)
        return True

    def turn(self, notches: float) -> None:
        """R and the wheel: the contour turns; `end_turn` makes it one step."""
        if self.gesture is None:
            contour = self.editable()
            if contour is None:
                return
            self.gesture = move.Turn(contour)
        if isinstance(self.gesture, move.Turn):
            self.gesture = self.gesture.by(TURN_DEGREES * notches)
            self._view.touched.emit()
            self._preview(self._view.pointer_at())

    def end_turn(self) -> bool:
        """R went up; False where nothing was turned."""
        if not isinstance(self.gesture, move.Turn):
            return False
        self._finish()
        return True

    def delete_at(self, at: Pointer) -> None:
        contour = self.editable()
        less = None if contour is None else point.delete(contour, at.x, at.y, at.reach)
        if less is not None:
            self._view.touched.emit()
            self._view.contour_edited.emit(less, "delete point")

    def delete_under_pointer(self) -> None:
        """Del: the point under the pointer goes."""
        self.delete_at(self._pointer(self._view.pointer_at()))

    # ---- what is shown

    def hover(self, at: QPointF) -> None:
        """No gesture is under way: what a press here would take hold of."""
        view, item = self._view, self._view.contour_item
        contour = self.editable() if view.handles_shown and not view.overlay_hidden else None
        view.tool_item.show_ring(at if self.tool.round and view.picture_size[0] else None, self.radius)
        if self.tool is Tool.POINT:
            self._hover_points(contour, at)
            return
        item.show_handles(None)
        pointer = self._pointer(at)
        view.tool_item.show_frame(
            move.frame(contour, pointer.reach) if contour is not None and self.tool is Tool.MOVE else None
        )
        view.viewport().setCursor(self._cursor(contour, pointer))

    def _hover_points(self, contour: Contour | None, at: QPointF) -> None:
        view = self._view
        if contour is None:
            view.contour_item.show_handles(None)
            view.viewport().setCursor(Qt.CursorShape.ArrowCursor)
            return
        reach = self._pointer(at).reach
        found = point.hit(contour, at.x(), at.y(), reach)
        near = found.grip is not point.Grip.NOTHING or (
            point.hit(contour, at.x(), at.y(), 12 * reach).grip is not point.Grip.NOTHING
        )
        view.contour_item.show_handles(contour if near else None, found.index)
        shape = {
            point.Grip.HANDLE: Qt.CursorShape.SizeAllCursor, point.Grip.EDGE: Qt.CursorShape.CrossCursor,
        }.get(found.grip, Qt.CursorShape.ArrowCursor)  # fmt: skip
        view.viewport().setCursor(shape)

    def _cursor(self, contour: Contour | None, at: Pointer) -> Qt.CursorShape:
        if self.tool is not Tool.MOVE:
            return Qt.CursorShape.CrossCursor
        held = None if contour is None else move.begin(contour, at)
        if held is None:
            return Qt.CursorShape.ArrowCursor
        shapes = {move.Part.CORNER: Qt.CursorShape.SizeFDiagCursor, move.Part.KNOB: Qt.CursorShape.PointingHandCursor}
        return shapes.get(held.part, Qt.CursorShape.SizeAllCursor)

    def _preview(self, at: QPointF) -> None:
        gesture, view = self.gesture, self._view
        assert gesture is not None
        line = gesture.line
        view.tool_item.show_ring(at if self.tool.round else None, self.radius)
        view.tool_item.show_frame(None)
        view.tool_item.show_trail(gesture.trail, dots=self.tool in (Tool.DRAW, Tool.RESEED))
        if line is not None:
            view.contour_item.show_line(line)
            view.tool_item.warn(line, view.picture_size)
            view.contour_previewed.emit(line)
        elif self.tool is Tool.DRAW:
            view.contour_item.show_points(None)
        handles = gesture.now if gesture.held >= 0 else None
        view.contour_item.show_handles(handles, gesture.held)

    def _pointer(self, at: QPointF) -> Pointer:
        reach = REACH_PX * float(max(self._view.box.viewPixelSize()))
        return Pointer(at.x(), at.y(), reach, self.radius, self._view.picture_size)
