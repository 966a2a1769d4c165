"""A damaged library made whole: every revision and act that can still be read, from the file and from its backups.

The library only grows, so the file and its backups are pieces of one history. Of each cine the longest unbroken row
of revisions is put together from all of them, with every act; the damaged file is kept beside the new one.

Where somebody went back to a backup and worked on, later backups from before that hold another history, whose numbers
are the same. Of such a copy only what comes before the parting is taken, and the copy is kept beside the library.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from echoview.errors import LibraryError
from echoview.store.aside import put_in_place, refuse_if_open
from echoview.store.backups import backups_of
from echoview.store.engines import sqlite_url
from echoview.store.health import readable
from echoview.store.opening import open_library
from echoview.store.patients import sound_secret
from echoview.store.refusals import reason
from echoview.store.tables import ActRow, CineRow, PatientRow, RevisionRow, SecretRow

CINE = [column.name for column in CineRow.__table__.columns]
REVISION = [column.name for column in RevisionRow.__table__.columns]
ACT = [column.name for column in ActRow.__table__.columns]
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}")
SECRET, PATIENT = ([column.name for column in row.__table__.columns] for row in (SecretRow, PatientRow))


@dataclass(frozen=True, slots=True)
class Rescued:
    """What a repair made: revisions and cines in the new library, revisions that stayed behind, the old file.

    `apart`: copies of backups that hold revisions of another history.
    """

    revisions: int
    cines: int
    left: int
    kept_as: Path | None
    apart: tuple[Path, ...] = ()


def rescue(file: Path) -> Rescued:
    """Put a new library in the place of a damaged or missing one.

    Raises:
        LibraryError: it is open in EchoView, nothing can be read, or there is no room; then nothing was changed.
    """
    refuse_if_open(file)
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
    cines: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[int, dict[str, Any]]] = {}
    acts: dict[str, dict[str, dict[str, Any]]] = {}
    secret: list[dict[str, Any]] = []
    links: dict[tuple[str, str], dict[str, Any]] = {}
    elsewhere: set[tuple[str, int, Any]] = set()  # revisions of another history
    apart: list[Path] = []
    for source in (file, *backups_of(file)):
        theirs, same = _patients(source)
        secret = secret or theirs
        for link in same:
            links.setdefault((link["key"], link["same_as"]), link)
        for identity, cine, revisions, said in _read(source):
            cines.setdefault(identity, cine)
            for act in said:
                acts.setdefault(identity, {}).setdefault(act["uid"], act)
            strange = {(identity, n, row["change"]) for n, row in _join(found.setdefault(identity, {}), revisions)}
            if strange - elsewhere:
                elsewhere |= strange
                apart = apart if source in apart else [*apart, source]
    whole = {identity: _unbroken(rows) for identity, rows in found.items()}
    count = sum(len(rows) for rows in whole.values())
    if not count and not acts:
        raise LibraryError("No label can be read from the library or its backups.", "Nothing was changed.")
    part = file.with_name(f"{file.name}.{stamp}.rescued")
    try:
        _write(part, [(cines[one], rows, acts.get(one, {})) for one, rows in whole.items()], secret, [*links.values()])
        copies = [_keep_apart(file, source, stamp) for source in apart]
        kept = put_in_place(part, file, "damaged", stamp)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise LibraryError(f"The library could not be repaired ({reason(error)}).", "Free some disk space.") from error
    readable_ones = sum(row["change"] is not None for rows in found.values() for row in rows.values())
    return Rescued(count, len(whole), readable_ones - count, kept, tuple(copies))


def _join(known: dict[int, dict[str, Any]], more: dict[int, dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Take the revisions that `known` lacks, as far as both are of one history; the others are given back.

    One that is there but cannot be read has no "change": it is made good by the same revision only.

    Beyond the first number under which they hold two things, they have parted; and what only one holds between that
    and the last one that both hold may be of either.
    """
    both = sorted(known.keys() & more.keys())
    parted = next((n for n in both if not _one(known[n], more[n])), None)
    until = None if parted is None else max((n for n in both if n < parted), default=0)
    strange = []
    for number, row in more.items():
        if until is None or number <= until:
            if number not in known or known[number]["change"] is None:
                known[number] = row
        elif row["change"] is not None and (number not in known or not _one(known[number], row)):
            strange.append((number, row))
    return strange


