"""Judging, commenting, reading blinded and deciding in the real window; mostly without the network, which is quick."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.comparing import Comparing
from echoview.domain.calibration import Calibration
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.review import FIRST, ActKind, Issue, Reading, ReadKind, Role
from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.measure.agreement import Kind, summary
from echoview.services.agreement import COLUMNS, pairs, write_table
from echoview.services.history import Entry
from echoview.services.studies import standings
from echoview.store import new_act, open_library
from echoview.store.engines import sqlite_url
from echoview.ui.agreement_dialog import AgreementDialog


def heart(width: float, top: float = 70.0) -> object:
    """A cavity of that half width in the sample's picture, drawn by hand."""
    return draw([(150 - width, 170), (150 - width, 120), (150, top), (150 + width, 120), (150 + width, 170)])


def traced(ed: float = 40.0, es: float = 30.0) -> Label:
    return Label({2: heart(ed), 9: heart(es, 85)}, ed=2, es=9)


def sit(new_desk, who: str, role: str = "lead", **known):
    desk = new_desk(who=who, review_only=True)
    desk.workflow.remember(role=role, **known)
    desk.window.inspector.setCurrentIndex(1)
    desk.window.judging.reviewing.changed.emit()
    return desk


def trace(desk, label: Label) -> None:
    desk.workflow.edit("draw", label)
    desk.settle()


