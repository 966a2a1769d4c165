"""The hand on the timeline, and what is painted in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Ecg
from echoview.domain.contour import Contour, Origin
from echoview.ui import theme
from echoview.ui import timeline_paint as paint
from echoview.ui.curve_words import name_of, paint_name
from echoview.ui.loops import Loops
from echoview.ui.player import Player
from echoview.ui.theme import DARK
from echoview.ui.time_axis import AXIS_HEIGHT, other_turns, seconds_shown
from echoview.ui.time_scale import TimeScale
from echoview.ui.timeline import Timeline

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def timeline(make_session, qtbot) -> Timeline:
    session, player = make_session(), Player()
    loops = Loops(session, player)
    player.load(session.cine.times_s)
    made = Timeline(session, loops)
    made.ranged.connect(loops.set_range)
    qtbot.addWidget(made)
    made.resize(800, paint.HEIGHT)
    made.show()
    return made


def at(timeline: Timeline, t: int, y: int = 60) -> QPoint:
    return QPoint(round(timeline.scale.x_of(t)), y)


def drag(timeline: Timeline, start: QPoint, end: QPoint, keys=NONE) -> None:
    QTest.mousePress(timeline, LEFT, keys, start)
    QTest.mouseMove(timeline, (start + end) / 2)
    QTest.mouseMove(timeline, end)
    QTest.mouseRelease(timeline, LEFT, keys, end)


def wheel(timeline: Timeline, t: int, notches: int, keys) -> None:
    place = QPointF(at(timeline, t))
    up = QPoint(0, 120 * notches)
    QApplication.sendEvent(
        timeline,
        QWheelEvent(place, timeline.mapToGlobal(place), QPoint(), up, Qt.MouseButton.NoButton, keys,
                    Qt.ScrollPhase.NoScrollPhase, False),
    )  # fmt: skip


def colour_at(timeline: Timeline, x: float, y: float) -> str:
    return timeline.grab().toImage().pixelColor(round(x), round(y)).name().upper()


def test_dragging_scrubs(timeline) -> None:
    seen: list[int] = []
    timeline.sought.connect(seen.append)
    drag(timeline, at(timeline, 10), at(timeline, 30))
    assert (seen[0], seen[-1]) == (10, 30)
    assert 10 < seen[1] < 30


def test_a_drag_soon_after_a_click_scrubs_all_the_same(timeline) -> None:
    seen: list[int] = []
    timeline.sought.connect(seen.append)
    spot = QPointF(at(timeline, 10))
    second = QEvent.Type.MouseButtonDblClick  # which Qt makes of the second press
    QApplication.sendEvent(timeline, QMouseEvent(second, spot, timeline.mapToGlobal(spot), LEFT, LEFT, NONE))
    QTest.mouseMove(timeline, at(timeline, 30))
    assert (seen[0], seen[-1]) == (10, 30)


def test_dragging_a_flag_shows_the_frame_and_marks_it_on_release(timeline) -> None:
    es, _ = timeline.flags()["ES"]
    seen: list[int] = []
    marked: list[tuple[str, int]] = []
    timeline.sought.connect(seen.append)
    timeline.marked.connect(lambda name, t: marked.append((name, t)))
    drag(timeline, at(timeline, es, 8), at(timeline, es + 4, 8))
    assert seen[-1] == es + 4
    assert marked == [("ES", es + 4)]


def test_a_click_on_a_flag_goes_there_and_marks_nothing(timeline) -> None:
    es, _ = timeline.flags()["ES"]
    seen: list[int] = []
    timeline.sought.connect(seen.append)
    timeline.marked.connect(lambda *_: pytest.fail("marked"))
    QTest.mouseClick(timeline, LEFT, NONE, at(timeline, es, 8))
    assert seen == [es]


def test_shift_drag_marks_a_range_and_shift_click_takes_it_away(timeline) -> None:
    drag(timeline, at(timeline, 30), at(timeline, 12), SHIFT)
    assert timeline._loops.range == (12, 30)
    QTest.mouseClick(timeline, LEFT, SHIFT, at(timeline, 20))
    assert timeline._loops.range is None


def test_shift_and_arrows_mark_a_range_from_the_playhead_on(timeline) -> None:
    timeline.sought.connect(timeline.set_frame)
    timeline.set_frame(20)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(timeline, key, SHIFT)
    assert timeline._loops.range == (20, 22)


def test_ctrl_wheel_zooms_the_playhead_stays_in_sight_and_a_double_click_shows_all(timeline) -> None:
    wheel(timeline, 10, 6, Qt.KeyboardModifier.ControlModifier)
    assert timeline.scale.zoomed
    timeline.set_frame(55)
    assert 0 < timeline.scale.x_of(55) < timeline.width()
    QTest.mouseDClick(timeline, LEFT, NONE, at(timeline, 55))
    assert not timeline.scale.zoomed


def test_the_wheel_steps_and_plus_zooms(timeline) -> None:
    steps: list[int] = []
    timeline.stepped.connect(steps.append)
    wheel(timeline, 10, 1, NONE)
    wheel(timeline, 10, -1, NONE)
    assert steps == [-1, 1]
    QTest.keyClick(timeline, Qt.Key.Key_Plus)
    assert timeline.scale.zoomed


def test_each_state_has_its_colour_and_its_shape(timeline, qtbot) -> None:
    session = timeline._session
    made = session.editable(5)
    spread = Contour(made.handles, (Origin.PROPAGATED,) * len(made.handles))
    label = session.label.with_contour(5, made.moved(7, 80, 40)).with_contour(9, made.accepted())
    session.edit("test", label.with_contour(13, spread))
    qtbot.waitUntil(lambda: not timeline._soon.isActive())
    codes = paint.states(session)
    assert [codes[t] for t in (4, 5, 9, 13)] == [paint.PREDICTED, paint.CORRECTED, paint.APPROVED, paint.PROPAGATED]
    x = timeline.scale.x_of
    top = paint.STATES_TOP
    assert colour_at(timeline, x(5), top + 1) == DARK.human
    assert colour_at(timeline, x(9), top + 1) == DARK.approved
    assert colour_at(timeline, x(9), top + 4) == DARK.panel, "a line through it"
    assert colour_at(timeline, x(4), top + 1) == DARK.panel, "predicted is half as high"
    assert colour_at(timeline, x(4), top + 6) == DARK.prediction


def test_states_are_told_apart_without_colour() -> None:
    shapes = {(top, height, pattern) for _, top, height, pattern in paint._LOOKS.values()}
    same = {paint.CORRECTED, paint.APPROVED}  # the approved one has a line through it
    assert len(shapes) == len(paint._LOOKS) - len(same) + 1


def test_a_proposal_is_hollow_in_the_timeline_and_a_thin_line_until_it_goes(make_session, timeline) -> None:
    session, contour = timeline._session, timeline._session.editable(5)
    timeline._redraw()
    before = timeline.grab().toImage()
    timeline.show_proposal(dict.fromkeys(range(4, 9), contour))
    timeline._redraw()
    x, top = timeline.scale.edges(), paint.STATES_TOP
    assert set(paint.states(session, {}, range(4, 9))[4:9]) == {paint.PROPOSED}
    assert colour_at(timeline, x[6] + 4, top + 4) == DARK.panel, "hollow"
    assert colour_at(timeline, x[6] + 4, top + 0.5) == DARK.propagated, "with an outline"
    assert "proposed" in timeline._told(at(timeline, 6).x())
    scale = timeline._proposed_px2(session.cine)
    assert np.isfinite(scale[4:9]).all()
    assert np.isnan(scale[9:]).all()
    timeline.show_proposal({})
    timeline._redraw()
    assert timeline.grab().toImage() == before


def test_unsure_frames_are_flagged(make_session) -> None:
    assert set(paint.states(make_session(confidence=0.4))) == {paint.UNSURE_STATE}


def test_the_band_is_what_a_dice_allows() -> None:
    low, high = paint.area_band(np.array([100.0, 100.0, np.nan]), np.array([1.0, 0.9, 0.9]))
    assert (low[0], high[0]) == (100, 100)
    # nested: 2 * low / (low + 100) = 0.9
    assert 2 * low[1] / (low[1] + 100) == pytest.approx(0.9)
    assert 2 * 100 / (high[1] + 100) == pytest.approx(0.9)


def test_the_ecg_has_its_strip_and_r_waves_their_ticks(make_session, timeline, qtbot) -> None:
    ecg = Ecg(-0.2, 220.0, np.sin(9 * np.linspace(-0.2, 3, 700)))
    session = make_session(r_waves_s=(0.8, 1.6), ecg=ecg)
    with_ecg = Timeline(session, Loops(session, Player()))
    qtbot.addWidget(with_ecg)
    assert with_ecg.sizeHint().height() == paint.HEIGHT + paint.ECG_HEIGHT
    with_ecg.resize(800, with_ecg.sizeHint().height())
    picture = with_ecg.grab().toImage()
    strip = [
        (x, y)
        for x in range(14, 780, 3)
        for y in range(with_ecg.height() - paint.ECG_HEIGHT - 4, with_ecg.height() - 8)
        if picture.pixelColor(x, y).name().upper() == DARK.approved
    ]
    assert strip, "the curve is there"
    below = with_ecg.height() - AXIS_HEIGHT - paint.R_HEIGHT
    assert max(y for _, y in strip) < below, "it does not run through the letters of the R waves"


def test_it_is_drawn_anew_in_another_theme(timeline, qapp) -> None:
    theme.apply(qapp, theme.DARK)
    assert colour_at(timeline, 3, 60) == DARK.panel
    theme.apply(qapp, theme.LIGHT)
    try:
        qapp.processEvents()
        assert colour_at(timeline, 3, 60) == theme.LIGHT.panel
    finally:
        theme.apply(qapp, theme.DARK)


def test_a_still_picture_and_no_cine_are_drawn_empty(make_session, timeline) -> None:
    timeline._session.open(None, "", timeline._session.label)
    assert timeline.scale is None
    assert colour_at(timeline, 400, 26) == DARK.panel
    QTest.mouseClick(timeline, LEFT, NONE, QPoint(50, 50))


def test_long_curves_are_thinned_to_what_is_seen() -> None:
    xs, ys = np.linspace(0, 800, 5000), np.sin(np.linspace(0, 30, 5000))
    fewer, values = paint._thinned(xs, ys)
    assert 300 < len(fewer) < 1100
    np.testing.assert_allclose(np.interp(fewer, xs, ys), values, atol=0.01)
    assert paint._thinned(xs[:100], ys[:100])[0].size < 100


def test_the_curve_of_other_weights_is_drawn_in_its_colour_until_another_cine_opens(timeline) -> None:
    def seen() -> int:
        image = timeline.grab().toImage()
        colours = [image.pixelColor(x, y) for x in range(0, image.width(), 3) for y in range(40, image.height())]
        return sum(abs(c.red() - 255) + abs(c.green() - 143) + abs(c.blue() - 199) < 60 for c in colours)

    assert seen() == 0
    timeline.show_other(1.2 * timeline._session.measurements.area_px2)
    assert seen() > 50
    session = timeline._session
    session.open(session.cine, "again", session.label)
    assert seen() == 0


def curve_colours(timeline: Timeline, x: float) -> set[str]:
    """Of the pixels of the curve in a column, without the veil of the band."""
    picture = timeline.grab().toImage()
    known = {DARK.prediction, DARK.human, DARK.approved, DARK.propagated}
    rows = range(paint.CURVE_TOP, timeline.height() - AXIS_HEIGHT)
    near = {picture.pixelColor(round(x) + dx, y).name().upper() for y in rows for dx in (-1, 0, 1)}
    return near & known


def test_the_curve_is_a_persons_only_where_a_person_was(timeline, qtbot) -> None:
    session = timeline._session
    made = session.editable(20)
    moved, spread = made.shifted(2, 0), Contour(made.handles, (Origin.PROPAGATED,) * len(made.handles))
    label = session.label
    for t in range(18, 23):
        label = label.with_contour(t, moved)
    for t in range(40, 44):
        label = label.with_contour(t, spread)
    session.edit("test", label.with_contour(50, session.editable(50).accepted()))
    qtbot.waitUntil(lambda: not timeline._soon.isActive())
    timeline.set_frame(0)
    x = timeline.scale.x_of
    assert DARK.human in curve_colours(timeline, x(20))
    assert DARK.approved in curve_colours(timeline, x(50))
    dotted = set().union(*(curve_colours(timeline, x(42) + dx) for dx in range(-6, 7)))
    assert DARK.propagated in dotted
    elsewhere = set().union(*(curve_colours(timeline, at) for at in np.linspace(x(25), x(38), 20)))
    assert elsewhere == {DARK.prediction}


def test_it_is_not_drawn_between_two_changes_that_follow_each_other(timeline, qtbot, monkeypatch) -> None:
    drawn: list[int] = []
    draw = Timeline.draw_session
    monkeypatch.setattr(Timeline, "draw_session", lambda self: drawn.append(1) or draw(self))
    qtbot.waitUntil(lambda: not timeline._soon.isActive())
    timeline.grab()
    timeline._session.measured.emit()
    QTest.qSleep(40)  # it is time to draw
    drawn.clear()
    timeline._soon.timeout.emit()
    timeline._session.measured.emit()  # an undo comes in between
    QCoreApplication.sendPostedEvents()
    assert not drawn, "the picture and the numbers go first"
    qtbot.waitUntil(lambda: len(drawn) == 1)


def test_one_touched_frame_of_many_is_seen_in_the_curve(make_session, qtbot) -> None:
    session = make_session(frames=1500, beat=50)
    session.edit("test", session.label.with_contour(700, session.editable(700).shifted(3, 0)))
    made = Timeline(session, Loops(session, Player()))
    qtbot.addWidget(made)
    made.resize(800, made.sizeHint().height())
    assert DARK.human in curve_colours(made, made.scale.x_of(700))


def test_the_other_beats_have_their_ticks(make_session, timeline) -> None:
    areas = timeline._session.measurements.area_px2
    flags = timeline.flags()
    found = other_turns(areas, flags)
    assert {name for _, name in found} == {"ED", "ES"}
    assert all(abs(t - flags[name][0]) > 2 for t, name in found)
    assert {t % 20 for t, name in found} == {0, 10}
    t = next(t for t, name in found if name == "ED")
    tick = (paint.FLAGS_HEIGHT + paint.STATES_TOP) // 2
    assert colour_at(timeline, timeline.scale.x_of(t), tick) != DARK.panel


def test_seconds_lie_at_round_times_with_room_between_them() -> None:
    times = np.arange(100) / 50
    shown = seconds_shown(TimeScale.whole(times, 1000))
    assert shown == pytest.approx(np.arange(0, 1.9, 0.2))
    assert seconds_shown(TimeScale.whole(times, 400)) == [0.0, 0.5, 1.0, 1.5]
    close = TimeScale.whole(times, 800).zoom(8, 400)
    assert all(close.start_s <= s <= close.end_s for s in seconds_shown(close))
    assert len(seconds_shown(close)) >= 3
    assert seconds_shown(TimeScale.whole(np.arange(2000) / 20, 800)) == [0, 20, 40, 60, 80]


def test_the_patterns_of_the_states_grow_with_the_screen(qapp):
    """At 200 % every spot of a pattern is two pixels wide and high; Qt's own stays one."""
    scale = TimeScale.whole(np.arange(8) / 25, 320)
    for code, (_, _, _, pattern) in paint._LOOKS.items():
        if pattern in (Qt.BrushStyle.SolidPattern, Qt.BrushStyle.NoBrush):
            continue
        picture = QImage(640, 2 * paint.HEIGHT, QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(2)
        picture.fill(Qt.GlobalColor.black)
        painter = QPainter(picture)
        paint.paint_states(painter, scale, np.full(8, code))
        painter.end()
        pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(2 * paint.HEIGHT, 640, 4)
        spots = pixels.any(2)
        assert spots.any(), paint.STATE_NAMES[code]
        np.testing.assert_array_equal(spots[::2], spots[1::2])


def test_the_size_of_a_frame_is_told_under_the_pointer(timeline) -> None:
    session = timeline._session
    assert f"{session.measurements.area_px2[5]:.0f} px²" in timeline._told(at(timeline, 5).x())
    session.edit("calibrate", replace(session.label, calibration=Calibration(0.5, 0.5)))
    measured = session.measurements
    words = f"{measured.area_mm2[5] / 100:.1f} cm², {measured.volumes[5]:.0f} ml"
    assert words in timeline._told(at(timeline, 5).x())
    session.edit("none", replace(session.label, not_traceable=frozenset({5})))
    assert "cm²" not in timeline._told(at(timeline, 5).x())


@pytest.mark.parametrize(("flags", "side"), [({}, "right"), ({"ED": 59}, "left"), ({"ED": 59, "ES": 0}, "")])
def test_the_curve_has_its_name_where_no_flag_stands(timeline, flags, side) -> None:
    session, width = timeline._session, timeline.width()
    picture = QImage(width, paint.FLAGS_HEIGHT, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    paint_name(painter, timeline.scale, width, {name: (t, False) for name, t in flags.items()}, session.measurements)
    painter.end()
    inked = [x for x in range(width) if any(picture.pixelColor(x, y).lightness() > 60 for y in range(picture.height()))]
    assert {"right": bool(inked) and min(inked) > 500, "left": bool(inked) and max(inked) < 300, "": not inked}[side]


def test_the_name_of_the_curve_has_its_range(make_session) -> None:
    session = make_session()
    areas = session.measurements.area_px2
    assert name_of(session.measurements) == f"Area {areas.min():.0f} to {areas.max():.0f} px²"
    session.edit("calibrate", replace(session.label, calibration=Calibration(0.5, 0.5)))
    assert name_of(session.measurements) == f"Area {areas.min() / 400:.1f} to {areas.max() / 400:.1f} cm²"
    assert name_of(None) == ""
