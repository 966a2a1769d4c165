"""Connections to an SQLite file or to a PostgreSQL server, set so that a saved edit is on the disk."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from echoview.store.mounts import share_of

WAIT_S = 20  # for another window's write
_DROPPED = {  # after how long a link that has gone without a word is given up, in s and, the last, ms
    "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip
COPIES = 5  # tries to copy a library that its owner is writing to
LEAST_BYTES = 256 * 1024
SIDE_FILES = ("-wal", "-journal")  # edits that are not in the file itself yet

log = logging.getLogger(__name__)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL; None for a server, and for a library in memory.

    Raises:
        ArgumentError: it is no URL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(parsed.database)


def make_engine(url: str) -> Engine:
    """An engine for a library's URL; nothing is connected yet.

    Raises:
        SQLAlchemyError, ValueError, ImportError: it is no URL, or of a database that there is no driver for.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = sqlite_file(url)
        share = share_of(file) if file is not None else ""
        engine = create_engine(parsed, connect_args={"timeout": WAIT_S})
        event.listen(engine, "connect", lambda connection, _: _keep_sqlite_safe(connection, share != ""))
        event.listen(engine, "begin", _begin)
        return engine
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    patience = {"connect_timeout": 5, "options": f"-c lock_timeout={WAIT_S}s", **_DROPPED}
    # A connection that the server dropped is found out before it is used, not by a lost edit.
    return create_engine(parsed, pool_pre_ping=True, connect_args=patience)


def _keep_sqlite_safe(connection: Any, on_share: bool) -> None:
    """Readers do not wait for writers (WAL), and a commit is on the disk before it returns.

    WAL needs memory that all its users share, so over a network the older rollback journal is used. The log is
    emptied by `checkpoint` and not by SQLite, which would leave the old pages in it: a log that is cut off after
    that would no longer fit the file.
    """
    connection.isolation_level = None  # else sqlite3 opens a transaction late, and none for a migration: see _begin
    cursor = connection.cursor()
    journal = "TRUNCATE" if on_share else "WAL"
    for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock before it reads what it builds on; a reader never waits for it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def checkpoint(engine: Engine) -> None:
    """Move an SQLite library's log into the file; where it cannot be done now, the log grows until it can."""
    if engine.dialect.name != "sqlite":
        return
    try:
        raw = engine.raw_connection()  # not a Session: this must stand outside of a transaction
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            raw.close()
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        log.info("the library's log is not emptied: %s", type(error).__name__)


def writable(file: Path) -> bool:
    """Whether this person may write the file, or make it; its folder too, for SQLite keeps a journal beside it."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def full(file: Path) -> bool:
    """Whether the disk has no room for what SQLite must write even to read: an index of its log, and a page or two."""
    return shutil.disk_usage(file.parent).free < LEAST_BYTES


def copied(file: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder with a copy of a library that cannot be written, the edits in its log included.

    SQLite cannot open such a file where it lies: it would have to write the log's index, and `immutable=1` overlooks
    the log. If the owner writes meanwhile, the copy is taken again.

    Raises:
        OSError: it cannot be read, or the owner is always quicker.
    """
    folder = tempfile.TemporaryDirectory(prefix="echoview-", ignore_cleanup_errors=True)
    try:
        for _ in range(COPIES):
            before = _state(file)
            for one in before:
                shutil.copyfile(one, Path(folder.name) / one.name)
            if _state(file) == before:
                return folder
            for one in Path(folder.name).iterdir():
                one.unlink()
        raise OSError("its owner is writing to it")
    except OSError:
        folder.cleanup()
        raise


def _state(file: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of the file and of what SQLite keeps beside it."""
    found = {}
    for one in (file, *(file.with_name(file.name + suffix) for suffix in SIDE_FILES)):
        if one == file or one.exists():
            state = one.stat()
            found[one] = (state.st_size, state.st_mtime_ns)
    return found
