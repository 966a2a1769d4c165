"""One correction carried on, copied, reverted, left out, inspected: on the real window."""

from __future__ import annotations

import threading

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.domain.contour import Contour, Origin
from echoview.domain.contour_edit import off_line, scaled
from echoview.services.propagation import Way

CTRL = Qt.KeyboardModifier.ControlModifier
T = 5


@pytest.fixture
def opened(desk, sample):
    desk.open_known(sample)
    desk.window.player.seek(T)
    desk.settle()
    return desk


def correct(desk, t: int, dx: float = 8.0) -> Contour:
    contour = desk.session.editable(t)
    x, y = contour.handles[11]
    desk.workflow.edit_contour(t, contour.pulled(11, x + dx, y), "move point")
    desk.settle()
    return desk.session.contour(t)


def propose(desk) -> dict[int, Contour]:
    QTest.keyClick(desk.window, Qt.Key.Key_E, CTRL)
    desk.settle()
    return desk.window.correcting.correction.proposal


def test_ctrl_e_proposes_enter_accepts_in_one_step_and_undo_takes_it_back(opened):
    session, window = opened.session, opened.window
    mine = correct(opened, T)
    proposal = dict(propose(opened))
    assert T not in proposal
    assert len(proposal) > 20
    assert list(session.label.contours) == [T], "a proposal is no label yet"
    window.player.seek(T + 1)
    assert not window.view.ghost_item._path.isEmpty()
    assert "Enter accepts" in window.picture.advice.text()
    steps = session.undo_stack.count()
    QTest.keyClick(window, Qt.Key.Key_Return)
    opened.settle()
    assert session.undo_stack.count() == steps + 1
    assert session.label.contour(T) is mine
    near = session.label.contour(T + 1)
    assert {Origin.PROPAGATED} <= set(near.origins) <= {Origin.PROPAGATED, Origin.PREDICTED}
    assert (
        off_line(near.dense(), session.prediction.contour(T + 1)).max()
        > 0.6 * off_line(mine.dense(), session.prediction.contour(T)).max()
    )
    assert not near.human
    assert window.view.ghost_item._path.isEmpty()
    session.undo_stack.undo()
    assert list(session.label.contours) == [T]


def test_escape_rejects_and_so_does_another_correction(opened):
    session, window = opened.session, opened.window
    correct(opened, T)
    assert propose(opened)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.correcting.correction.proposal
    assert list(session.label.contours) == [T]
    assert propose(opened)
    correct(opened, T + 2)
    assert not window.correcting.correction.proposal, "it was made from another label"


def test_shift_enter_accepts_up_to_the_frame_that_is_shown(opened):
    session, window = opened.session, opened.window
    correct(opened, T)
    proposal = set(propose(opened))
    window.player.seek(T + 4)
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert set(session.label.contours) == {T} | (proposal & set(range(T, T + 5)))


def test_frames_of_a_person_are_barriers_and_carried_ones_are_not(opened):
    session = opened.session
    correct(opened, T)
    propose(opened)
    QTest.keyClick(opened.window, Qt.Key.Key_Return)
    opened.settle()
    other = correct(opened, T + 3, dx=-6.0)
    assert other.human
    proposal = propose(opened)
    assert not {T, T + 3} & set(proposal)
    assert T + 1 in proposal, "what was only carried is carried anew"
    QTest.keyClick(opened.window, Qt.Key.Key_Return)
    opened.settle()
    assert session.label.contour(T + 3) is other


def test_what_the_network_reads_again_grows_around_the_corrected_frame_and_esc_stops_it(opened):
    window, correction = opened.window, opened.window.correcting.correction
    correct(opened, T)
    correction.propose(T, Way.REREAD)
    opened.until(lambda: {T - 1, T + 1} <= set(correction.proposal))
    assert correction.awaited == 29
    assert "so far" in window.picture.advice.text()
    window.player.seek(T - 1)
    assert not window.view.ghost_item._path.isEmpty()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not correction.busy
    opened.settle()
    assert not correction.proposal, "nothing comes after Esc"
    assert window.view.ghost_item._path.isEmpty()
    assert not window.picture.advice.isVisible()
    assert list(opened.session.label.contours) == [T]


