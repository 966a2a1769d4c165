"""A key that is held shows what lies beneath, and no longer than it is held."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from echoview.ui.peek import Peek


@pytest.fixture
def action(qtbot) -> QAction:
    window = QMainWindow()
    qtbot.addWidget(window)
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
    assert not action.isChecked()


def test_another_key_that_is_let_go_meanwhile_changes_nothing(action) -> None:
    window = action.parent()
    QTest.keyPress(window, Qt.Key.Key_H)
    QTest.qWait(400)
    QTest.keyRelease(window, Qt.Key.Key_X)
    assert action.isChecked()
    QTest.keyRelease(window, Qt.Key.Key_H)
    assert not action.isChecked()
