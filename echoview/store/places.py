"""Where this computer has the cines of a library on a server: kept here, for a path may name a patient.

Each desk has its own paths, so they are of no use to the others either.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

_TABLE = "CREATE TABLE IF NOT EXISTS places (identity TEXT PRIMARY KEY, path TEXT NOT NULL)"

log = logging.getLogger(__name__)


class Places:
    """Paths by the cine's identity, in a small file; what cannot be kept is known until the program ends.

    Its methods may be called from any thread. Places that another window learns are seen at the next start.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._known = self._read()

    def get(self, identity: str) -> str:
        """Where the cine lies, "" where it was never opened here."""
        return self._known.get(identity, "")

    def put(self, identity: str, path: str) -> None:
        with self._lock:
            if not path or self._known.get(identity) == path:
                return
            self._known[identity] = path
            try:
                with closing(sqlite3.connect(self._file, timeout=5)) as connection, connection:
                    connection.execute(_TABLE)
                    connection.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (identity, path))
            except sqlite3.Error as error:
                log.info("the place of a cine is not kept: %s", type(error).__name__)

    def _read(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        try:
            with closing(sqlite3.connect(self._file, timeout=5)) as connection:
                return dict(connection.execute("SELECT identity, path FROM places"))
        except sqlite3.Error as error:
            log.info("the places of cines cannot be read: %s", type(error).__name__)
            return {}