def key(desk, what: Qt.Key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    desk.window.activateWindow()
    desk.window.view.setFocus()
    QTest.keyClick(desk.window.view, what, modifier)
    desk.settle()


def record_of(desk):
    return desk.workflow.library.record(desk.session.cine.info.identity)


def test_frames_and_the_cine_are_judged_with_keys_and_the_verdicts_stay(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    review, player = desk.window.judging.reviewing, desk.window.player
    assert review.status is Status.APPROVED, "complete, by a lead, and nobody has said otherwise"
    player.seek(2)
    key(desk, Qt.Key.Key_X)
    assert review.frame_status(2) is Status.REJECTED
    player.seek(9)
    key(desk, Qt.Key.Key_W)
    key(desk, Qt.Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    assert (review.frame_status(9), review.status) == (Status.SECOND_READ, Status.REJECTED)
    assert desk.window.transport.timeline._judged == {2: Status.REJECTED, 9: Status.SECOND_READ}
    panel = desk.window.judging.panel
    assert panel.cine.word.text() == "Rejected"
    assert "Rejected by Dr A (lead)" in panel.cine.said.text()
    desk.close()
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    review = desk.window.judging.reviewing
    assert (review.status, review.frame_status(2)) == (Status.REJECTED, Status.REJECTED)
    desk.workflow.edit_contour(2, heart(42), "move point")
    assert review.status is Status.SECOND_READ, "it was mended, and frame 10 still waits"
    assert review.frame_status(2) is Status.CORRECTED
    desk.session.undo_stack.undo()
    assert review.status is Status.REJECTED, "it is as it was when it was rejected"
    desk.session.undo_stack.redo()
    desk.window.player.seek(2)
    key(desk, Qt.Key.Key_A)
    assert review.frame_status(2) is Status.APPROVED
    review.withdraw(2)
    assert review.frame_status(2) is Status.CORRECTED
    desk.settle()
    kinds = [act.kind for act in record_of(desk).trail.acts]
    assert kinds == [ActKind.REJECT, ActKind.SECOND_READ, ActKind.REJECT, ActKind.APPROVE, ActKind.WITHDRAW]


def test_issues_and_comments_are_said_found_resolved_and_kept(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    player, panel = desk.window.player, desk.window.judging.panel
    player.seek(4)
    key(desk, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert panel.comments.issues[Issue.ANNULUS].isChecked()
    player.seek(5)
    assert not panel.comments.issues[Issue.ANNULUS].isChecked(), "it is of frame 5, not of frame 6"
    panel.comments.cine_scope.click()
    panel.comments.issues[Issue.VIEW].click()
    panel.comments.line.setText("  dark apex ")
    QTest.keyClick(panel.comments.line, Qt.Key.Key_Return)
    desk.settle()
    said = [(one.act.t, one.words, one.closed) for one in desk.window.judging.reviewing.comments]
    assert said == [(4, "annulus off", None), (None, "wrong view", None), (None, "dark apex", None)]
    assert desk.window.transport.timeline._commented == {4}
    listing = panel.comments.list
    listing.itemClicked.emit(listing.item(0))
    assert player.t == 4, "a click goes to its frame"
    listing.setCurrentRow(0)
    panel.comments.close_button.click()
    desk.settle()
    assert desk.window.transport.timeline._commented == frozenset()
    assert panel.comments.head.text() == "2 open, 1 resolved"
    desk.close()
    desk = sit(new_desk, "Dr B", "annotator")
    desk.open_known(sample)
    [first, *_] = desk.window.judging.reviewing.comments
    assert (first.act.who, first.closed.who) == ("Dr A", "Dr A")
    desk.window.judging.reviewing.reopen(first)
    assert desk.window.judging.reviewing.comments[0].closed is None
    desk.settle()


def test_the_history_says_who_did_and_said_what(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    desk.workflow.edit_contour(9, heart(33, 85), "move point")
    desk.settle()  # it is dated when it is written
    desk.window.judging.reviewing.raise_issue(Issue.APEX, 4)
    desk.settle()
    history = desk.window.judging.panel.history
    desk.window.resize(1280, 720)
    desk.window.inspector.setCurrentIndex(1)
    port = history.parentWidget().parentWidget()
    history.button.click()
    desk.settle()
    foot = lambda: history.list.mapTo(port, history.list.rect().bottomLeft()).y()  # noqa: E731
    desk.qtbot.waitUntil(lambda: 0 < foot() <= port.height(), timeout=5_000)
    words = [history.list.item(row).text().split(", 20")[0] for row in range(history.list.count())]
    assert words == ["Apex foreshortened, frame 5\nDr A", "Move point, frame 10\nDr A", "Draw\nDr A"]
    history.list.itemClicked.emit(history.list.item(1))
    assert desk.window.player.t == 9


def test_an_older_version_of_a_frame_comes_back_as_one_more_edit_and_can_be_undone(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open(sample)
    older, newer = heart(33, 85), heart(30, 80)
    desk.workflow.edit_contour(9, older, "move point")
    desk.workflow.edit_contour(9, newer, "nudge")
    desk.workflow.edit_contour(4, heart(31, 82), "draw")
    desk.settle()
    history, session = desk.window.judging.panel.history, desk.session
    desk.window.inspector.setCurrentIndex(1)
    assert not history.back.isVisible()
    history.button.click()
    desk.settle()
    assert not history.back.isEnabled(), "nothing is chosen"
    history.list.setCurrentRow(2)
    assert history.list.currentItem().text().startswith("Move point, frame 10")
    assert history.back.text() == "Bring back frame 10"
    history.back.click()
    desk.settle()
    back = session.label.contour(9)
    np.testing.assert_allclose(back.handles, older.handles, atol=0.001)
    assert back.origins == older.origins
    assert session.label.contour(4) is not None, "other frames stay"
    identity = session.cine.info.identity
    done = desk.workflow.library.history(identity)
    assert [one.tool for one in done] == [
        "move point, frame 10", "nudge, frame 10", "draw, frame 5", "back to revision 1, frame 10",
    ]  # fmt: skip
    assert done[-1].annotator == "Dr A"
    held = desk.workflow.library.load(session.cine).label.contour(9)
    np.testing.assert_array_equal(held.handles, back.handles)
    session.undo_stack.undo()
    assert session.label.contour(9) is newer
    desk.settle()
    assert len(desk.workflow.library.history(identity)) == 5, "nothing goes from the history"
    history.list.setCurrentRow(3)
    history.back.click()
    desk.settle()
    assert "That version is what is shown." in desk.refusals[-1]


def test_an_edit_that_was_a_revert_brings_the_prediction_back(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open(sample)
    desk.workflow.edit_contour(9, heart(33, 85), "move point")
    desk.workflow.revert(9)
    desk.workflow.edit_contour(9, heart(30, 80), "nudge")
    desk.settle()
    [_, reverted, _] = desk.workflow.library.history(desk.session.cine.info.identity)
    review = desk.window.judging.reviewing
    review.bring_back(Entry(reverted.made_at, "Dr A", reverted.tool, 9, False, False, reverted.number, reverted.frames))
    desk.settle()
    assert desk.session.label.contour(9) is None


def test_an_annotator_submits_and_a_reviewer_approves(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr B", "annotator")
    desk.open_known(sample)
    trace(desk, traced())
    review, acts, panel = desk.window.judging.reviewing, desk.window.acts, desk.window.judging.panel
    assert review.status is Status.CORRECTED
    assert not acts["reject_cine"].isEnabled()
    assert "reviewer or a lead" in panel.reject_cine.toolTip(), "a button that is off says why"
    assert panel.approve_cine.text().strip() == "Submit"
    assert not review.reject_cine()
    assert "reviewer" in desk.refusals[-1]
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert review.verdict().kind is ActKind.SUBMIT
    assert (review.status, review.waits) == (Status.CORRECTED, False)
    desk.close()
    desk = sit(new_desk, "Dr R", "reviewer")
    desk.open_known(sample)
    review = desk.window.judging.reviewing
    assert (review.status, review.waits) == (Status.CORRECTED, True)
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert (review.status, review.verdict().who, review.waits) == (Status.APPROVED, "Dr R", False)


def test_a_second_reader_is_blinded_and_a_lead_decides(new_desk, sample, tmp_path) -> None:
    desk = sit(new_desk, "Dr A", "annotator")
    desk.open_known(sample)
    trace(desk, traced(40, 30))
    desk.window.judging.reviewing.comment("secret", None)
    desk.window.judging.reviewing.send_to_second()
    desk.settle()
    desk.close()

    desk = sit(new_desk, "Dr B", "reviewer")
    desk.open_known(sample)
    session, review = desk.session, desk.window.judging.reviewing
    assert session.reading == Reading(ReadKind.SECOND, "Dr B")
    assert session.label.empty
    assert session.measurements is None
    assert review.comments == []
    assert "Second reading" in desk.window.judging.note.text()
    assert not desk.window.acts["reject_cine"].isEnabled()
    trace(desk, traced(42, 28))
    review.comment("mine", 2)
    desk.settle()
    library, identity = desk.workflow.library, session.cine.info.identity
    assert library.label(identity).contour(2).handles.tolist() == heart(40).handles.round(3).tolist()
    assert [one.annotator for one in library.history(identity)] == ["Dr A"]
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert review.verdict().kind is ActKind.SUBMIT
    desk.open_known(sample)
    assert session.reading == FIRST, "it is done: now the first may be seen"
    assert [one.words for one in review.comments] == ["secret"]
    desk.window.judging.deciding.compare(Reading(ReadKind.SECOND, "Dr B"))
    desk.settle()
    assert not desk.window.judging.panel.decisions.take_other.isEnabled()
    assert "Only a lead" in desk.window.judging.panel.decisions.reason.text()
    desk.close()

    desk = sit(new_desk, "Dr L", "lead")
    desk.open_known(sample)
    deciding, player = desk.window.judging.deciding, desk.window.player
    assert deciding.submitted == [Reading(ReadKind.SECOND, "Dr B")]
    deciding.compare(deciding.submitted[0])
    desk.settle()
    assert [one.t for one in deciding.readings] == [2, 9]
    assert 0.85 < deciding.agreement[2].dice < 1
    player.seek(9)
    desk.window.judging.panel.decisions.sides[1].click()
    desk.settle()
    assert desk.session.label.contour(9).handles.tolist() == heart(28, 85).handles.tolist()
    assert desk.session.label.contour(2).handles.tolist() == heart(40).handles.tolist()
    last = desk.workflow.library.history(desk.session.cine.info.identity)[-1]
    assert (last.annotator, last.tool, last.frames) == ("Dr L", "adjudicate Dr B, second reading, frame 10", (9,))
    assert desk.session.undo_stack.canUndo()
    desk.window.judging.panel.decisions.take_other.click()
    desk.settle()
    assert desk.window.judging.reviewing.status is Status.APPROVED
    held = desk.workflow.library.label(desk.session.cine.info.identity)
    assert held.contour(2).handles.tolist() == heart(42).handles.round(3).tolist()

    # and the agreement is that of the readings as they were before anyone chose
    [(pair, _)] = list(pairs(desk.workflow.library, desk.workflow.secret))
    assert (pair.kind, pair.first, pair.second, len(pair.frames)) == (Kind.SECOND, "Dr A", "Dr B", 2)
    assert pair.ef_first < pair.ef_second
    assert pair.dice < 1
    out = tmp_path / "agreement.csv"
    write_table(out, [pair])
    head, row = out.read_text().splitlines()
    assert head.split(",") == list(COLUMNS)
    assert row.startswith("cine-00001,two readers,Dr A,Dr B,2,0.9")
    assert str(Path(desk.session.path).parent) not in row


def test_a_single_frame_is_read_by_a_second_reader_and_what_others_say_arrives(new_desk, sample, home) -> None:
    desk = sit(new_desk, "Dr A", "reviewer")
    desk.open_known(sample)
    trace(desk, traced())
    desk.window.player.seek(2)
    key(desk, Qt.Key.Key_W)
    assert desk.window.judging.reviewing.status is Status.SECOND_READ
    desk.close()
    desk = sit(new_desk, "Dr B", "annotator")
    desk.open_known(sample)
    review = desk.window.judging.reviewing
    assert review.blinded
    assert review.judged_frames == {2: Status.SECOND_READ}, "which frames are asked about is no secret"
    assert not review.approve_cine()
    trace(desk, Label({2: heart(39)}))
    assert review.approve_cine()
    other = open_library(sqlite_url(home / "data" / "labels.sqlite"))
    said = new_act(ActKind.COMMENT, "Dr C", Role.LEAD, text="meanwhile", reading=desk.session.reading.key)
    other.say(desk.session.cine, str(sample), said, "1")
    other.close()
    review.comment("mine", None)
    desk.settle()
    assert [one.words for one in review.comments] == ["meanwhile", "mine"]
    desk.close()
    desk = sit(new_desk, "Dr L")
    desk.open_known(sample)
    deciding = desk.window.judging.deciding
    deciding.compare(Reading(ReadKind.SECOND, "Dr B"))
    desk.settle()
    desk.window.player.seek(2)
    desk.window.judging.panel.decisions.sides[0].click()
    desk.settle()
    review = desk.window.judging.reviewing
    assert (review.frame_status(2), review.status) == (Status.APPROVED, Status.APPROVED)


def test_whoever_has_seen_the_first_reading_is_no_second_reader(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    desk.window.judging.reviewing.send_to_second()
    desk.settle()
    desk.open_known(sample)
    assert desk.session.reading == FIRST, "not one's own"
    desk.close()
    desk = sit(new_desk, "Dr B")
    desk.open_known(sample)
    assert desk.window.judging.reviewing.blinded
    desk.window.judging.panel.first.click()
    desk.until(lambda: desk.session.reading == FIRST)
    desk.settle()
    assert sorted(desk.session.label.contours) == [2, 9]
    desk.open_known(sample)
    assert desk.session.reading == FIRST
    assert "seen" in desk.window.judging.reviewing.why_not_second


def test_another_person_at_the_desk_reads_the_open_cine_as_theirs(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    desk.window.judging.reviewing.send_to_second()
    desk.settle()
    desk.window.judging.reviewing.set_reader(annotator="Dr A", role="reviewer")
    desk.settle()
    assert desk.session.undo_stack.canUndo(), "the same person goes on"
    desk.window.judging.reviewing.set_reader(annotator="Dr B", role="annotator")
    desk.settle()
    assert desk.session.reading == Reading(ReadKind.SECOND, "Dr B")
    assert desk.session.label.empty
    trace(desk, traced(36, 27))
    desk.window.judging.reviewing.set_reader(annotator="Dr A", role="lead")
    desk.settle()
    assert desk.session.reading == FIRST, "nobody goes on with the reading of another"
    assert (desk.session.label.ed, desk.session.label.contour(2).handles[0, 0]) == (2, 110)


def test_two_who_changed_one_frame_decide_in_the_window_and_can_undo_it(new_desk, sample, home) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    cine, url = desk.session.cine, sqlite_url(home / "data" / "labels.sqlite")
    other = open_library(url)
    theirs = Label({2: heart(20), 3: heart(21)})
    who = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "drag"}
    other.save(cine, "/elsewhere", Label(), theirs, base=0, **who)
    other.close()
    trace(desk, Label({2: heart(40), 3: heart(41)}))
    deciding, decisions = desk.window.judging.deciding, desk.window.judging.panel.decisions
    desk.settle()
    assert [one.t for one in deciding.conflicts] == [2, 3]
    assert [side.name for side in deciding.conflicts[0].sides] == ["mine", "Dr B"]
    desk.window.inspector.setCurrentIndex(1)
    desk.window.player.seek(2)
    desk.settle()
    assert decisions.isVisible()
    assert desk.window.judging.panel.frame.word.text() == "Conflict"
    assert desk.window.measure_panel.frame.text() == "Frame 3  ·  corrected, in conflict"
    assert (desk.workflow.keeping.corrected, desk.workflow.keeping.disputed) == ((0, 0), 2)
    assert len(desk.window.judging.versions._lines) == 2
    assert [button.text().split(",")[0] for button in decisions.sides] == ["Mine", "Dr B"]
    decisions.sides[1].click()
    desk.settle()
    assert desk.session.label.contour(2).handles.tolist() == heart(20).handles.round(3).tolist()
    assert [one.t for one in deciding.conflicts] == [3]
    assert desk.window.player.t == 3, "on to the next one"
    desk.session.undo_stack.undo()
    desk.settle()
    assert [one.t for one in deciding.conflicts] == [2, 3]
    assert desk.session.label.contour(2).handles.tolist() == heart(40).handles.tolist()
    desk.session.undo_stack.redo()
    decisions.sides[0].click()
    desk.settle()
    assert deciding.conflicts == []
    assert not decisions.isVisible()
    assert desk.window.judging.panel.frame.word.text() == "Corrected"
    assert (desk.workflow.keeping.corrected, desk.workflow.keeping.disputed) == ((2, 1), 0)
    history = desk.workflow.library.history(cine.info.identity)
    assert [one.tool for one in history][-1] == "take mine, frame 4", "to keep one's own is a revision too"
    desk.close()
    desk = sit(new_desk, "Dr B")
    desk.open_known(sample)
    assert desk.window.judging.deciding.conflicts == []


def test_view_marks_and_calibration_are_decided_between_and_the_status_says_so(new_desk, sample, home) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    cine, other = desk.session.cine, open_library(sqlite_url(home / "data" / "labels.sqlite"))
    who = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "drag"}
    theirs = replace(traced(), view=View.A2C, ed=3, calibration=Calibration(0.5, 0.5))
    other.save(cine, "/elsewhere", Label(), theirs, base=0, **who)
    mine = replace(traced(), view=View.A4C, calibration=Calibration(0.3, 0.25))
    trace(desk, mine)
    desk.workflow.studies.list_recent((str(sample),))
    desk.settle()
    review = desk.window.judging.reviewing
    panel, cines = desk.window.judging.panel, desk.window.cines
    decisions, row = panel.decisions, cines.model.rows[str(sample)]
    rows = [decisions.conflicts.item(at).text() for at in range(decisions.conflicts.count())]
    assert rows == [
        "View: A4C (mine) over A2C (Dr B)", "ED: frame 3 (mine) over frame 4 (Dr B)",
        "Calibration: 0.300 × 0.250 mm/px (mine) over 0.500 mm/px (Dr B)",
    ]  # fmt: skip
    assert (review.status, review.conflicts, row.state) == (Status.IN_CONFLICT, 3, "3 conflicts")
    assert panel.cine.word.text() == "3 conflicts"
    cines.model.status = Status.IN_CONFLICT
    cines.model.arrange()
    assert [one.listed.path for one in cines.model.shown()] == [str(sample)]
    assert not review.approve_cine()
    assert desk.refusals[-1] == "3 conflicts wait for a decision. Decide in REVIEW, then approve the cine."
    assert [button.text().split("\n")[1] for button in decisions.sides] == ["A4C", "A2C"]
    assert decisions.sides[1].toolTip().endswith(": A2C (Ctrl+2)")
    decisions.conflicts.itemClicked.emit(decisions.conflicts.item(1))
    assert desk.window.player.t == 2, "the ED in force"
    key(desk, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert (desk.session.label.ed, review.conflicts) == (3, 2)
    key(desk, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    decisions.sides[1].click()
    desk.settle()
    assert (desk.session.label.view, desk.session.label.calibration) == (View.A4C, Calibration(0.5, 0.5))
    assert (review.status, row.state) == (Status.CORRECTED, "corrected"), "frame 4 has no contour"
    desk.session.undo_stack.undo()
    desk.settle()
    assert (review.status, row.state) == (Status.IN_CONFLICT, "conflict")
    desk.session.undo_stack.redo()
    desk.settle()
    tools = [one.tool for one in other.history(cine.info.identity)]
    assert tools[2:5] == ["take Dr B, ED", "take mine, the view", "take Dr B, the calibration"]
    other.close()


def test_two_windows_of_one_person_are_told_apart_and_a_reader_of_a_library_decides_nothing(
    new_desk, sample, home
) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    other = open_library(sqlite_url(home / "data" / "labels.sqlite"))
    who = {"annotator": "Dr A", "app_version": "1", "weights": "", "tool": "drag"}
    other.save(desk.session.cine, "/elsewhere", Label(), Label(ed=4), base=0, **who)
    other.close()
    trace(desk, Label(ed=5))
    decisions = desk.window.judging.panel.decisions
    assert decisions.conflicts.item(0).text() == "ED: frame 6 (mine) over frame 5 (mine before)"
    assert [button.text().split(",")[0] for button in decisions.sides] == ["Mine", "Mine before"]
    desk.session.locked = "This label library can be read but not written."
    decisions.refresh()
    assert [button.isEnabled() for button in decisions.sides] == [False, False]
    assert decisions.sides[0].toolTip() == desk.session.locked
    desk.session.locked = ""


def test_the_study_list_knows_of_conflicts_before_the_cine_is_opened(new_desk, sample, home) -> None:
    (home / "data").mkdir(parents=True, exist_ok=True)
    other = open_library(sqlite_url(home / "data" / "labels.sqlite"))
    who = {"app_version": "1", "weights": "", "tool": "drag"}
    cine = open_cine(sample)
    for name, ed in (("Dr B", 3), ("Dr C", 5)):
        other.save(cine, str(sample), Label(), traced().with_ed(ed), base=0, annotator=name, **who)
    other.close()
    [standing] = standings(open_library(sqlite_url(home / "data" / "labels.sqlite")), b"s")[0].values()
    assert (standing.status, standing.conflicts, standing.waits) == (Status.IN_CONFLICT, 1, True)
    desk = sit(new_desk, "Dr B")
    desk.workflow.studies.list_recent((str(sample),))
    model = desk.window.cines.model
    desk.until(lambda: str(sample) in model.rows and model.rows[str(sample)].status is Status.IN_CONFLICT, 30)
    row = model.rows[str(sample)]
    assert (row.conflicts, row.waits) == (1, True)


def test_a_share_is_read_once_more_and_never_mixed_with_the_first(new_desk, sample, monkeypatch) -> None:
    desk = sit(new_desk, "Dr A", repeat_share=100, repeat_days=3)
    desk.open_known(sample)
    trace(desk, traced(40, 30))
    desk.window.judging.reviewing.approve_cine()
    desk.settle()
    desk.open_known(sample)
    assert desk.session.reading == FIRST, "it is too early"
    desk.workflow.remember(repeat_days=0)
    desk.workflow.studies.list_recent((str(sample),))
    desk.open_known(sample)
    repeat = Reading(ReadKind.REPEAT, "Dr A")
    assert (desk.session.reading, desk.session.label.empty) == (repeat, True)
    assert "afresh" in desk.window.judging.note.text()
    trace(desk, traced(41, 31))
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.open_known(sample)
    assert desk.session.reading == FIRST
    assert desk.session.label.contour(2).handles.tolist() == heart(40).handles.round(3).tolist()
    assert desk.window.judging.reviewing.status is Status.APPROVED
    [(pair, _)] = list(pairs(desk.workflow.library, desk.workflow.secret))
    assert (pair.kind, pair.first, pair.second) == (Kind.REPEAT, "Dr A", "Dr A")


def test_the_agreement_dialog_shows_and_exports_what_it_says(new_desk, sample, tmp_path) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    dialog = AgreementDialog(desk.window, Comparing(desk.workflow))
    desk.settle()
    assert "No second reading" in dialog.empty.text()
    dialog.show()
    place = dialog.empty.geometry()
    assert place.left() > dialog.cines.geometry().right(), "where the plot would be"
    assert place.top() <= dialog.height() // 2 <= place.bottom()
    dialog.hide()
    assert not dialog.export.isEnabled()
    trace(desk, traced())
    second = Reading(ReadKind.SECOND, "Dr B")
    library, cine = desk.workflow.library, desk.session.cine
    who = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "drag"}
    library.save(cine, str(sample), Label(), traced(41, 33), reading=second.key, base=0, **who)
    desk.window.judging.reviewing.say(ActKind.SUBMIT, None, second)
    desk.settle()
    dialog._comparing.read()
    desk.settle()
    assert (dialog.cines.shown, dialog.table.rowCount()) == ("1", 1)
    assert dialog.table.item(0, 8).text().startswith("+"), "the first reader's EF is larger"
    dialog.export_to(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().count("\n") == 2
    assert (tmp_path / "a.png").stat().st_size > 5000
    dialog.export_to(tmp_path / "nowhere" / "\0bad.csv" if os.name == "nt" else Path("/proc/nowhere/a.csv"))
    assert "cannot be written" in dialog.said.text()
    dialog.reject()
    dialog.deleteLater()


REVIEW_ONLY = """
import sys
from PySide6.QtTest import QTest
from echoview.app import application_of, build, sample_path
application_of(["echoview"])
app = build(review_only=True)
app.window.show()
app.workflow.remember(annotator="x")
app.workflow.open(sample_path())
while app.session.cine is None or not app.workflow.jobs.idle:
    QTest.qWait(20)
app.workflow.mark_ed(3)
app.workflow.predicting.predict()
app.window.correcting.propagate()
QTest.qWait(400)
while not app.workflow.jobs.idle:
    QTest.qWait(20)
print(app.window.top_bar.weights_button.text(), app.window.acts["predict"].isEnabled(), app.window.inspector.count())
print("torch" in sys.modules, app.session.prediction, app.workflow.library.label(app.session.cine.info.identity).ed)
app.window.close()
"""


def test_review_only_never_loads_torch_and_says_so(home) -> None:
    child = subprocess.run([sys.executable, "-c", REVIEW_ONLY], capture_output=True, text=True, timeout=120)
    assert child.returncode == 0, child.stderr
    assert child.stdout.splitlines() == ["Review only  ·  no network False 2", "False None 3"]


def test_a_blind_cine_shows_no_prediction_until_ed_and_es_are_drawn(new_desk, sample) -> None:
    desk = new_desk(who="Dr A")
    desk.workflow.remember(blind_share=100)
    desk.workflow.open(sample)
    desk.until(lambda: desk.session.cine is not None and desk.session.blind)
    desk.settle()
    desk.window.player.pause()
    assert desk.session.prediction is None
    assert not desk.window.acts["predict"].isEnabled()
    assert "the prediction appears then" in desk.window.judging.note.text()
    label = traced()
    desk.workflow.edit("draw", Label({2: label.contour(2)}, ed=2))
    desk.settle()
    assert desk.session.prediction is None
    desk.workflow.edit("draw", label)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    assert not desk.session.blind
    desk.workflow.edit_contour(9, heart(33, 85), "move point")
    desk.settle()
    history = desk.workflow.library.history(desk.session.cine.info.identity)
    assert [one.blind for one in history] == [True, True, False]
    [(pair, _)] = list(pairs(desk.workflow.library, desk.workflow.secret))
    assert (pair.kind, len(pair.frames)) == (Kind.BLIND, 2)
    assert pair.ef_first > pair.ef_second
    told = summary([pair])
    assert (told.cines, told.ef) == (1, None), "one cine says nothing about a spread"


def test_what_happened_while_the_tab_was_hidden_is_there_when_it_is_shown(new_desk, sample) -> None:
    desk = sit(new_desk, "Dr A")
    desk.open_known(sample)
    trace(desk, traced())
    desk.window.inspector.setCurrentIndex(0)
    desk.window.player.seek(9)
    desk.window.judging.reviewing.raise_issue(Issue.APEX, 9)
    desk.settle()
    panel = desk.window.judging.panel
    desk.window.inspector.setCurrentIndex(1)
    assert panel.frame.title.text() == "Frame 10"
    assert panel.comments.head.text() == "1 open, 0 resolved"


def test_approving_unseen_frames_says_so_and_can_be_taken_back(new_desk, sample, tmp_path) -> None:
    other = tmp_path / "other.dcm"
    dataset = pydicom.dcmread(sample)
    dataset.SOPInstanceUID += ".1"
    dataset.save_as(other)
    desk = sit(new_desk, "B", "reviewer")
    desk.workflow.open_all([sample, other])
    desk.until(lambda: len(desk.window.cines.model.rows) == 2 and desk.session.path == str(sample))
    desk.settle()
    desk.window.player.pause()
    trace(desk, traced())
    desk.window.player.seek(20)  # it may have been paused on one of those below, which then is not shown anew
    desk.session.seen.clear()
    for t in (2, 9):
        desk.window.player.seek(t)
        desk.until(lambda t=t: t in desk.session.seen)
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: desk.session.path == str(other))
    desk.settle()
    banner = desk.window.banner
    words = f"Approved: {sample.name}, ED (frame 3) and ES (frame 10). 2\u00a0of\u00a030\u00a0frames\u00a0seen."
    assert banner.text == words
    banner._button.click()
    desk.until(lambda: desk.session.path == str(sample))
    desk.settle()
    kinds = [(act.kind, act.text) for act in record_of(desk).trail.acts]
    assert kinds == [(ActKind.APPROVE, "2 of 30 frames seen"), (ActKind.WITHDRAW, "")]
    assert desk.window.judging.reviewing.status is Status.CORRECTED
    desk.session.seen.update(range(30))
    identity = desk.session.cine.info.identity
    key(desk, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert words not in banner.text, "whoever has seen all is told nothing"
    assert desk.workflow.library.record(identity).trail.acts[-1].text == "30 of 30 frames seen"
