"""The picture's tools, the keys and the first minute, on the real window with the real sample cine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QTabBar,
    QTabWidget,
    QWidget,
)

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, draw
from echoview.domain.label import Label
from echoview.domain.note import NoteKind
from echoview.learning import Stage
from echoview.measure.mmode import along_line, line_positions
from echoview.ui import dialogs, theme
from echoview.ui.keymap import KeyMap
from echoview.ui.tool_strip import ToolStrip
from echoview.ui.tools import Tool
from echoview.ui.widgets import Message

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def opened(desk, sample):
    desk.open_known(sample)
    desk.window.player.seek(3)
    desk.until(lambda: desk.session.cine.cached(3) is not None)
    return desk


def on_screen(desk, x: float, y: float) -> QPoint:
    view = desk.window.view
    return view.mapFromScene(view.box.mapViewToScene(QPointF(x, y)))


def click(desk, *points: tuple[float, float], keys=NONE) -> None:
    port = desk.window.view.viewport()
    for point in points:
        QTest.mouseMove(port, on_screen(desk, *point))
        QTest.mouseClick(port, LEFT, keys, on_screen(desk, *point))


def drag(desk, start: tuple[float, float], end: tuple[float, float]) -> None:
    port = desk.window.view.viewport()
    QTest.mousePress(port, LEFT, NONE, on_screen(desk, *start))
    QTest.mouseMove(port, on_screen(desk, *(np.add(start, end) / 2)))
    QTest.mouseRelease(port, LEFT, NONE, on_screen(desk, *end))


def test_distances_by_drag_and_by_clicks_are_kept_undone_and_come_back(opened, sample) -> None:
    session = opened.session
    opened.window.acts["caliper"].trigger()
    drag(opened, (60, 60), (60, 160))
    click(opened, (200, 60), (240, 90))
    kept = session.label.notes
    assert [(note.kind, note.t) for note in kept] == [(NoteKind.DISTANCE, 3)] * 2
    np.testing.assert_allclose(kept[0].points, [(60, 60), (60, 160)], atol=1)
    np.testing.assert_allclose(kept[1].points, [(200, 60), (240, 90)], atol=1)
    QTest.keyClick(opened.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.label.notes == kept[:1]
    opened.settle()
    opened.open(sample)
    np.testing.assert_allclose(session.label.notes[0].points, kept[0].points, atol=0.001)


def test_an_end_of_a_distance_is_moved_and_alt_click_deletes_it(opened) -> None:
    session = opened.session
    opened.window.acts["caliper"].trigger()
    drag(opened, (60, 60), (60, 160))
    drag(opened, (60, 160), (90, 160))
    (note,) = session.label.notes
    np.testing.assert_allclose(note.points, [(60, 60), (90, 160)], atol=1.5)
    click(opened, (60, 60), keys=Qt.KeyboardModifier.AltModifier)
    assert session.label.notes == ()


def test_an_area_is_closed_by_enter_a_double_click_or_its_first_corner(opened) -> None:
    session, window = opened.session, opened.window
    corners = ((180, 60), (220, 60), (220, 90))
    window.acts["caliper_area"].trigger()
    click(opened, *corners)
    QTest.keyClick(window, Qt.Key.Key_Return)
    click(opened, *((x, y + 50) for x, y in corners), (180, 110))
    click(opened, *((x - 100, y) for x, y in corners))
    QTest.mouseDClick(window.view.viewport(), LEFT, NONE, on_screen(opened, 120, 90))
    notes = session.label.notes
    assert [(note.kind, len(note.points)) for note in notes] == [(NoteKind.AREA, 3)] * 3
    assert session.measurements is not None, "a note is no contour"


def test_escape_and_another_frame_end_a_measurement_that_was_begun(opened) -> None:
    session, window = opened.session, opened.window
    window.acts["caliper"].trigger()
    click(opened, (60, 60))
    window.player.step(1)
    click(opened, (70, 70))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert session.label.notes == ()
    assert window.acts["point"].isChecked()
    assert not any(tool.active for tool in window.picture.calipers.tools)


@pytest.fixture
def two_pictures(sample, tmp_path) -> Path:
    """The sample, said to be two pictures beside each other: 0.5 mm a pixel left, 0.25 mm right."""
    file = pydicom.dcmread(sample)
    halves = []
    for left, mm in ((0, 0.5), (162, 0.25)):
        half = pydicom.Dataset()
        half.RegionSpatialFormat, half.RegionDataType, half.RegionFlags = 1, 1, 2
        half.RegionLocationMinX0, half.RegionLocationMaxX1 = left, left + 157
        half.RegionLocationMinY0, half.RegionLocationMaxY1 = 0, 239
        half.PhysicalUnitsXDirection = half.PhysicalUnitsYDirection = 3
        half.PhysicalDeltaX = half.PhysicalDeltaY = mm / 10
        halves.append(half)
    file.SequenceOfUltrasoundRegions = halves
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    file.save_as(tmp_path / "two.dcm")
    return tmp_path / "two.dcm"


def test_a_contour_is_measured_by_the_pixel_size_of_the_picture_that_it_lies_in(desk, two_pictures) -> None:
    desk.open(two_pictures)
    session, panel = desk.session, desk.window.measure_panel
    assert session.cine.calibration is None, "the frame as a whole has no pixel size"

    def draw_at(x: float, size: float) -> Contour:
        return draw([(x, 120), (x + size, 20), (x + 2 * size, 120)])

    def only(ed: Contour, es: Contour) -> None:
        others = frozenset(range(2, len(session.cine)))
        desk.workflow.edit("draw", Label({0: ed, 1: es}, not_traceable=others, ed=0, es=1))

    only(draw_at(20, 30), draw_at(25, 20))
    left = session.measurements.edv_ml
    assert session.calibration.x_mm == pytest.approx(0.5)
    assert panel.edv.isVisible()
    only(draw_at(200, 30), draw_at(205, 20))
    assert session.calibration.x_mm == pytest.approx(0.25)
    assert session.measurements.edv_ml == pytest.approx(left / 8), "half as long each way"
    only(draw_at(200, 30), draw_at(25, 20))
    assert session.measurements.edv_ml is None, "ED and ES in pictures of different sizes say nothing"
    desk.workflow.edit("draw", Label({}, not_traceable=session.label.not_traceable | {0, 1}))
    desk.workflow.edit_contour(0, draw_at(200, 30), "draw")
    assert session.calibration.x_mm == pytest.approx(0.25), "the first contour tells which picture it is"


def test_each_picture_in_a_frame_is_measured_by_its_own_pixel_size(desk, two_pictures) -> None:
    desk.open(two_pictures)
    desk.window.acts["caliper"].trigger()
    for start, end in (((40, 60), (40, 160)), ((220, 60), (220, 160)), ((100, 200), (200, 200))):
        drag(desk, start, end)
    item = desk.window.picture.calipers.item
    value, unit = zip(*(text.split() for _, text in item.shown), strict=True)
    assert [float(v) for v in value] == pytest.approx([5.0, 2.5, 100], rel=0.02)
    assert unit == ("cm", "cm", "px"), "from one picture into the other there is no length"


def test_the_contour_is_not_touched_while_a_caliper_is_in_the_hand(opened) -> None:
    x, y = opened.session.editable(3).handles[7]
    opened.window.acts["caliper"].trigger()
    drag(opened, (x, y), (x + 20, y + 20))
    assert not opened.session.label.contours
    assert len(opened.session.label.notes) == 1


def test_mmode_shows_the_line_of_every_frame_and_seeks(opened) -> None:
    window, cine = opened.window, opened.session.cine
    window.acts["mmode"].trigger()
    click(opened, (150, 30), (160, 200))
    opened.settle()
    strip = window.picture.mmode.strip
    assert strip.isVisible()
    line = window.picture.mmode.line.line()
    positions = line_positions((line.x1(), line.y1()), (line.x2(), line.y2()))
    assert strip.picture.shape == (len(positions), len(cine))
    for t in (0, 11, 29):
        np.testing.assert_array_equal(strip.picture[:, t], along_line(cine.frame(t), positions))
    QTest.mouseClick(strip, LEFT, NONE, QPoint(strip.width() - 15, 40))
    assert window.player.t == len(cine) - 1
    window.picture.mmode.close()
    assert not strip.isVisible()


def test_flicker_shows_the_prediction_and_nothing_can_be_dragged_meanwhile(opened) -> None:
    session, window = opened.session, opened.window
    made = session.editable(3)
    opened.workflow.edit_contour(3, made.pulled(10, *(made.handles[10] + (9, 0))), "move point")
    item = window.view.contour_item
    mine = item.points
    window.acts["flicker"].trigger()
    np.testing.assert_array_equal(item.points, session.prediction.contours[3])
    assert window.view.hand.editable() is None
    window.acts["flicker"].trigger()
    np.testing.assert_array_equal(item.points, mine)


def test_the_next_corrected_frame_is_a_key_away(opened) -> None:
    window = opened.window
    for t in (2, 9):
        opened.workflow.accept(t)
    alt = Qt.KeyboardModifier.AltModifier
    QTest.keyClick(window, Qt.Key.Key_Right, alt)
    assert window.player.t == 9
    QTest.keyClick(window, Qt.Key.Key_Left, alt)
    QTest.keyClick(window, Qt.Key.Key_Left, alt)
    assert window.player.t == 2


def test_a_flag_dragged_in_the_timeline_is_the_label_s(opened) -> None:
    timeline = opened.window.transport.timeline
    es = opened.session.measurements.es
    start = QPoint(round(timeline.scale.x_of(es)), 8)
    end = QPoint(round(timeline.scale.x_of(es + 2)), 8)
    QTest.mousePress(timeline, LEFT, NONE, start)
    QTest.mouseMove(timeline, end)
    QTest.mouseRelease(timeline, LEFT, NONE, end)
    assert opened.session.label.es == es + 2 == opened.session.measurements.es


SPOKEN = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QGraphicsView, QLineEdit,
    QProgressBar, QTabBar, QTabWidget,
)  # fmt: skip


def test_every_control_has_a_name_for_the_screen_reader(opened) -> None:
    """What a screen reader is told: an accessible name, or the words on it."""

    def name(widget: QWidget) -> str:
        return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip()

    window = opened.window
    known = [
        widget
        for widget in window.findChildren(QWidget)
        if (isinstance(widget, SPOKEN) or widget.focusPolicy() != Qt.FocusPolicy.NoFocus)
        and not isinstance(widget, QScrollBar | QMenu)
        and not isinstance(widget.parent(), QAbstractScrollArea)
        and not widget.objectName().startswith("qt_")
        and not (isinstance(widget, QAbstractButton) and not widget.text() and widget is window.banner._button)
    ]
    nameless = [f"{type(w).__name__} in {type(w.parent()).__name__}" for w in known if not name(w)]
    assert len(known) > 80
    assert nameless == []
    bare = QPushButton(window)
    assert name(bare) == "", "a button without words or name would be found"
    bare.deleteLater()


def test_f6_goes_round_the_zones_and_each_shows_that_it_has_the_keyboard(opened) -> None:
    window = opened.window
    window.activateWindow()
    window.view.setFocus()
    seen = []
    for _ in range(5):
        before = window.grab().toImage()
        window.acts["next_zone"].trigger()
        seen.append(window.focusWidget())
        assert window.grab().toImage() != before, f"nothing shows the focus on {seen[-1]}"
    assert window.transport.timeline in seen
    assert window.view in seen
    assert len(set(seen)) >= 4


def test_f1_shows_the_keys_and_a_key_is_changed_with_a_warning(opened) -> None:
    window, overlay = opened.window, opened.window.keys_overlay
    window.acts["keys"].trigger()
    assert overlay.isVisible()
    overlay.buttons["invert"].click()
    QTest.keyClick(overlay, Qt.Key.Key_F)
    assert "Fit picture" in overlay.said.text()
    assert window.acts["fit"].shortcut().toString() == "F", "not before it was said yes"
    overlay.take.click()
    assert window.acts["invert"].shortcut().toString() == "F"
    assert window.acts["fit"].shortcuts() == []
    assert KeyMap(opened.workflow.settings.keys).keys("invert") == ("F",)
    overlay.reset.click()
    assert window.acts["fit"].shortcut().toString() == "F"
    overlay.buttons["predict"].click()
    QTest.keyClick(overlay, Qt.Key.Key_Escape)
    assert overlay.isVisible(), "the first Esc ends the question"
    QTest.keyClick(overlay, Qt.Key.Key_Escape)
    assert not overlay.isVisible()


def test_the_first_steps_go_as_they_are_done_and_do_not_come_back(opened, sample) -> None:
    steps = opened.window.picture.steps
    assert steps.left == ["play", "correct", "approve"]
    opened.window.acts["approve"].trigger()
    assert steps.left == ["play", "correct"]
    QTest.keyClick(opened.window.view, Qt.Key.Key_Space)
    made = opened.session.editable(3)
    opened.workflow.edit_contour(3, made.moved(7, *made.handles[7]), "move point")
    assert steps.left == []
    assert not steps.isVisible()
    assert opened.workflow.settings.steps_done == ("approve", "play", "correct")


def test_a_message_and_the_first_steps_do_not_cover_each_other(opened) -> None:
    window, steps = opened.window, opened.window.picture.steps
    window.resize(900, 600)
    while window.banner.isVisible():
        window.banner.dismiss()

    def room(widget) -> QRect:
        return QRect(widget.mapTo(window, QPoint()), widget.size())

    low = room(steps)
    window.banner.say(Message("No range is marked.", "Shift+drag along the timeline marks one."))
    assert room(window.banner).intersects(low)
    assert not room(window.banner).intersects(room(steps))
    window.banner.dismiss()
    assert room(steps) == low


def test_the_light_theme_is_kept_and_the_picture_stays_dark(opened, qapp) -> None:
    window = opened.window
    try:
        window.acts["theme"].trigger()
        assert opened.workflow.settings.daylight
        picture = window.grab().toImage()
        bar = window.transport.mapTo(window, QPoint(window.transport.width() // 2, 20))
        assert picture.pixelColor(bar).name().upper() == theme.LIGHT.panel
        corner = window.view.mapTo(window, QPoint(4, 4))
        assert picture.pixelColor(corner).lightness() < 40
        for zone in (window.top_bar, window.inspector, window.transport, window.keys_overlay, window.picture.controls):
            assert _dark_share(zone) < 0.12, f"{type(zone).__name__} is not light"
    finally:
        window.acts["theme"].trigger()


def _dark_share(widget: QWidget) -> float:
    """Of its pixels; words take some."""
    shown = widget.grab().toImage()
    spots = [(x, y) for x in range(0, shown.width(), 4) for y in range(0, shown.height(), 4)]
    return sum(shown.pixelColor(*spot).lightness() < 110 for spot in spots) / len(spots)


def test_the_look_and_the_overlay_are_there_at_the_next_start(new_desk, sample) -> None:
    first = new_desk()
    controls = first.window.picture.controls
    controls.colours.setCurrentIndex(controls.colours.findData("bronze"))
    controls.shown["disks"].setChecked(True)
    first.close()
    second = new_desk()
    assert second.window.view.look.colours == "bronze"
    assert second.window.view.contour_item.overlay.disks


def test_asking_for_the_name_leaves_the_contour_in_sight(opened, qtbot) -> None:
    window = opened.window
    room, said = [], []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        room.append(dialog.frameGeometry())
        said.append(" ".join([dialog.windowTitle(), *(label.text() for label in dialog.findChildren(QLabel))]))
        dialog.reject()

    from PySide6.QtCore import QTimer

    QTimer.singleShot(200, look)
    assert dialogs.ask_annotator(window) == ""
    picture = window.view.rect().translated(window.view.mapToGlobal(QPoint(0, 0)))
    assert room[0].left() >= picture.right() - 40
    assert "every correction and measurement you make" in said[0], "it is asked for a caliper too"


def test_training_is_seen_in_the_top_bar(opened) -> None:
    from echoview.ui.training_line import TrainingLine

    (line,) = opened.window.top_bar.findChildren(TrainingLine)
    assert not line.isVisible()
    opened.workflow.edit_contour(3, opened.session.editable(3).moved(7, 150, 60), "move point")
    opened.settle()
    texts: list[str] = []
    opened.app.learning.event_read.connect(lambda event: texts.append(line._text.text()))
    opened.fine_tune(2)
    assert any(text.startswith("Training step") for text in texts)
    assert not line.isVisible(), "it is over"


def test_calibrated_pixels_that_are_not_square_keep_the_picture_in_shape(opened) -> None:
    opened.workflow.calibrate(Calibration(0.4, 0.2))
    across, down = opened.window.view.box.viewPixelSize()
    assert down == pytest.approx(2 * across, rel=1e-3)


def test_depth_marks_are_found_ringed_and_calibrate_on_a_click(opened) -> None:
    window = opened.window
    window.banner.dismiss()
    window.acts["calibrate"].trigger()
    opened.until(lambda: "depth marks" in window.banner.text)
    assert window.picture.calibrating.rings.isVisible()
    assert opened.session.calibration is None, "not before the click"
    window.banner._button.click()
    assert opened.session.calibration.y_mm == pytest.approx(1.02, abs=0.02)
    assert opened.session.measurements.edv_ml is not None
    assert not window.picture.calibrating.rings.isVisible()
    assert window.view.tool is Tool.POINT, "the tool has done its work"
    assert window.acts["point"].isChecked()


def test_an_offer_to_calibrate_moves_nothing_and_goes_with_the_tool(opened) -> None:
    window = opened.window
    window.banner.dismiss()
    before = window.view.mapTo(window, QPoint(0, 0)), window.view.size()
    window.acts["calibrate"].trigger()
    opened.until(lambda: "depth marks" in window.banner.text)
    assert (window.view.mapTo(window, QPoint(0, 0)), window.view.size()) == before
    over = window.banner.geometry().translated(window.banner.parentWidget().mapTo(window, QPoint(0, 0)))
    assert window.view.rect().translated(before[0]).contains(over), "it lies over the picture"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.view.tool is Tool.POINT
    assert not window.banner.isVisible()
    assert opened.session.calibration is None


def test_ed_and_es_stand_side_by_side_and_follow_corrections(opened) -> None:
    session, window = opened.session, opened.window
    side, measured = window.picture.layouts.ed_es, session.measurements
    window.acts["side_by_side"].trigger()
    assert (window.player.t, side.t) == (measured.ed, measured.es)
    opened.settle()
    np.testing.assert_array_equal(side.view.frame_item.frame, session.cine.frame(measured.es))
    np.testing.assert_array_equal(side.view.contour_item.points, session.prediction.contours[measured.es])
    opened.workflow.mark_es(measured.es)  # a correction would choose another
    made = session.editable(measured.es)
    opened.workflow.edit_contour(measured.es, made.pulled(10, *(made.handles[10] + (5, 0))), "move point")
    assert side.t == session.measurements.es
    mine = session.contour(side.t)
    np.testing.assert_allclose(side.view.contour_item.points[0], mine.handles[0])
    es = side.t
    QTest.mouseClick(side, LEFT, NONE, QPoint(60, 60))
    assert (window.player.t, side.t) == (es, session.measurements.ed), "now it is the other way round"
    window.view.zoom(2)
    np.testing.assert_allclose(side.view.box.viewRange(), window.view.box.viewRange(), atol=2)
    window.acts["side_by_side"].trigger()
    assert not side.isVisible()


def test_another_library_that_is_joined_keeps_its_measurements_and_ours(new_desk, sample, tmp_path) -> None:
    libraries = [str(tmp_path / f"{name}.sqlite") for name in ("one", "two")]
    for library, y in zip(libraries, (60, 90), strict=True):
        desk = new_desk(library)
        desk.open(sample)
        desk.window.acts["caliper"].trigger()
        drag(desk, (60, y), (60, y + 50))
        desk.settle()
        if library == libraries[1]:
            desk.workflow.keeping.use_library(libraries[0])
            desk.until(lambda desk=desk: len(desk.session.label.notes) == 2)
            tops = [round(note.points[0][1]) for note in desk.session.label.notes]
            assert sorted(tops) == pytest.approx([60, 90], abs=1)
        desk.close()


def test_the_panels_follow_the_theme(desk) -> None:
    """Curves and signs are painted by us: no style sheet reaches them."""
    from echoview.ui import theme

    panel = desk.window.learn_panel

    def seen() -> tuple[str, str]:
        return panel.curves.backgroundBrush().color().name(), panel.scores.getAxis("left").textPen().color().name()

    assert seen() == (theme.DARK.ground.lower(), theme.DARK.quiet.lower())
    try:
        desk.window.acts["theme"].trigger()
        assert seen() == (theme.LIGHT.ground.lower(), theme.LIGHT.quiet.lower())
    finally:
        desk.window.acts["theme"].trigger()
    assert seen() == (theme.DARK.ground.lower(), theme.DARK.quiet.lower())


def _clipped(window) -> list[str]:
    """Buttons of the bars and of the list that have less room than they need."""
    bars = (window.top_bar, window.transport, window.findChild(ToolStrip), window.cines)
    buttons = [b for bar in bars for b in bar.findChildren(QAbstractButton) if b.isVisible()]
    buttons = [b for b in buttons if b is not window.cines.bar.source]  # a folder's name may be as long as it likes
    assert len(buttons) > 25
    return [
        f"{b.accessibleName() or b.text()}: {b.width()} of {b.sizeHint().width()} px"
        for b in buttons
        if b.width() < b.sizeHint().width() or b.visibleRegion().boundingRect() != b.rect()
    ]


def test_nothing_is_clipped_in_a_small_window_and_the_list_makes_room(opened, tmp_path, sample) -> None:
    window = opened.window
    for width in (800, 1280):
        window.resize(width, 720)
        QTest.qWait(20)
        assert window.inspector.width() >= 300, "a list that is not shown takes no room from it"
    for name in ("IM_1.dcm", "IM_2.dcm"):
        (tmp_path / name).write_bytes(sample.read_bytes())
    opened.workflow.studies.list_folder(tmp_path)
    opened.until(lambda: len(window.cines.model.rows) == 2)
    for width, height in ((1280, 720), (768, 432), (1024, 576), (1280, 720)):
        window.resize(width, height)
        QTest.qWait(60)
        assert (window.width(), window.height()) == (width, height)
        assert window.cines.folded is (width < 980)
        assert window.cines.kept()["worklist_shown"], "a person has not folded it"
        assert _clipped(window) == [], (width, height)
        assert window.inspector.width() >= 300
        counter = window.transport.counter
        assert window.transport.rect().contains(counter.geometry())
        assert counter.width() >= counter.sizeHint().width()
        assert window.view.height() >= 150
        window.picture.controls.toggle()
        assert window.picture.controls.parentWidget().rect().contains(window.picture.controls.geometry())
        window.picture.controls.toggle()


def test_nothing_moves_sideways_when_speed_or_loop_change(opened) -> None:
    window = opened.window
    window.resize(1280, 800)
    QTest.qWait(60)
    bar = window.transport
    buttons = bar.findChildren(QAbstractButton)
    before = [button.geometry() for button in buttons]
    for number in range(6):
        window.acts["slower" if number < 4 else "faster"].trigger()
        window.acts["loop_over"].trigger()
        QTest.qWait(10)
        assert [button.geometry() for button in buttons] == before, (bar.speed.text(), bar.over.text())
    chosen = [action.text() for action in bar.speed.menu().actions() if action.isChecked()]
    assert chosen == [bar.speed.text()]


def test_the_menu_says_how_to_mark_a_range_and_which_one_is_marked(opened) -> None:
    window, line = opened.window, opened.window.transport.timeline
    loops, menu = window.loops, window.transport.over.menu()

    def entry():
        menu.aboutToShow.emit()
        return next(action for action in menu.actions() if action.text().startswith("Marked range"))

    assert (entry().isEnabled(), entry().text()) == (False, "Marked range: Shift+drag in the timeline marks one")
    window.acts["loop_over"].trigger()
    assert loops.range is None
    x = line.scale.x_of
    at = [QPoint(round(x(t)), line.height() // 2) for t in (5, 9)]
    QTest.mousePress(line, LEFT, Qt.KeyboardModifier.ShiftModifier, at[0])
    QTest.mouseMove(line, at[1])
    QTest.mouseRelease(line, LEFT, Qt.KeyboardModifier.ShiftModifier, at[1])
    assert window.player.span == (5, 9)
    next(action for action in menu.actions() if action.text() == "Whole cine").trigger()
    assert (entry().isEnabled(), entry().text()) == (True, "Marked range: frames 6 to 10")
    assert window.player.span == (0, len(opened.session.cine) - 1)
    QTest.mouseClick(line, LEFT, Qt.KeyboardModifier.ShiftModifier, at[0])
    assert not entry().isEnabled()


def test_curves_of_a_training_have_its_steps_and_no_dice_beyond_one(desk) -> None:
    panel = desk.window.learn_panel
    for event in (
        {"event": "validated", "step": 0, "of": 40, "corrected": 0.93},
        {"event": "step", "step": 1, "of": 40, "loss": 0.2},
        {"event": "validated", "step": 5, "of": 40, "corrected": 0.931},
    ):
        panel._event(event)
    for plot in (panel.curves, panel.scores):
        (first, last), _ = plot.viewRange()
        assert -4 <= first <= 0 < 40 <= last <= 44
    low, high = panel.scores.viewRange()[1]
    assert high <= 1 and high - low >= 0.0499, "figures of two decimals stand at the axis"


def test_the_keyboard_stays_in_learn_when_its_button_goes(desk) -> None:
    window, learning = desk.window, desk.app.learning
    window.inspector.setCurrentIndex(window.inspector.count() - 1)
    window.activateWindow()
    learning._to(Stage.TRAINING)
    window.learn_panel.cancel.setFocus()
    learning._to(Stage.IDLE)
    assert window.focusWidget() is window.learn_panel
    window.learn_panel.back.show()
    window.learn_panel.back.setFocus()
    window.learn_panel.refresh()
    assert not window.learn_panel.back.isVisible(), "nothing was adopted"
    assert window.focusWidget() is window.learn_panel


def test_the_terms_of_a_set_go_with_it(desk):
    """The set that the app starts with is for research; the other one is free."""
    assert "for research only" in desk.window.banner.text
    free = next(one for one in desk.workflow.registry.sets() if not one.research_only)
    research = desk.session.weights
    desk.workflow.choose_weights(free.identity)
    assert desk.window.banner.text == ""
    desk.workflow.choose_weights(research.identity)
    assert "for research only" in desk.window.banner.text
