"""Keyboard and mouse on the real window, with the real sample cine."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from echoview.domain.calibration import Axes, Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.view import View
from echoview.ui import dialogs, main_window
from echoview.ui.cine_view import Tool


@pytest.fixture
def opened(desk, sample):
    desk.open_known(sample)
    desk.window.player.seek(3)
    desk.until(lambda: desk.session.cine.cached(3) is not None)
    return desk


def on_screen(desk, x: float, y: float) -> QPoint:
    """Where a point of the picture lies in the view's viewport."""
    view = desk.window.view
    return view.mapFromScene(view.box.mapViewToScene(QPointF(x, y)))


def drag(desk, start: tuple[float, float], end: tuple[float, float], keys=Qt.KeyboardModifier.NoModifier) -> None:
    port = desk.window.view.viewport()
    QTest.mouseMove(port, on_screen(desk, *start))
    QTest.mousePress(port, Qt.MouseButton.LeftButton, keys, on_screen(desk, *start))
    for share in (0.3, 0.6, 1.0):
        at = on_screen(desk, *(np.array(start) + share * (np.array(end) - np.array(start))))
        QTest.mouseMove(port, at)
        QTest.qWait(5)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, keys, on_screen(desk, *end))


def test_dragging_a_point_corrects_the_frame_and_ef_follows_the_hand(opened) -> None:
    session, window = opened.session, opened.window
    before, place = session.editable(3), window.top_bar.device_button.x()
    x, y = before.handles[11]
    seen: list[str] = []
    window.view.contour_previewed.connect(lambda _: seen.append(window.measure_panel.area.shown))
    drag(opened, (x, y), (x + 14, y))
    after = session.contour(3)
    assert isinstance(after, Contour)
    assert after.handles[11, 0] - x == pytest.approx(14, abs=1.0)
    assert after.origins[11] is Origin.CORRECTED
    assert after.origins[2] is Origin.PREDICTED, "one origin a vertex"
    assert len(set(seen)) >= 2, "the numbers followed the drag"
    assert session.undo_stack.count() == 1, "a drag is one step"
    opened.settle()
    assert window.top_bar.saved.text() == " Saved"
    assert window.top_bar.device_button.x() == place, "a button that the pointer is on its way to does not move"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.measure_panel.frame.text().startswith("Frame 4  ·  predicted"), "the numbers go first"
    assert window.judging._soon.isActive(), "the rest, when they are on the screen"
    assert session.contour(3) is not None
    assert not isinstance(session.contour(3), Contour)


def test_a_press_on_the_line_adds_a_point_and_alt_click_deletes_one(opened) -> None:
    session = opened.session
    before = session.editable(3)
    dense = before.dense(400)
    far = int(np.argmax(np.min(np.hypot(*(dense[:, None] - before.handles[None]).transpose(2, 0, 1)), axis=1)))
    opened.window.view.zoom(4)
    opened.window.view.box.setRange(
        xRange=(dense[far, 0] - 20, dense[far, 0] + 20), yRange=(dense[far, 1] - 15, dense[far, 1] + 15)
    )
    drag(opened, tuple(dense[far]), (dense[far, 0] + 2, dense[far, 1]))
    added = session.contour(3)
    assert len(added.handles) == len(before.handles) + 1
    near = int(np.hypot(*(added.handles - dense[far]).T).argmin())
    at = on_screen(opened, *added.handles[near])
    QTest.mouseClick(opened.window.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, at)
    assert len(session.contour(3).handles) == len(before.handles)


def test_keys_step_play_approve_and_mark(opened) -> None:
    window, session = opened.window, opened.session
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert window.player.t == 4
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert window.player.t == len(session.cine) - 1, "around the end, since it loops"
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert window.player.t == 0
    QTest.keyClick(window.view, Qt.Key.Key_Space)
    assert window.player.playing
    QTest.keyClick(window.view, Qt.Key.Key_Space)
    assert not window.player.playing
    QTest.keyClick(window, Qt.Key.Key_D)
    ed = session.measurements.ed
    assert window.player.t == ed
    QTest.keyClick(window, Qt.Key.Key_A)
    assert set(session.contour(ed).origins) == {Origin.ACCEPTED}
    assert window.player.t == session.measurements.es, "the next to be looked at"
    QTest.keyClick(window, Qt.Key.Key_D)
    steps = session.undo_stack.count()
    QTest.keyClick(window, Qt.Key.Key_A)
    assert session.undo_stack.count() == steps, "it is a person's already: there is nothing to take back"
    window.player.seek(7)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert session.label.es == 7
    assert session.measurements.es == 7
    QTest.keyClick(window, Qt.Key.Key_H)
    assert window.view.overlay_hidden


def test_space_held_while_dragging_pans_and_does_not_play(opened) -> None:
    window = opened.window
    port, before = window.view.viewport(), window.view.box.viewRange()
    QTest.keyPress(window.view, Qt.Key.Key_Space)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 200))
    QTest.mouseMove(port, QPoint(260, 220))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(260, 220))
    QTest.keyRelease(window.view, Qt.Key.Key_Space)
    assert window.view.box.viewRange() != before
    assert not window.player.playing
    assert opened.session.undo_stack.count() == 0


def test_a_contour_is_drawn_by_three_clicks_and_enter(opened) -> None:
    window, session = opened.window, opened.session
    QTest.keyClick(window, Qt.Key.Key_3)
    assert window.view.tool is Tool.DRAW
    for point in ((140, 180), (150, 60), (190, 180)):
        QTest.mouseClick(
            window.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, on_screen(opened, *point)
        )
    QTest.keyClick(window, Qt.Key.Key_Return)
    drawn = session.contour(3)
    assert set(drawn.origins) == {Origin.DRAWN}
    np.testing.assert_allclose(drawn.handles[0], (140, 180), atol=1)
    np.testing.assert_allclose(drawn.handles[-1], (190, 180), atol=1)
    assert window.view.tool is Tool.POINT