def _one(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows are the same revision; of one that cannot be read only its time is believed, if it is one."""
    if None in (row["change"], other["change"]):
        times = [str(one.get("made_at")) for one in (row, other)]
        return times[0] == times[1] or not all(_TIME.match(time) for time in times)
    return all(row.get(column) == other.get(column) for column in ("made_at", "annotator", "tool", "change"))


def _keep_apart(file: Path, source: Path, stamp: str) -> Path:
    """A backup is dropped after a while; a copy beside the library is not."""
    kept = file.with_name(f"{file.stem}.apart-{stamp}-{source.stem}{file.suffix}")
    shutil.copyfile(source, kept)
    return kept


def _read(file: Path) -> Iterator[tuple[str, dict[str, Any], dict[int, dict[str, Any]], list[dict[str, Any]]]]:
    """(identity, cine, revisions by number, acts) of all that can be read of a file."""
    if not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            cines = {row["id"]: row for row in _rows(connection, "cines")}
            revisions: dict[int, dict[int, dict[str, Any]]] = {}
            for row in _rows(connection, "revisions"):
                if row.get("cine_id") in cines and isinstance(row.get("number"), int):
                    change = row.get("change") if readable(row.get("change")) else None
                    revisions.setdefault(row["cine_id"], {})[row["number"]] = {**row, "change": change}
            acts: dict[int, list[dict[str, Any]]] = {}
            for row in _rows(connection, "acts"):  # none in a file of an earlier schema
                if row.get("cine_id") in cines and isinstance(row.get("uid"), str):
                    acts.setdefault(row["cine_id"], []).append(row)
    except sqlite3.Error:
        return
    for cine_id, cine in cines.items():
        if isinstance(cine["identity"], str):
            yield cine["identity"], cine, revisions.get(cine_id, {}), acts.get(cine_id, [])


def _patients(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The secret under which patients are hashed, where it is sound, and the links between their keys."""
    if not file.exists():
        return [], []
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            secret = [row for row in _rows(connection, "secrets") if sound_secret(row.get("patient_secret"))]
            links = _rows(connection, "patients")  # none of either in a file of an earlier schema
    except sqlite3.Error:
        return [], []
    return secret[:1], [row for row in links if isinstance(row.get("key"), str) and isinstance(row.get("same_as"), str)]


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """All rows that can be read: from either end of a table up to a page that cannot, and what lies between, singly."""
    rows: dict[int, dict[str, Any]] = {}
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error):
            for row in connection.execute(f"SELECT * FROM {table} NOT INDEXED ORDER BY id {order}"):
                if row["id"] in rows:
                    break
                rows[row["id"]] = dict(row)
    for key in range(min(rows, default=0), max(rows, default=0)):
        if key not in rows:
            with contextlib.suppress(sqlite3.Error):
                for row in connection.execute(f"SELECT * FROM {table} WHERE id = ?", [key]):
                    rows[key] = dict(row)
    return [rows[key] for key in sorted(rows)]


def _unbroken(rows: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Revisions 1, 2, 3 ... up to the first that is missing or cannot be read."""
    whole: list[dict[str, Any]] = []
    while len(whole) + 1 in rows and rows[len(whole) + 1]["change"] is not None:
        whole.append(rows[len(whole) + 1])
    return whole


def _write(
    part: Path, histories: list[tuple[dict[str, Any], list[dict[str, Any]], dict[str, dict[str, Any]]]],
    secret: list[dict[str, Any]], links: list[dict[str, Any]],
) -> None:  # fmt: skip
    """A new library with these rows, all of it or none."""
    open_library(sqlite_url(part)).close()
    with contextlib.closing(sqlite3.connect(part)) as connection, connection:
        for cine_id, (cine, revisions, acts) in enumerate(histories, 1):
            _insert(connection, "cines", CINE, {**cine, "id": cine_id})
            for row in revisions:
                change = json.dumps(json.loads(row["change"]))
                _insert(connection, "revisions", REVISION, {**row, "id": None, "cine_id": cine_id, "change": change})
            for act in acts.values():
                _insert(connection, "acts", ACT, {**act, "id": None, "cine_id": cine_id})
        for row in secret:
            _insert(connection, "secrets", SECRET, row)
        for row in links:
            _insert(connection, "patients", PATIENT, {**row, "id": None})
    with contextlib.closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file that is moved
    with part.open("rb+") as written:
        os.fsync(written.fileno())


def _insert(connection: sqlite3.Connection, table: str, columns: list[str], row: dict[str, Any]) -> None:
    known = [column for column in columns if column in row]  # an earlier schema lacks some: they have defaults
    marks = ", ".join("?" * len(known))
    values = [row[column] for column in known]
    connection.execute(f"INSERT INTO {table} ({', '.join(known)}) VALUES ({marks})", values)
