"""The label library: every edit is one appended row in one transaction; nothing is ever overwritten.

Two windows may write at once: each appends, the next number of a cine is taken inside the transaction, and whoever
saves on top of something else than they had seen is told.
"""

from __future__ import annotations

import logging
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.review import Act, Record
from echoview.errors import LibraryError
from echoview.store import acts, backups, patients, refusals, survey
from echoview.store.codec import NO_CHANGE, applied, difference, fold, frames_of, newly_said
from echoview.store.conflicts import Conflicted
from echoview.store.engines import checkpoint
from echoview.store.fingerprint import fingerprint_of
from echoview.store.merging import merge
from echoview.store.places import Places
from echoview.store.rows import changes, cine_row, newest, revision, rows_of, waiting, whole_sets, with_aside
from echoview.store.tables import CineRow, RevisionRow
from echoview.store.twins import fits, is_cut_off, told_apart
from echoview.store.values import Held, LabelledCine, Revision, Saved, Written, fitting, held

__all__ = ["Held", "LabelledCine", "Library", "Revision", "Saved"]

_TRIES = 5
_LOG = 200  # edits after which SQLite's log is moved into the file

log = logging.getLogger(__name__)


class Library:
    """One open label library; its methods may be called from any thread.

    Attributes:
        note: what a person should know about where it lies, "" where nothing.
    """

    def __init__(
        self, engine: Engine, file: Path | None, note: str = "",
        copy: tempfile.TemporaryDirectory[str] | None = None, places: Places | None = None,
        patient_secret: bytes = b"",
    ) -> None:  # fmt: skip
        """`file` is the SQLite file that is backed up, `copy` the folder of a library that can only be read.

        `places`: where the cines lie, for a library that must not be told. `patient_secret`: the library's.
        """
        self._engine, self._file, self._copy, self._places = engine, file, copy, places
        self.note, self._secret = note, patient_secret
        self._write = threading.Lock()
        self._saved = 0

    @property
    def file(self) -> Path | None:
        """The SQLite file that is backed up, None where there is none."""
        return self._file

    @property
    def read_only(self) -> bool:
        return self._copy is not None

    def secret_for(self, own: bytes) -> bytes:
        """The key under which patients of this library are hashed: its own, the desk's while it has none."""
        return self._secret or own

    def close(self) -> None:
        self._engine.dispose()
        if self._copy is not None:
            self._copy.cleanup()

    def place(self, identity: str, told: str) -> str:
        """Where a cine lies as far as it is known here; `told` is what the library itself holds."""
        return told if self._places is None else self._places.get(identity)

    def placed(self, identity: str, path: str) -> str:
        """A cine lies here: what the library itself may hold of that."""
        if self._places is None:
            return path
        self._places.put(identity, path)
        return ""

    def label(self, identity: str, reading: str = "") -> Label:
        """The newest label of a cine, empty where it has none; for where its frames are not at hand.

        Args:
            reading: whose, see `domain.review.Reading.key`; "" is the first reading, which all share.

        Raises:
            LibraryError: the library cannot be read, or a row is damaged; never an empty label instead.
        """
        with self._reading() as session:
            return applied(Label(), fold(change for _, change in changes(session, identity, reading)))

    def load(self, cine: Cine, reading: str = "", until: int | None = None) -> Held:
        """What is held of a reading for an opened cine. Decodes its labelled frames: are they the same pictures?

        Args:
            until: the last revision that counts, to see what was held then; None = all.

        Raises:
            LibraryError: as `label`; or the file is cut off and the whole one was labelled; or one of another size was
                labelled under this identity since the cine was opened.
        """
        with self._reading() as session:
            row = session.scalar(select(CineRow).where(CineRow.identity == cine.info.identity))
            if row is not None and not fits(cine, row):
                raise refusals.cut_off() if is_cut_off(cine, row) else refusals.another_size()
            rows = changes(session, cine.info.identity, reading) if row is not None else []
            rows = [one for one in rows if until is None or one[0] <= until]
            items = fold(change for _, change in rows)
        try:
            return held(items, rows[-1][0] if rows else 0, cine)
        except NO_CHANGE as error:
            raise refusals.damaged() from error

    def told_apart(self, cine: Cine) -> Cine:
        """An opened cine as it is known here, see `twins`: to be asked for before anything else is asked of it.

        Raises:
            LibraryError: the library cannot be read.
        """
        with self._reading() as session:
            return told_apart(session, cine)

    def moved(self, identity: str, path: str) -> None:
        """A known cine lies elsewhere now; nothing happens where it is not known or the library cannot be written."""
        path = self.placed(identity, path)
        try:
            with self._reading() as session:  # mostly it lies where it lay, and opening it need not write
                if session.scalar(select(CineRow.path).where(CineRow.identity == identity)) in (None, path):
                    return
            with self._writing() as session:
                session.execute(update(CineRow).where(CineRow.identity == identity).values(path=path))
        except (LibraryError, IntegrityError):
            log.info("the new place of a cine is not kept")

    def met(self, cine: Cine) -> None:
        """A known cine was opened: is its patient known here under another key? Linked where the ID is in the file."""
        identity, key = cine.info.identity, cine.info.patient_key
        try:
            with self._reading() as session:
                if patients.news(session, identity, key) is None:
                    return
            with self._writing() as session:
                patients.meet(session, identity, key)
        except (LibraryError, IntegrityError):  # another desk was quicker, or it is written at the next opening
            log.info("the key of a patient is not kept")

    def history(self, identity: str, reading: str = "") -> list[Revision]:
        """All edits of a cine's reading, oldest first."""
        with self._reading() as session:
            return [revision(row) for row in session.scalars(rows_of(identity, reading))]

    def record(self, identity: str) -> Record:
        """Who has read a cine, what was said of it, what waits for a decision; an empty one where it is not known."""
        with self._reading() as session:
            return acts.record(session, identity, frozenset(one.choice for one in waiting(session, identity, None)))

    def conflicts(self, cine: Cine) -> list[Conflicted]:
        """What of the first reading two changed at once and nobody has decided between."""
        with self._reading() as session:
            return waiting(session, cine.info.identity, cine)

    def newest(self, count: int = 50) -> list[Written]:
        """What was written last, see `rows.newest`: asked every few seconds, so it is cheap with any library."""
        with self._reading() as session:
            return newest(session, count)

    def say(self, cine: Cine, path: str, act: Act, app_version: str) -> Act:
        """Append what a reviewer said; as it was kept, which may be a little later than the clock had it.

        Raises:
            LibraryError: it could not be written.
        """
        with self._write:
            for attempt in range(_TRIES):
                try:
                    with self._writing() as session:
                        row = cine_row(session, cine, self.placed(cine.info.identity, path))
                        kept = acts.append(session, row.id, [act], app_version)
                        return kept[0] if kept else act
                except IntegrityError as error:  # another window made the cine's row
                    if attempt == _TRIES - 1:
                        raise refusals.cannot_write(error) from error
        raise AssertionError("unreachable")

    def save(
        self,
        cine: Cine,
        path: str,
        before: Label,
        after: Label,
        *,
        annotator: str,
        app_version: str,
        weights: str,
        tool: str,
        base: int | None = None,
        seconds: float | None = None,
        drags: int | None = None,
        moved_mm: float | None = None,
        reading: str = "",
        role: str = "",
        blind: bool | None = None,
    ) -> Saved:
        """Append what changed; one transaction.

        Args:
            before, after: the label as it was last loaded or saved here, and as it is now.
            base: the revision that `before` stands for. Where others have saved since, both are kept and the answer
                says what they changed; None = do not look.
            seconds, drags, moved_mm: the effort: time, pulls of a point, way of the points; None = not counted.
            reading: whose label it is, see `label`; role: of the annotator; blind: whether the prediction was hidden.

        Raises:
            LibraryError: it could not be written; nothing of it is kept.
        """
        change = difference(before, after)
        if not change:
            return Saved(None, after)
        if self.read_only:
            raise refusals.read_only(self.note)
        frames = frames_of(change) | ({0} if base == 0 else set())  # once of the first: `twins` asks for it
        seen = {str(t): fingerprint_of(cine, t) for t in sorted(frames)}
        if pixels := {t: one for t, one in seen.items() if one is not None}:
            change["pixels"] = pixels
        fresh = {t: fingerprint_of(cine, t) for t in newly_said(before, change)}
        row = {
            "annotator": annotator, "app_version": app_version, "weights": weights, "tool": tool, "change": change,
            "base": base, "seconds": seconds, "drags": drags, "moved_mm": moved_mm,
            "reading": reading, "role": role, "blind": blind,
        }  # fmt: skip
        with self._write:
            for attempt in range(_TRIES):
                try:
                    number = self._append(cine, self.placed(cine.info.identity, path), row, before, after, fresh)
                    break
                except IntegrityError as error:  # another window took the number: take the next one
                    if attempt == _TRIES - 1:
                        raise refusals.cannot_write(error) from error
            self._saved += 1
            if self._saved % _LOG == 0:
                checkpoint(self._engine)
        if base is None or number == base + 1:
            return Saved(number, after)
        return self._joined(number, base, cine, before, after, change, reading)

    def labelled(self) -> list[LabelledCine]:
        """All cines with a contour by a person that is not rejected, see `survey.labelled`."""
        with self._reading() as session:
            found = list(survey.labelled(session))
        return [replace(one, path=self.place(one.identity, one.path)) for one in found]

    def corrected(self) -> dict[str, int]:
        """How many frames were edited, by the cine's identity, without those in conflict; none = not named."""
        with self._reading() as session:
            return dict(survey.corrected(session))

    def disputed(self) -> dict[str, int]:
        """How many frames are in conflict, by the cine's identity; a cine without any is not named."""
        with self._reading() as session:
            return {identity: len(frames) for identity, frames in survey.disputed(session).items()}

    def back_up_if_due(self) -> Path | None:
        """Copy an SQLite library where the newest copy is a day old; takes seconds with a large one.

        Raises:
            LibraryError: the copy could not be made, or the library is damaged.
        """
        if self._file is None or not backups.due(self._file):
            return None
        with self._reading() as session:
            if session.scalar(select(RevisionRow.id).limit(1)) is None:
                return None  # the first copy is to be of the first day's work, not of nothing
        try:
            made = backups.back_up(self._file)
        except (OSError, sqlite3.Error) as error:
            raise refusals.no_backup(refusals.reason(error)) from error
        if made is None:
            raise refusals.no_backup("it is damaged")
        return made

    def _append(
        self, cine: Cine, path: str, values: dict[str, Any], before: Label, after: Label, fresh: dict[int, str | None]
    ) -> int:
        """The new revision's number. `fresh`: fingerprints of the frames of new calipers and the like."""
        with self._writing() as session:
            # On a server the cine's row is the lock under which numbers are given out; SQLite locks the file.
            row = cine_row(session, cine, path)
            last = session.scalar(select(func.max(RevisionRow.number)).where(RevisionRow.cine_id == row.id)) or 0
            if values["base"] is not None and values["base"] < last:
                whole = whole_sets(session, cine.info.identity, values, before, after)
                values = {**values, "change": {**values["change"], **whole}}
            values = {**values, "change": with_aside(session, cine, values, before, fresh)}
            session.add(RevisionRow(cine_id=row.id, number=last + 1, made_at=datetime.now(UTC), **values))
            return last + 1

    def _joined(
        self, number: int, base: int, cine: Cine, before: Label, after: Label, change: dict[str, Any], reading: str
    ) -> Saved:
        """Our label with what others saved since `base`, where it is of the pictures that this cine shows."""
        since = rows_of(cine.info.identity, reading)
        since = since.where(RevisionRow.number > base, RevisionRow.number < number)
        try:
            with self._reading() as session:
                rows = session.scalars(since).all()
                others = [row for row in rows if row.change != change]  # ours, kept when the server's answer was lost
                theirs = applied(before, fitting(fold(row.change for row in others), cine))
                merged = merge(before, after, theirs)
                return Saved(
                    number, merged.label, tuple(revision(row) for row in others), merged.conflict, merged.joined
                )
        except LibraryError:  # ours is kept all the same; theirs is told of when the cine is opened again
            log.warning("what others saved meanwhile cannot be read")
            return Saved(number, after)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        try:
            with Session(self._engine, expire_on_commit=False) as session:
                yield session
        except NO_CHANGE as error:  # a row that is no JSON, or not a change
            raise refusals.damaged() from error
        except SQLAlchemyError as error:
            raise refusals.cannot_read(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """One transaction, kept or undone whole."""
        if self.read_only:
            raise refusals.read_only(self.note)
        try:
            with Session(self._engine) as session, session.begin():
                session.connection(execution_options={"writes": True})
                yield session
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise refusals.cannot_write(error) from error
