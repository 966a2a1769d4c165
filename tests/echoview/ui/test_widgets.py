"""Small parts that many panels share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from echoview.ui import theme
from echoview.ui.widgets import Banner, Message, chip


def test_a_button_is_not_lit_any_more_once_its_menu_is_closed(qtbot) -> None:
    button, menu = chip("Speed", "Playback speed"), QMenu()
    qtbot.addWidget(button)
    qtbot.addWidget(menu)
    button.setMenu(menu)
    button.move(2000, 2000)  # the pointer is elsewhere
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    menu.aboutToHide.emit()
    assert not button.underMouse()


def test_a_message_of_two_lines_has_room_for_both(qapp, qtbot) -> None:
    theme.apply(qapp, theme.DARK)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 600)
    banner = Banner()
    banner.lie_over(window, window)
    window.show()
    banner.say(Message("What happened, which takes more than one line, gjpqy.", "And what to do about it. " * 4))
    text = banner._text
    banner.layout().activate()
    assert text.height() >= text.heightForWidth(text.width())
