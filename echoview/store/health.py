"""What is right and what is wrong with a library; nothing is changed, and nothing said of patients."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from echoview.domain.review import ActKind
from echoview.store.backups import DAY_S, backups_of, sound
from echoview.store.codec import NO_CHANGE, replay
from echoview.store.engines import copied, make_engine, sqlite_file, writable
from echoview.store.mounts import share_of
from echoview.store.opening import newest_schema, schema_of
from echoview.store.patients import links, sound_secret
from echoview.store.refusals import reason
from echoview.store.tables import ActRow, CineRow, SecretRow

LITTLE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and a sentence.

    `repairable`: what `rescue` can put right.
    """

    well: bool
    text: str
    repairable: bool = False


def examine(url: str) -> Iterator[Finding]:
    """Look at a library as it lies there, without upgrading, locking or changing it."""
    try:
        file = sqlite_file(url)
    except SQLAlchemyError as error:
        yield Finding(False, f"This is no library's address: {reason(error)}.")
        return
    if file is None:
        yield from _examine_server(url)
        return
    if not file.exists():
        found = bool(backups_of(file))
        yield Finding(not found, "There is no library yet." if not found else "The library is gone.", found)
    else:
        yield from _place(file)
        try:
            with _reader(file) as engine:
                yield from _sqlite(engine)
                yield from _contents(engine)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            yield Finding(False, f"The file cannot be read as a library: {reason(error)}.", True)
    yield from _backups(file)
    yield _room(file)


def _examine_server(url: str) -> Iterator[Finding]:
    try:
        engine = make_engine(url)
        yield Finding(True, f"The library is the database {make_url(url).render_as_string(hide_password=True)}.")
        try:
            yield from _contents(engine)
        finally:
            engine.dispose()
        yield Finding(True, "Backups of a server are made there, with pg_dump.")
    except (SQLAlchemyError, ImportError, ValueError) as error:
        yield Finding(False, f"The server's library cannot be read: {reason(error)}.")


@contextlib.contextmanager
def _reader(file: Path) -> Iterator[Engine]:
    """The file opened for reading only; a copy of it where SQLite could not read it in place."""
    with contextlib.ExitStack() as until_read:
        if not writable(file):
            file = Path(until_read.enter_context(copied(file))) / file.name
        engine = create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=20)
        )
        until_read.callback(engine.dispose)
        yield engine


def _place(file: Path) -> Iterator[Finding]:
    size = file.stat().st_size / 2**20
    yield Finding(True, f"The library is the file {file.name}, {size:.1f} MB.")
    share = share_of(file)
    if share:
        yield Finding(True, f"It lies on a network share ({share}) and is written in the slower way, safe there.")
    if not writable(file):
        yield Finding(False, "It can be read but not written: labels are shown, and cannot be corrected.")


