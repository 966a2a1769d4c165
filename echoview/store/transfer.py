"""Whole histories out of a library in one query, and histories from elsewhere into it. Nothing is overwritten."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from echoview.domain.label import Label
from echoview.domain.review import Record, Trail
from echoview.errors import LibraryError
from echoview.store import acts
from echoview.store.codec import difference, replay, same
from echoview.store.conflicts import OURS
from echoview.store.library import Library
from echoview.store.tables import CineRow, RevisionRow

_TRIES = 5
THEIRS = "import, theirs kept"


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision as plain values: who, when (aware), with what, and what changed (see `codec.difference`).

    `reading`, `role` and `blind` are as in `tables.RevisionRow`.
    """

    made_at: datetime
    annotator: str
    app_version: str
    weights: str
    tool: str
    change: dict[str, Any]
    reading: str = ""
    role: str = ""
    blind: bool | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A cine of a library; `shape` = frames, height, width.

    Attributes:
        entries: the revisions of the first reading, oldest first; others: those of all other readings.
        trail: what reviewers said.
    """

    identity: str
    content_hash: str
    patient_key: str
    path: str
    shape: tuple[int, int, int]
    entries: tuple[Entry, ...]
    others: tuple[Entry, ...] = ()
    trail: Trail = field(default_factory=Trail)

    def label(self, reading: str = "") -> Label:
        """The newest label of a reading.

        Raises:
            LibraryError: an entry is damaged.
        """
        return label_after(tuple(one for one in self.others if one.reading == reading) if reading else self.entries)

    @property
    def record(self) -> Record:
        every = (*self.entries, *self.others)
        rows = ((one.annotator, one.made_at, one.reading, one.role, one.blind) for one in every)
        return acts.record_of(rows, self.trail)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of one cine: revisions and acts added, and frames or fields that both sides had said otherwise."""

    added: int
    conflicts: tuple[str, ...]
    acts: int = 0


def histories(library: Library, identities: Collection[str] | None = None) -> Iterator[History]:
    """Every cine with its revisions and acts, from two queries.

    Args:
        identities: only these, or None for all.

    Raises:
        LibraryError: the library cannot be read.
    """
    query = (
        select(CineRow, RevisionRow).outerjoin(RevisionRow, RevisionRow.cine_id == CineRow.id).order_by(
            CineRow.id, RevisionRow.number
        )
    )  # fmt: skip
    with library._reading() as session:
        trails = acts.trails(session)
        rows = session.execute(query.execution_options(yield_per=500))
        for cine, group in itertools.groupby(rows, key=lambda row: row[0]):
            if identities is None or cine.identity in identities:
                entries = [_entry(revision) for _, revision in group if revision is not None]
                first = tuple(one for one in entries if not one.reading)
                others = tuple(one for one in entries if one.reading)
                yield replace(_bare(cine), entries=first, others=others, trail=trails.get(cine.identity, Trail()))


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
    every = tuple(_entry(revision) for revision in kept)
    added, conflicts = _first(tuple(one for one in every if not one.reading), given, settled)
    others = [entry for entry in given.others if not any(_alike(entry, other) for other in every)]
    for reading in {entry.reading for entry in others}:
        label_after(tuple(one for one in (*every, *others) if one.reading == reading))  # refuses what is damaged
    last = max((revision.number for revision in kept), default=0)
    for number, entry in enumerate((*added, *others), last + 1):
        session.add(
            RevisionRow(
                cine_id=row.id, number=number, made_at=entry.made_at, annotator=entry.annotator[:200],
                app_version=entry.app_version[:40], weights=entry.weights[:120], tool=entry.tool[:80],
                change=entry.change, reading=entry.reading[:220], role=entry.role[:20], blind=entry.blind,
            )
        )  # fmt: skip
    said = acts.joined(session, row.id, given.trail.acts, settled.app_version)
    return Merged(len(added) + len(others), conflicts, said)


def _first(own: tuple[Entry, ...], given: History, settled: Entry) -> tuple[list[Entry], tuple[str, ...]]:
    """What the first reading gets, and what both sides had said otherwise."""
    added = [entry for entry in given.entries if not any(_alike(entry, other) for other in own)]
    if not added:
        return [], ()
    joined = label_after((*own, *added))  # refuses what is damaged before it is kept
    conflicts: tuple[str, ...] = ()
    if any(not any(_alike(entry, other) for other in given.entries) for entry in own):  # both went on
        ours, incoming = label_after(own), label_after(given.entries)
        conflicts = _conflicts(ours, incoming)
        wanted = _joined(ours, incoming) if settled.tool == THEIRS else _joined(incoming, ours)
        change = difference(joined, wanted)
        added += [replace(settled, change=change)] if change else []
    return added, conflicts


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
    contours = {**under.contours, **over.contours}
    return Label(
        contours, **said, **instants, not_traceable=(under.not_traceable | over.not_traceable) - set(contours),
        notes=tuple(dict.fromkeys((*under.notes, *over.notes))), settled=under.settled | over.settled,
    )  # fmt: skip


def _alike(a: Entry, b: Entry) -> bool:
    same_words = (a.change, a.annotator, a.tool, a.reading) == (b.change, b.annotator, b.tool, b.reading)
    return same_words and acts.utc(a.made_at) == acts.utc(b.made_at)


def _entry(row: RevisionRow) -> Entry:
    return Entry(
        acts.utc(row.made_at), row.annotator, row.app_version, row.weights, row.tool, row.change, row.reading, row.role,
        row.blind,
    )  # fmt: skip


def _bare(row: CineRow) -> History:
    shape = (row.frames, row.height, row.width)
    return History(row.identity, row.content_hash, row.patient_key, row.path, shape, ())