def test_the_view_is_overruled_and_given_back(opened) -> None:
    session = opened.session
    opened.window.top_bar.view_chosen.emit(View.A2C)
    assert session.view is View.A2C
    assert "set by hand" in opened.window.top_bar.view_button.text()
    opened.window.top_bar.view_chosen.emit(None)
    assert session.view is session.prediction.view


def test_a_pixel_that_no_echo_picture_has_is_refused(opened) -> None:
    opened.workflow.calibrate(Calibration(10.0, 10.0))
    assert opened.refusals[-1].startswith("No echo picture has pixels of 10 × 10 mm.")
    assert opened.session.label.calibration is None


def test_calibrating_along_a_line_gives_ml(opened, monkeypatch) -> None:
    session = opened.session
    assert session.measurements.edv_ml is None
    monkeypatch.setattr(dialogs, "ask_length_mm", lambda parent, dx, dy: (50.0, Axes.BOTH))
    opened.window.acts["calibrate"].trigger()
    drag(opened, (60, 40), (60, 140))
    assert session.calibration.x_mm == pytest.approx(0.5, rel=0.02)
    assert session.measurements.edv_ml is not None
    assert opened.window.measure_panel.edv.isVisible()


def test_who_corrects_is_asked_once_and_a_refusal_changes_nothing(opened, monkeypatch) -> None:
    asked: list[str] = []
    answers = iter(["", "AB"])
    monkeypatch.setattr(dialogs, "ask_annotator", lambda parent: asked.append("?") or next(answers))
    opened.workflow.remember(annotator="")
    opened.window.acts["approve"].trigger()
    assert opened.session.label.empty
    opened.window.acts["approve"].trigger()
    opened.window.player.seek(4)
    opened.window.acts["approve"].trigger()
    assert len(asked) == 2
    assert sorted(opened.session.label.contours) == [3, 4]
    opened.settle()
    history = opened.workflow.library.history(opened.session.cine.info.identity)
    assert {r.annotator for r in history} == {"AB"}


@pytest.mark.parametrize("name", ["revert", "revert_range", "undo", "redo"])
def test_who_takes_back_is_asked_too(opened, monkeypatch, name) -> None:
    opened.workflow.accept(3)
    if name == "redo":
        opened.session.undo_stack.undo()
    opened.window.loops.set_range(2, 4)
    opened.settle()
    before = opened.session.label
    answers = iter(["", "AB"])
    monkeypatch.setattr(dialogs, "ask_annotator", lambda parent: next(answers))
    opened.workflow.remember(annotator="")
    opened.window.acts[name].trigger()
    assert opened.session.label is before, "not without a name"
    opened.window.acts[name].trigger()
    opened.settle()
    assert opened.session.label is not before
    assert opened.workflow.library.history(opened.session.cine.info.identity)[-1].annotator == "AB"


def test_nobody_is_asked_who_takes_back_nothing(opened, monkeypatch) -> None:
    monkeypatch.setattr(dialogs, "ask_annotator", lambda parent: pytest.fail("asked"))
    opened.workflow.remember(annotator="")
    opened.window.acts["revert"].trigger()
    opened.window.acts["revert_range"].trigger()
    assert "No range is marked" in opened.refusals[-1]


def test_contrast_changes_by_right_drag_and_is_reset(opened) -> None:
    view = opened.window.view
    port = view.viewport()
    QTest.mousePress(port, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.mouseMove(port, QPoint(180, 120))
    QTest.mouseRelease(port, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, QPoint(180, 120))
    assert view.grey_window < 255
    opened.window.acts["contrast"].trigger()
    assert (view.grey_window, view.grey_level) == (255.0, 127.5)


def test_every_action_has_something_to_do(desk) -> None:
    assert set(desk.window.acts) == {act.name for act in main_window.make_actions.__globals__["ACTS"]}
    for name, action in desk.window.acts.items():
        assert action.text(), name


def test_a_gesture_ends_when_the_frame_changes(opened) -> None:
    session, window = opened.session, opened.window
    x, y = session.editable(3).handles[7]
    port = window.view.viewport()
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(port, Qt.MouseButton.LeftButton, none, on_screen(opened, x, y))
    QTest.mouseMove(port, on_screen(opened, x + 8, y))
    window.player.step(1)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, none, on_screen(opened, x + 8, y))
    assert session.label.empty


def test_a_correction_stays_with_its_cine_though_another_opens_behind_the_question(opened, monkeypatch) -> None:
    opened.workflow.remember(annotator="")
    first = opened.session.cine

    def answer(parent) -> str:
        opened.session.open(opened.session.cine.__class__(first.info, first._source), "other", opened.session.label)
        return "AB"

    monkeypatch.setattr(dialogs, "ask_annotator", answer)
    opened.window.acts["approve"].trigger()
    assert opened.session.label.empty


def test_the_effort_of_a_correction_is_kept_with_it(opened) -> None:
    x, y = opened.session.editable(3).handles[11]
    drag(opened, (x, y), (x + 14, y))
    opened.window.player.seek(4)
    QTest.keyClick(opened.window, Qt.Key.Key_A)
    opened.settle()
    pulled, approved = opened.workflow.library.history(opened.session.cine.info.identity)[-2:]
    assert (pulled.drags, approved.drags) == (1, 0)
    assert 0 < pulled.seconds < 60
    assert pulled.moved_mm is None, "the sample has no pixel size"
    assert "1 pull" in opened.window.top_bar.saved.toolTip()