def _sqlite(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        said = [row[0] for row in connection.execute(text("PRAGMA integrity_check(5)"))]
    well = said == ["ok"]
    yield Finding(
        well,
        "The file is sound (integrity check)." if well else f"The file is damaged: {said[0].splitlines()[0]}.",
        True,
    )


def _contents(engine: Engine) -> Iterator[Finding]:
    """Schema and rows; the same for a file and a server."""
    schema, newest = schema_of(engine), newest_schema()
    if schema is None:
        yield Finding(False, "It holds no label library.", True)
        return
    if schema == newest:
        yield Finding(True, f"Its schema is the newest, {newest}.")
    elif schema < newest:
        yield Finding(True, f"Its schema is {schema}; opening it in EchoView brings it to {newest}, after a backup.")
    else:
        yield Finding(False, f"Its schema, {schema}, is of a newer version of EchoView; open it with that.")
        return
    yield from _rows(engine)
    tables = inspect(engine).get_table_names()
    if "acts" in tables:
        yield from _acts(engine)
    if "secrets" in tables:
        yield from _patients(engine)


def _acts(engine: Engine) -> Iterator[Finding]:
    """What reviewers said."""
    with Session(engine) as session:
        cines = set(session.scalars(select(CineRow.id)))
        rows = session.execute(select(ActRow.cine_id, ActRow.kind)).all()
    known = {kind.value for kind in ActKind}
    orphans = sum(cine_id not in cines for cine_id, _ in rows)
    strange = sum(kind not in known for _, kind in rows)
    yield Finding(
        not orphans, f"Acts of review: {len(rows)}." if not orphans else f"{orphans} acts have no cine.", True
    )
    if strange:
        yield Finding(False, f"{strange} acts of review are of a newer version of EchoView and are not shown.")


def _patients(engine: Engine) -> Iterator[Finding]:
    """Whether one patient has one key on all desks; the secret itself is never said."""
    with Session(engine) as session:
        kept = session.scalars(select(SecretRow.patient_secret)).all()
        keys = {key for key in session.scalars(select(CineRow.patient_key)) if key}
        same = links(session)
    if not kept:
        yield Finding(True, "The library has no secret for its patients yet; the next desk that opens it gives it one.")
    elif sound_secret(kept[0]):
        yield Finding(True, "The library has its secret: a patient has the same key on every desk.")
    else:
        yield Finding(False, "The secret for patients is damaged; each desk uses its own meanwhile.", True)
    linked = len(keys) - len({same.of(key) for key in keys})
    if linked:
        yield Finding(True, f"{linked} of {len(keys)} keys of patients are of other secrets and linked to another.")


def _rows(engine: Engine) -> Iterator[Finding]:
    orphans = unreadable = count = broken = 0
    with engine.connect() as connection:
        cines = {row[0] for row in connection.execute(text("SELECT id FROM cines"))}
        rows = connection.execute(
            text("SELECT cine_id, number, CAST(change AS TEXT) FROM revisions ORDER BY cine_id, number"),
            execution_options={"yield_per": 1000},
        )
        last_cine, last_number, whole = None, 0, True
        for cine_id, number, change in rows:
            count += 1
            orphans += cine_id not in cines
            unreadable += not readable(change)
            if cine_id != last_cine:
                last_cine, last_number, whole = cine_id, 0, True
            if number != last_number + 1 and whole:
                whole = False
                broken += 1
            last_number = number
    yield Finding(True, f"{count} revisions of {len(cines)} cines.")
    yield Finding(
        not orphans, "Every revision has its cine." if not orphans else f"{orphans} revisions have none.", True
    )
    yield Finding(
        not unreadable,
        "Every revision can be read." if not unreadable else f"{unreadable} revisions cannot be read.",
        True,
    )
    yield Finding(
        not broken, "Every history is unbroken." if not broken else f"The histories of {broken} cines have gaps.", True
    )


def readable(change: object) -> bool:
    """Whether a revision's change, as JSON, makes a label."""
    try:
        replay([json.loads(change)])  # type: ignore[arg-type]  # what is no text is a TypeError
    except NO_CHANGE:
        return False
    return True


def _backups(file: Path) -> Iterator[Finding]:
    found = backups_of(file)
    if not found:
        yield Finding(True, "There are no backups yet; one is made when EchoView next opens a library with labels.")
        return
    good = [one for one in found if sound(one)]
    if not good:
        yield Finding(False, f"None of the {len(found)} backups is sound.")
        return
    days = (time.time() - good[0].stat().st_mtime) / DAY_S
    yield Finding(True, f"{len(good)} of {len(found)} backups are sound, the newest is {days:.1f} days old.")
    yield Finding(True, f"One of them is put back with --restore: {', '.join(one.name for one in good)}.")


def _room(file: Path) -> Finding:
    folder = next(f for f in file.absolute().parents if f.exists())
    free = shutil.disk_usage(folder).free
    size = file.stat().st_size if file.exists() else 0
    enough = free > max(LITTLE_BYTES, 2 * size)
    return Finding(enough, f"{free / 2**30:.1f} GB free on its disk{'' if enough else ': that is little'}.")
