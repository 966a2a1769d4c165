"""The label library on a real SQLite file: appended, shared by processes, killed, locked and damaged."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import Contour, Origin, draw
from echoview.domain.label import Label
from echoview.domain.view import View
from echoview.errors import LibraryError
from echoview.store import Library, open_library
from echoview.store.engines import sqlite_url

ROOT = Path(__file__).parents[3]
ONE = draw([(0, 10), (5.25, 0), (10, 10)])
TWO = draw([(1, 11), (6, 1), (11, 11)])
WHO = {"annotator": "A. Person", "app_version": "1.2", "weights": "ral-lite abc", "tool": "drag"}

# What every child process runs first: a cine, and edit n as a function of n alone.
SCRIPT = """
import sys, os, time, numpy as np
from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.errors import EchoViewError
from echoview.store import open_library
from echoview.store.engines import sqlite_url
WHO = dict(annotator="child", app_version="1", weights="", tool="script")
class Frames:
    def decode(self, t):
        return np.random.default_rng(t).integers(0, 256, (8, 9)).astype(np.uint8)
def cine(identity="uid-1"):
    return Cine(CineInfo((8, 9), np.arange(40.0), True, identity, "sha256:1", "DICOM"), Frames())
def edited(label, n, first=0):
    return label.with_contour(first + n % 7, draw([(0, n), (5, n + 1), (10, n)]))
