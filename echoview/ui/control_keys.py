"""The keys of the control that has the keyboard, which the window's shortcuts would take from it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QPushButton,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

_KEY = Qt.Key
_ENTER = frozenset({_KEY.Key_Return, _KEY.Key_Enter})
_PRESS = frozenset({_KEY.Key_Space})
_MOVE = frozenset({
    _KEY.Key_Left, _KEY.Key_Right, _KEY.Key_Up, _KEY.Key_Down,
    _KEY.Key_Home, _KEY.Key_End, _KEY.Key_PageUp, _KEY.Key_PageDown,
})  # fmt: skip
_TURN = frozenset({_KEY.Key_Left, _KEY.Key_Right})
_CONTROLS = (QAbstractButton, QComboBox, QSlider, QTabBar)


class ControlKeys(QObject):
    """Watches the one control that Tab went to: Space and Enter press it, arrows move it, before they are shortcuts.

    Where the mouse put the keyboard on a control, or clicks it, the keys stay the window's: Space plays.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._watched: QWidget | None = None
        for kind in _CONTROLS:
            for control in window.findChildren(kind):
                if control.focusPolicy() & Qt.FocusPolicy.ClickFocus:
                    control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._watch)

    def end(self) -> None:
        """The window closes."""
        self._watch(None, None)

    def _watch(self, _before: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None
        by_mouse = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        if isinstance(now, _CONTROLS) and not by_mouse and now.window() is self._window:
            self._watched = now
            now.destroyed.connect(self._forget)
            now.installEventFilter(self)

    def _forget(self) -> None:
        self._watched = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._watch(None, None)
        elif isinstance(event, QKeyEvent) and _own(watched, event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # it comes again, as a press
                return True
            if event.type() == QEvent.Type.KeyPress:
                return _press(watched, event)
        return False


def _own(control: QObject, event: QKeyEvent) -> bool:
    """Whether it is a key that this control knows."""
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    if isinstance(control, QSlider):
        return event.key() in _MOVE
    if isinstance(control, QTabBar):
        return event.key() in _TURN
    if isinstance(control, QComboBox):
        return event.key() in _MOVE | _PRESS
    if _has_menu(control):
        return event.key() in _PRESS | _ENTER | {_KEY.Key_Down}
    return event.key() in (_PRESS | _ENTER if isinstance(control, QPushButton | QToolButton) else _PRESS)


def _press(control: QObject, event: QKeyEvent) -> bool:
    """Do what Qt itself does not: a menu opens by these keys, and a button is pressed by Enter."""
    if event.isAutoRepeat():
        return isinstance(control, QAbstractButton)
    if isinstance(control, QPushButton | QToolButton) and _has_menu(control):
        _open(control)
        return True
    if isinstance(control, QAbstractButton) and event.key() in _ENTER:
        control.click()
        return True
    return False


def _open(control: QPushButton | QToolButton) -> None:
    """Open its menu; the keys begin at what is chosen there, where Qt would begin at an end."""
    menu = control.menu()
    chosen = next((action for action in menu.actions() if action.isChecked()), None)
    if chosen is not None:
        QTimer.singleShot(0, menu, lambda: menu.setActiveAction(chosen))
    control.showMenu()  # comes back when the menu is closed


def _has_menu(control: QObject) -> bool:
    return isinstance(control, QPushButton | QToolButton) and control.menu() is not None
