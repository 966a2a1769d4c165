"""Whoever has no mouse: a control that Tab reached takes its own keys, everywhere else they are the window's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider, QWidget

from echoview.domain.contour import Contour, Origin

BY_TAB = Qt.FocusReason.TabFocusReason


@pytest.fixture
def opened(new_desk, sample):
    """Without the network, and with a contour to approve."""
    desk = new_desk(review_only=True)
    desk.open_known(sample)
    desk.window.player.seek(0)
    line = np.array([(110, 180), (100, 120), (140, 60), (180, 120), (170, 180)], float)
    desk.workflow.edit_contour(0, Contour.through(line, Origin.PROPAGATED), "carried")
    desk.window.activateWindow()
    desk.until(desk.window.isActiveWindow, 5)
    return desk


def focus(desk, control: QWidget) -> None:
    assert control.isVisible()
    control.setFocus(BY_TAB)
    assert QApplication.focusWidget() is control


def heard(signal) -> list[object]:
    seen: list[object] = []
    signal.connect(lambda *_: seen.append(1))
    return seen


def opens(desk, button: QAbstractButton, key: Qt.Key) -> bool:
    """Whether the key opens the button's menu, which is closed again."""
    shown = []

    def close() -> None:
        popup = QApplication.activePopupWidget()
        shown.append(popup is button.menu())
        if popup is not None:
            popup.close()

    QTimer.singleShot(150, close)
    QTest.keyClick(button, key)
    desk.until(lambda: bool(shown), 5)
    return shown[0]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_a_button_is_pressed(opened, key) -> None:
    window = opened.window
    approve = window.measure_panel.approve
    clicked = heard(approve.clicked)
    focus(opened, approve)
    QTest.keyClick(approve, key)
    opened.qtbot.wait(150)
    assert clicked == [1]
    assert not window.player.playing
    assert opened.session.label.contours[0].human


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_a_tool_button_is_pressed(opened, key) -> None:
    button = next(b for b in opened.window.transport.findChildren(QAbstractButton) if b.accessibleName() == "Loop")
    looping = opened.window.player.loop
    focus(opened, button)
    QTest.keyClick(button, key)
    opened.qtbot.wait(150)
    assert opened.window.player.loop is not looping
    assert not opened.window.player.playing


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Down])
def test_a_menu_is_opened(opened, key) -> None:
    for button in (opened.window.transport.speed, opened.window.transport.over, opened.window.top_bar.open_button):
        focus(opened, button)
        assert opens(opened, button, key), button.accessibleName()
    assert not opened.window.player.playing


def test_in_a_menu_the_keys_begin_at_what_is_chosen(opened) -> None:
    """Up from 1× is 0.75×: without it the first key would go to an end of the menu."""
    speed, player, shown = opened.window.transport.speed, opened.window.player, []

    def choose() -> None:
        menu = QApplication.activePopupWidget()
        shown.append(menu)
        QTest.keyClick(menu, Qt.Key.Key_Up)
        QTest.keyClick(menu, Qt.Key.Key_Return)

    player.set_speed(1.0)
    focus(opened, speed)
    QTimer.singleShot(150, choose)
    QTest.keyClick(speed, Qt.Key.Key_Space)
    opened.until(lambda: bool(shown), 5)
    assert player.speed == 0.75


def test_a_check_box_is_toggled(opened) -> None:
    window = opened.window
    window.acts["picture"].trigger()
    box = window.picture.controls.inverted
    focus(opened, box)
    was = box.isChecked()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert box.isChecked() is not was
    assert not window.player.playing


def test_the_tabs_of_the_inspector_are_turned_and_the_frame_stays(opened) -> None:
    window = opened.window
    bar = window.inspector.tabBar()
    window.player.seek(5)
    focus(opened, bar)
    for key, tab in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, 0), (Qt.Key.Key_Left, 0)):
        QTest.keyClick(bar, key)
        assert window.inspector.currentIndex() == tab
    assert window.player.t == 5
    QTest.keyClick(bar, Qt.Key.Key_Space)
    assert window.player.playing, "a key that they do not know stays the window's"


def test_a_click_on_a_tab_leaves_the_arrows_to_the_player(opened) -> None:
    window = opened.window
    bar = window.inspector.tabBar()
    window.view.setFocus()
    window.player.seek(5)
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert window.inspector.currentIndex() == 1
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert window.inspector.currentIndex() == 1
    assert window.player.t == 4


def test_a_slider_is_moved_and_the_frame_stays(opened) -> None:
    window = opened.window
    window.acts["picture"].trigger()
    gain = window.picture.controls.gain
    focus(opened, gain)
    window.player.seek(5)
    for key, change in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, -1)):
        was = gain.value()
        QTest.keyClick(gain, key)
        assert (gain.value() - was) * change > 0
    QTest.keyClick(gain, Qt.Key.Key_Home)
    assert gain.value() == gain.minimum()
    assert window.player.t == 5


def test_a_list_to_choose_from_is_opened_and_moved(opened) -> None:
    window = opened.window
    window.acts["picture"].trigger()
    colours = window.picture.controls.colours
    focus(opened, colours)
    QTest.keyClick(colours, Qt.Key.Key_Down)
    assert colours.currentIndex() == 1
    QTest.keyClick(colours, Qt.Key.Key_Space)
    opened.until(lambda: colours.view().isVisible(), 5)
    colours.hidePopup()
    assert not window.player.playing


@pytest.mark.parametrize("place", [lambda w: w.view, lambda w: w.transport.timeline])
def test_on_picture_and_timeline_the_keys_are_the_windows(opened, place: Callable) -> None:
    window = opened.window
    where = place(window)
    window.player.seek(5)
    focus(opened, where)
    QTest.keyClick(where, Qt.Key.Key_Right)
    assert window.player.t == 6
    QTest.keyClick(where, Qt.Key.Key_Space)
    assert window.player.playing


def test_a_click_leaves_space_to_the_player(opened) -> None:
    """With the mouse nobody wants the keyboard to stay on what was clicked."""
    window = opened.window
    window.acts["picture"].trigger()
    window.view.setFocus()
    approve, gain = window.measure_panel.approve, window.picture.controls.gain
    for control in (approve, gain, window.picture.controls.inverted):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)
        clicked = heard(approve.clicked)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
        assert window.player.playing
        assert not clicked
        window.player.pause()
    focus(opened, approve)
    QTest.mouseClick(approve, Qt.MouseButton.LeftButton)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert window.player.playing, "also where Tab had been there before"


def test_no_control_of_the_window_takes_the_keyboard_by_a_click(opened) -> None:
    click = Qt.FocusPolicy.ClickFocus
    takes = [
        type(control).__name__
        for kind in (QAbstractButton, QComboBox, QSlider)
        for control in opened.window.findChildren(kind)
        if control.isVisible() and control.focusPolicy() & click == click
    ]
    assert not takes
