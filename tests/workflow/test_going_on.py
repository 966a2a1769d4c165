"""Approving ED leads to ES, and ES to the next view of the study: a simulated study on the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.domain.study import Status
from ral.phantom import simulate
from ral.phantom.write import write_dicom

VIEWS = ("A4C", "A2C", "A3C")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for number, view in enumerate(VIEWS):
        write_dicom(folder / f"{number}-{view}.dcm", simulate(20, view, 10, 128))
    return folder


@pytest.fixture
def study(desk, folder):
    """A4C is open and predicted, all three views are listed, and the player stands on ED."""
    desk.workflow.open(folder)
    desk.until(lambda: len(desk.window.cines.model.rows) == 3 and predicted(desk))
    desk.settle()
    desk.window.player.pause()
    desk.window.acts["to_ed"].trigger()
    while desk.window.banner.isVisible():
        desk.window.banner.dismiss()
    return desk


def predicted(desk) -> bool:
    return desk.session.prediction is not None and desk.session.prediction.complete


def approve(desk) -> None:
    QTest.keyClick(desk.window, Qt.Key.Key_A)


def marks(desk) -> tuple[int | None, int | None]:
    return desk.session.measurements.ed, desk.session.measurements.es


def opened(desk, name: str) -> None:
    desk.until(lambda: desk.session.path.endswith(name) and predicted(desk))
    desk.settle()


def words(desk) -> str:
    return desk.window.picture.advice.text()


def test_approving_ed_goes_to_es_and_es_opens_the_next_view_at_its_ed(study) -> None:
    window = study.window
    ed, es = marks(study)
    approve(study)
    assert window.player.t == es
    assert words(study) == f"ED approved (frame {ed + 1}). Now ES."
    assert study.session.path.endswith("A4C.dcm")
    approve(study)
    opened(study, "A2C.dcm")
    assert (window.player.t, window.player.playing) == (marks(study)[0], False)
    assert window.banner.text == "ED and ES of A4C are approved. Next is A2C."
    for name in ("A3C.dcm", ""):
        approve(study)
        approve(study)
        if name:
            opened(study, name)
    study.settle()
    assert study.session.path.endswith("A3C.dcm"), "there is no view left"
    assert words(study) == "ED and ES are approved; Ctrl+Enter approves the cine"


def test_contours_that_were_approved_as_they_were_are_not_called_corrected(study) -> None:
    """Approving a contour does not say that its frame is ED or ES: the cine is approved with a key of its own."""
    window, session = study.window, study.session
    a4c = window.cines.model.rows[session.path]
    for _ in range(2):
        approve(study)
        study.until(lambda: a4c.status is Status.FRAMES_APPROVED, 10)
        assert a4c.state == "frames approved"
    opened(study, "A2C.dcm")
    window.banner._button.click()
    opened(study, "A4C.dcm")
    assert a4c.status is Status.FRAMES_APPROVED
    assert (session.label.ed, session.label.es) == (None, None)
    ed, es = marks(study)
    assert window.judging.reviewing.approve_cine()
    study.settle()
    assert (a4c.status, session.label.ed, session.label.es) == (Status.APPROVED, ed, es)
    window.player.seek(es)
    window.acts["go_on"].trigger()
    session.edit("drag", session.label.with_contour(es, session.editable(es).moved(5, 2, 1)))
    assert a4c.status is Status.CORRECTED, "now something is"


@pytest.mark.parametrize(
    ("said", "role", "then"),
    [
        (True, "lead", "no other view of this study waits"),
        (False, "lead", "Ctrl+Enter approves the cine"),
        (True, "annotator", "Ctrl+Enter submits the cine"),
    ],
)
def test_what_is_left_to_do_is_said_when_there_is_no_other_view(desk, folder, said, role, then) -> None:
    desk.workflow.remember(role=role)
    desk.open_known(folder / "0-A4C.dcm")
    if said:
        desk.workflow.mark_both(*marks(desk))
    desk.window.acts["to_ed"].trigger()
    approve(desk)
    approve(desk)
    desk.settle()
    assert words(desk) == f"ED and ES are approved; {then}"


def test_a_key_that_a_person_chose_is_the_one_that_is_named(desk, folder) -> None:
    window = desk.window
    for key, then in (("Ctrl+P", "Ctrl+P approves the cine"), ("", "approve the cine")):
        window.acts["approve_cine"].setShortcut(key)
        desk.open_known(folder / "0-A4C.dcm")
        window.acts["to_ed"].trigger()
        approve(desk)
        approve(desk)
        desk.settle()
        assert words(desk) == f"ED and ES are approved; {then}"
        desk.session.undo_stack.undo()
        desk.session.undo_stack.undo()


def test_es_may_be_approved_first(study) -> None:
    ed, es = marks(study)
    study.window.acts["to_es"].trigger()
    approve(study)
    assert study.window.player.t == ed
    assert words(study) == f"ES approved (frame {es + 1}). Now ED."


def test_undo_goes_back_to_the_frame_whose_approval_it_takes_back(study) -> None:
    window = study.window
    ed, es = marks(study)
    approve(study)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert study.session.label.empty
    assert window.player.t == ed
    assert words(study) == "Approval of ED taken back"
    approve(study)
    assert window.player.t == es
    study.workflow.overrule_view(study.session.view)  # a later step is undone where one stands
    window.player.seek(0)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.player.t == 0
    assert study.session.label.contour(ed) is not None


def test_the_message_has_the_way_back(study) -> None:
    window = study.window
    _, es = marks(study)
    approve(study)
    approve(study)
    opened(study, "A2C.dcm")
    window.banner._button.click()
    opened(study, "A4C.dcm")
    assert (window.player.t, window.player.playing) == (es, False)
    assert "Next is" not in window.banner.text, "it is over"
    assert len(study.session.label.contours) == 2


def test_whoever_moves_meanwhile_is_not_carried_off_to_ed(study) -> None:
    window, session = study.window, study.session
    approve(study)
    approve(study)
    study.until(lambda: session.path.endswith("A2C.dcm"))
    assert not window.player.playing
    window.player.seek(9)
    opened(study, "A2C.dcm")
    assert window.player.t == 9


def test_where_no_ed_was_known_an_approved_frame_leads_nowhere(study) -> None:
    window, session = study.window, study.session
    contour = session.editable(4)
    session.set_prediction(None)
    study.workflow.edit_contour(4, contour, "draw")
    window.player.seek(4)
    approve(study)
    study.settle()
    assert (session.path.endswith("A4C.dcm"), window.player.t) == (True, 4)


def test_other_frames_stay_where_they_are(study) -> None:
    t = next(t for t in range(10) if t not in marks(study))
    study.window.player.seek(t)
    approve(study)
    assert study.window.player.t == t
    assert words(study) == ""


def test_turned_off_in_the_menu_it_stays_and_that_is_remembered(study, new_desk) -> None:
    window = study.window
    ed, _ = marks(study)
    assert window.acts["go_on"].isChecked()
    menu = window.top_bar.open_button.menu()
    menu.aboutToShow.emit()
    assert window.acts["go_on"] in menu.actions()
    window.acts["go_on"].trigger()
    approve(study)
    assert window.player.t == ed
    study.close()
    again = new_desk()
    assert not again.window.acts["go_on"].isChecked()
