"""A key that toggles when pressed and toggles back when it was held: hide the contour for a look beneath it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

_HELD_MS = 350


class Peek(QObject):
    """A short press of the action's key leaves it toggled; a long one toggles it back on release."""

    def __init__(self, action: QAction, window: QWidget) -> None:
        super().__init__(window)
        self._action, self._window = action, window
        self._since = QElapsedTimer()
        self._watched: QWidget | None = None
        action.setAutoRepeat(False)
        action.triggered.connect(self._pressed)

    def _pressed(self) -> None:
        """The release goes to whichever widget has the keyboard; a click on a button has none."""
        self._release()
        self._watched = QApplication.focusWidget() or self._window
        self._watched.installEventFilter(self)
        self._since.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            sequences = [key.toString().split("+")[-1] for key in self._action.shortcuts()]
            if QKeySequence(event.key()).toString() in sequences:
                self._release()
                if self._since.elapsed() >= _HELD_MS:
                    self._action.trigger()
                    self._release()
        return False

    def _release(self) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None
