"""The keys over the picture: what Esc ends."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from echoview.ui.actions import ACTS, make_actions
from echoview.ui.keymap import KeyMap
from echoview.ui.keys_overlay import KeysOverlay


@pytest.fixture
def overlay(qtbot):
    window, top = QWidget(), QLabel("top")
    QVBoxLayout(window).addWidget(top)
    window.resize(1000, 700)
    qtbot.addWidget(window)
    keys = KeyMap()
    actions = make_actions(window, {act.name: lambda: None for act in ACTS})
    made = KeysOverlay(window, top, keys, actions, lambda _: None)
    window.show()
    qtbot.waitExposed(window)
    made.toggle()
    return made


def test_esc_ends_the_question_whose_key_it_is_and_then_the_overlay(overlay) -> None:
    overlay.buttons["predict"].click()
    QTest.keyClick(overlay, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert overlay.take.isVisible()
    QTest.keyClick(overlay.window().focusWidget(), Qt.Key.Key_Escape)
    assert overlay.isVisible()
    assert not overlay.take.isVisible()
    QTest.keyClick(overlay.window().focusWidget(), Qt.Key.Key_Escape)
    assert not overlay.isVisible()


def test_three_columns_are_filled_evenly(overlay, qtbot) -> None:
    """One that is longer has to be scrolled to while the others have room."""
    overlay.window().resize(1440, 880)
    qtbot.waitUntil(lambda: overlay._columns.count() == 3)
    columns = [overlay._columns.itemAt(n).layout() for n in range(3)]
    heights = [sum(one.itemAt(n).widget().sizeHint().height() for n in range(one.count())) for one in columns]
    assert max(heights) < 1.05 * sum(heights) / 3
