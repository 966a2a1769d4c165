"""Every kind of damage is found, and what can still be read is put together from the file and its backups."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.errors import LibraryError
from echoview.store import open_library
from echoview.store.backups import back_up
from echoview.store.engines import sqlite_url
from echoview.store.health import examine
from echoview.store.rescue import rescue
from echoview.store.restoring import restore

FIRST = Path(__file__).parent / "fixtures" / "schema-0001.sqlite"


def problems(path: Path) -> list[str]:
    return [finding.text for finding in examine(sqlite_url(path)) if not finding.well]


@pytest.fixture
def filled(path, editing) -> Path:
    """60 edits of one cine, one of another, all in the file; no backup."""
    library = open_library(sqlite_url(path))
    editing.write(library, 60)
    library.save(editing.cine("uid-2"), "/y", Label(), editing.after(1), **editing.WHO)
    library.close()
    return path


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS revisions_no_UPDATE")
        connection.execute("DROP TRIGGER IF EXISTS revisions_no_DELETE")
        for statement in statements:
            connection.execute(statement)


def test_a_sound_library_has_no_problems_and_is_not_changed(filled):
    before = filled.read_bytes()
    assert problems(filled) == []
    assert any("61 revisions of 2 cines" in finding.text for finding in examine(sqlite_url(filled)))
    assert filled.read_bytes() == before


def test_an_open_library_and_one_of_an_earlier_schema_are_looked_at_as_they_are(path, library, editing, tmp_path):
    editing.write(library, 5)
    assert problems(path) == []
    old = shutil.copy(FIRST, tmp_path / "old.sqlite")
    before = old.read_bytes()
    assert problems(old) == []
    assert any("brings it to" in finding.text for finding in examine(sqlite_url(old)))
    assert old.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE revisions SET change = '{' WHERE number = 30", "1 revisions cannot be read."),
        ("DELETE FROM revisions WHERE number = 30", "The histories of 1 cines have gaps."),
        ("DELETE FROM cines WHERE identity = 'uid-2'", "1 revisions have none."),
        ("UPDATE alembic_version SET version_num = '9999'", "is of a newer version of EchoView"),
        ("DROP TABLE alembic_version", "It holds no label library."),
    ],
)
def test_damage_to_rows_is_found(filled, damage, said):
    sql(filled, damage)
    assert any(said in problem for problem in problems(filled))


def test_what_is_said_names_nobody(filled):
    said = " ".join(finding.text for finding in examine(sqlite_url(filled)))
    assert "A. Person" not in said
    assert "uid-" not in said
    assert str(filled.parent) not in said


def test_a_revision_that_cannot_be_read_ends_the_history_and_a_backup_fills_the_gap(filled, editing):
    kept = filled.with_name("kept.sqlite")
    shutil.copy(filled, kept)
    sql(filled, "UPDATE revisions SET change = '{' WHERE number = 30")
    made = rescue(filled)
    assert (made.revisions, made.cines, made.left) == (29 + 1, 2, 30)
    assert editing.kept(sqlite_url(filled)) == 29
    with closing(sqlite3.connect(made.kept_as)) as damaged:
        assert damaged.execute("SELECT count(*) FROM revisions").fetchone() == (61,), "nothing is thrown away"
    # the same with a backup of an hour before, which has number 30 and not the last ones
    shutil.copy(kept, filled)
    library = open_library(sqlite_url(filled))
    back_up(filled)
    editing.write(library, 70, start=60)
    library.close()
    sql(filled, "UPDATE revisions SET change = '{' WHERE number = 30")
    made = rescue(filled)
    assert (made.revisions, made.left) == (71, 0)
    assert editing.kept(sqlite_url(filled)) == 70
    assert problems(filled) == []


def test_the_file_is_gone_or_no_library_at_all(filled, editing):
    back_up(filled)
    for wreck in (None, b"no library, only letters" * 500, b""):
        filled.unlink()
        if wreck is not None:
            filled.write_bytes(wreck)
        assert problems(filled)
        made = rescue(filled)
        assert made.revisions == 61
        assert (made.kept_as is None) == (wreck is None)
        assert editing.kept(sqlite_url(filled)) == 60


@pytest.mark.parametrize("seed", range(12))
def test_any_pages_may_be_wrecked(filled, editing, seed):
    """What comes back is an unbroken row, and with a backup all of it; never a wrong label."""
    chance, data = random.Random(seed), bytearray(filled.read_bytes())
    for page in chance.sample(range(len(data) // 4096), 2):
        data[page * 4096 : (page + 1) * 4096] = chance.choice((bytes(4096), chance.randbytes(4096)))
    whole = filled.read_bytes()
    filled.write_bytes(data)
    found = problems(filled)
    try:
        assert rescue(filled).revisions <= 61
        assert editing.kept(sqlite_url(filled)) <= 60
    except LibraryError:  # no label can be read
        assert filled.read_bytes() == data
    filled.write_bytes(whole)
    back_up(filled)
    filled.write_bytes(data)
    assert rescue(filled).revisions == 61
    assert editing.kept(sqlite_url(filled)) == 60
    assert found, "and the damage had been seen"


def test_a_library_of_an_earlier_schema_is_rescued_too(path):
    shutil.copy(FIRST, path)
    sql(path, "UPDATE revisions SET change = '{' WHERE id = 2")
    assert rescue(path).revisions == 2
    library = open_library(sqlite_url(path))
    assert sorted(library.label("uid-1").contours) == [3, 9]
    library.close()


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_an_open_library_is_not_put_aside(path, run_editing, editing):
    process = run_editing("edits", sqlite_url(path), 5)
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(LibraryError, match="is open in EchoView"):
        rescue(path)
    process.communicate("go\n", timeout=60)
    assert editing.kept(sqlite_url(path)) == 5


def test_no_room_for_a_repair_changes_nothing(filled, monkeypatch):
    sql(filled, "UPDATE revisions SET change = '{' WHERE number = 30")
    before = filled.read_bytes()

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("echoview.store.rescue.os.fsync", no_room)
    with pytest.raises(LibraryError, match="could not be repaired"):
        rescue(filled)
    assert filled.read_bytes() == before
    assert not list(filled.parent.glob("*.rescued*"))


def test_a_server_s_library_is_examined(server_url, editing):
    library = open_library(server_url)
    editing.write(library, 3)
    library.close()
    found = list(examine(server_url))
    assert all(finding.well for finding in found), found
    assert any("3 revisions of 1 cines" in finding.text for finding in found)


@pytest.fixture
def parted(path, editing) -> Path:
    """Monday's backup, Tuesday's after three more edits; back to Monday's, and an edit on Wednesday."""

    def save(before: Label, after: Label, who: str, base: int) -> None:
        library = open_library(sqlite_url(path))
        library.save(editing.cine(), "/x", before, after, base=base, **{**editing.WHO, "annotator": who})
        library.close()

    monday = Label().with_contour(3, draw([(0, 1), (5, 2), (10, 1)]))
    save(Label(), monday, "monday", 0)
    backup = back_up(path)
    backup = backup.rename(backup.with_name("2026-03-02T080000.sqlite"))
    label = monday
    for n in (1, 2, 3):
        former, label = label, label.with_contour(2 + n, draw([(0, 10 * n), (5, 2), (10, 1)]))
        save(former, label, "tuesday", n)
    later = back_up(path)
    later.rename(later.with_name("2026-03-03T080000.sqlite"))
    restore(path, backup.name)
    save(monday, monday.with_contour(5, draw([(0, 20), (5, 21), (10, 20)])), "wednesday", 1)
    return path


