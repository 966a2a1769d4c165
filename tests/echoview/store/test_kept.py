"""Nothing is lost: killed at any moment, a log cut off at any byte, a full disk, a medium that cannot be written."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from echoview.domain.label import Label
from echoview.domain.review import ActKind, Role
from echoview.errors import LibraryError
from echoview.store import new_act, open_library
from echoview.store.engines import sqlite_url
from echoview.store.transfer import histories, merge

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")
ROOT_ONLY = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to mount")


@POSIX
def test_killed_20_times_it_misses_at_most_the_edit_in_flight(tmp_path, run_editing):
    out, err = run_editing("killed", tmp_path, 20, 1).communicate(timeout=240)
    assert not err
    held, in_flight = map(int, out.split())
    assert held > 20
    assert in_flight <= 20


@POSIX
def test_ended_in_the_midst_of_40_writes_it_misses_at_most_the_edit_in_flight(path, run_editing):
    """Fails where the journal is only in memory: then the file itself is half old and half new."""
    out, err = run_editing("struck", path, 40).communicate(timeout=240)
    assert not err
    hit, held = map(int, out.split())
    assert hit == 40
    assert held > 10


def test_a_commit_waits_for_the_disk(path, library, editing, monkeypatch):
    """What only an outage of power would show, for no signal loses what the system already has."""

    def asked(opened) -> list[object]:
        with opened._engine.connect() as connection:
            pragmas = ("synchronous", "journal_mode", "wal_autocheckpoint", "foreign_keys")
            return [connection.exec_driver_sql(f"PRAGMA {one}").scalar() for one in pragmas]

    full = 2
    assert asked(library) == [full, "wal", 0, 1]
    library.close()
    monkeypatch.setattr("echoview.store.engines.share_of", lambda path: "nfs4")
    shared = open_library(sqlite_url(path))
    assert asked(shared) == [full, "truncate", 0, 1]
    shared.close()


def crashed(path: Path, run_editing, edits: int) -> None:
    """A library whose writer was killed after so many edits, its log still beside it."""
    process = run_editing("edits", sqlite_url(path), 10**6)
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.read(len("ready\n") + edits).endswith("." * edits)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@POSIX
@pytest.mark.parametrize("edits", [12, 230], ids=["before the log was emptied", "after"])
def test_a_log_cut_off_at_any_byte_leaves_an_unbroken_row(tmp_path, path, run_editing, editing, edits):
    crashed(path, run_editing, edits)
    log = path.with_name(path.name + "-wal").read_bytes()
    assert len(log) > 4 * 4096
    chance, lengths = random.Random(edits), {0, 1, 31, 32, 33, len(log) - 1, len(log)}
    lengths |= {chance.randrange(len(log)) for _ in range(25)}
    found = []
    for length in sorted(lengths):
        copy = tmp_path / f"cut-{length}.sqlite"
        shutil.copy(path, copy)
        copy.with_name(copy.name + "-wal").write_bytes(log[:length])
        found.append(editing.kept(sqlite_url(copy)))
    assert found == sorted(found)
    assert found[0] == (0 if edits < 200 else 200)
    assert edits <= found[-1] <= edits + 60, "whole, and some edits made before the killer's hand fell"
    assert len(set(found)) > 5


def test_a_log_cut_off_fits_its_file_also_around_the_moment_it_is_emptied(tmp_path, path, editing, monkeypatch):
    """SQLite's own way leaves old pages in the log until the next edit; some of them over the newer file: a wreck."""
    monkeypatch.setattr("echoview.store.library._LOG", 10)
    chance, library, copy = random.Random(1), open_library(sqlite_url(path)), tmp_path / "cut.sqlite"
    editing.write(library, 20)
    for n in range(20, 45):
        editing.write(library, n + 1, start=n)
        log = path.with_name(path.name + "-wal").read_bytes()
        for length in {0, *(chance.randrange(len(log) + 1) for _ in range(4))}:
            shutil.copy(path, copy)
            copy.with_name(copy.name + "-wal").write_bytes(log[:length])
            assert (n + 1) // 10 * 10 <= editing.kept(sqlite_url(copy)) <= n + 1
    library.close()


