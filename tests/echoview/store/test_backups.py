"""One copy a day, each sound before an older one goes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from echoview.errors import LibraryError
from echoview.store import open_library
from echoview.store.backups import DAY_S, KEPT, back_up, backups_of, due, folder_of, sound
from echoview.store.engines import sqlite_url


def test_the_first_copy_is_of_labels_and_the_next_a_day_later(path, library, editing):
    assert library.back_up_if_due() is None, "there is nothing to lose yet"
    editing.write(library, 3)
    made = library.back_up_if_due()
    assert backups_of(path) == [made]
    assert library.back_up_if_due() is None
    yesterday = time.time() - DAY_S - 1
    os.utime(made, (yesterday, yesterday))
    older = made.rename(made.with_name("2000-01-01T000000.sqlite"))
    editing.write(library, 5, start=3)
    newer = library.back_up_if_due()
    assert backups_of(path) == [newer, older]
    assert (editing.kept(sqlite_url(older)), editing.kept(sqlite_url(newer))) == (3, 5)


def test_a_copy_holds_also_what_is_only_in_the_log_and_is_one_file(path, library, editing):
    editing.write(library, 4)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    made = back_up(path)
    assert [one.name for one in folder_of(path).iterdir()] == [made.name]
    assert sound(made)
    with closing(sqlite3.connect(f"{made.as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
        assert copy.execute("SELECT count(*) FROM revisions").fetchone() == (4,)
    if os.name != "nt":
        assert folder_of(path).stat().st_mode & 0o077 == 0, "labels are nobody else's business"


def test_seven_are_kept(path, library, editing):
    editing.write(library, 1)
    made = back_up(path)
    for day in range(1, 12):
        (folder_of(path) / f"2001-01-{day:02d}T000000.sqlite").write_bytes(made.read_bytes())
    made.unlink()
    newest = back_up(path)
    assert len(backups_of(path)) == KEPT
    assert backups_of(path)[0] == newest
    assert backups_of(path)[-1].name == "2001-01-06T000000.sqlite"


def test_a_damaged_library_is_not_copied_over_good_copies(path, library, editing):
    editing.write(library, 40)
    good = back_up(path)
    library.close()
    data = bytearray(path.read_bytes())
    data[5 * 4096 : 9 * 4096] = os.urandom(4 * 4096)
    path.write_bytes(data)
    os.utime(good, (0, 0))
    damaged = open_library(sqlite_url(path))
    with pytest.raises(LibraryError, match=r"could not be backed up|cannot be read"):
        damaged.back_up_if_due()
    damaged.close()
    assert list(folder_of(path).iterdir()) == [good]


def test_a_clock_that_was_wrong_once_does_not_stop_copies(path, library, editing):
    editing.write(library, 1)
    made = back_up(path)
    assert not due(path)
    future = time.time() + 400 * DAY_S
    os.utime(made, (future, future))
    assert due(path)


def test_copies_with_names_of_the_future_count_as_the_oldest(path, library, editing):
    editing.write(library, 1)
    made = back_up(path)
    future = [folder_of(path) / f"2099-01-0{day}T000000.sqlite" for day in range(1, 8)]
    for one in future:
        one.write_bytes(made.read_bytes())
        os.utime(one, (time.time() + 400 * DAY_S,) * 2)
    made.unlink()
    assert due(path)
    newest = library.back_up_if_due()
    assert newest.exists(), "the copy that was just made is not the one that goes"
    assert backups_of(path) == [newest, *reversed(future[1:])]
    assert not due(path)
    (folder_of(path) / "2020-01-01T000000.sqlite").write_bytes(newest.read_bytes())
    assert [one.name[:4] for one in backups_of(path)][1:] == ["2020", *["2099"] * 6]


def test_an_interrupted_copy_is_swept_up(path, library, editing):
    editing.write(library, 1)
    folder_of(path).mkdir()
    left, fresh = folder_of(path) / "x.sqlite.1.part", folder_of(path) / "y.sqlite.2.part"
    for part in (left, fresh):
        part.write_bytes(b"half")
    os.utime(left, (0, 0))
    made = back_up(path)
    assert sorted(folder_of(path).iterdir()) == sorted([made, fresh]), "another window may be writing the fresh one"
    assert backups_of(path) == [made]


def test_edits_go_on_while_a_copy_is_taken(path, library, editing):
    editing.write(library, 30)
    copies = threading.Thread(target=lambda: [back_up(path) for _ in range(5)])
    copies.start()
    editing.write(library, 130, start=30)
    copies.join()
    assert 30 <= editing.kept(sqlite_url(backups_of(path)[0])) <= 130
    assert editing.kept(sqlite_url(path)) == 130


def test_a_folder_that_cannot_take_a_copy_is_one_sentence(path, library, editing):
    editing.write(library, 1)
    folder_of(path).write_text("in the way")
    with pytest.raises(LibraryError, match="could not be backed up"):
        library.back_up_if_due()
