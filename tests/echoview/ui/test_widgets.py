"""Small parts that many panels share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from echoview.ui.widgets import chip


def test_a_button_is_not_lit_any_more_once_its_menu_is_closed(qtbot) -> None:
    button, menu = chip("Speed", "Playback speed"), QMenu()
    qtbot.addWidget(button)
    qtbot.addWidget(menu)
    button.setMenu(menu)
    button.move(2000, 2000)  # the pointer is elsewhere
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    menu.aboutToHide.emit()
    assert not button.underMouse()