@POSIX
def test_a_full_disk_refuses_the_edit_and_keeps_the_ones_before(path, run_editing):
    out, err = run_editing("limited", path, 25).communicate(timeout=240)
    assert not err
    refused, kept = map(int, out.split())
    assert refused == 25
    assert kept > 25


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@ROOT_ONLY
def test_a_real_disk_that_is_full_at_any_page(small_disk, editing):
    url, done = sqlite_url(small_disk / "labels.sqlite"), 0
    open_library(url).close()
    ballast = small_disk / "ballast"
    for left in range(0, 17 * 4096, 4096):
        library = open_library(url)
        ballast.unlink(missing_ok=True)
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free(small_disk) - left, 1))
        done = until_refused(library, editing, done)
        assert editing.values(library.label("uid-1")) == editing.values(editing.after(done))
        ballast.unlink()
        editing.write(library, done + 1, start=done)
        done += 1
        library.close()
        assert editing.kept(url) == done
    assert done >= 17


def until_refused(library, editing, done: int) -> int:
    while True:
        try:
            editing.write(library, done + 1, start=done)
        except LibraryError:
            return done
        done += 1


def free(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_bsize


@ROOT_ONLY
@pytest.mark.parametrize("left", [0, 4096, 36864])
def test_a_library_on_a_full_disk_can_be_looked_at(small_disk, editing, left):
    url = sqlite_url(small_disk / "labels.sqlite")
    library = open_library(url)
    editing.write(library, 3)
    library.close()
    with open(small_disk / "ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, free(small_disk) - left)
    library = open_library(url)
    assert editing.values(library.label("uid-1")) == editing.values(editing.after(3))
    assert library.read_only == (left < 32768)
    if library.read_only:
        with pytest.raises(LibraryError, match="disk of the label library is full"):
            editing.write(library, 4, start=3)
    library.close()
    (small_disk / "ballast").unlink()
    assert editing.kept(url) == 3


@ROOT_ONLY
@pytest.mark.parametrize("left", [0, 20480])
def test_an_early_library_on_a_full_disk(small_disk, left):
    """It cannot be brought up to date where it lies until there is room."""
    path = small_disk / "labels.sqlite"
    shutil.copy(Path(__file__).parent / "fixtures" / "schema-0001.sqlite", path)
    with open(small_disk / "ballast", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, free(small_disk) - left)
    library = open_library(sqlite_url(path))
    assert list(library.label("uid-1").contours) == [3, 4]
    assert library.read_only
    library.close()
    (small_disk / "ballast").unlink()
    library = open_library(sqlite_url(path))
    assert list(library.label("uid-1").contours) == [3, 4]
    assert not library.read_only
    library.close()


@ROOT_ONLY
def test_a_medium_that_cannot_be_written_shows_also_what_is_only_in_the_log(small_disk, run_editing, editing):
    path = small_disk / "labels.sqlite"
    crashed(path, run_editing, 5)
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    library = open_library(sqlite_url(path))
    assert library.read_only
    assert len(library.load(editing.cine()).label.contours) >= 5
    with pytest.raises(LibraryError, match="can be read but not written") as caught:
        library.save(editing.cine(), "/x", Label(), editing.after(1), **editing.WHO)
    assert caught.value.hint
    library.moved("uid-1", "/elsewhere")
    assert library.back_up_if_due() is None
    copy = Path(library._copy.name)
    library.close()
    assert not copy.exists(), "the copy holds labels, and is not left behind"


@ROOT_ONLY
def test_an_early_library_on_a_medium_that_cannot_be_written(small_disk):
    shutil.copy(Path(__file__).parent / "fixtures" / "schema-0001.sqlite", small_disk / "labels.sqlite")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    library = open_library(sqlite_url(small_disk / "labels.sqlite"))
    assert list(library.label("uid-1").contours) == [3, 4]
    library.close()


def test_a_clock_that_was_set_back_changes_no_order(path, library, editing):
    editing.write(library, 9)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER revisions_no_UPDATE")
        connection.execute("UPDATE revisions SET made_at = datetime('2030-01-01', '-' || number || ' days')")
    made = [revision.made_at for revision in library.history("uid-1")]
    assert made == sorted(made, reverse=True)
    assert editing.values(library.label("uid-1")) == editing.values(editing.after(9))


def test_a_revision_cannot_be_changed_or_deleted(path, library, editing):
    editing.write(library, 2)
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE revisions SET change = '{}'", "DELETE FROM revisions"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed or deleted"):
                connection.execute(statement)


@POSIX
def test_a_path_of_300_characters_in_other_letters(tmp_path, editing):
    folder = tmp_path
    while len(str(folder)) < 300:
        folder = folder / "Zoë Ехо 心 %20 #?'"
    folder.mkdir(parents=True)
    library = open_library(sqlite_url(folder / "labels.sqlite"))
    library.save(editing.cine(), str(folder / "心.dcm"), Label(), editing.after(1), **editing.WHO)
    assert library.labelled()[0].path == str(folder / "心.dcm")
    assert library.back_up_if_due().is_relative_to(folder)
    library.close()
    assert editing.kept(sqlite_url(folder / "labels.sqlite")) == 1


class Clock:
    """The library's clock, which somebody sets."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self, _zone: tzinfo) -> datetime:
        return self.at


def test_a_clock_that_is_set_back_between_two_saves_changes_no_order(path, library, editing, monkeypatch):
    clock = Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    monkeypatch.setattr("echoview.store.library.datetime", clock)
    first, second = editing.edited(Label(), 0), editing.edited(Label(), 7)  # of the same frame
    library.save(editing.cine(), "/x", Label(), first, base=0, **editing.WHO)
    clock.at -= timedelta(days=400)
    saved = library.save(editing.cine(), "/x", first, second, base=1, **editing.WHO)
    assert (saved.number, saved.others) == (2, ()), "nobody has saved in between"
    history = library.history("uid-1")
    assert [one.number for one in history] == [1, 2]
    assert history[1].made_at < history[0].made_at, "it says what the clock said"
    for label in (library.label("uid-1"), library.load(editing.cine()).label, next(histories(library)).label()):
        assert editing.values(label) == editing.values(second), "the later save is in force"
    other = open_library(sqlite_url(path.with_name("other.sqlite")))
    merge(other, next(histories(library)), "B", "1.2")
    assert editing.values(other.label("uid-1")) == editing.values(second), "in another library too"
    other.close()


def test_a_clock_that_is_set_back_amid_saves_verdicts_and_a_merge_loses_and_swaps_nothing(
    path, library, editing, monkeypatch
):
    clock = Clock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    for module in ("library", "acts", "transfer"):
        monkeypatch.setattr(f"echoview.store.{module}.datetime", clock)
    other = open_library(sqlite_url(path.with_name("other.sqlite")))
    cine, first = editing.cine(), editing.edited(Label(), 0)

    def said(where, kind: ActKind, who: str) -> None:
        where.say(cine, "/x", new_act(kind, who, Role.LEAD), "1.0")

    library.save(cine, "/x", Label(), first, base=0, **editing.WHO)
    said(library, ActKind.REJECT, "A")
    merge(other, next(histories(library)), "B", "1.2")  # here the two part
    clock.at -= timedelta(days=400)
    ours, theirs = editing.edited(first, 7), editing.edited(editing.edited(first, 14), 1)
    library.save(cine, "/x", first, ours, base=1, **editing.WHO)
    said(library, ActKind.APPROVE, "A")
    other.save(cine, "/x", first, theirs, base=1, **{**editing.WHO, "annotator": "B"})
    said(other, ActKind.SECOND_READ, "B")
    clock.at += timedelta(days=1)
    merged = merge(library, next(histories(other)), "A", "1.2")
    assert merged.conflicts == ("frame 1",), "what both changed since they parted, and nothing before it"
    held = library.load(cine).label
    assert editing.values(held.without_contour(1)) == editing.values(ours), "ours stays in force"
    assert editing.values(held)[0][1] == editing.values(theirs)[0][1], "what only they drew has joined"
    assert [one.annotator for one in library.history("uid-1")][1:3] == [editing.WHO["annotator"], "B"]
    kinds = [one.kind for one in library.record("uid-1").trail.acts]
    assert kinds[0] is ActKind.REJECT, "the two others were said later, though by a clock that was set back"
    assert sorted(kind.value for kind in kinds) == ["approve", "reject", "second read"]
    assert merge(library, next(histories(other)), "A", "1.2").added == 0, "nothing comes twice"
    other.close()
