"""Whole histories out of a library in one query, and histories from elsewhere into it. Nothing is overwritten."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from echoview.domain.label import Label
from echoview.errors import LibraryError
from echoview.store.codec import difference, replay, same
from echoview.store.library import Library
from echoview.store.tables import CineRow, RevisionRow

_TRIES = 5
OURS, THEIRS = "import, ours kept", "import, theirs kept"


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision as plain values: who, when (aware), with what, and what changed (see `codec.difference`)."""

    made_at: datetime
    annotator: str
    app_version: str
    weights: str
    tool: str
    change: dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """A cine of a library and all its revisions, oldest first; `shape` = frames, height, width."""

    identity: str
    content_hash: str
    patient_key: str
    path: str
    shape: tuple[int, int, int]
    entries: tuple[Entry, ...]

    def label(self) -> Label:
        """The newest label.

        Raises:
            LibraryError: an entry is damaged.
        """
        return label_after(self.entries)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of one cine: revisions added, and frames or fields that both sides had said otherwise."""

    added: int
    conflicts: tuple[str, ...]


def histories(library: Library, identities: Collection[str] | None = None) -> Iterator[History]:
    """Every cine with its revisions, from one query.

    Args:
        identities: only these, or None for all.

    Raises:
        LibraryError: the library cannot be read.
    """
    query = (
        select(CineRow, RevisionRow).join(RevisionRow, RevisionRow.cine_id == CineRow.id).order_by(
            CineRow.id, RevisionRow.number
        )
    )  # fmt: skip
    with library._reading() as session:
        rows = session.execute(query.execution_options(yield_per=500))
        for cine, group in itertools.groupby(rows, key=lambda row: row[0]):
            if identities is None or cine.identity in identities:
                yield History(
                    cine.identity, cine.content_hash, cine.patient_key, cine.path,
                    (cine.frames, cine.height, cine.width), tuple(_entry(revision) for _, revision in group),
                )  # fmt: skip


def cines(library: Library) -> list[History]:
    """Every cine of the library without its revisions.

    Raises:
        LibraryError: the library cannot be read.
    """
    with library._reading() as session:
        rows = session.scalars(select(CineRow).order_by(CineRow.id)).all()
        return [_bare(row) for row in rows]


def label_after(entries: tuple[Entry, ...]) -> Label:
    """The label that a row of revisions makes.

    Raises:
        LibraryError: one of them is damaged.
    """
    try:
        return replay(entry.change for entry in entries)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise LibraryError("A label is damaged and cannot be read.", "Restore it from a backup.") from error


def merge(library: Library, given: History, by: str, app_version: str, theirs: bool = False) -> Merged:
    """Add the revisions that the library lacks, in one transaction; what both sides said otherwise stays ours.

    Both versions of a conflict are in the history afterwards; the last revision puts the one in force again.

    Args:
        by: who imports, and with which version of the program; theirs: the given side wins a conflict instead.

    Raises:
        LibraryError: it could not be written, nothing of it is kept; or the cine has another shape here.
    """
    settled = Entry(datetime.now(UTC), by, app_version, "", THEIRS if theirs else OURS, {})
    with library._write:
        for attempt in range(_TRIES):
            try:
                with library._writing() as session:
                    return _merge(session, given, settled)
            except IntegrityError as error:  # another window took the number: take the next one
                if attempt == _TRIES - 1:
                    raise LibraryError("The library is busy.", "Try again in a moment.") from error
    raise AssertionError("unreachable")


def _merge(session: Session, given: History, settled: Entry) -> Merged:
    row = _row(session, given)
    kept = session.scalars(select(RevisionRow).where(RevisionRow.cine_id == row.id).order_by(RevisionRow.number)).all()
    own = tuple(_entry(revision) for revision in kept)
    added = [entry for entry in given.entries if not any(_alike(entry, other) for other in own)]
    if not added:
        return Merged(0, ())
    joined = label_after((*own, *added))  # refuses what is damaged before it is kept
    conflicts: tuple[str, ...] = ()
    if any(not any(_alike(entry, other) for other in given.entries) for entry in own):  # both went on
        ours, incoming = label_after(own), label_after(given.entries)
        conflicts = _conflicts(ours, incoming)
        wanted = _joined(ours, incoming) if settled.tool == THEIRS else _joined(incoming, ours)
        change = difference(joined, wanted)
        added += [replace(settled, change=change)] if change else []
    number = session.scalar(select(func.max(RevisionRow.number)).where(RevisionRow.cine_id == row.id)) or 0
    for entry in added:
        number += 1
        session.add(
            RevisionRow(
                cine_id=row.id, number=number, made_at=entry.made_at, annotator=entry.annotator[:200],
                app_version=entry.app_version[:40], weights=entry.weights[:120], tool=entry.tool[:80],
                change=entry.change,
            )
        )  # fmt: skip
    return Merged(len(added), conflicts)


def _row(session: Session, given: History) -> CineRow:
    """The cine's row, made where it is not known yet."""
    row = session.scalar(select(CineRow).where(CineRow.identity == given.identity))
    if row is None:
        frames, height, width = given.shape
        row = CineRow(
            identity=given.identity, content_hash=given.content_hash, patient_key=given.patient_key,
            path=given.path, frames=frames, height=height, width=width,
        )  # fmt: skip
        session.add(row)
        session.flush()
    elif (row.frames, row.height, row.width) != given.shape:
        raise LibraryError("These labels belong to a cine of another size.", "They are left out.")
    return row


def _conflicts(ours: Label, incoming: Label) -> tuple[str, ...]:
    """What both sides have said, and not alike: "frame 3", "ED", ..."""
    both = sorted(set(ours.contours) & set(incoming.contours))
    found = [f"frame {t + 1}" for t in both if not same(ours.contours[t], incoming.contours[t])]
    for name, words in (("view", "view"), ("ed", "ED"), ("es", "ES"), ("calibration", "calibration")):
        mine, other = getattr(ours, name), getattr(incoming, name)
        if mine is not None and other is not None and mine != other:
            found.append(words)
    return tuple(found)


def _joined(under: Label, over: Label) -> Label:
    """What either side says; where both do, `over`."""
    said = {n: getattr(over, n) or getattr(under, n) for n in ("view", "calibration")}
    instants = {n: getattr(under, n) if getattr(over, n) is None else getattr(over, n) for n in ("ed", "es")}
    return Label({**under.contours, **over.contours}, **said, **instants)


def _alike(a: Entry, b: Entry) -> bool:
    return (a.change, a.annotator, a.tool) == (b.change, b.annotator, b.tool) and _utc(a.made_at) == _utc(b.made_at)


def _utc(moment: datetime) -> datetime:
    """SQLite gives back what it was given without its zone, which was UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _entry(row: RevisionRow) -> Entry:
    return Entry(_utc(row.made_at), row.annotator, row.app_version, row.weights, row.tool, row.change)


def _bare(row: CineRow) -> History:
    shape = (row.frames, row.height, row.width)
    return History(row.identity, row.content_hash, row.patient_key, row.path, shape, ())