def test_the_network_looks_around_a_correction_before_it_is_asked_where_that_is_the_way(opened, monkeypatch):
    correction, inference = opened.window.correcting.correction, opened.workflow.inference
    around, looked = type(inference).look_around, []

    def look_around(*given):
        for t in around(*given):
            looked.append(t)
            yield t

    monkeypatch.setattr(type(inference), "look_around", look_around)
    correct(opened, T)
    opened.until(lambda: not correction._pause.isActive())
    opened.settle()
    assert looked == [], "the usual way needs no network"
    correction.way = Way.REREAD
    contour = opened.session.editable(T)
    x, y = contour.handles[11]
    opened.workflow.edit_contour(T, contour.pulled(11, x + 3, y), "move point")
    assert correction._looking is not None, "at once, not when the contours are inspected"
    opened.until(lambda: len(looked) > 1)
    correction.propose(T)
    assert correction._looking is None, "it gives way"
    opened.until(lambda: {T - 1, T + 1} <= set(correction.proposal))
    assert len(looked) < 8
    QTest.keyClick(opened.window, Qt.Key.Key_Escape)
    opened.settle()


def test_what_flow_carries_grows_too_and_esc_stops_it_midway(opened, monkeypatch):
    correction, cine = opened.window.correcting.correction, opened.session.cine
    correct(opened, T)
    gate, read, decode = threading.Event(), [], cine.frame

    def frame(t: int) -> np.ndarray:
        if threading.current_thread().name.startswith("inference"):
            read.append(t)
            assert t <= T + 2 or gate.wait(20)
        return decode(t)

    monkeypatch.setattr(type(cine), "frame", lambda _, t: frame(t))
    correction.propose(T, Way.FLOW)
    opened.until(lambda: {T - 1, T + 1, T + 2} <= set(correction.proposal))
    QTest.keyClick(opened.window, Qt.Key.Key_Escape)
    assert not correction.busy
    gate.set()
    opened.settle()
    assert not correction.proposal
    assert max(read) <= T + 3, "after the frame that was being read, no other"
    assert list(opened.session.label.contours) == [T]


def test_enter_while_a_proposal_grows_accepts_it_when_it_is_complete(opened):
    session, window, correction = opened.session, opened.window, opened.window.correcting.correction
    mine = correct(opened, T)
    steps = session.undo_stack.count()
    correction.propose(T, Way.REREAD)
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert correction.granted
    assert list(session.label.contours) == [T], "not before it is complete"
    opened.settle()
    assert session.undo_stack.count() == steps + 1
    assert len(session.label.contours) > 20
    assert session.label.contour(T) is mine
    assert not window.picture.advice.isVisible()


def test_without_a_corrected_frame_there_is_a_sentence(opened):
    QTest.keyClick(opened.window, Qt.Key.Key_E, CTRL)
    assert "No frame is corrected yet." in opened.refusals[-1]


@pytest.mark.parametrize(("way", "origin"), [(Way.INTERPOLATION, Origin.INTERPOLATED), (Way.FLOW, Origin.PROPAGATED)])
def test_the_other_ways_propose_too(opened, way, origin):
    correct(opened, T)
    correct(opened, T + 4)
    correction = opened.window.correcting.correction
    correction.propose(T, way)
    opened.settle()
    assert {T + 1, T + 2, T + 3} <= set(correction.proposal)
    assert origin in correction.proposal[T + 2].origins
    assert Way.REREAD in correction.ways, "the shipped weights read hints"


def test_copy_goes_to_the_next_frame_and_not_over_a_corrected_one(opened):
    session, window = opened.session, opened.window
    mine = correct(opened, T)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    assert window.player.t == T + 1
    copied = session.contour(T + 1)
    np.testing.assert_array_equal(copied.handles, mine.handles)
    assert set(copied.origins) == {Origin.PROPAGATED}
    QTest.keyClick(window, Qt.Key.Key_A)
    assert session.contour(T + 1).human
    window.player.seek(T)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    assert "has been corrected already" in opened.refusals[-1]
    assert window.player.t == T


def test_copy_does_not_go_over_what_a_person_called_not_traceable(opened):
    session, window = opened.session, opened.window
    correct(opened, T)
    window.player.seek(T + 1)
    QTest.keyClick(window, Qt.Key.Key_O)
    assert session.label.not_traceable == {T + 1}
    window.player.seek(T)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)
    assert "was called not traceable" in opened.refusals[-1]
    assert window.player.t == T
    assert session.label.not_traceable == {T + 1}
    assert T + 1 not in session.label.contours


