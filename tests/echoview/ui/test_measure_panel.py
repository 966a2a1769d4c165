"""The words under EF: as predicted, how far from it, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from echoview.domain.calibration import Calibration
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.prediction import Prediction
from echoview.ui.measure_panel import MeasurePanel


@pytest.fixture
def make_panel(make_session, qtbot):
    kept = []

    def make(**how):
        session = make_session(**how)
        panel = MeasurePanel(session)
        qtbot.addWidget(panel)
        kept.append(panel)
        return session, panel

    return make


def test_as_predicted_only_while_nothing_was_changed(make_panel) -> None:
    session, panel = make_panel()
    assert panel.was.text() == "single plane, as predicted"
    es = session.measurements.es
    session.edit("approve", session.label.with_contour(es, session.editable(es).accepted()))
    assert panel.was.text().startswith("was ")


def test_another_es_counts_against_the_networks_own(make_panel) -> None:
    session, panel = make_panel()
    own = session.measurements.ef_percent
    session.edit("mark ES", replace(session.label, es=session.measurements.ed + 4))
    now = session.measurements.ef_percent
    assert now < own - 5
    assert panel.was.text() == f"was {own:.0f} %   −{round(own) - round(now)} points"
    session.undo_stack.undo()
    assert panel.was.text() == "single plane, as predicted"


def test_where_there_is_no_ef_its_reason_stands_in_its_place(make_panel) -> None:
    session, panel = make_panel(frames=1)
    assert panel.ef.text() == "–"
    assert panel.was.text() == "one picture: EF needs ED and ES"
    session, panel = make_panel(confidence=0.4)
    assert panel.was.text() == "too many contours are unsure to find ED and ES"
    empty = Prediction(np.full((60, 65, 2), np.nan), np.zeros(60), np.ones(3) / 3, 60, "test", "0", "cpu", 30.0)
    session.set_prediction(empty)
    assert panel.was.text() == "no ventricle was found"


def test_the_pixel_size_is_said_and_who_says_so(make_panel) -> None:
    session, panel = make_panel(calibration=Calibration(0.3084, 0.3084))
    assert panel.reason.text() == "Pixel 0.308 mm, from the file"
    session.edit("calibrate", replace(session.label, calibration=Calibration(0.31, 0.4)))
    assert panel.reason.text() == "Pixel 0.31 × 0.4 mm, given by hand"
    session.undo_stack.undo()
    assert panel.reason.text() == "Pixel 0.308 mm, from the file"
    _, panel = make_panel(calibration_note="The file gives no pixel size.")
    assert panel.reason.text() == "No ml: the file gives no pixel size."


def test_an_ef_that_may_still_change_is_grey(make_panel, qapp) -> None:
    from echoview.ui import theme

    theme.apply(qapp, theme.DARK)
    session, panel = make_panel()
    panel.show()

    def brightest() -> int:
        picture = panel.ef.grab().toImage()
        return max(
            picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())
        )

    whole, made = brightest(), session.prediction
    session.set_prediction(replace(made, done=40))
    assert panel.ef.text() == "93 %"
    assert brightest() < 0.85 * whole
    session.set_prediction(made)
    assert brightest() == whole


def test_ed_and_es_of_two_beats_are_said(make_panel) -> None:
    session, panel = make_panel()
    assert "of two beats" not in panel.notes.text()
    session.edit("mark ED", replace(session.label, ed=20, es=10))
    assert "ES lies before ED: they are of two beats." in panel.notes.text()
    session.undo_stack.undo()
    assert "of two beats" not in panel.notes.text()


def test_ef_and_its_name_stand_on_one_line(make_panel, qapp) -> None:
    from echoview.ui import theme

    theme.apply(qapp, theme.DARK)
    _, panel = make_panel()
    panel.resize(300, 600)
    panel.show()
    name = next(label for label in panel.findChildren(QLabel) if label.text() == "EF")
    picture = panel.grab().toImage()

    def lowest(label: QLabel) -> int:
        rect = label.geometry()
        ground = picture.pixelColor(rect.left(), rect.top() + 1).lightness()
        rows = range(rect.bottom(), rect.top(), -1)
        columns = range(rect.left(), rect.left() + min(rect.width(), 60))
        return next(y for y in rows if any(picture.pixelColor(x, y).lightness() > ground + 60 for x in columns))

    assert abs(lowest(name) - lowest(panel.ef)) <= 1


def test_of_a_cut_file_the_reason_stands_for_the_number_until_a_person_takes_what_is_there(make_panel, qtbot) -> None:
    session, panel = make_panel(missing=30)
    assert panel.ef.isHidden()
    assert panel.doubt.reason.text() == "The file was cut off: 60 of 90 frames are there. ED or ES may be missing."
    assert panel.edv.shown == panel.esv.shown == "–"
    ed, es = session.measurements.ed, session.measurements.es
    with qtbot.waitSignal(panel.instants_wanted, check_params_cb=lambda *said: said == (ed, es)):
        panel.doubt.button.click()
    session.edit("mark", session.label.with_ed(ed).with_es(es))
    assert not panel.ef.isHidden()
    assert panel.ef.text() == f"{session.measurements.ef_percent:.0f} %"
    assert panel.was.text() == "single plane, from 60 of 90 frames"
    assert panel.doubt.isHidden()


def test_where_too_many_contours_are_unsure_a_person_says_ed_and_es(make_panel, qtbot) -> None:
    session, panel = make_panel(confidence=np.where(np.arange(60) < 20, 0.5, 0.93))
    assert panel.ef.isHidden() and session.measurements.ef_percent is None
    assert panel.doubt.reason.text() == "Too many contours are unsure: ED or ES may be among them."
    assert "Unsure in 20 of 60 frames (orange in the timeline)." in panel.notes.text()
    ed, es = session.measurements.ed, session.measurements.es
    with qtbot.waitSignal(panel.instants_wanted, check_params_cb=lambda *said: said == (ed, es)):
        panel.doubt.button.click()
    session.edit("mark", session.label.with_ed(ed).with_es(es))
    assert panel.ef.text() == f"{session.measurements.ef_percent:.0f} %"
    assert panel.doubt.isHidden()


def test_no_negative_ef_is_shown_but_a_button_that_swaps_both(make_panel, qtbot) -> None:
    session, panel = make_panel()
    ed, es = session.measurements.ed, session.measurements.es
    session.edit("mark", session.label.with_ed(es).with_es(ed))
    assert panel.ef.isHidden()
    assert "not smaller at ES" in panel.doubt.reason.text()
    with qtbot.waitSignal(panel.instants_wanted, check_params_cb=lambda *said: said == (ed, es)):
        panel.doubt.button.click()


def test_a_heart_rate_says_how_many_beats_it_rests_on(make_panel, qtbot) -> None:
    _, panel = make_panel(frames=26, beat=20)
    qtbot.waitUntil(lambda: panel.rate._name.text() == "Heart rate from 1 beat, ED to ED")
    _, panel = make_panel(frames=16, beat=20)
    qtbot.waitUntil(panel.rate.isHidden)
    assert panel.no_rate.text() == "No heart rate: no whole beat is seen."


def test_what_a_caliper_measured_stands_among_the_numbers_of_its_frame(make_panel) -> None:
    session, panel = make_panel(calibration=Calibration(0.5, 0.5))
    note = Note(NoteKind.DISTANCE, 4, ((10.0, 10.0), (70.0, 90.0)))
    session.edit("measure", session.label.with_notes((note,)))
    assert panel.calipers.isHidden(), "it is of another frame"
    panel.set_frame(4)
    assert not panel.calipers.isHidden()
    row = panel.calipers.rows[0]
    assert (row._name.text(), row.shown, row._unit.text()) == ("Caliper 1, distance", "5.00", "cm")
    session.undo_stack.undo()
    assert panel.calipers.isHidden()


def units(panel) -> tuple[str, str]:
    return panel.area._unit.text(), panel.length._unit.text()


def test_units_are_those_of_the_open_cine_before_it_has_any_contour(make_panel) -> None:
    session, panel = make_panel(calibration=Calibration(0.5, 0.5))
    known = session.cine
    assert units(panel) == ("cm²", "cm")
    for info, expected in ((replace(known.info, calibration=None), ("px²", "px")), (known.info, ("cm²", "cm"))):
        session.open(known.known_as(info), "another", Label())
        assert panel.area.shown == "–"
        assert units(panel) == expected
    session.open(known.known_as(replace(known.info, calibration=None)), "another", Label())
    session.edit("calibrate", session.label.with_calibration(Calibration(0.2, 0.2)))
    assert units(panel) == ("cm²", "cm"), "a person has calibrated it"


def test_why_a_cine_gets_no_contour_stands_in_the_place_of_its_ef(make_panel) -> None:
    words = "This cine shows colour Doppler: contours are drawn on grey-scale pictures only."
    session, panel = make_panel()
    drawn = {t: session.editable(t) for t in (0, 10)}
    info = replace(session.cine.info, withheld=words)
    session.open(session.cine.known_as(info), "doppler", Label())
    assert panel.ef.isHidden()
    assert panel.was.isHidden()
    assert not panel.doubt.isHidden()
    assert panel.doubt.reason.text() == words
    assert panel.doubt.button.isHidden()
    assert words not in panel.notes.text(), "it is said once"
    session.edit("draw", replace(Label(drawn), ed=0, es=10))
    assert panel.doubt.isHidden()
    assert not panel.ef.isHidden(), "a person drew it all the same"
    assert words in panel.notes.text()
    session.undo_stack.undo()
    session.open(session.cine.known_as(replace(info, withheld="")), "grey", Label())
    assert panel.doubt.isHidden()
    assert not panel.ef.isHidden()
