"""Where a library lies decides how it is opened; every earlier schema is brought up to date, after a backup."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Origin
from echoview.domain.label import Label
from echoview.domain.view import View
from echoview.errors import LibraryError
from echoview.store import engines, open_library, opening
from echoview.store.backups import backups_of, sound
from echoview.store.engines import sqlite_file, sqlite_url
from echoview.store.mounts import kind_on, parsed_mount, parsed_mountinfo, share_of
from echoview.store.place import library_url

FIRST = Path(__file__).parent / "fixtures" / "schema-0001.sqlite"


def check_first(library, editing) -> None:
    """What schema-0001.sqlite holds."""
    label = library.load(editing.cine("uid-9")).label
    assert label.empty
    label = library.label("uid-1")
    assert list(label.contours) == [3, 4]
    assert label.contour(3).handles.tolist() == [[0, 10], [5.125, 0.5], [10, 10]]
    assert set(label.contour(3).origins) == {Origin.DRAWN}
    assert (label.view, label.ed, label.es, label.calibration) == (None, 0, 9, Calibration(0.3, 0.25))
    one, two = library.history("uid-1")
    assert (one.annotator, one.number, one.base, one.seconds, one.drags) == ("Жук 心", 1, None, None, None)
    assert (two.number, two.tool) == (2, "revert")
    assert sorted(found.identity for found in library.labelled()) == ["uid-1", "uid-2"]


def test_a_library_of_the_first_schema_is_brought_up_to_date_after_a_backup(path, editing):
    shutil.copy(FIRST, path)
    library = open_library(sqlite_url(path))
    check_first(library, editing)
    [backup] = backups_of(path)
    with closing(sqlite3.connect(backup)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    before = library.label("uid-2")
    number = library.save(
        editing.cine("uid-new"), "/x", Label(), before.with_view(View.A3C), seconds=12.5, drags=3, moved_mm=4.25,
        base=0, **editing.WHO,
    ).number  # fmt: skip
    [revision] = library.history("uid-new")
    assert (number, revision.base, revision.seconds, revision.drags, revision.moved_mm) == (1, 0, 12.5, 3, 4.25)
    library.close()
    open_library(sqlite_url(path)).close()
    assert backups_of(path) == [backup], "once"


def test_a_damaged_library_of_the_first_schema_is_not_touched(path):
    data = bytearray(FIRST.read_bytes())
    data[4096 * 5 :] = bytes(len(data) - 4096 * 5)
    path.write_bytes(data)
    with pytest.raises(LibraryError, match="cannot be opened") as caught:
        open_library(sqlite_url(path))
    assert "doctor" in caught.value.hint
    assert path.read_bytes()[100:] == data[100:], "all but the header, which says how it is journalled"


def test_the_fixtures_reach_the_schema_before_the_newest():
    """Whoever adds a migration adds a library of the schema before it."""
    found = sorted(one.stem.removeprefix("schema-") for one in FIRST.parent.glob("schema-*.sqlite"))
    assert found == [f"{n:04d}" for n in range(1, int(opening.newest_schema()))]


# Network shares

MOUNTINFO = r"""
22 28 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:22 / /proc rw - proc proc rw
40 22 0:40 / /mnt/echo\040lab rw,relatime shared:9 master:2 - cifs //server/echo rw,vers=3.0
41 40 0:41 / /mnt/echo\040lab/local rw - ext4 /dev/sdb1 rw
42 22 0:42 / /home/a rw - nfs4 server:/home rw
43 22 0:43 / /over rw - ext4 /dev/sdc1 rw
44 22 0:44 / /over rw - fuse.sshfs me@host: rw
"""
MOUNT = """
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//me@server/echo lab on /Volumes/echo lab (smbfs, nodev, nosuid, mounted by me)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/b/labels.sqlite", "ext4"),
        ("/home/a/labels.sqlite", "nfs4"),
        ("/home/ab/labels.sqlite", "ext4"),
        ("/mnt/echo lab/labels.sqlite", "cifs"),
        ("/mnt/echo lab/local/labels.sqlite", "ext4"),
        ("/over/x", "fuse.sshfs"),
    ],
)
def test_the_mount_that_holds_a_file(path, kind):
    assert kind_on(parsed_mountinfo(MOUNTINFO), Path(path)) == kind


