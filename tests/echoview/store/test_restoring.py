"""Back to a backup, also after a crash that left SQLite's log beside the library."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from echoview.errors import LibraryError
from echoview.store import open_library
from echoview.store.aside import put_in_place
from echoview.store.backups import back_up, sound
from echoview.store.engines import sqlite_url
from echoview.store.restoring import restore


@pytest.fixture
def crashed(path, editing, tmp_path) -> tuple[Path, Path]:
    """(library, backup of 30 edits): 70 in the file, six more in the log, as a killed program leaves them."""
    for start, stop in ((0, 30), (30, 70)):
        library = open_library(sqlite_url(path))
        editing.write(library, stop, start=start)
        library.close()
        if stop == 30:
            backup = back_up(path)
    library = open_library(sqlite_url(path))
    editing.write(library, 76, start=70)
    left = tmp_path / "crashed" / path.name
    left.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(path.with_name(path.name + suffix), left.with_name(left.name + suffix))
    library.close()
    assert left.with_name(left.name + "-wal").stat().st_size > 0
    return left, backup


def test_after_a_crash_the_backup_comes_back_whole_and_nothing_is_thrown_away(crashed, editing):
    file, backup = crashed
    kept = restore(file, str(backup))
    assert not file.with_name(file.name + "-wal").exists(), "the log of the former file would destroy it"
    assert editing.kept(sqlite_url(file)) == 30
    assert sound(file)
    assert editing.kept(sqlite_url(kept)) == 76, "with what lay in its log"
    assert backup.exists()
    restore(file, str(kept))
    assert editing.kept(sqlite_url(file)) == 76, "and back again"


def test_a_backup_is_found_by_its_name(crashed, editing):
    file, backup = crashed
    folder = file.with_name(file.name + ".backups")
    shutil.copytree(backup.parent, folder)
    restore(file, backup.name)
    assert editing.kept(sqlite_url(file)) == 30


@pytest.mark.parametrize("wreck", [b"no library, only letters" * 500, b"", None])
def test_what_is_no_backup_changes_nothing(crashed, editing, tmp_path, wreck):
    file, _ = crashed
    other = tmp_path / "other.sqlite"
    if wreck is not None:
        other.write_bytes(wreck)
    before = sorted(one.name for one in file.parent.iterdir())
    with pytest.raises(LibraryError):
        restore(file, str(other))
    assert sorted(one.name for one in file.parent.iterdir()) == before
    assert editing.kept(sqlite_url(file)) == 76


def test_where_one_file_cannot_be_moved_all_stay_with_the_library(crashed, editing, tmp_path):
    """Its log had been moved already: without it the library would lack six edits."""
    file, _ = crashed
    file.with_name(f"{file.stem}.before-restore-now{file.suffix}").mkdir()  # in the place where it should be kept
    part = tmp_path / "part"
    part.write_bytes(b"a backup")
    with pytest.raises(OSError):
        put_in_place(part, file, "before-restore", "now")
    assert part.exists()
    assert editing.kept(sqlite_url(file)) == 76


def test_the_library_is_no_backup_of_itself(crashed):
    with pytest.raises(LibraryError, match="the library itself"):
        restore(crashed[0], str(crashed[0]))


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_an_open_library_is_not_replaced(path, run_editing, editing, crashed):
    process = run_editing("edits", sqlite_url(crashed[0].with_name("open.sqlite")), 5)
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(LibraryError, match="is open in EchoView"):
        restore(crashed[0].with_name("open.sqlite"), str(crashed[1]))
    process.communicate("go\n", timeout=60)


def test_where_the_library_is_gone_the_backup_takes_its_place(crashed, editing):
    file, backup = crashed
    for suffix in ("", "-shm"):
        file.with_name(file.name + suffix).unlink()  # its log has outlived it
    assert restore(file, str(backup)) is None
    assert editing.kept(sqlite_url(file)) == 30
