"""Another file in the place of a library's: not under an open window, and the former one is kept beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from echoview.errors import LibraryError
from echoview.store.engines import SIDE_FILES
from echoview.store.refusals import reason

SHARED_FIRST, SHARED_SIZE = 0x40000002, 510  # where SQLite locks a file that is open, see its file format


class LibraryInUse(LibraryError):
    """Another program has the library open."""


def refuse_if_open(file: Path) -> None:
    """A window that has the library open would go on writing into the file that is put aside.

    Asked of the lock that SQLite keeps on an open file, for opening it with SQLite would change it. Windows does not
    let an open file be moved.

    Raises:
        LibraryInUse: it is open. LibraryError: it cannot be looked at.
    """
    if sys.platform == "win32" or not file.exists():
        return
    import fcntl

    try:
        with file.open("rb+") as handle:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
    except BlockingIOError as error:
        raise LibraryInUse("The library is open in EchoView.", "Close it, then try again.") from error
    except OSError as error:
        raise LibraryError(f"The library cannot be replaced ({reason(error)}).", "Nothing was changed.") from error


def put_in_place(part: Path, file: Path, word: str, stamp: str) -> Path | None:
    """`part` becomes the library; what was there before is kept under another name, None where there was no file.

    What lay beside it goes along: SQLite would write an old log into whatever file comes in its place.

    Raises:
        OSError: one of them cannot be moved; all are where they were, for a library without its log has lost edits.
    """
    kept = file.with_name(f"{file.stem}.{word}-{stamp}{file.suffix}")
    aside = [(file.with_name(file.name + s), kept.with_name(kept.name + s)) for s in (*SIDE_FILES, "-shm", "")]
    moved: list[tuple[Path, Path]] = []
    try:
        for one, there in [*(pair for pair in aside if pair[0].exists()), (part, file)]:
            os.replace(one, there)
            moved.append((one, there))
    except OSError:
        for one, there in reversed(moved):
            os.replace(there, one)
        raise
    return kept if kept.exists() else None