def test_carried_frames_around_are_reverted_together_up_to_the_barriers(opened):
    session, window = opened.session, opened.window
    correct(opened, T)
    correct(opened, T + 4)
    propose(opened)
    QTest.keyClick(window, Qt.Key.Key_Return)
    opened.settle()
    window.player.seek(T + 2)
    steps = session.undo_stack.count()
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert session.undo_stack.count() == steps + 1
    kept = set(session.label.contours)
    assert {T, T + 4} <= kept
    assert not {T + 1, T + 2, T + 3} & kept
    assert T + 6 in kept
    window.player.seek(T + 4)  # from the corrected frame itself too
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert T + 4 in session.label.contours
    assert T + 6 not in session.label.contours


def test_a_marked_range_is_reverted_in_one_step_and_without_a_range_it_is_said(opened):
    session, window = opened.session, opened.window
    for t in (T, T + 2, T + 6):
        correct(opened, t)
    QTest.keyClick(window, Qt.Key.Key_R, CTRL)
    assert "Shift+drag along the timeline" in opened.refusals[-1]
    window.loops.set_range(T, T + 3)
    steps = session.undo_stack.count()
    QTest.keyClick(window, Qt.Key.Key_R, CTRL)
    assert set(session.label.contours) == {T + 6}
    assert session.undo_stack.count() == steps + 1
    session.undo_stack.undo()
    assert set(session.label.contours) == {T, T + 2, T + 6}


def test_alt_and_an_arrow_go_to_the_frames_of_a_person(opened):
    window, alt = opened.window, Qt.KeyboardModifier.AltModifier
    correct(opened, T)
    correct(opened, T + 9)
    QTest.keyClick(window, Qt.Key.Key_D, CTRL)  # a copy is no person's
    QTest.keyClick(window, Qt.Key.Key_Right, alt)
    assert window.player.t == T + 9
    QTest.keyClick(window, Qt.Key.Key_Right, alt)
    assert window.player.t == T + 9
    QTest.keyClick(window, Qt.Key.Key_Left, alt)
    assert window.player.t == T


def test_correcting_es_keeps_es_there_and_a_clear_change_says_where_it_went(opened):
    session, window = opened.session, opened.window
    es = session.measurements.es
    window.player.seek(es)
    wider = scaled(session.editable(es), 1.03)
    opened.workflow.edit_contour(es, wider, "scale contour")
    assert session.measurements.es == es, "the neighbours, which nobody looked at, are smaller by a hair"
    assert session.measurements.esv_ml is None or session.measurements.esv_ml == session.measurements.volumes[es]
    assert not window.picture.advice.isVisible()
    opened.workflow.edit_contour(es, scaled(wider, 1.2), "scale contour")
    assert session.measurements.es != es
    assert window.picture.advice.text() == f"ES is frame {session.measurements.es + 1} now"
    session.undo_stack.undo()
    assert session.measurements.es == es, "the same label gives the same numbers"


def test_smooth_takes_jags_out(opened):
    session, window = opened.session, opened.window
    jagged = session.editable(T)
    for index in range(2, 13, 2):
        x, y = jagged.handles[index]
        jagged = jagged.moved(index, x + 3, y)
    opened.workflow.edit_contour(T, jagged, "move point")

    def bends(contour: Contour) -> float:
        return float(np.abs(np.diff(contour.dense(200), 2, axis=0)).sum())

    QTest.keyClick(window, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert bends(session.contour(T)) < 0.8 * bends(jagged)


def test_a_frame_that_cannot_be_traced_has_no_contour_and_is_kept(opened, new_desk, sample):
    session, window = opened.session, opened.window
    QTest.keyClick(window, Qt.Key.Key_O)
    assert session.contour(T) is None
    assert session.label.not_traceable == {T}
    assert np.isnan(session.measurements.area_px2[T])
    assert "Not traceable" in window.picture.advice.text()
    assert session.editable(T) is None
    opened.settle()
    assert opened.workflow.library.load(session.cine).label.not_traceable == {T}
    QTest.keyClick(window, Qt.Key.Key_O)
    assert session.contour(T) is not None
    assert np.isfinite(session.measurements.area_px2[T])


def test_n_goes_to_the_least_certain_arc_and_on_to_the_next(opened):
    window, session = opened.window, opened.session
    spread = session.prediction.spread_px
    assert spread.shape == (30, 65)
    visited = []
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_N)
        visited.append(window.player.t)
        assert window.view.tool_item.warning == "least certain here"
    assert len(set(visited)) == 3
    arcs = [np.convolve(row, np.full(9, 1 / 9), "valid").max() for row in spread]
    assert visited[0] == int(np.argmax(arcs))
    opened.workflow.accept(visited[0])
    window.correcting.correction._doubted = []
    QTest.keyClick(window, Qt.Key.Key_N)
    assert window.player.t == visited[1], "what a person settled needs no look"


