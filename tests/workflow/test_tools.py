"""Every tool by real mouse events on the real window: pressed and dragged, and by click, move, click."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from echoview.domain.contour import Contour, Origin
from echoview.ui.tools import Tool, move
from ral.geometry import area

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
KEYS = {
    Tool.POINT: Qt.Key.Key_1, Tool.NUDGE: Qt.Key.Key_2, Tool.DRAW: Qt.Key.Key_3, Tool.ARC: Qt.Key.Key_4,
    Tool.BRUSH: Qt.Key.Key_5, Tool.ERASER: Qt.Key.Key_6, Tool.RESEED: Qt.Key.Key_7, Tool.MOVE: Qt.Key.Key_8,
}  # fmt: skip
T = 3


@pytest.fixture
def opened(desk, sample):
    desk.open_known(sample)
    desk.window.player.seek(T)
    desk.until(lambda: desk.session.cine.cached(T) is not None)
    return desk


def on_screen(desk, point) -> QPoint:
    view = desk.window.view
    return view.mapFromScene(view.box.mapViewToScene(QPointF(float(point[0]), float(point[1]))))


def drag(desk, points, keys=NONE) -> None:
    port = desk.window.view.viewport()
    QTest.mouseMove(port, on_screen(desk, points[0]))
    QTest.mousePress(port, LEFT, keys, on_screen(desk, points[0]))
    for point in points[1:]:
        QTest.mouseMove(port, on_screen(desk, point))
    QTest.mouseRelease(port, LEFT, keys, on_screen(desk, points[-1]))


def click_move_click(desk, points) -> None:
    port = desk.window.view.viewport()
    QTest.mouseClick(port, LEFT, NONE, on_screen(desk, points[0]))
    for point in points[1:]:
        QTest.mouseMove(port, on_screen(desk, point))
    QTest.mouseClick(port, LEFT, NONE, on_screen(desk, points[-1]))


def wheel(desk, notches: int, keys=NONE) -> None:
    view = desk.window.view
    at = view.viewport().rect().center()
    event = QWheelEvent(
        QPointF(at), QPointF(view.viewport().mapToGlobal(at)), QPoint(0, 0), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), event)


def path(contour: Contour, tool: Tool) -> list[np.ndarray]:
    """A way for the hand that changes the contour with this tool."""
    handle, middle = contour.handles[11], contour.handles.mean(0)
    if tool is Tool.ARC:
        a, b = contour.handles[9], contour.handles[13]
        return [a + s * (b - a) + (8 * np.sin(np.pi * s), 0) for s in np.linspace(0, 1, 10)]
    if tool in (Tool.NUDGE, Tool.MOVE):
        return [middle, middle + np.array([8, 0]), middle + np.array([20, 0]), middle + np.array([25, 0])]
    inwards = -1 if tool is Tool.ERASER else 1
    return [handle, handle + np.array([4 * inwards, 0]), handle + np.array([9 * inwards, 0])]


@pytest.mark.parametrize("hand", [drag, click_move_click])
@pytest.mark.parametrize("tool", [t for t in KEYS if t not in (Tool.DRAW, Tool.RESEED)])
def test_each_tool_corrects_in_one_step_by_either_hand(opened, tool, hand):
    window, session = opened.window, opened.session
    before = session.editable(T)
    seen: list[str] = []
    window.view.contour_previewed.connect(lambda _: seen.append(window.measure_panel.area.shown))
    shown: list[bool] = []
    window.view.contour_previewed.connect(lambda _: shown.append(window.correcting.readout.isVisible()))
    QTest.keyClick(window, KEYS[tool])
    assert window.view.tool is tool
    hand(opened, path(before, tool))
    after = session.contour(T)
    assert isinstance(after, Contour)
    assert session.undo_stack.count() == 1
    assert any(o is Origin.CORRECTED for o in after.origins)
    assert any(shown), "EF is under the mouse"
    if tool is not Tool.MOVE:
        assert area(after.dense()) != pytest.approx(area(before.dense()), rel=0.002)
        assert any(o is Origin.PREDICTED for o in after.origins), "one origin a point"
        assert len(set(seen)) >= 2, "the numbers followed the hand"
    assert window.view.tool is tool, "the tool stays in the hand"
    assert not window.correcting.readout.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not isinstance(session.contour(T), Contour)


@pytest.mark.parametrize("tool", [Tool.POINT, Tool.NUDGE, Tool.BRUSH])
def test_escape_drops_a_gesture_between_two_clicks(opened, tool):
    window, session = opened.window, opened.session
    QTest.keyClick(window, KEYS[tool])
    way = path(session.editable(T), tool)
    port = window.view.viewport()
    QTest.mouseClick(port, LEFT, NONE, on_screen(opened, way[0]))
    QTest.mouseMove(port, on_screen(opened, way[-1]))
    assert window.view.hand.busy
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.view.hand.busy
    assert session.label.empty
    assert window.view.tool is tool, "Esc cancels the gesture only"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.view.tool is Tool.POINT


def test_three_landmarks_by_clicks_and_by_drags(opened):
    window, session = opened.window, opened.session
    before = session.editable(T)
    first, apex, second = before.handles[0] + (-4, 3), before.handles[7] + (2, -6), before.handles[-1] + (4, 4)
    QTest.keyClick(window, Qt.Key.Key_7)
    port = window.view.viewport()
    QTest.mouseClick(port, LEFT, NONE, on_screen(opened, first))
    drag(opened, [second + np.array([10, 10]), second + np.array([5, 5]), second])
    assert session.label.empty
    QTest.mouseClick(port, LEFT, NONE, on_screen(opened, apex))
    made = session.contour(T)
    assert isinstance(made, Contour)
    np.testing.assert_allclose(made.handles[0], first, atol=0.6)
    np.testing.assert_allclose(made.handles[-1], second, atol=0.6)
    assert np.hypot(*(made.dense(400) - apex).T).min() < 2
    assert window.view.tool is Tool.POINT
    assert session.prediction.maps[T].logits.shape == (256, 256), "what the network saw was there to lie on"


def test_handles_and_reach_keep_their_size_on_the_screen_at_every_zoom(opened):
    window, session = opened.window, opened.session
    for zoom in (1.0, 5.0):
        window.view.zoom(zoom)
        x, y = session.editable(T).handles[7]
        middle = window.view.box.viewRect().center()
        window.view.box.translateBy(x=x - middle.x(), y=y - middle.y())
        contour = session.editable(T)
        near = on_screen(opened, contour.handles[7]) + QPoint(7, 0)
        at = window.view.box.mapSceneToView(window.view.mapToScene(near))
        pointer = window.view.hand._pointer(at)
        from echoview.ui.tools import point

        assert point.hit(contour, pointer.x, pointer.y, pointer.reach).grip is point.Grip.HANDLE


def test_the_wheel_changes_the_radius_with_shift_and_steps_without(opened):
    window = opened.window
    QTest.keyClick(window, Qt.Key.Key_2)
    was = window.view.hand.radius
    wheel(opened, 2, Qt.KeyboardModifier.ShiftModifier)
    assert window.view.hand.radius == pytest.approx(was * 1.15**2)
    assert window.player.t == T
    wheel(opened, -1)
    assert window.player.t == T + 1


def test_r_and_the_wheel_turn_and_r_alone_reverts(opened):
    window, session = opened.window, opened.session
    view = window.view
    view.setFocus()
    before = session.editable(T)
    QTest.keyPress(view, Qt.Key.Key_R)
    wheel(opened, 1)
    wheel(opened, 1)
    assert session.label.empty, "one step, when R goes up"
    QTest.keyRelease(view, Qt.Key.Key_R)
    from echoview.domain.contour_edit import turned

    np.testing.assert_allclose(session.contour(T).handles, turned(before, 4.0).handles)
    assert session.undo_stack.count() == 1
    QTest.keyClick(view, Qt.Key.Key_R)
    assert session.label.contour(T) is None
    assert window.player.t == T


def test_ctrl_drag_moves_all_of_it_with_any_tool(opened):
    window, session = opened.window, opened.session
    QTest.keyClick(window, Qt.Key.Key_5)
    before = session.editable(T)
    drag(opened, [(20, 20), (26, 24), (30, 26)], Qt.KeyboardModifier.ControlModifier)
    moved = session.contour(T).handles - before.handles
    np.testing.assert_allclose(moved, np.broadcast_to((10.0, 6.0), moved.shape), atol=0.8)


def test_the_frame_of_the_move_tool_turns_by_its_knob(opened):
    window, session = opened.window, opened.session
    QTest.keyClick(window, Qt.Key.Key_8)
    before = session.editable(T)
    reach = window.view.hand._pointer(QPointF(0, 0)).reach
    _, knob = move.frame(before, reach)
    drag(opened, [knob, knob + np.array([6, 0]), knob + np.array([14, 2])])
    after = session.contour(T)
    assert area(after.dense()) == pytest.approx(area(before.dense()), rel=1e-6)
    assert after.handles[7, 0] > before.handles[7, 0] + 2


def test_a_contour_that_crosses_itself_or_leaves_the_picture_gets_a_quiet_sign(opened):
    window, session = opened.window, opened.session
    view = window.view
    contour = session.editable(T)
    drag(opened, [contour.handles[12], contour.handles[7], contour.handles[2] + (-12, 2)])
    assert view.tool_item.warning == "crosses itself"
    session.undo_stack.undo()
    assert view.tool_item.warning == ""
    drag(opened, [contour.handles[7], (contour.handles[7, 0], 30), (contour.handles[7, 0], -8)])
    assert view.tool_item.warning == "leaves the picture"


def test_a_gesture_that_changes_nothing_is_no_correction(opened):
    window, session = opened.window, opened.session
    contour = session.editable(T)
    for tool, at in ((Tool.NUDGE, (8, 8)), (Tool.POINT, contour.handles[7]), (Tool.MOVE, contour.handles.mean(0))):
        QTest.keyClick(window, KEYS[tool])
        click_move_click(opened, [at, at])
        assert session.label.empty, tool
    assert session.undo_stack.count() == 0


def test_every_tool_has_a_button_that_names_its_key(opened):
    from PySide6.QtWidgets import QToolButton

    from echoview.ui.tool_strip import ToolStrip

    strip = opened.window.findChild(ToolStrip)
    buttons = {b.defaultAction(): b for b in strip.findChildren(QToolButton) if b.defaultAction()}
    for number, tool in enumerate(KEYS, 1):
        button = buttons[opened.window.acts[tool.value]]
        assert f"({number})" in button.toolTip()
        assert not button.icon().isNull()
        button.click()
        assert opened.window.view.tool is tool