"""


def child(code: str, *arguments: object, **options) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'model'}"}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + code, *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def finished(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


class Frames:
    """40 pictures of noise, each another."""

    def decode(self, t: int) -> np.ndarray:
        return np.random.default_rng(t).integers(0, 256, (8, 9)).astype(np.uint8)


def make_cine(identity: str = "uid-1", patient: str = "p1") -> Cine:
    info = CineInfo((8, 9), np.arange(40.0), True, identity, "sha256:1", "DICOM", patient_key=patient)
    return Cine(info, Frames())


def edited(label: Label, n: int, first: int = 0) -> Label:
    return label.with_contour(first + n % 7, draw([(0, n), (5, n + 1), (10, n)]))


def values(label: Label) -> tuple:
    contours = {t: (c.handles.tolist(), c.origins) for t, c in label.contours.items()}
    return contours, label.view, label.ed, label.es, label.calibration


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "labels.sqlite"


@pytest.fixture
def library(path):
    library = open_library(sqlite_url(path))
    yield library
    library.close()


def opened_label(path: Path, identity: str = "uid-1") -> Label:
    library = open_library(sqlite_url(path))
    try:
        return library.label(identity)
    finally:
        library.close()


def sql(path: Path, statement: str, *arguments: object) -> list:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(statement, arguments).fetchall()
    finally:
        connection.close()


# Appending


def test_a_cine_that_nobody_labelled_has_an_empty_label(library):
    assert library.label("uid-1").empty
    assert library.history("uid-1") == []
    assert library.labelled() == []


def test_a_label_comes_back_as_it_was_saved(library, path):
    label = Label({3: ONE.moved(1, 5.125, 0.5).accepted(), 9: TWO}, View.A2C, 0, 9, Calibration(0.1 + 0.2, 1 / 3))
    assert library.save(make_cine(), "/x/a.dcm", Label(), label, **WHO).number == 1
    for source in (library.label("uid-1"), opened_label(path)):
        assert values(source) == values(label)


def test_every_edit_is_one_row_and_what_is_taken_back_is_gone(library, path):
    cine, first = make_cine(), Label().with_contour(3, ONE)
    second = first.with_contour(5, TWO).with_view(View.A4C).with_ed(0)
    third = second.without_contour(3).with_view(None)
    last = Label()
    for number, (before, after) in enumerate([(Label(), first), (first, second), (second, third)], 1):
        assert library.save(cine, "/x", before, after, **WHO).number == number
        assert values(library.label("uid-1")) == values(after)
    assert library.save(cine, "/x", third, last, **WHO).number == 4
    assert library.label("uid-1").empty
    changes = [json.loads(c) for (c,) in sql(path, "select change from revisions order by number")]
    assert [sorted(c) for c in changes] == [
        ["contours", "pixels"],
        ["contours", "ed", "pixels", "view"],
        ["contours", "view"],
        ["contours", "ed"],
    ]
    assert [sorted(c["pixels"]) for c in changes[:2]] == [["3"], ["0", "5"]], "the frames that it speaks of"
    assert changes[2] == {"contours": {"3": None}, "view": None}


def test_the_history_tells_who_did_what(library):
    first = Label().with_contour(3, ONE)
    library.save(make_cine(), "/x", Label(), first, **WHO)
    library.save(make_cine(), "/x", first, first.with_es(8), **{**WHO, "annotator": "B", "tool": "timeline"})
    one, two = library.history("uid-1")
    assert (one.number, one.annotator, one.app_version, one.weights, one.tool) == (1, *WHO.values())
    assert (one.frames, two.frames) == ((3,), ())
    assert (two.number, two.annotator, two.tool) == (2, "B", "timeline")
    assert one.made_at <= two.made_at


def test_saving_nothing_new_writes_nothing(library, path):
    label = Label().with_contour(3, ONE)
    library.save(make_cine(), "/x", Label(), label, **WHO)
    same = Label().with_contour(3, draw(ONE.handles.tolist()))
    assert library.save(make_cine(), "/x", label, same, **WHO).number is None
    assert library.save(make_cine("uid-2"), "/x", Label(), Label(), **WHO).number is None
    assert sql(path, "select count(*) from revisions") == [(1,)]
    assert sql(path, "select count(*) from cines") == [(1,)]


def test_the_place_of_a_cine_is_its_latest_and_its_identity_stays(library):
    first = Label().with_contour(3, ONE)
    library.save(make_cine(), "/old/a.dcm", Label(), first, **WHO)
    library.save(make_cine(), "/new/ä.dcm", first, first.with_contour(4, TWO), **WHO)
    [found] = library.labelled()
    assert (found.identity, found.path, found.patient_key) == ("uid-1", "/new/ä.dcm", "p1")
    assert list(found.label.contours) == [3, 4]


def test_labelled_lists_cines_with_a_contour_only(library):
    library.save(make_cine("a"), "/a", Label(), Label(view=View.A2C), **WHO)
    library.save(make_cine("b"), "/b", Label(), Label({0: ONE}), **WHO)
    library.save(make_cine("c"), "/c", Label(), Label({0: ONE}), **WHO)
    library.save(make_cine("c"), "/c", Label({0: ONE}), Label(), **WHO)
    assert [found.identity for found in library.labelled()] == ["b"]


def test_corrected_counts_frames_that_a_hand_changed(library, path):
    accepted = Contour.through(np.array([(0, 9), (5, 0), (9, 9)]), Origin.PREDICTED).accepted()
    moved = accepted.moved(3, 2, 2)
    library.save(make_cine("a"), "/a", Label(), Label({0: accepted, 1: moved, 2: ONE}), **WHO)
    library.save(make_cine("a"), "/a", Label({2: ONE}), Label(), **WHO)
    library.save(make_cine("b"), "/b", Label(), Label({0: accepted}, View.A2C), **WHO)
    library.save(make_cine("c"), "/c", Label(), Label({0: ONE}), **WHO)
    assert library.corrected() == {"a": 1, "c": 1}
    by_label = {one.identity: sum(c.edited for c in one.label.contours.values()) for one in library.labelled()}
    assert library.corrected() == {identity: count for identity, count in by_label.items() if count}
    sql(path, "drop trigger revisions_no_UPDATE")
    sql(path, "update revisions set change = '{' where id = 1")
    assert library.corrected() == {"c": 1}


def test_opening_again_keeps_everything(library, path):
    library.save(make_cine(), "/x", Label(), Label({0: ONE}), **WHO)
    library.close()
    for _ in range(2):
        assert list(opened_label(path).contours) == [0]


@pytest.mark.parametrize("name", ["Écho 心 library.sqlite", "a b/c'd.sqlite", "50% #1.sqlite"])
def test_paths_with_other_letters_and_signs(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    library = open_library(sqlite_url(path))
    library.save(make_cine(), str(path), Label(), Label({2: ONE}), **{**WHO, "annotator": "Жук 心"})
    assert path.is_file()
    assert library.history("uid-1")[0].annotator == "Жук 心"
    library.close()
    assert list(opened_label(path).contours) == [2]


@pytest.mark.skipif(os.name == "nt", reason="no such file name on Windows")
def test_a_path_with_a_question_mark(tmp_path):
    path = tmp_path / "really?" / "labels.sqlite"
    path.parent.mkdir()
    library = open_library(sqlite_url(path))
    library.close()
    assert path.is_file()


# Several writers


def test_many_threads_append_without_losing_an_edit(library):
    def work(first: int) -> None:
        label = Label()
        for n in range(5):
            after = edited(label, n, first)
            library.save(make_cine(), "/x", label, after, **WHO)
            label = after

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.number for r in library.history("uid-1")] == list(range(1, 21))
    assert sorted(library.label("uid-1").contours) == [f + n for f in (0, 10, 20, 30) for n in range(5)]


WRITER = """
library, label, first = open_library(sqlite_url(sys.argv[1])), Label(), int(sys.argv[2])
print("ready", flush=True); sys.stdin.readline()
for n in range(int(sys.argv[3])):
    after = edited(label, n, first)
    library.save(cine(), "/x", label, after, **WHO)
    label = after
    time.sleep(0.01)  # quick hands
