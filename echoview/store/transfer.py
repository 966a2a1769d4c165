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
from echoview.store import acts, patients
from echoview.store.codec import NO_CHANGE, SETS, difference, fold, items_of, replay, seen_in
from echoview.store.conflicts import JOINED, OURS, THEIRS, found, suspected
from echoview.store.library import Library
from echoview.store.merging import Conflict, taking
from echoview.store.merging import merge as merge_labels
from echoview.store.rows import revision
from echoview.store.tables import CineRow, RevisionRow

_TRIES = 5
_WORDS = {"view": "view", "ed": "ED", "es": "ES", "calibration": "calibration", "frame_rate": "frame rate"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision as plain values: who, when (aware), with what, what changed (see `codec.difference`), the effort.

    `reading`, `role` and `blind` are as in `tables.RevisionRow`.

    Attributes:
        base: the number of the revision that was before the annotator's eyes, None where it is not known.
        number: its own where it comes from, which may be another's in the library that it comes into; 0 = not known.
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
    seconds: float | None = None
    drags: int | None = None
    moved_mm: float | None = None
    base: int | None = None
    number: int = field(default=0, compare=False)


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
        return acts.record_of(rows, self.trail, self.conflicts)

    @property
    def conflicts(self) -> frozenset[str]:
        """What two have said otherwise and nobody has decided, see `domain.review.Record`."""
        if not suspected((one.number, one.base, one.tool) for one in self.entries):
            return frozenset()
        try:
            waiting = found([(revision(one), one.change) for one in self.entries], None)
        except NO_CHANGE:  # it is said where the label is asked for
            return frozenset()
        return frozenset(one.choice for one in waiting)


def as_change(label: Label, entries: tuple[Entry, ...]) -> dict[str, Any]:
    """A label that the revisions make as one change, with the fingerprints of its pictures."""
    return _with_pixels(difference(Label(), label), entries)


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of one cine: revisions and acts added, and frames or fields that both sides had said otherwise."""

    added: int
    conflicts: tuple[str, ...]
    acts: int = 0


def histories(library: Library, identities: Collection[str] | None = None) -> Iterator[History]:
    """Every cine with its revisions and acts, from three queries.

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
        trails, same = acts.trails(session), patients.links(session)
        rows = session.execute(query.execution_options(yield_per=500))
        for cine, group in itertools.groupby(rows, key=lambda row: row[0]):
            if identities is None or cine.identity in identities:
                entries = [_entry(revision) for _, revision in group if revision is not None]
                first = tuple(one for one in entries if not one.reading)
                others = tuple(one for one in entries if one.reading)
                bare = _bare(cine, same)
                bare = replace(bare, path=library.place(cine.identity, cine.path))
                yield replace(bare, entries=first, others=others, trail=trails.get(cine.identity, Trail()))


def cines(library: Library) -> list[History]:
    """Every cine of the library without its revisions.

    Raises:
        LibraryError: the library cannot be read.
    """
    with library._reading() as session:
        rows = session.scalars(select(CineRow).order_by(CineRow.id)).all()
        same = patients.links(session)
        return [replace(_bare(row, same), path=library.place(row.identity, row.path)) for row in rows]


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
    """Add the revisions that the library lacks, in one transaction; what both sides changed otherwise stays ours.

    Both versions of a conflict are in the history afterwards; the last revision puts the one in force again.

    Args:
        by: who imports, and with which version of the program; theirs: the given side wins a conflict instead.

    Raises:
        LibraryError: it could not be written, nothing of it is kept; or the cine has another shape here.
    """
    settled = Entry(datetime.now(UTC), by, app_version, "", THEIRS if theirs else OURS, {})
    given = replace(given, path=library.placed(given.identity, given.path))
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
    own = tuple(one for one in every if not one.reading)
    met, met_others = _counterparts(given.entries, own), _counterparts(given.others, every)
    added = [entry for entry, known in zip(given.entries, met, strict=True) if known is None]
    others = [entry for entry, known in zip(given.others, met_others, strict=True) if known is None]
    for reading in {entry.reading for entry in others}:
        label_after(tuple(one for one in (*every, *others) if one.reading == reading))  # refuses what is damaged
    last, conflicts = _settled(own, given.entries, met, settled) if added else (None, ())
    pairs = zip((*given.entries, *given.others), (*met, *met_others), strict=True)
    numbers = {entry.number: known.number for entry, known in pairs if known is not None} | {0: 0}
    number = max((entry.number for entry in every), default=0)
    for entry in (*added, *([] if last is None else [last]), *others):
        number += 1
        base = number - 1 if entry is last else None if entry.base is None else numbers.get(entry.base)
        session.add(_revision(row.id, number, replace(entry, base=base)))  # as it is numbered here
        if entry.number:
            numbers[entry.number] = number
    said = acts.joined(session, row.id, given.trail.acts, settled.app_version)
    return Merged(len(added) + len(others) + (last is not None), conflicts, said)


def _settled(
    own: tuple[Entry, ...], given: tuple[Entry, ...], met: list[Entry | None], settled: Entry
) -> tuple[Entry | None, tuple[str, ...]]:
    """The revision after theirs that makes the label what it should be, if one is needed, and what is in conflict.

    Both sides grew out of the revisions that both have. What only one of them changed since joins; a choice between
    both is written down also where their order would have made it.

    Raises:
        LibraryError: a revision is damaged.
    """
    shared = {id(known) for known in met}
    base = label_after(tuple(entry for entry in own if id(entry) in shared))
    ours, theirs = label_after(own), label_after(tuple(known or entry for entry, known in zip(given, met, strict=True)))
    first, second = (theirs, ours) if settled.tool == THEIRS else (ours, theirs)
    both = merge_labels(base, first, second)
    as_it_is = label_after((*own, *(entry for entry, known in zip(given, met, strict=True) if known is None)))
    if both.conflict is not None:
        as_it_is = taking(as_it_is, second, (*both.conflict.frames, *both.conflict.said))
    change = difference(as_it_is, both.label)
    if not change:
        return None, ()
    tool = settled.tool if both.conflict is not None else JOINED
    return replace(settled, tool=tool, change=_with_pixels(change, own, given)), _in_words(both.conflict)


def _with_pixels(change: dict[str, Any], *sides: tuple[Entry, ...]) -> dict[str, Any]:
    """The change with the fingerprints of the pictures that it speaks of."""
    known = [fold(entry.change for entry in side) for side in sides]
    pixels = {}
    for key, item in items_of(change).items():
        for items in known:
            if key not in SETS and key in items and items[key].pixels is not None and items[key].value == item.value:
                pixels[str(item.value if isinstance(key, str) else key)] = items[key].pixels
    return {**change, **({"pixels": pixels} if pixels else {}), **seen_in(change, known)}


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


def _in_words(conflict: Conflict | None) -> tuple[str, ...]:
    """What both sides have said, and not alike: "frame 3", "ED", ..."""
    if conflict is None:
        return ()
    frames = [f"frame {t + 1}" for t in sorted(conflict.frames)]
    return (*frames, *(words for key, words in _WORDS.items() if key in conflict.said))


def _counterparts(entries: tuple[Entry, ...], others: tuple[Entry, ...]) -> list[Entry | None]:
    """Each of `entries` as it is among `others`."""
    at: dict[datetime, list[Entry]] = {}
    for other in others:
        at.setdefault(other.made_at, []).append(other)
    return [next((o for o in at.get(acts.utc(one.made_at), []) if _alike(one, o)), None) for one in entries]


def _alike(given: Entry, own: Entry) -> bool:
    """Whether they are one revision; what an export left out of a change does not make it another."""
    who = given.annotator[:200], given.tool[:80], given.reading
    told = all(key in own.change and own.change[key] == value for key, value in given.change.items())
    return told and who == (own.annotator[:200], own.tool[:80], own.reading)


def _entry(row: RevisionRow) -> Entry:
    return Entry(
        acts.utc(row.made_at), row.annotator, row.app_version, row.weights, row.tool, row.change, row.reading, row.role,
        row.blind, row.seconds, row.drags, row.moved_mm, row.base, row.number,
    )  # fmt: skip


def _revision(cine_id: int, number: int, entry: Entry) -> RevisionRow:
    return RevisionRow(
        cine_id=cine_id, number=number, made_at=entry.made_at, annotator=entry.annotator[:200],
        app_version=entry.app_version[:40], weights=entry.weights[:120], tool=entry.tool[:80], change=entry.change,
        base=entry.base, seconds=entry.seconds, drags=entry.drags, moved_mm=entry.moved_mm,
        reading=entry.reading[:220], role=entry.role[:20], blind=entry.blind,
    )  # fmt: skip


def _bare(row: CineRow, same: patients.Links) -> History:
    shape = (row.frames, row.height, row.width)
    return History(row.identity, row.content_hash, same.of(row.patient_key), row.path, shape, ())
