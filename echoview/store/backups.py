"""Copies of an SQLite library, one a day, beside it; each is checked before an older one goes."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

KEPT = 7
DAY_S = 24 * 3600
PART = ".part"

log = logging.getLogger(__name__)


def folder_of(file: Path) -> Path:
    return file.with_name(file.name + ".backups")


def backups_of(file: Path) -> list[Path]:
    """The backups of a library, newest first, by the time in their names.

    A time in the future is of a clock that was wrong once: nobody knows how old such a copy is, and it counts as the
    oldest.
    """
    folder, now = folder_of(file), _name()
    found = sorted(folder.glob("*.sqlite"), reverse=True) if folder.is_dir() else []
    return sorted(found, key=lambda one: one.name > now)


def due(file: Path) -> bool:
    """Whether the newest backup is a day old, or comes from the future: then the clock was wrong once."""
    found = backups_of(file)
    return not found or abs(time.time() - found[0].stat().st_mtime) > DAY_S


def back_up(file: Path) -> Path | None:
    """Copy a library while it is in use, and drop the oldest copies beyond seven.

    Returns:
        The backup; None where the library itself is not sound: then nothing is kept and nothing dropped.

    Raises:
        OSError, sqlite3.Error: it cannot be read or written.
    """
    folder = folder_of(file)
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.glob(f"*{PART}"):  # of a copy that was interrupted
        if abs(time.time() - left.stat().st_mtime) > DAY_S:
            left.unlink(missing_ok=True)
    made = folder / _name()
    part = made.with_name(f"{made.name}.{os.getpid()}{PART}")
    try:
        copy(file, part)
        if not sound(part):
            log.error("the library is damaged and was not backed up")
            return None
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, made)
    finally:
        part.unlink(missing_ok=True)
    for old in [one for one in backups_of(file) if one != made][KEPT - 1 :]:
        old.unlink(missing_ok=True)
    return made


def _name() -> str:
    """Of a copy that is made now."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.sqlite"


def sound(file: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file that nobody writes to."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            return copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    except sqlite3.Error:
        return False


def copy(file: Path, part: Path) -> None:
    """All that a library holds, its log included, as one file.

    In one step: copied in several, the copy would begin anew with every edit made meanwhile.
    """
    with (
        contextlib.closing(sqlite3.connect(file, timeout=20)) as source,
        contextlib.closing(sqlite3.connect(part)) as copy,
    ):
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, that can be opened where nothing may be written
