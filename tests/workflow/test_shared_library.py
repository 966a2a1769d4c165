"""One library, several people, other decoders, other media: what the window shows and says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.review import ActKind, Role
from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.store import new_act, open_library
from echoview.store.backups import backups_of
from echoview.store.engines import sqlite_url
from echoview.ui.cine_view import Tool


@pytest.fixture
def url(home: Path) -> str:
    """Where the desk keeps its labels."""
    return sqlite_url(home / "data" / "labels.sqlite")


def save_as(who: str, url: str, cine: Cine, change) -> None:
    """Another person's window on the same cine."""
    library = open_library(url)
    held = library.load(cine)
    after = change(held.label)
    said = {"annotator": who, "app_version": "1", "weights": "", "tool": "drag"}
    library.save(cine, "/elsewhere", held.label, after, base=held.revision, **said)
    library.close()


def test_what_another_person_saves_meanwhile_joins_and_is_told(desk, sample, url) -> None:
    desk.open_known(sample)
    desk.workflow.accept(2)
    desk.settle()
    cine = desk.session.cine
    theirs = desk.session.editable(5).moved(7, 150, 90)
    save_as("Dr B", url, cine, lambda label: label.with_contour(5, theirs))
    desk.workflow.accept(3)
    desk.settle()
    assert sorted(desk.session.label.contours) == [2, 3, 5]
    np.testing.assert_allclose(desk.session.contour(5).handles, theirs.handles, atol=1e-3)
    assert len(desk.refusals) == 1
    assert desk.refusals[0].startswith("Dr B changed frame 6 at ")
    assert desk.window.banner.isVisible()
    assert desk.session.unsaved == ""
    assert not desk.session.undo_stack.canUndo(), "an undo would take away what Dr B saved"
    # and it is not told twice, nor written as ours
    desk.workflow.accept(4)
    desk.settle()
    assert len(desk.refusals) == 1
    history = desk.workflow.library.history(cine.info.identity)
    assert [(r.annotator, r.frames) for r in history] == [
        ("tester", (2,)), ("Dr B", (5,)), ("tester", (3,)), ("tester", (4,)),
    ]  # fmt: skip


def test_the_same_frame_corrected_by_two_is_a_conflict_and_both_are_kept(desk, sample, url) -> None:
    desk.open_known(sample)
    ours = desk.session.editable(3).moved(7, 120, 80)
    theirs = desk.session.editable(3).moved(7, 150, 90)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(3, theirs).with_ed(1))
    desk.workflow.edit_contour(3, ours, "move point")
    desk.settle()
    assert desk.session.contour(3) is ours
    assert desk.session.label.ed == 1
    assert desk.refusals[0].startswith("Dr B also changed frame 4 at ")
    assert "theirs are kept in the history. What else they changed, ED, has joined." in desk.refusals[0]
    assert [r.frames for r in desk.workflow.library.history(desk.session.cine.info.identity)] == [(3,), (3,)]


def test_quick_hands_between_two_saves_lose_nothing(desk, sample, url) -> None:
    """Edits are made faster than they are saved, while another person's arrive."""
    desk.open_known(sample)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(20, desk.session.editable(20)))
    for t in range(6):
        desk.workflow.accept(t)
    desk.settle()
    assert sorted(desk.session.label.contours) == [0, 1, 2, 3, 4, 5, 20]
    held = desk.workflow.library.label(desk.session.cine.info.identity)
    assert sorted(held.contours) == [0, 1, 2, 3, 4, 5, 20]
    assert desk.workflow.keeping.unsaved_cines == 0
    desk.workflow.accept(6)
    desk.settle()
    history = desk.workflow.library.history(desk.session.cine.info.identity)
    assert [r.frames for r in history if r.annotator == "tester"] == [(t,) for t in range(7)]


class Late:
    """A decoder that delivers every frame one too late."""

    def __init__(self, source) -> None:
        self.source = source

    def decode(self, t: int) -> np.ndarray:
        return self.source.decode(max(t - 1, 0))