library.close()
"""


def test_two_processes_append_to_one_cine_without_losing_an_edit(path):
    open_library(sqlite_url(path)).close()
    writers = [child(WRITER, path, first, 15, stdin=subprocess.PIPE) for first in (0, 20)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        finished(writer)
    library = open_library(sqlite_url(path))
    assert [r.number for r in library.history("uid-1")] == list(range(1, 31))
    expected: dict = {}
    for first in (0, 20):
        label = Label()
        for n in range(15):
            label = edited(label, n, first)
        expected |= values(label)[0]
    assert values(library.label("uid-1"))[0] == expected
    library.close()


def test_a_window_that_is_always_quicker_costs_no_edit(library, path):
    """Another process appends whenever this one is about to, as often as the lock lets it."""
    library.save(make_cine(), "/x", Label(), Label({1: ONE}), **WHO)
    other = sqlite3.connect(path, timeout=0)
    copy = (
        "insert into revisions (cine_id, number, made_at, annotator, app_version, weights, tool, change)"
        " select cine_id, (select max(number) + 1 from revisions), made_at, annotator, app_version, weights, tool, '{}'"
        " from revisions where number = 1"
    )

    def append(_connection, _cursor, statement, *_) -> None:
        if statement.startswith("INSERT INTO revisions"):
            with contextlib.suppress(sqlite3.OperationalError), other:  # locked: as it should be
                other.execute(copy)

    event.listen(Engine, "before_cursor_execute", append)
    try:
        library.save(make_cine(), "/x", Label({1: ONE}), Label({1: ONE, 2: TWO}), **WHO)
    finally:
        event.remove(Engine, "before_cursor_execute", append)
        other.close()
    assert sorted(library.label("uid-1").contours) == [1, 2]


# Killed


EDITOR = """
library, label = open_library(sqlite_url(sys.argv[1])), Label()
for n in range(10_000):
    after = edited(label, n)
    library.save(cine(), "/x", label, after, **WHO)
    label = after
    print(n, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
@pytest.mark.parametrize("after", [1, 12])
def test_kill_9_loses_at_most_the_edit_in_flight(path, after):
    process = child(EDITOR, path)
    said = [process.stdout.readline() for _ in range(after)]
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.read().splitlines()  # communicate() would miss the lines that readline() read ahead
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    saved = len(said)
    library = open_library(sqlite_url(path))
    kept = [r.number for r in library.history("uid-1")]
    assert kept == list(range(1, len(kept) + 1))
    assert saved <= len(kept) <= saved + 1
    label = Label()
    for n in range(len(kept)):
        label = edited(label, n)
    assert values(library.label("uid-1")) == values(label)
    assert library.save(make_cine(), "/x", label, label.with_ed(3), **WHO).number == len(kept) + 1
    library.close()
    assert sql(path, "pragma integrity_check") == [("ok",)]


KILLED_WHILE_MADE = """
from sqlalchemy import Engine, event
@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    if sys.argv[2] in statement:
        os.kill(os.getpid(), 9)
open_library(sqlite_url(sys.argv[1]))
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
@pytest.mark.parametrize(
    "moment",
    [
        "CREATE TABLE alembic_version",
        "CREATE TABLE cines",
        "CREATE TABLE revisions",
    ],
)
def test_a_library_killed_while_it_was_made_can_be_opened(path, moment):
    process = child(KILLED_WHILE_MADE, path, moment)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    library = open_library(sqlite_url(path))
    assert library.save(make_cine(), "/x", Label(), Label({1: ONE}), **WHO).number == 1
    library.close()


# Refused


def filled(path: Path) -> Label:
    library, label = open_library(sqlite_url(path)), Label({3: ONE, 4: TWO}, View.A3C)
    library.save(make_cine(), "/x", Label(), label, **WHO)
    library.close()
    return label


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(LibraryError, match="cannot be opened") as caught:
        open_library(sqlite_url(tmp_path / "no" / "labels.sqlite"))
    assert caught.value.hint


def test_a_file_that_is_no_library(path):
    path.write_bytes(b"these are no labels at all" * 100)
    with pytest.raises(LibraryError, match="cannot be opened"):
        open_library(sqlite_url(path))
    assert path.read_bytes().startswith(b"these are no labels")


@pytest.mark.parametrize("url", ["nonsense", "nodialect://x/y", ""])
def test_a_url_that_is_none(url):
    with pytest.raises(LibraryError, match="cannot be opened"):
        open_library(url)


def test_a_library_of_a_newer_version_is_refused_in_a_sentence(path):
    filled(path)
    sql(path, "update alembic_version set version_num = '9999'")
    with pytest.raises(LibraryError):
        open_library(sqlite_url(path))
    assert sql(path, "select count(*) from revisions") == [(1,)]


READER = """
open_library("sqlite://").close()  # all that is imported lies where the other person may not look
os.setgid(65534); os.setuid(65534)
try:
    library = open_library(sqlite_url(sys.argv[1]))
    print("opened", sorted(library.label("uid-1").contours), flush=True)
except EchoViewError as error:
    print("refused:", error)
    sys.exit()
try:
    label = library.label("uid-1")
    print("saved", library.save(cine(), "/x", label, label.with_ed(1), **WHO).number)
except EchoViewError as error:
    print("not saved:", error)
"""


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that everybody may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="echoview-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to become someone else")
@pytest.mark.parametrize("folder_mode", [0o755, 0o777])
def test_another_person_s_library_is_shown_and_never_written(open_place, folder_mode):
    path = open_place / "labels.sqlite"
    filled(path)
    path.chmod(0o444)
    open_place.chmod(folder_mode)
    said = finished(child(READER, path, cwd="/"))
    assert said.startswith("opened [3, 4]\nnot saved: This label library can be read but not written. Labels are shown")
    assert sql(path, "select count(*) from revisions") == [(1,)]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to become someone else")
def test_a_library_that_may_not_be_read_is_refused(open_place):
    path = open_place / "labels.sqlite"
    filled(path)
    path.chmod(0o600)
    assert finished(child(READER, path, cwd="/")).startswith("refused: The label library cannot be opened (")


def test_a_failed_save_keeps_nothing_of_it_and_says_so(library, path):
    first = Label({1: ONE})
    library.save(make_cine(), "/x", Label(), first, **WHO)
    sql(path, "create trigger full before insert on revisions begin select raise(abort, 'disk is full'); end")
    with pytest.raises(LibraryError, match=r"could not be saved \(disk is full\)") as caught:
        library.save(make_cine(), "/moved", first, first.with_contour(2, TWO), **WHO)
    assert "Save again" in caught.value.hint
    with pytest.raises(LibraryError):
        library.save(make_cine("uid-2"), "/y", Label(), first, **WHO)
    sql(path, "drop trigger full")
    assert values(library.label("uid-1")) == values(first)
    assert sql(path, "select identity, path from cines") == [("uid-1", "/x")]
    assert library.save(make_cine(), "/x", first, first.with_contour(2, TWO), **WHO).number == 2


# Damaged


@pytest.mark.parametrize(
    "damage",
    [
        '{"contours": {"3": {"handles": [[0, 1], [2, 3]], "origins": ["drawn", "drawn"]}}}',
        '{"contours": {"3": {"handles": [[0, 1], [2, 3], [4, null]], "origins": ["drawn", "drawn", "drawn"]}}}',
        '{"contours": {"3": {"handles": [[0, 1], [2, 3], [4, 5]], "origins": ["drawn", "drawn", "guessed"]}}}',
        '{"contours": {"3": {"handles": [[0, 1], [2, 3], [4, 5]]}}}',
        '{"contours": {"three": null}}',
        '{"contours": {"3": 5}}',
        '{"view": "A5C"}',
        '{"calibration": [0.3]}',
        '{"calibration": 5}',
    ],
)
def test_a_damaged_row_is_an_error_and_never_an_empty_label(path, damage):
    filled(path)
    sql(path, "drop trigger revisions_no_UPDATE")
    sql(path, "update revisions set change = ?", damage)
    library = open_library(sqlite_url(path))
    with pytest.raises(LibraryError, match="damaged"):
        library.label("uid-1")
    assert library.labelled() == [], "left out, so that it does not keep the other cines from being learnt from"
    library.close()
    assert sql(path, "select change from revisions") == [(damage,)]


@pytest.mark.parametrize("damage", ["{", "", "[]", "7", '"text"', "null", '{"contours": []}', '{"contours": null}'])
def test_a_row_that_is_no_change_at_all_is_an_error_too(path, damage):
    filled(path)
    sql(path, "drop trigger revisions_no_UPDATE")
    sql(path, "update revisions set change = ?", damage)
    library = open_library(sqlite_url(path))
    try:
        with pytest.raises(LibraryError):
            library.label("uid-1")
        assert library.labelled() == []
        with contextlib.suppress(LibraryError):
            assert len(library.history("uid-1")) == 1
    finally:
        library.close()


def test_a_library_without_its_tables_is_an_error(library: Library, path):
    library.save(make_cine(), "/x", Label(), Label({1: ONE}), **WHO)
    sql(path, "drop table revisions")
    with pytest.raises(LibraryError, match="cannot be read"):
        library.label("uid-1")


def test_pages_overwritten_with_zeros_are_an_error(path):
    filled(path)
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(bytes(data))
    with pytest.raises(LibraryError):
        opened_label(path)


def test_origins_come_back_as_what_they_are(library):
    label = Label({0: draw([(0, 9), (4, 0), (8, 9)]).added(1, 5)[0]})
    library.save(make_cine(), "/x", Label(), label, **WHO)
    assert library.label("uid-1").contour(0).origins.count(Origin.CORRECTED) == 1