def test_two_histories_under_the_same_numbers_are_not_mixed(parted):
    made = rescue(parted)
    library = open_library(sqlite_url(parted))
    assert [(r.number, r.annotator) for r in library.history("uid-1")] == [(1, "monday"), (2, "wednesday")]
    assert library.label("uid-1").contour(5).handles[0, 1] == 20, "the newest is in force"
    library.close()
    assert made.left == 0
    assert len(made.apart) == 1
    kept = open_library(sqlite_url(made.apart[0]))
    assert [r.annotator for r in kept.history("uid-1")] == ["monday", *["tuesday"] * 3], "nothing is lost either"
    kept.close()


def test_a_gap_is_filled_from_a_copy_that_has_not_parted(parted):
    sql(parted, "UPDATE revisions SET change = '{' WHERE number = 1")
    made = rescue(parted)
    library = open_library(sqlite_url(parted))
    assert [r.annotator for r in library.history("uid-1")] == ["monday", "wednesday"], "from Monday's backup"
    library.close()
    assert len(made.apart) == 1


def test_the_newest_edit_that_cannot_be_read_is_not_replaced_by_an_older_one(parted):
    sql(parted, "UPDATE revisions SET change = '{' WHERE number = 2")
    made = rescue(parted)
    library = open_library(sqlite_url(parted))
    assert [r.annotator for r in library.history("uid-1")] == ["monday"]
    library.close()
    assert (made.left, len(made.apart)) == (0, 1)


def test_a_lost_edit_is_not_made_up_from_another_history(parted, editing):
    library = open_library(sqlite_url(parted))
    editing.write(library, 2)  # 3 and 4
    library.close()
    sql(parted, "UPDATE revisions SET change = '{' WHERE number = 2")
    made = rescue(parted)
    library = open_library(sqlite_url(parted))
    assert [r.annotator for r in library.history("uid-1")] == ["monday"]
    library.close()
    assert (made.left, len(made.apart)) == (2, 1)