def test_a_label_of_another_decoder_s_frame_is_not_drawn(desk, sample, url) -> None:
    cine = open_cine(sample, patient_secret=desk.workflow.secret)
    strange = Cine(cine.info, Late(cine._source))
    desk.open_known(sample)
    contour = desk.session.editable(9)
    save_as("Dr B", url, strange, lambda label: Label({9: contour, 10: contour}))
    desk.open_known(sample)
    desk.workflow.open(sample)
    desk.settle()
    assert not isinstance(desk.session.contour(9), type(contour)), "the prediction is shown"
    assert "frames 10 and 11 were made on other pictures and are not drawn" in desk.refusals[-1]
    assert "kept in the library" in desk.refusals[-1]
    desk.workflow.accept(2)
    desk.settle()
    assert sorted(desk.workflow.library.load(strange).aside | desk.workflow.library.load(strange).label.contours) == [
        2, 9, 10,
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to mount")
def test_a_library_that_cannot_be_written_shows_labels_and_refuses_edits(new_desk, sample, tmp_path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us mount a disk")
    try:
        desk = new_desk(str(disk / "labels.sqlite"))
        desk.open_known(sample)
        desk.workflow.accept(4)
        desk.close()
        desk.workflow.library.close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        desk = new_desk(str(disk / "labels.sqlite"))
        desk.open_known(sample)
        assert list(desk.session.label.contours) == [4]
        assert desk.refusals == []
        desk.workflow.accept(5)
        desk.settle()
        assert "can be read but not written" in desk.refusals[0]
        assert list(desk.session.label.contours) == [4]
        desk.workflow.keeping.use_library(str(tmp_path / "mine.sqlite"))
        desk.workflow.accept(5)
        desk.settle()
        assert sorted(desk.workflow.library.label(desk.session.cine.info.identity).contours) == [4, 5]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_another_library_gets_the_whole_label_of_a_cine_that_waited(desk, sample, tmp_path, url) -> None:
    """A correction that could not be saved is carried over with all that the former library held of its cine."""
    desk.open_known(sample)
    desk.workflow.accept(1)
    desk.settle()
    with desk.workflow.library._engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    desk.workflow.accept(2)
    desk.settle()
    assert desk.workflow.keeping.unsaved_cines == 1
    identity = desk.session.cine.info.identity
    desk.session.open(None, "", Label())
    desk.workflow.keeping.use_library(str(tmp_path / "other.sqlite"))
    desk.open_known(sample)
    desk.settle()
    assert desk.workflow.keeping.unsaved_cines == 0
    assert sorted(desk.workflow.library.label(identity).contours) == [1, 2]


def test_another_library_that_knows_the_cine_joins_with_what_is_open(desk, sample, tmp_path, url) -> None:
    desk.open_known(sample)
    other = sqlite_url(tmp_path / "other.sqlite")
    ours, theirs = desk.session.editable(1).moved(7, 120, 80), desk.session.editable(1).moved(7, 150, 90)
    save_as("Dr B", other, desk.session.cine, lambda label: Label({1: theirs, 8: theirs}, View.A3C, ed=4))
    desk.workflow.edit_contour(1, ours, "move point")
    desk.settle()
    desk.workflow.keeping.use_library(str(tmp_path / "other.sqlite"))
    desk.settle()
    label = desk.workflow.library.label(desk.session.cine.info.identity)
    assert sorted(label.contours) == [1, 8]
    np.testing.assert_allclose(label.contour(1).handles, ours.handles, atol=1e-3)
    assert (label.view, label.ed) == (View.A3C, 4), "what they said is not taken back"
    assert sorted(desk.session.label.contours) == [1, 8]
    assert (desk.session.unsaved, desk.workflow.keeping.unsaved_cines) == ("", 0)
    history = desk.workflow.library.history(desk.session.cine.info.identity)
    assert [(r.annotator, r.frames) for r in history] == [("Dr B", (1, 8)), ("tester", (1,))]


def test_a_library_with_labels_is_backed_up_when_the_program_starts(new_desk, sample, home) -> None:
    file = home / "data" / "labels.sqlite"
    desk = new_desk()
    desk.open_known(sample)
    desk.workflow.accept(1)
    desk.close()
    assert backups_of(file) == []
    new_desk().settle()
    assert len(backups_of(file)) == 1


def said_by(who: str, url: str, cine: Cine, text: str) -> None:
    library = open_library(url)
    library.say(cine, "/elsewhere", new_act(ActKind.COMMENT, who, Role.REVIEWER, text=text), "1")
    library.close()


def look(desk) -> None:
    """What the timer does every few seconds."""
    desk.window.watching.look()
    desk.settle()


def test_what_another_desk_saves_is_told_quietly_and_shown_on_demand(desk, sample, url) -> None:
    desk.open_known(sample)
    desk.workflow.accept(2)
    desk.settle()
    look(desk)
    desk.window.banner.dismiss()
    assert desk.window.watching._timer.isActive()
    mine = desk.session.label
    theirs = desk.session.editable(5).moved(7, 150, 90)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(5, theirs))
    look(desk)
    assert desk.window.banner.text.startswith("Dr B changed this cine at ")
    assert "cannot be undone" in desk.window.banner.text
    assert not desk.window.banner.property("urgent")
    assert desk.session.label is mine, "nothing is changed unasked"
    assert desk.session.undo_stack.canUndo()
    desk.window.banner._button.click()
    desk.settle()
    assert sorted(desk.session.label.contours) == [2, 5]
    np.testing.assert_allclose(desk.session.contour(5).handles, theirs.handles, atol=1e-3)
    look(desk)
    assert not desk.window.banner.isVisible(), "it is shown, so there is no more to tell"
    history = desk.workflow.library.history(desk.session.cine.info.identity)
    assert [r.annotator for r in history] == ["tester", "Dr B"], "looking writes nothing"


def test_it_is_told_once_and_not_of_what_this_window_saved(desk, sample, url) -> None:
    desk.open_known(sample)
    desk.window.banner.dismiss()
    desk.workflow.accept(2)
    desk.settle()
    look(desk)
    assert not desk.window.banner.isVisible()
    save_as("tester", url, desk.session.cine, lambda label: label.with_contour(5, desk.session.editable(5)))
    look(desk)
    assert desk.window.banner.text.startswith("Another window of yours changed this cine")
    desk.window.banner.dismiss()
    look(desk)
    assert not desk.window.banner.isVisible(), "once"
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(6, desk.session.editable(6)))
    look(desk)
    assert desk.window.banner.text.startswith("Dr B changed this cine")
    desk.workflow.accept(3)
    desk.settle()
    assert not desk.window.banner.text.startswith("Dr B changed this cine"), "the save has brought it along"
    assert sorted(desk.session.label.contours) == [2, 3, 5, 6]


