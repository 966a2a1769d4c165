"""The library under long ill-treatment: 300 kills, and two processes with 1,000 edits each."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from echoview.domain.label import Label
from echoview.store import open_library
from echoview.store.engines import sqlite_url

ROOT = Path(__file__).parents[2]
EDITING = ROOT / "tests" / "echoview" / "store" / "editing.py"

pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX"),
]


def run_editing(*arguments: object) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'model'}"}
    return subprocess.Popen(
        [sys.executable, str(EDITING), *map(str, arguments)], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_killed_100_times_at_random(tmp_path, seed):
    out, err = run_editing("killed", tmp_path, 100, seed).communicate(timeout=1700)
    assert not err
    held, in_flight = map(int, out.split())
    print(f"\n100 kills, {held} edits kept, {in_flight} of them not acknowledged yet, none lost")
    assert held > 100


def test_a_full_disk_100_times(tmp_path):
    out, err = run_editing("limited", tmp_path / "labels.sqlite", 100).communicate(timeout=1700)
    assert not err
    assert int(out.split()[0]) == 100


def test_two_processes_write_1000_edits_each(tmp_path):
    editing, url = SimpleNamespace(**runpy.run_path(str(EDITING))), sqlite_url(tmp_path / "labels.sqlite")
    writers = [run_editing("edits", url, 1000, first) for first in (0, 20)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, err = writer.communicate(timeout=1700)
        assert (out, err) == ("." * 1000, "")
    library = open_library(url)
    assert [revision.number for revision in library.history("uid-1")] == list(range(1, 2001))
    both = {t: c for first in (0, 20) for t, c in editing.after(1000, first).contours.items()}
    assert editing.values(library.label("uid-1")) == editing.values(Label(both))
    library.close()
