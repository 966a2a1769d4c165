"""A key that toggles when pressed and toggles back when it was held: hide the contour for a look beneath it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

_HELD_MS = 350
SAME_HOLD_MS = 60  # a release and a press so near to each other are one hold: X11 repeats a held key as such pairs


class Peek(QObject):
    """A short press of the action's key leaves it toggled; a long one toggles it back on release.

    On a busy computer Qt does not see that a release and the press after it are the repetition of a held key, and
    delivers them as if the key had been let go. So a release counts only when no press of the key follows at once.
    """

    def __init__(self, action: QAction, window: QWidget) -> None:
        super().__init__(window)
        self._action, self._window = action, window
        self._since = QElapsedTimer()
        self._held, self._let_go_at = False, 0  # ms, of the event that was perhaps the end
        self._end = QTimer(self)
        self._end.setSingleShot(True)
        self._end.setInterval(SAME_HOLD_MS)
        self._end.timeout.connect(self._let_go)
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
        if not isinstance(event, QKeyEvent) or not self._ours(event):
            return False
        self._held |= event.isAutoRepeat() or self._since.elapsed() >= _HELD_MS
        if event.type() != QEvent.Type.KeyRelease:
            return self._end.isActive() and self._goes_on(event)
        if not event.isAutoRepeat():
            self._let_go_at = event.timestamp()
            if self._held:
                self._end.start()
            else:
                self._release()
        return False

    def _goes_on(self, event: QKeyEvent) -> bool:
        """A press while a release waits: the same hold, and then the action must not hear of it."""
        if event.timestamp() - self._let_go_at > SAME_HOLD_MS:  # a second press that a busy window sees late
            self._let_go()
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._end.stop()
        event.accept()  # a shortcut override that is accepted comes again as a press, and not as a shortcut
        return True

    def _ours(self, event: QKeyEvent) -> bool:
        sequences = [key.toString().split("+")[-1] for key in self._action.shortcuts()]
        return QKeySequence(event.key()).toString() in sequences

    def _let_go(self) -> None:
        self._release()
        self._action.trigger()
        self._release()

    def _release(self) -> None:
        self._held = False
        self._end.stop()
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None
