"""Opening a library: where it lies, whether it may be written, and the way from every earlier schema."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from echoview import paths
from echoview.store.backups import back_up
from echoview.store.engines import copied, full, make_engine, sqlite_file, sqlite_url, writable
from echoview.store.library import Library
from echoview.store.mounts import share_of
from echoview.store.patients import secret_of
from echoview.store.places import Places
from echoview.store.refusals import FULL, READ_ONLY, opening

_UPGRADE_LOCK = 0x6563686F  # any number, as long as every EchoView takes the same

log = logging.getLogger(__name__)


def open_library(url: str, secret: bytes = b"") -> Library:
    """Open a library, making it or bringing it to the newest schema where needed.

    A library that this person may not write, or whose disk is full, is copied into a temporary folder and read there,
    as it is now.

    Args:
        url: an SQLAlchemy URL, e.g. "sqlite:////home/me/labels.sqlite" or "postgresql://me@server/labels".
        secret: the desk's own, under which patients are hashed where the library has none yet; b"" gives it none.

    Raises:
        LibraryError: it cannot be opened, made or brought up to date.
    """
    with opening():
        file = sqlite_file(url)
        there = file is not None and file.exists()
        if file is not None and there and not writable(file):
            return _to_read(file, READ_ONLY)
        engine = make_engine(url)
        try:
            _migrate(engine, file)
            secret = secret_of(engine, secret)
        except BaseException as error:
            engine.dispose()
            if file is not None and there and isinstance(error, (OSError, DBAPIError)) and full(file):
                return _to_read(file, FULL)
            raise
        share = share_of(file) if file is not None else ""
        note = f"The library lies on a network share ({share}); it is written in the slower way that is safe there."
        if share:
            log.info(note)
        places = None if engine.dialect.name == "sqlite" else Places(paths.user_data_dir() / "places.sqlite")
        return Library(engine, file, note if share else "", places=places, patient_secret=secret)


def _to_read(file: Path, why: str) -> Library:
    """A copy of the library as it is now."""
    folder = copied(file)
    engine = make_engine(sqlite_url(Path(folder.name) / file.name))
    _migrate(engine, None)
    log.info(why)
    return Library(engine, None, why, folder, patient_secret=secret_of(engine))


def schema_of(engine: Engine) -> str | None:
    """The schema's number; None where there is no library yet."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_schema() -> str:
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _migrate(engine: Engine, file: Path | None) -> None:
    """All of it or nothing, and not without a backup; a library of the newest schema is not written to."""
    known = schema_of(engine)
    if known == newest_schema():
        return
    if known is not None and file is not None:
        ScriptDirectory.from_config(_config()).get_revision(known)  # a newer one is refused before it is copied
        if back_up(file) is None:
            raise OSError("it is damaged, and of an earlier version")
    config = _config()
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":  # two programs upgrade one after the other; SQLite's lock does as much
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
