"""What the backups of a library hold, for whoever has to choose one."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from echoview.store.backups import backups_of, sound


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a library: when it was made (UTC, None where its name does not say), and what it holds.

    `opens` is False for a damaged one, of which nothing else is known.
    """

    path: Path
    made_at: datetime | None
    cines: int = 0
    contours: int = 0
    opens: bool = False


def listed(file: Path) -> Iterator[Backup]:
    """The backups of a library, newest first; each is read from beginning to end."""
    for path in backups_of(file):
        try:
            made_at = datetime.strptime(path.stem, "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            made_at = None
        try:
            held = _held(path) if sound(path) else None
        except (sqlite3.Error, ValueError, TypeError, AttributeError):
            held = None
        yield Backup(path, made_at) if held is None else Backup(path, made_at, *held, opens=True)


def _held(path: Path) -> tuple[int, int]:
    """Cines with a label, and frames of them that have a contour, whosever reading it is."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    drawn: dict[tuple[int, str], bool] = {}
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as copy:
        rows = copy.execute("SELECT cine_id, change FROM revisions ORDER BY number").fetchall()
    for cine, change in rows:
        for t, contour in json.loads(change).get("contours", {}).items():
            drawn[cine, t] = contour is not None
    return len({cine for cine, _ in rows}), sum(drawn.values())