def test_another_desk_s_comment_appears_and_so_does_its_work_in_the_list(desk, sample, tmp_path, url) -> None:
    other = tmp_path / "room" / "other.avi"
    other.parent.mkdir()
    rng = np.random.default_rng(3)
    writer = cv2.VideoWriter(str(other), cv2.VideoWriter.fourcc(*"MJPG"), 25, (96, 64))
    for _ in range(6):
        writer.write(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8))
    writer.release()
    again = other.with_name(sample.name)
    again.write_bytes(sample.read_bytes())
    desk.open(again)
    desk.workflow.studies.list_folder(other.parent)
    desk.settle()
    look(desk)
    rows = desk.window.cines.model.rows
    assert rows[str(other)].status is not Status.CORRECTED
    strange = open_cine(other, patient_secret=desk.workflow.secret)
    square = Contour.through(np.array([[30, 50], [30, 20], [48, 10], [60, 20], [60, 50.0]]), Origin.CORRECTED)
    library = open_library(url)
    who = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "drag"}
    library.save(strange, str(other), Label(), Label({0: square}), **who)
    library.close()
    said_by("Dr B", url, desk.session.cine, "please look at the apex")
    look(desk)
    assert [one.words for one in desk.window.judging.reviewing.comments] == ["please look at the apex"]
    desk.until(lambda: desk.window.cines.model.rows[str(other)].status is Status.CORRECTED, 10)


def click(desk, x: float, y: float) -> None:
    """Press and let go without moving: takes a point into the hand, or puts it down."""
    hand, screen = desk.window.view.hand, QPointF(0, 0)
    hand.move(QPointF(x, y))
    hand.press(QPointF(x, y), screen, Qt.KeyboardModifier.NoModifier)
    hand.release(QPointF(x, y), screen)


def show_frame(desk, t: int) -> None:
    desk.window.player.seek(t)
    desk.until(lambda: desk.session.cine.cached(t) is not None)


