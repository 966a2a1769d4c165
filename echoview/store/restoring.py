"""Back to a backup: it comes into the library's place, and the library as it was is kept beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from echoview.errors import LibraryError
from echoview.store.aside import put_in_place, refuse_if_open
from echoview.store.backups import copy, folder_of, sound
from echoview.store.refusals import reason

_NOTHING = "Nothing was changed."


def restore(file: Path, backup: str) -> Path | None:
    """Put a copy of a backup in a library's place.

    Args:
        backup: a path, or the name of one of the library's own backups.

    Returns:
        Where the former library is kept, None where there was none.

    Raises:
        LibraryError: the library is open, the backup is none or is damaged, or there is no room; nothing was changed.
    """
    source = _found(file, backup)
    refuse_if_open(file)
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
    part = file.with_name(f"{file.name}.{stamp}.restored")
    try:
        copy(source, part)
        if not sound(part) or not _library(part):
            raise LibraryError(f"{source.name} is not a sound label library.", f"{_NOTHING} Choose another backup.")
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        kept = put_in_place(part, file, "before-restore", stamp)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"{source.name} could not be restored ({reason(error)}).", _NOTHING) from error
    finally:
        part.unlink(missing_ok=True)
    return kept


def _found(file: Path, backup: str) -> Path:
    for one in (Path(backup), folder_of(file) / backup):
        if one.is_file():
            if file.exists() and one.samefile(file):
                raise LibraryError("That is the library itself.", "Name one of its backups.")
            return one
    raise LibraryError(f"There is no backup {Path(backup).name}.", "`echoview doctor` names those that there are.")


def _library(file: Path) -> bool:
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {"alembic_version", "cines", "revisions"} <= tables
