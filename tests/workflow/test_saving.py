"""When an edit is on the disk: at once, whatever else is read, whichever library is chosen, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoview.domain.label import Label
from echoview.services.jobs import Lane
from echoview.services.opening import read
from echoview.store import open_library
from echoview.store.engines import sqlite_url

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(home: Path) -> Path:
    return home / "data" / "labels.sqlite"


def numbers(file: Path) -> list[int]:
    """Of the revisions that are in the file, seen from outside."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM revisions ORDER BY number")]


@contextlib.contextmanager
def written_by_another(file: Path) -> Iterator[None]:
    """Another program is in the midst of a write: a save has to wait."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_an_edit_is_written_while_the_next_cine_is_still_read(desk, sample, file) -> None:
    desk.open_known(sample)
    read_to_the_end = threading.Event()
    desk.workflow.jobs.run(Lane.IO, "open", read_to_the_end.wait, 60)
    try:
        for t in range(3):
            desk.workflow.accept(t)
        desk.until(lambda: not desk.workflow.keeping.saving, 20)
        assert numbers(file) == [1, 2, 3]
        assert desk.window.top_bar.saved.text() == " Saved"
    finally:
        read_to_the_end.set()
    desk.settle()


def test_saved_is_said_when_nothing_waits_any_more(desk, sample) -> None:
    desk.open_known(sample)
    waiting: list[int] = []
    desk.session.saved_changed.connect(lambda: waiting.append(desk.workflow.keeping.unsaved_cines))
    for t in range(6):
        desk.workflow.accept(t)
    desk.settle()
    assert set(waiting) == {0}
    assert desk.window.top_bar.saved.text() == " Saved"


def test_a_library_that_is_chosen_during_a_save_gets_the_whole_label(desk, sample, file, tmp_path) -> None:
    desk.open_known(sample)
    desk.workflow.accept(5)
    desk.settle()
    with written_by_another(file):
        desk.workflow.accept(6)
        desk.qtbot.wait(100)
        assert desk.workflow.keeping.saving
        desk.workflow.keeping.use_library(str(tmp_path / "new.sqlite"))
        desk.qtbot.wait(300)
    desk.settle()
    identity = desk.session.cine.info.identity
    assert sorted(desk.workflow.library.label(identity).contours) == [5, 6]
    assert desk.workflow.keeping.unsaved_cines == 0
    assert numbers(file) == [1, 2], "the former one has it as well"
    desk.workflow.accept(7)
    desk.settle()
    assert sorted(desk.workflow.library.label(identity).contours) == [5, 6, 7]


def test_a_cine_that_is_opened_anew_during_its_save_loses_nothing_of_two_people(desk, sample, file) -> None:
    desk.open_known(sample)
    other, cine = open_library(sqlite_url(file)), desk.session.cine
    theirs = Label().with_contour(20, desk.session.editable(20))
    path = str(sample.absolute())
    other.save(cine, path, Label(), theirs, base=0, annotator="B", app_version="1", weights="", tool="drag")
    other.close()
    with written_by_another(file):
        desk.workflow.accept(1)
        desk.workflow.open(sample)
        desk.until(lambda: desk.session.cine is not cine, 20)
        assert 1 in desk.session.label.contours, "what is not saved yet is shown all the same"
    desk.settle()
    assert sorted(desk.session.label.contours) == [1, 20]
    desk.workflow.accept(2)
    desk.settle()
    assert sorted(desk.workflow.library.label(cine.info.identity).contours) == [1, 2, 20]


def test_a_label_that_was_read_before_the_last_save_is_read_again(desk, sample, file) -> None:
    desk.open_known(sample)
    workflow = desk.workflow
    early = read(sample, workflow.library, workflow.secret, workflow.reader, None)
    workflow.accept(1)
    desk.settle()
    workflow._was_read(sample, None, workflow.library, {}, early)  # delivered after the save that it has not seen
    desk.settle()
    assert sorted(desk.session.label.contours) == [1]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_program_that_is_killed_has_kept_what_its_window_called_saved(sample, file) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'model'}", "QT_QPA_PLATFORM": "offscreen"}
    program = [sys.executable, str(Path(__file__).parent / "killed_app.py"), str(sample)]
    with subprocess.Popen(program, env=environment, text=True, stdout=subprocess.PIPE) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(8)]
        time.sleep(0.02)  # into the midst of the next one
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
        watchdog.cancel()
    saved = int(said[-1].split()[1])
    assert saved >= 8
    kept = numbers(file)
    assert kept == list(range(1, len(kept) + 1))
    assert saved <= len(kept) <= saved + 1, "at most the one in flight is missing"
