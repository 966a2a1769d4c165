"""The label library: every edit is one appended row in one transaction; nothing is ever overwritten.

SQLite in the user's folder by default, any SQLAlchemy URL instead. Two windows may write at once: each appends, and
the next number of a cine is taken inside the transaction.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, ColumnElement, Connection, Engine, Select, create_engine, event, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.errors import LibraryError
from echoview.store.codec import difference, replay
from echoview.store.tables import CineRow, RevisionRow

_TRIES = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a cine's history: who did what, when, with which version and weights."""

    number: int
    made_at: datetime
    annotator: str
    app_version: str
    weights: str
    tool: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LabelledCine:
    """A cine with corrections, as training needs it; `shape` = frames, height, width."""

    identity: str
    path: str
    patient_key: str
    shape: tuple[int, int, int]
    label: Label


class Library:
    """One open label library; its methods may be called from any thread."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self.place = place
        self._write = threading.Lock()

    def close(self) -> None:
        self._engine.dispose()

    def label(self, identity: str) -> Label:
        """The newest label of a cine, empty where it has none.

        Raises:
            LibraryError: the library cannot be read, or a row is damaged; never an empty label instead.
        """
        with self._reading() as session:
            return _replayed(session.scalars(_changes_of(CineRow.identity == identity)).all())

    def label_of(self, cine: Cine) -> Label:
        """The label of an opened cine.

        Raises:
            LibraryError: as `label`; or the cine has other frames than the one that was labelled.
        """
        with self._reading() as session:
            row = session.scalar(select(CineRow).where(CineRow.identity == cine.info.identity))
            if row is not None and (row.frames, row.height, row.width) != (len(cine), *cine.size):
                raise LibraryError(
                    f"This file has {len(cine)} frames of {cine.size[1]} × {cine.size[0]} px, its labels were made on"
                    f" {row.frames} of {row.width} × {row.height}.",
                    "It plays, but cannot be corrected; open the whole file.",
                )
        return self.label(cine.info.identity)

    def moved(self, identity: str, path: str) -> None:
        """A known cine lies elsewhere now; nothing happens where it is not known or the library cannot be written."""
        try:
            with self._writing() as session:
                session.execute(update(CineRow).where(CineRow.identity == identity).values(path=path))
        except (LibraryError, IntegrityError):
            log.info("the new place of a cine is not kept")

    def history(self, identity: str) -> list[Revision]:
        """All edits of a cine, oldest first."""
        with self._reading() as session:
            rows = session.scalars(
                select(RevisionRow).join(CineRow).where(CineRow.identity == identity).order_by(RevisionRow.number)
            ).all()
            return [
                Revision(
                    r.number, r.made_at, r.annotator, r.app_version, r.weights, r.tool,
                    tuple(int(t) for t in r.change.get("contours", {})),
                )
                for r in rows
            ]  # fmt: skip

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
    ) -> int | None:
        """Append what changed; one transaction.

        Returns:
            The revision's number, or None where nothing changed.

        Raises:
            LibraryError: it could not be written; nothing of it is kept.
        """
        change = difference(before, after)
        if not change:
            return None
        who = {"annotator": annotator, "app_version": app_version, "weights": weights, "tool": tool}
        with self._write:
            for attempt in range(_TRIES):
                try:
                    return self._append(cine, path, change, who)
                except IntegrityError as error:  # another window took the number: take the next one
                    if attempt == _TRIES - 1:
                        raise _cannot_write(error) from error
        return None

    def labelled(self) -> list[LabelledCine]:
        """All cines with at least one contour by a person; one whose rows are damaged is left out, and logged."""
        with self._reading() as session:
            rows = session.scalars(select(CineRow).order_by(CineRow.id)).all()
            known = [(r.identity, r.path, r.patient_key, (r.frames, r.height, r.width)) for r in rows]
        found = []
        for identity, path, patient_key, shape in known:
            try:
                label = self.label(identity)
            except LibraryError:
                log.warning("the label of a cine is damaged and left out")
                continue
            if label.contours:
                found.append(LabelledCine(identity, path, patient_key, shape, label))
        return found

    def _append(self, cine: Cine, path: str, change: dict[str, Any], who: dict[str, str]) -> int:
        with self._writing() as session:
            row = session.scalar(select(CineRow).where(CineRow.identity == cine.info.identity))
            if row is None:
                height, width = cine.size
                row = CineRow(
                    identity=cine.info.identity, content_hash=cine.info.content_hash, frames=len(cine),
                    patient_key=cine.info.patient_key, height=height, width=width,
                )  # fmt: skip
                session.add(row)
            row.path = path
            session.flush()
            last = session.scalar(select(func.max(RevisionRow.number)).where(RevisionRow.cine_id == row.id))
            number = (last or 0) + 1
            session.add(RevisionRow(cine_id=row.id, number=number, made_at=datetime.now(UTC), change=change, **who))
            return number

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as session:
                yield session
        except (ValueError, AttributeError, TypeError) as error:  # a row that is no JSON, or not a change
            raise _damaged() from error
        except SQLAlchemyError as error:
            raise _cannot_read(error) from error

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """One transaction, kept or undone whole."""
        try:
            with Session(self._engine) as session, session.begin():
                session.connection(execution_options={"writes": True})
                yield session
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise _cannot_write(error) from error


def open_library(url: str) -> Library:
    """Open a library, making it or bringing it to the newest schema where needed.

    Args:
        url: an SQLAlchemy URL, e.g. "sqlite:////home/me/labels.sqlite".

    Raises:
        LibraryError: it cannot be opened, made or brought up to date.
    """
    try:
        engine = create_engine(url, connect_args={"timeout": 20} if url.startswith("sqlite") else {})
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _keep_sqlite_safe)
            event.listen(engine, "begin", _begin)
        _migrate(engine)
    except CommandError as error:
        raise LibraryError(
            "This label library was made by a newer version of EchoView.",
            "Open it with that version, or choose another.",
        ) from error
    except (SQLAlchemyError, OSError, ValueError) as error:
        raise _cannot_open(error) from error
    return Library(engine, url)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def _keep_sqlite_safe(connection: Any, _record: Any) -> None:
    """Readers do not wait for writers (WAL), and a commit is on the disk before it returns."""
    connection.isolation_level = None  # else sqlite3 opens a transaction late, and none for a migration: see _begin
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock before it reads what it builds on; a reader never waits for it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _migrate(engine: Engine) -> None:
    """All of it or nothing; a library of the newest schema is not written to."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.connect() as connection:
        known = MigrationContext.configure(connection).get_current_revision()
    if known == ScriptDirectory.from_config(config).get_current_head():
        return
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _changes_of(which: ColumnElement[bool]) -> Select[Any]:
    return select(RevisionRow.change).join(CineRow).where(which).order_by(RevisionRow.number)


def _replayed(changes: Any) -> Label:
    try:
        return replay(changes)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged() from error


def _damaged() -> LibraryError:
    return LibraryError(
        "A label in the library is damaged and is not shown.",
        "The rows are untouched; restore a backup of the library.",
    )


def _cannot_open(error: Exception) -> LibraryError:
    return LibraryError(
        f"The label library cannot be opened ({_reason(error)}).",
        "Check the folder's permissions and free space, or choose another library with --library.",
    )


def _cannot_read(error: Exception) -> LibraryError:
    return LibraryError(
        f"The label library cannot be read ({_reason(error)}).", "Check that its disk or server is there."
    )


def _cannot_write(error: Exception) -> LibraryError:
    return LibraryError(
        f"The correction could not be saved ({_reason(error)}).",
        "It is kept on the screen: free the library or its disk, then press Save again.",
    )


def _reason(error: Exception) -> str:
    """The driver's own words without the SQL and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0].strip().rstrip(".") or type(cause).__name__
