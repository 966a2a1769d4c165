"""A library of 10,000 cines and 300,000 contours: opening it, a cine's label, a save, and what training reads."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.store import open_library
from echoview.store.backups import back_up
from echoview.store.codec import difference
from echoview.store.engines import sqlite_url
from echoview.store.fingerprint import fingerprint

CINES, CONTOURS = 10_000, 30
LONG = 2_000  # revisions of one cine that was worked on for weeks
FRAME = np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype(np.uint8)
WHO = {"annotator": "A", "app_version": "1", "weights": "w", "tool": "drag"}


class Still:
    def decode(self, t: int) -> np.ndarray:
        return FRAME.copy()


def cine(n: int) -> Cine:
    return Cine(CineInfo((600, 800), np.arange(60.0), True, f"1.2.840.{n}", "sha256:0", "DICOM"), Still())


def contour(n: int) -> Contour:
    handles = np.random.default_rng(n).uniform(100, 500, (15, 2)).round(3)
    return Contour(handles, (Origin.CORRECTED,) * 15)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written past the library, as it would write it; one contour a revision."""
    path = tmp_path_factory.mktemp("large") / "labels.sqlite"
    open_library(sqlite_url(path)).close()
    pixels = fingerprint(FRAME)
    changes = []
    for t in range(CONTOURS):
        change = difference(Label(), Label({t: contour(t)}))
        changes.append(json.dumps({**change, "pixels": {str(t): pixels}}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO cines VALUES (?, ?, 'sha256:0', 'p', '/data/cine', 60, 600, 800)",
            ((n, f"1.2.840.{n}") for n in range(1, CINES + 1)),
        )
        connection.executemany(
            "INSERT INTO revisions (cine_id, number, made_at, annotator, app_version, weights, tool, change)"
            " VALUES (?, ?, '2026-01-01 00:00:00', 'A', '1', 'w', 'drag', ?)",
            (
                (n, number + 1, changes[number % CONTOURS])
                for n in range(1, CINES + 1)
                for number in range(LONG if n == CINES else CONTOURS)
            ),
        )
    return path


def median_ms(work: Callable[[int], object], rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    times = []
    for n in range(rounds):
        began = clock()
        work(n)
        times.append(1e3 * (clock() - began))
    return statistics.median(times)


def synced(path: Path) -> Callable[[int], object]:
    """What the disk alone takes for an edit; the rest of a save is ours."""

    def write(_: int) -> None:
        with open(path.with_name("synced"), "ab") as file:
            file.write(bytes(16384))
            file.flush()
            os.fsync(file.fileno())

    return write


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_a_large_library(large, tmp_path):
    small = tmp_path / "labels.sqlite"
    open_library(sqlite_url(small)).close()
    rows: list[tuple[str, float, float]] = []
    rows.append(("open", *(median_ms(lambda _, p=p: open_library(sqlite_url(p)).close(), 5) for p in (large, small))))
    libraries = [open_library(sqlite_url(path)) for path in (large, small)]
    for library in libraries[1:]:
        library.save(cine(1), "/x", Label(), Label({t: contour(t) for t in range(CONTOURS)}), **WHO)

    def saves(library):
        label, opened = library.label("1.2.840.1"), cine(1)
        opened.frame(3)  # what is edited is on the screen, decoded
        return lambda n: library.save(opened, "/x", label, label.with_contour(3, contour(n)), base=None, **WHO)

    rows.append(("label, no frames", *(median_ms(lambda n, a=a: a.label("1.2.840.1"), 20) for a in libraries)))
    rows.append(("save an edit", *(median_ms(saves(a), 20) for a in libraries)))
    rows.append(("(16 KiB written and synced)", *(median_ms(synced(path), 20) for path in (large, small))))
    seen = cine(1)
    for t in range(CONTOURS):
        seen.frame(t)
    rows.append((f"load, {CONTOURS} frames looked at", *(median_ms(lambda n, a=a: a.load(seen), 9) for a in libraries)))
    size = large.stat().st_size / 2**20
    print(f"\n{CINES} cines, {CINES * CONTOURS} contours, {size:.0f} MiB; load {os.getloadavg()[0]:.1f}; medians, ms")
    print(f"  {'':34} large   empty   ratio")
    for name, of_large, of_small in rows:
        print(f"  {name:32} {of_large:7.1f} {of_small:7.1f} {of_large / of_small:7.2f}")
    long = median_ms(lambda n: libraries[0].label(f"1.2.840.{CINES}"), 5, time.process_time)
    frame = median_ms(lambda n: fingerprint(FRAME), 9)
    every = median_ms(lambda n: libraries[0].labelled(), 1, time.process_time)
    count = median_ms(lambda n: libraries[0].corrected(), 1, time.process_time)
    copy = median_ms(lambda n: back_up(large), 1)
    print(f"  label after {LONG} revisions {long:.1f} of the processor; fingerprint of 600 x 800 RGB {frame:.1f}")
    print(
        f"  off the window's thread, s: all labels {every / 1e3:.1f}, only counted {count / 1e3:.1f} of the processor",
        end="",
    )
    print(f", backup with its check {copy / 1e3:.1f}")
    for library in libraries:
        library.close()
    assert min(row[1] for row in rows) > 0
