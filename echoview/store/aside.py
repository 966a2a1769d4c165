"""Another file in the place of a library's: not under an open window, and the former one is kept beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from echoview.errors import LibraryError
from echoview.store.engines import SIDE_FILES
from echoview.store.refusals import reason

SHARED_FIRST, SHARED_SIZE = 0x40000002, 510  # where SQLite locks a file that is open, see its file format


def refuse_if_open(file: Path) -> None:
    """A window that has the library open would go on writing into the file that is put aside.

    Asked of the lock that SQLite keeps on an open file, for opening it with SQLite would change it. Windows does not
    let an open file be moved.

    Raises:
        LibraryError: it is open, or cannot be looked at.
    """
    if sys.platform == "win32" or not file.exists():
        return
    import fcntl

    try:
        with file.open("rb+") as handle:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
    except BlockingIOError as error:
        raise LibraryError("The library is open in EchoView.", "Close it, then try again.") from error
    except OSError as error:
        raise LibraryError(f"The library cannot be replaced ({reason(error)}).", "Nothing was changed.") from error


def put_aside(file: Path, word: str, stamp: str) -> Path | None:
    """The file and what SQLite kept beside it, under another name; gives that, None where there was no file.

    What lay beside it must go along: SQLite would write an old log into whatever file comes in its place.
    """
    kept = file.with_name(f"{file.stem}.{word}-{stamp}{file.suffix}")
    for suffix in (*SIDE_FILES, "-shm", ""):
        side = file.with_name(file.name + suffix)
        if side.exists():
            os.replace(side, kept.with_name(kept.name + suffix))
    return kept if kept.exists() else None
