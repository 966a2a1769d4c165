"""The backups in the window: what they hold, the way back to one, and what stands in its way."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from echoview.domain.contour import draw
from echoview.store import open_library
from echoview.store.backup_list import listed
from echoview.store.backups import back_up, folder_of
from echoview.store.engines import sqlite_url
from echoview.ui import dialogs
from echoview.ui.backups_dialog import BackupsDialog

HOLDS = """
import sys
from echoview.store import open_library
library = open_library(sys.argv[1])
library.newest()
print("open", flush=True)
sys.stdin.read()
"""


def heart(width: float):
    return draw([(150 - width, 170), (150 - width, 120), (150, 70), (150 + width, 120), (150 + width, 170)])


@pytest.fixture
def saved(new_desk, sample):
    """A window whose library has a backup of frame 10 alone; frame 5 came later."""
    desk = new_desk(who="Dr A", review_only=True)
    desk.open(sample)
    desk.workflow.edit_contour(9, heart(40), "draw")
    desk.settle()
    back_up(desk.workflow.library.file)
    desk.workflow.edit_contour(4, heart(35), "draw")
    desk.settle()
    return desk


@pytest.fixture
def shown(saved):
    dialog = BackupsDialog(saved.window, saved.workflow, saved.window.banner)
    dialog.show()
    saved.settle()
    yield dialog
    dialog.close()


def words(dialog) -> list[list[str]]:
    table = dialog.table
    return [[table.item(row, column).text() for column in (1, 2, 3)] for row in range(table.rowCount())]


def test_each_backup_says_what_it_holds_and_a_damaged_one_cannot_be_chosen(saved):
    folder = folder_of(saved.workflow.library.file)
    (folder / "2020-01-01T120000.sqlite").write_bytes(b"no library, only letters" * 500)
    dialog = BackupsDialog(saved.window, saved.workflow, saved.window.banner)
    dialog.show()
    assert not dialog.back.isEnabled()
    saved.settle()
    assert words(dialog) == [["1", "1", "Opens"], ["–", "–", "Damaged"]]
    dialog.table.selectRow(1)
    assert not dialog.back.isEnabled()
    assert "damaged" in dialog.back.toolTip()
    dialog.table.selectRow(0)
    assert dialog.back.isEnabled()
    dialog.close()


def test_going_back_shows_what_was_then_keeps_what_is_now_and_goes_on_from_there(saved, shown, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_go_back", lambda parent, when: True)
    file = saved.workflow.library.file
    assert set(saved.session.label.contours) == {4, 9}
    shown.table.selectRow(0)
    shown.back.click()
    saved.settle()
    assert not shown.isVisible()
    assert set(saved.session.label.contours) == {9}
    [kept] = file.parent.glob("labels.before-restore-*.sqlite")
    assert kept.name in saved.window.banner.text
    saved.workflow.edit_contour(2, heart(30), "draw")
    saved.settle()
    assert set(saved.workflow.library.load(saved.session.cine).label.contours) == {2, 9}
    former = open_library(sqlite_url(kept))
    assert set(former.load(saved.session.cine).label.contours) == {4, 9}, "and nothing was written into it since"
    former.close()


def test_who_would_rather_stay_stays(saved, shown, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_go_back", lambda parent, when: False)
    shown.table.selectRow(0)
    shown.back.click()
    saved.settle()
    assert set(saved.session.label.contours) == {4, 9}
    assert not list(saved.workflow.library.file.parent.glob("labels.before-restore-*"))


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_while_another_window_has_the_library_open_nothing_changes(saved, shown, monkeypatch):
    monkeypatch.setattr(dialogs, "ask_go_back", lambda parent, when: True)
    file = saved.workflow.library.file
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, sqlite_url(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "open\n"
    shown.table.selectRow(0)
    shown.back.click()
    saved.settle()
    assert shown.isVisible()
    assert shown.isEnabled()
    assert shown.below.text() == "Another window has this library open. Close that window, then try again."
    other.communicate("", timeout=60)
    assert not list(file.parent.glob("labels.before-restore-*"))
    saved.workflow.edit_contour(2, heart(30), "draw")
    saved.settle()
    assert set(saved.workflow.library.load(saved.session.cine).label.contours) == {2, 4, 9}


def test_frames_that_were_taken_back_are_not_counted(saved):
    saved.workflow.revert(9)
    saved.settle()
    made = back_up(saved.workflow.library.file)
    [newest, *_] = [one for one in listed(saved.workflow.library.file) if one.path == made]
    assert (newest.cines, newest.contours, newest.opens) == (1, 1, True)
