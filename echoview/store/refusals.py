"""The sentences in which the library refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from echoview.errors import LabelError, LibraryError

READ_ONLY = "This label library can be read but not written."
FULL = "The disk of the label library is full: make room, then start EchoView again. Till then labels can only be read."
READ_ONLY_HINT = "Labels are shown; to correct, choose a library in a folder that you may write to."
DOCTOR = "`echoview doctor` says more and can repair it."


def damaged() -> LabelError:
    return LabelError("A label in the library is damaged and is not shown.", f"The rows are untouched; {DOCTOR}")


def cut_off() -> LabelError:
    return LabelError(
        "This file was cut off, and its labels were made on the whole one.",
        "It plays; open the whole file to correct it.",
    )


def another_size() -> LabelError:
    return LabelError(
        "Another file with the same DICOM identifier was labelled while this one was open.",
        "Open this one again to correct it; each has labels of its own.",
    )


def read_only(why: str) -> LibraryError:
    """`why` is READ_ONLY or FULL."""
    return LibraryError(why, READ_ONLY_HINT if why == READ_ONLY else "")


def cannot_read(error: Exception) -> LibraryError:
    return LibraryError(
        f"The label library cannot be read ({reason(error)}).", f"Check that its disk or server is there; {DOCTOR}"
    )


def cannot_write(error: Exception) -> LibraryError:
    return LibraryError(
        f"The correction could not be saved ({reason(error)}).",
        "It is kept on the screen: free the library, its disk or its server, then press Save again.",
    )


@contextmanager
def opening() -> Iterator[None]:
    """What goes wrong while a library is opened becomes a LibraryError."""
    try:
        yield
    except CommandError as error:
        raise LibraryError(
            "This label library was made by a newer version of EchoView.",
            "Open it with that version, or choose another.",
        ) from error
    except (SQLAlchemyError, sqlite3.Error, OSError, ValueError, ImportError) as error:
        raise LibraryError(
            f"The label library cannot be opened ({reason(error)}).",
            f"Check the folder or the server, or choose another library with --library; {DOCTOR}",
        ) from error


def reason(error: Exception) -> str:
    """The driver's own words without the SQL and its values."""
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0].strip().rstrip(".") if str(cause) else type(cause).__name__


def no_backup(why: str) -> LibraryError:
    return LibraryError(f"The label library could not be backed up ({why}).", DOCTOR)
