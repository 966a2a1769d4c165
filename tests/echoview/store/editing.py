"""Scripted edits: the hand that tests of the library use, and run as a program, the one that they kill.

Edit n is a function of n alone, so the label after any number of edits is known.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.errors import LibraryError
from echoview.store import Library, library, open_library
from echoview.store.engines import sqlite_url

WHO = {"annotator": "A. Person", "app_version": "1.2", "weights": "ral-lite abc", "tool": "drag"}


class Frames:
    """Pictures of noise; every `t` and every `look` gives another."""

    def __init__(self, look: int = 0, size: tuple[int, ...] = (48, 64)) -> None:
        self.look, self.size = look, size

    def decode(self, t: int) -> np.ndarray:
        return np.random.default_rng((self.look, t)).integers(0, 256, self.size).astype(np.uint8)


def cine(identity: str = "uid-1", frames: object = None, patient: str = "p1", count: int = 40) -> Cine:
    info = CineInfo(
        (48, 64), np.arange(float(count)), True, identity, "sha256:1", "DICOM", patient_key=patient
    )  # fmt: skip
    return Cine(info, frames or Frames())  # type: ignore[arg-type]


def edited(label: Label, n: int, first: int = 0) -> Label:
    return label.with_contour(first + n % 7, draw([(0, n), (5, n + 1), (10, n)]))


def after(count: int, first: int = 0) -> Label:
    """The label after edits 0 to count - 1."""
    label = Label()
    for n in range(max(count - 7, 0), count):  # older ones are of the same frames
        label = edited(label, n, first)
    return label


def values(label: Label) -> tuple:
    contours = {t: (c.handles.tolist(), c.origins) for t, c in label.contours.items()}
    return contours, label.view, label.ed, label.es, label.calibration


def kept(url: str, identity: str = "uid-1") -> int:
    """How many edits a library holds; fails unless they are an unbroken row and make the label that they should."""
    opened = open_library(url)
    try:
        numbers = [revision.number for revision in opened.history(identity)]
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        assert values(opened.load(cine(identity)).label) == values(after(len(numbers)))
        return len(numbers)
    finally:
        opened.close()


def write(opened: Library, count: int, start: int = 0, first: int = 0, said: int | None = None) -> None:
    """Edits `start` to `count` - 1; a byte to the file descriptor `said` after each that was kept."""
    label = after(start, first)
    for n in range(start, count):
        new = edited(label, n, first)
        opened.save(cine(), "/x", label, new, base=None, **WHO)
        label = new
        if said is not None:
            os.write(said, b".")


# ---- run as a program


def edits(url: str, count: str, first: str = "0") -> None:
    """Edit as fast as it goes, when told so, and tell of each edit."""
    opened = open_library(url)
    print("ready", flush=True)
    sys.stdin.readline()
    write(opened, int(count), first=int(first), said=sys.stdout.fileno())
    opened.close()


def killed(folder: str, runs: str, seed: str) -> None:
    """Start an editor, kill it at a random moment, look what is there; again and again on one library."""
    chance, url = random.Random(int(seed)), sqlite_url(Path(folder) / "labels.sqlite")
    held = in_flight = 0
    for run in range(int(runs)):
        reads, writes = os.pipe()
        process = os.fork()
        if process == 0:
            library._LOG = chance.choice((2, 200))  # also in the midst of emptying the log
            write(open_library(url, b"k" * 32), 10**6, start=held, said=writes)
        os.close(writes)
        with os.fdopen(reads, "rb", buffering=0) as pipe:
            seen = pipe.read(chance.choice((0, 1, 5)))  # while it is opened, or once it edits
            time.sleep(chance.uniform(0, 0.1))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            acknowledged = len(seen) + len(pipe.read())
        now = kept(url)
        assert held + acknowledged <= now <= held + acknowledged + 1, (run, held, acknowledged, now)
        in_flight += now - held - acknowledged
        held = now
    print(held, in_flight)


def struck(path: str, runs: str) -> None:
    """An editor that the system ends in the midst of a write, at ever other lengths of the file or its log.

    A signal from another process hardly ever falls into a write; this one is raised by the write itself, after the
    part of it that still fitted was written.
    """
    import resource

    url, held, hit = sqlite_url(Path(path)), kept(sqlite_url(Path(path))), 0
    log = Path(path + "-wal")
    for run in range(int(runs)):
        reads, writes = os.pipe()
        process = os.fork()
        if process == 0:
            library._LOG = (3, 200)[run % 2]  # also while the log is moved into the file
            opened = open_library(url)
            size = max(one.stat().st_size for one in (Path(path), log) if one.exists())
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 700 * run, resource.RLIM_INFINITY))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            write(opened, 10**6, start=held, said=writes)
        os.close(writes)
        with os.fdopen(reads, "rb") as pipe:
            acknowledged = len(pipe.read())
        _, status = os.waitpid(process, 0)
        hit += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXFSZ
        now = kept(url)
        assert held + acknowledged <= now <= held + acknowledged + 1, (run, held, acknowledged, now)
        held = now
    print(hit, held)


def limited(path: str) -> None:
    """No file may grow beyond some size, for many sizes: an edit is kept, or refused and the ones before are there."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    url, refused, n = sqlite_url(Path(path)), 0, 0
    kept(url)
    for _ in range(int(sys.argv[3])):
        opened = open_library(url)
        log = Path(path + "-wal")
        size = max(Path(path).stat().st_size, log.stat().st_size if log.exists() else 0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 700 * (refused % 40), resource.RLIM_INFINITY))
        try:
            while True:
                write(opened, n + 1, start=n)
                n += 1
        except LibraryError as error:
            refused += "could not be saved" in str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert values(opened.label("uid-1")) == values(after(n))
        write(opened, n + 1, start=n)  # the refused edit, with room again
        n += 1
        opened.close()
        assert kept(url) == n
    print(refused, n)


if __name__ == "__main__":
    programs = {"edits": edits, "killed": killed, "struck": struck, "limited": lambda path, _runs: limited(path)}
    programs[sys.argv[1]](*sys.argv[2:])