def test_the_mounts_of_macos():
    assert kind_on(parsed_mount(MOUNT), Path("/Volumes/echo lab/labels.sqlite")) == "smbfs"
    assert kind_on(parsed_mount(MOUNT), Path("/Users/me/labels.sqlite")) == "apfs"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the running system")
def test_this_disk_is_no_share_and_is_known(tmp_path):
    assert share_of(tmp_path / "labels.sqlite") == ""
    mounts = parsed_mountinfo(Path("/proc/self/mountinfo").read_text())
    assert kind_on(mounts, Path("/proc/self")) == "proc"


def test_on_a_share_the_log_that_needs_shared_memory_is_not_used(path, editing, monkeypatch):
    """The mount table is said to be another one; the library is a real file with a real rollback journal."""
    editing.write(open_library(sqlite_url(path)), 3)  # made on a disk, in WAL, and left open
    monkeypatch.setattr("echoview.store.mounts._mounts", lambda: [("/", "cifs")])
    moved = path.with_name("moved.sqlite")
    shutil.copy(path, moved)
    shutil.copy(f"{path}-wal", f"{moved}-wal")
    library = open_library(sqlite_url(moved))
    assert "network share (cifs)" in library.note
    with closing(sqlite3.connect(moved)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal"
    editing.write(library, 6, start=3)
    assert not moved.with_name(moved.name + "-wal").exists()
    library.close()
    assert editing.kept(sqlite_url(moved)) == 6


def test_two_windows_on_a_share_wait_for_each_other(path, editing, monkeypatch):
    monkeypatch.setattr("echoview.store.mounts._mounts", lambda: [("/", "nfs")])
    one, two = open_library(sqlite_url(path)), open_library(sqlite_url(path))
    for n in range(20):
        editing.write((one, two)[n % 2], n + 1, start=n)
    assert editing.values(two.label("uid-1")) == editing.values(editing.after(20))
    one.close()
    two.close()


# URLs


def test_what_a_person_may_name_as_a_library(tmp_path, home):
    assert sqlite_file(library_url("")) == home / "data" / "labels.sqlite"
    assert sqlite_file(library_url(str(tmp_path / "a b.sqlite"))) == tmp_path / "a b.sqlite"
    assert sqlite_file("sqlite://") is None
    assert sqlite_file("postgresql://me@host/labels") is None


def test_a_server_that_is_not_there_is_one_sentence_without_the_password():
    with pytest.raises(LibraryError, match="cannot be opened") as caught:
        open_library("postgresql://me:s3cret@127.0.0.1:1/labels")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_without_a_driver_is_one_sentence():
    with pytest.raises(LibraryError, match="cannot be opened"):
        open_library("oracle+cx_oracle://me@host/labels")


def test_a_copy_is_taken_again_while_the_owner_writes(path, editing, monkeypatch):
    library = open_library(sqlite_url(path))
    editing.write(library, 2)
    copy, calls = shutil.copyfile, []

    def meanwhile(source, target):
        copy(source, target)
        if len(calls) < 3:
            calls.append(source)
            editing.write(library, 3 + len(calls), start=2 + len(calls))

    monkeypatch.setattr(engines.shutil, "copyfile", meanwhile)
    with engines.copied(path) as folder:
        taken = Path(folder) / path.name
        assert sound(taken)
        library.close()
        monkeypatch.undo()
        reading = open_library(sqlite_url(taken))
        assert [revision.number for revision in reading.history("uid-1")] == list(range(1, 6))
        reading.close()
