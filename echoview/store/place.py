"""Where the label library lies, and opening it without giving up when it cannot be."""

from __future__ import annotations

from pathlib import Path

from echoview import paths
from echoview.errors import EchoViewError
from echoview.store.engines import sqlite_url
from echoview.store.library import Library
from echoview.store.opening import open_library


def library_url(chosen: str) -> str:
    """The library that a person named, else the file in their data folder."""
    if not chosen:
        return sqlite_url(paths.user_data_dir() / "labels.sqlite")
    return chosen if "://" in chosen else sqlite_url(Path(chosen).absolute())


def try_library(chosen: str, secret: bytes = b"") -> tuple[Library | None, EchoViewError | None]:
    """The library, or the reason why there is none: the app runs without it and says so.

    Args:
        secret: the desk's own, see `open_library`.
    """
    try:
        return open_library(library_url(chosen), secret), None
    except EchoViewError as error:
        return None, error
