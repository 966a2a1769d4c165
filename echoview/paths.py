"""Where things lie: what ships with the program, and what belongs to the person who uses it."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from echoview.errors import EchoViewError

APP = "EchoView"
HOME_VARIABLE = "ECHOVIEW_HOME"


def resource(name: str) -> Path:
    """A file or folder that ships with the program, in a checkout, a wheel or a frozen bundle.

    Args:
        name: the path below `resources`, with forward slashes.

    Raises:
        EchoViewError: it is not there.
    """
    package = Path(__file__).resolve().parent  # in a frozen bundle this lies below sys._MEIPASS
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / name).exists():
            return folder / name
    raise EchoViewError(f"A part of EchoView is missing: {name}.", "Please install EchoView again.")


def user_data_dir() -> Path:
    """The label library, weights and runs."""
    return _made(_home("data") or platformdirs.user_data_path(APP, appauthor=False))


def user_cache_dir() -> Path:
    """What may be thrown away at any time."""
    return _made(_home("cache") or platformdirs.user_cache_path(APP, appauthor=False))


def user_log_dir() -> Path:
    """The rotating logs."""
    return _made(_home("logs") or platformdirs.user_log_path(APP, appauthor=False))


def settings_file() -> Path:
    """The settings; the folder is there, the file may not be."""
    return _made(_home("") or platformdirs.user_config_path(APP, appauthor=False)) / "settings.json"


def _home(part: str) -> Path | None:
    """A folder below ECHOVIEW_HOME, or None where that is not set."""
    home = os.environ.get(HOME_VARIABLE)
    return Path(home).expanduser().absolute() / part if home else None


def _made(folder: Path) -> Path:
    hint = f"Please make it writable, or let {HOME_VARIABLE} name another folder."
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EchoViewError(f"The folder {folder} cannot be made: {error.strerror}.", hint) from error
    if not os.access(folder, os.W_OK):
        raise EchoViewError(f"The folder {folder} cannot be written to.", hint)
    return folder
