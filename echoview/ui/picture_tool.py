"""A tool that takes the mouse over the picture for as long as its button is down."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPen
from PySide6.QtWidgets import QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.hand import REACH_PX

_CLICK_PX = 4  # a press that moves less is a click


def cosmetic(on: QWidget, colour: QColor, width: float) -> QPen:
    """A pen of this width on the screen at every zoom; Qt counts its width in device pixels."""
    pen = QPen(colour, width * on.devicePixelRatioF())
    pen.setCosmetic(True)
    return pen


class PictureTool(QObject):
    """While its action is checked, left presses, moves and releases come here instead of to the contour.

    Press-drag-release and click-move-click both work: a release after a drag counts as a second click.
    """

    def __init__(self, view: CineView, action: QAction) -> None:
        super().__init__(view)
        self.view, self._action = view, action
        self._pressed_at: QPointF | None = None
        action.toggled.connect(self._take)

    @property
    def active(self) -> bool:
        return self._action.isChecked()

    @property
    def reach(self) -> float:
        """How near is near enough, picture px."""
        return REACH_PX * float(max(self.view.box.viewPixelSize()))

    def click(self, x: float, y: float, away: bool) -> None:
        """A click, or an end of a drag, at picture px; `away`: with Alt or Shift, which takes things away."""

    def move(self, x: float, y: float) -> None:
        """The pointer is at picture px, button down or not."""

    def finish(self) -> bool:
        """Enter or a double click; whether there was something to finish."""
        return False

    def cancel(self) -> None:
        """What is half done goes."""

    def taken(self) -> None:
        """The tool has come into the hand."""

    def _take(self, active: bool) -> None:
        port = self.view.viewport()
        self._pressed_at = None
        if active:
            port.installEventFilter(self)
            port.setCursor(Qt.CursorShape.CrossCursor)
            self.taken()
        else:
            port.removeEventFilter(self)
            port.setCursor(Qt.CursorShape.ArrowCursor)
            self.cancel()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent) or self.view.space_held:
            return False
        at = self.view.box.mapSceneToView(self.view.mapToScene(event.position().toPoint()))
        left = event.button() == Qt.MouseButton.LeftButton
        keys = event.modifiers()
        away = bool(keys & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier))
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and left:
            self._pressed_at = event.position()
            self.click(at.x(), at.y(), away)
        elif kind == QEvent.Type.MouseButtonRelease and left:
            start, self._pressed_at = self._pressed_at, None
            if start is not None and (event.position() - start).manhattanLength() > _CLICK_PX:
                self.click(at.x(), at.y(), False)
            else:
                self.released()
        elif kind == QEvent.Type.MouseButtonDblClick and left:
            self.finish()
        elif kind == QEvent.Type.MouseMove and not event.buttons() & ~Qt.MouseButton.LeftButton:
            self.move(at.x(), at.y())
        else:
            return False  # panning and contrast work with every tool
        return True

    def released(self) -> None:
        """The button is up where it went down."""