def test_what_another_saves_of_the_frame_in_the_hand_takes_the_hand_off(desk, sample, url) -> None:
    desk.open_known(sample)
    show_frame(desk, 5)
    desk.workflow.edit_contour(5, desk.session.editable(5).moved(7, 120, 80), "move point")
    desk.settle()
    x, y = desk.session.editable(5).handles[2]
    click(desk, x, y)
    assert desk.window.view.hand.busy, "the point stays in the hand until the next click"
    theirs = desk.session.editable(5).moved(9, 150, 90)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(5, theirs))
    noticed: list[str] = []
    desk.window.view.noticed.connect(noticed.append)
    desk.workflow.keeping.read_again()
    desk.settle()
    assert not desk.window.view.hand.busy
    assert "dropped" in noticed[-1], "and it is said"
    desk.window.view.hand.move(QPointF(x + 3, y + 3))
    click(desk, 2, 2)  # where nothing can be taken hold of
    desk.settle()
    np.testing.assert_allclose(desk.session.contour(5).handles, theirs.handles, atol=1e-3)
    history = desk.workflow.library.history(desk.session.cine.info.identity)
    assert [r.annotator for r in history] == ["tester", "Dr B"], "nothing was written over theirs"


def test_a_gesture_in_another_frame_goes_on(desk, sample, url) -> None:
    desk.open_known(sample)
    show_frame(desk, 5)
    x, y = desk.session.editable(5).handles[2]
    click(desk, x, y)
    theirs = desk.session.editable(9).moved(9, 150, 90)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(9, theirs))
    desk.workflow.keeping.read_again()
    desk.settle()
    assert desk.window.view.hand.busy
    click(desk, x + 6, y)
    desk.settle()
    assert sorted(desk.session.label.contours) == [5, 9]
    np.testing.assert_allclose(desk.session.contour(9).handles, theirs.handles, atol=1e-3)


def test_a_half_drawn_contour_does_not_wait_where_another_has_drawn_meanwhile(desk, sample, url) -> None:
    desk.open_known(sample)
    show_frame(desk, 5)
    desk.window.correcting.take(Tool.DRAW)
    for x, y in ((100, 150), (110, 90), (130, 60), (150, 90)):
        click(desk, x, y)
    desk.window.correcting.take(Tool.POINT)
    assert "frame 6" in desk.window.correcting.drafts.lost
    theirs = desk.session.editable(5).moved(9, 150, 90)
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_contour(5, theirs))
    desk.workflow.keeping.read_again()
    desk.settle()
    assert desk.window.correcting.drafts.lost == ""
    desk.window.correcting.take(Tool.DRAW)
    assert not desk.window.view.hand.busy


def test_undo_under_a_gesture_ends_it(desk, sample) -> None:
    desk.open_known(sample)
    show_frame(desk, 5)
    desk.workflow.edit_contour(5, desk.session.editable(5).moved(7, 120, 80), "move point")
    first = desk.session.contour(5)
    desk.workflow.edit_contour(5, first.moved(9, 150, 90), "move point")
    click(desk, *desk.session.editable(5).handles[2])
    desk.window.acts["undo"].trigger()
    assert not desk.window.view.hand.busy, "it would bring back what was undone"
    assert desk.session.contour(5) is first


def test_a_caliper_that_another_took_away_is_let_go_of(desk, sample, url) -> None:
    desk.open_known(sample)
    show_frame(desk, 5)
    note = Note(NoteKind.DISTANCE, 5, ((100.0, 100.0), (150.0, 100.0)))
    desk.workflow.edit("measure distance, frame 6", desk.session.label.with_notes((note,)))
    desk.settle()
    desk.window.acts["caliper"].trigger()
    caliper = next(tool for tool in desk.window.picture.calipers.tools if tool.active)
    caliper.click(100, 100, False)
    assert caliper.held == note
    save_as("Dr B", url, desk.session.cine, lambda label: label.with_notes(()))
    desk.workflow.keeping.read_again()
    desk.settle()
    assert caliper.held is None
    caliper.move(105, 100)
    caliper.click(105, 100, False)
    assert desk.session.label.notes == ()


def test_a_library_on_a_network_share_is_told_once_and_quietly(new_desk, monkeypatch) -> None:
    for room in ("engines", "opening"):
        monkeypatch.setattr(f"echoview.store.{room}.share_of", lambda path: "nfs4")
    desk = new_desk()
    assert desk.window.banner.text.startswith("The library lies on a network share (nfs4);")
    assert not desk.window.banner.property("urgent")
    desk.close()
    assert "network share" not in new_desk().window.banner.text
