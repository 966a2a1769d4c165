"""Where the keyboard goes in the inspector."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPushButton

from echoview.ui.zones import Inspector


def test_a_line_does_not_get_the_keyboard_because_its_tab_is_chosen(qtbot) -> None:
    inspector, line = Inspector(), QLineEdit()
    inspector.add(QPushButton("x"), "MEASURE")
    inspector.add(line, "REVIEW")
    qtbot.addWidget(inspector)
    inspector.show()
    qtbot.waitExposed(inspector)
    inspector.setCurrentIndex(1)
    line.setFocus()
    inspector.setCurrentIndex(0)
    inspector.setCurrentIndex(1)
    assert inspector.focusWidget() is not line
    line.setFocus()
    assert inspector.focusWidget() is line, "a hand may go there"