def test_another_file_of_the_same_instance_is_inspected_in_its_own_sector(opened, sample, tmp_path):
    file = pydicom.dcmread(sample)
    frames = file.pixel_array[:, :200, :260]
    file.decompress()
    file.Rows, file.Columns, file.PixelData = 200, 260, frames.tobytes()
    file.save_as(tmp_path / "smaller.dcm")
    opened.open(tmp_path / "smaller.dcm")
    correction = opened.window.correcting.correction
    opened.settle()
    assert opened.session.cine.size == (200, 260)
    opened.until(lambda: (correction._sector or (None,))[0] is opened.session.cine)  # inspected a pause after it opened
    assert correction._sector[1] is None or correction._sector[1].shape == (200, 260)


def test_the_inspector_lists_a_fault_and_a_click_goes_there(opened):
    window, session = opened.window, opened.session
    contour = session.editable(T)
    wrong = contour
    for index in (0, 1):
        x, y = wrong.handles[index]
        wrong = wrong.moved(index, x - 30, y + 20)
    opened.workflow.edit_contour(T, wrong, "move point")
    opened.until(lambda: any(f.t == T for f in window.correcting.correction.findings))
    rows = [window.findings.list.item(i).text() for i in range(window.findings.list.count())]
    (row,) = (i for i, text in enumerate(rows) if text.startswith(f"Frame {T + 1}: "))
    wall = session.view.walls[0]
    assert f"he {wall} annulus point" in rows[row]
    listing = window.findings.list
    last = listing.item(listing.count() - 1)
    opened.until(lambda: listing.visualItemRect(last).bottom() <= listing.viewport().height())
    assert listing.verticalScrollBar().maximum() == 0, "the panel scrolls, not the list in it"
    window.player.seek(0)
    window.findings.list.itemClicked.emit(window.findings.list.item(row))
    assert window.player.t == T
    session.undo_stack.undo()
    opened.until(lambda: not any(f.t == T and "annulus" in f.sentence for f in window.correcting.correction.findings))


def test_a_finding_in_a_carried_frame_is_mended_and_next_goes_on(opened):
    window, session, correction = opened.window, opened.session, opened.window.correcting.correction
    sound = session.editable(T).dense(201)
    bad = {t: Contour.through(session.editable(t).dense(201) * 0.7 + 40, Origin.PROPAGATED) for t in (T, T + 8)}
    opened.workflow.edit("propagate", session.label.with_contours(bad))
    opened.until(lambda: {T, T + 8} <= {f.t for f in correction.findings})
    panel = window.findings
    window.player.seek(0)
    panel.next.click()
    first = window.player.t
    panel.next.click()
    assert window.player.t >= first
    row = next(i for i in range(panel.list.count()) if panel.list.item(i).text().startswith(f"Frame {T + 1}:"))
    panel.list.setCurrentRow(row)
    assert panel.mend.isEnabled()
    panel.mend.click()
    assert window.player.t == T
    mended = session.contour(T)
    assert set(mended.origins) == {Origin.INTERPOLATED}
    assert np.abs(mended.dense(201) - sound).max() < 8
    opened.until(lambda: T not in {f.t for f in correction.findings})
    session.undo_stack.undo()
    assert session.contour(T) is bad[T]


def test_the_keyboard_is_the_pictures_when_the_last_finding_is_gone(opened):
    window, session, correction = opened.window, opened.session, opened.window.correcting.correction
    bad = Contour.through(session.editable(T).dense(201) * 0.7 + 40, Origin.PROPAGATED)
    opened.workflow.edit_contour(T, bad, "propagate")
    opened.until(lambda: T in {f.t for f in correction.findings})
    window.activateWindow()
    window.findings.next.setFocus()
    session.undo_stack.undo()
    opened.until(lambda: not window.findings.isVisible())
    assert window.focusWidget() is window.view


def test_a_frame_of_a_person_is_not_mended_by_itself(opened):
    correct(opened, T)
    assert not opened.window.correcting.correction.mend(T)
    assert "corrected by hand" in opened.refusals[-1]
