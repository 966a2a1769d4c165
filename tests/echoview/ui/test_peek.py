"""A key that is held shows what lies beneath, and no longer than it is held."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from echoview.ui.peek import Peek


@pytest.fixture
def window(qtbot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def action(window, qtbot) -> QAction:
    action = QAction("Hide", window, checkable=True)
    action.setShortcut(QKeySequence("H"))
    window.addAction(action)
    Peek(action, window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return action


def press(action: QAction, held_ms: int) -> None:
    window = action.parent()
    QTest.keyPress(window, Qt.Key.Key_H)
    QTest.qWait(held_ms)
    QTest.keyRelease(window, Qt.Key.Key_H)


def test_a_short_press_stays(action) -> None:
    press(action, 20)
    assert action.isChecked()
    press(action, 20)
    assert not action.isChecked()


def test_a_long_one_goes_back_on_release(action) -> None:
    window = action.parent()
    QTest.keyPress(window, Qt.Key.Key_H)
    assert action.isChecked()
    QTest.qWait(400)
    assert action.isChecked(), "as long as it is held"
    QTest.keyRelease(window, Qt.Key.Key_H)
    QTest.qWait(120)
    assert not action.isChecked()


def test_another_key_that_is_let_go_meanwhile_changes_nothing(action) -> None:
    window = action.parent()
    QTest.keyPress(window, Qt.Key.Key_H)
    QTest.qWait(400)
    QTest.keyRelease(window, Qt.Key.Key_X)
    assert action.isChecked()
    QTest.keyRelease(window, Qt.Key.Key_H)
    QTest.qWait(120)
    assert not action.isChecked()


def send(window: QWidget, kind: QEvent.Type, at_ms: int, repeated: bool = False) -> bool:
    """A key event as the window system would send it; True where a shortcut override was accepted."""
    event = QKeyEvent(kind, Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, "h", repeated)
    event.setTimestamp(at_ms)
    event.setAccepted(kind != QEvent.Type.ShortcutOverride)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def press_as_x11(action: QAction, at_ms: int, repeated: bool) -> None:
    """An override first; a shortcut where nobody takes it, else a press."""
    window = action.parent()
    if send(window, QEvent.Type.ShortcutOverride, at_ms, repeated):
        send(window, QEvent.Type.KeyPress, at_ms, repeated)
    elif not repeated:
        action.trigger()


def test_repetitions_of_a_held_key_do_not_end_the_hold_though_one_looks_like_its_end(action) -> None:
    window = action.parent()
    changes: list[bool] = []
    action.toggled.connect(changes.append)
    press_as_x11(action, 1000, False)
    QTest.qWait(380)
    for number in range(8):
        at, repeated = 1400 + 30 * number, number != 4  # Qt took the fourth for a release and a new press
        send(window, QEvent.Type.KeyRelease, at, repeated)
        press_as_x11(action, at, repeated)
    QTest.qWait(120)
    assert changes == [True], "hidden once, and still"
    send(window, QEvent.Type.KeyRelease, 1800)
    QTest.qWait(120)
    assert changes == [True, False]


def test_two_quick_taps_that_a_busy_window_sees_at_once_are_two(action) -> None:
    window = action.parent()
    changes: list[bool] = []
    action.toggled.connect(changes.append)
    for at in (1000, 1180):
        press_as_x11(action, at, False)
        send(window, QEvent.Type.KeyRelease, at + 80)
    QTest.qWait(120)
    assert changes == [True, False]


def test_a_tap_after_a_hold_that_a_busy_window_sees_at_once_is_a_tap(action) -> None:
    window = action.parent()
    changes: list[bool] = []
    action.toggled.connect(changes.append)
    press_as_x11(action, 1000, False)
    QTest.qWait(380)
    send(window, QEvent.Type.KeyRelease, 1400)
    press_as_x11(action, 1550, False)
    send(window, QEvent.Type.KeyRelease, 1600)
    QTest.qWait(120)
    assert changes == [True, False, True]
