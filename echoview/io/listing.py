"""The cines of a folder or a DICOM medium, one by one, as their headers are read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from echoview.errors import CineUnreadable
from echoview.io.glance import Listed, folder_key, glance
from echoview.io.pictures import glance_at
from echoview.io.sniff import FileKind, is_dicomdir, read_head, sniff

__all__ = ["Listed", "Listing", "list_cines", "look_at", "walk"]

_PROCESS_SECRET = secrets.token_bytes(32)
_CONNECTED = "Check that the disk or share is connected."
_RAW_SUFFIXES = (".raw", ".zraw")  # the pixels of a MetaImage, whose header is listed instead


class Listing(Iterator[Listed]):
    """What `list_cines` hands out: an iterator that says how far it is.

    Attributes:
        seen: files looked at so far; readable from other threads.
        unreadable: those among them that are damaged or that the disk does not give. Where the first bytes still
            tell that it should be a cine, it is handed out with its `trouble`.
        closed: folders below that the disk does not give.
        folder: the one that is listed, None where it is a single file.
    """

    def __init__(self, place: Path, folder: Path | None, cancelled: Callable[[], bool], secret: bytes) -> None:
        self.seen = self.unreadable = self.closed = 0
        self.folder = folder
        self._files = iter([place]) if folder is None else walk(folder, self._count_closed)
        self._cancelled = cancelled
        self._secret = secret

    def _count_closed(self, _error: OSError) -> None:
        self.closed += 1

    def __next__(self) -> Listed:
        for listed in self.steps():
            if listed is not None:
                return listed
        raise StopIteration

    def steps(self) -> Iterator[Listed | None]:
        """The same file by file, None for each that holds no cine: whoever waits can be told that it goes on."""
        while not self._cancelled():
            path = next(self._files, None)
            if path is None:
                return
            self.seen += 1
            listed = None
            try:
                listed = look_at(path, self._secret)
                self.unreadable += listed is not None and bool(listed.trouble)
            except CineUnreadable:
                self.unreadable += 1
            yield listed


def list_cines(folder: Path, cancelled: Callable[[], bool], *, secret: bytes | None = None) -> Listing:
    """The cines of a folder and the folders in it, folder by folder in the order of their names.

    Only headers are read. Frames and sizes are what these claim; opening a cine may find less.

    Args:
        folder: a folder, the DICOMDIR of a medium, or one file.
        cancelled: asked before each file; the listing ends when it says yes.
        secret: the key under which patients and studies are hashed; the default differs in every process.

    Raises:
        CineUnreadable: there is no such folder or file, or its disk does not answer.
    """
    return Listing(folder, folder_at(folder), cancelled, _PROCESS_SECRET if secret is None else secret)


def folder_at(path: Path) -> Path | None:
    """The folder that a path stands for: itself, or the one of a medium whose index it is; None for any other file.

    An index may be stale or wrong; what it names lies in its own folder and those below.

    Raises:
        CineUnreadable: there is nothing there, or its disk does not answer.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise CineUnreadable(f"{path.name} does not exist.", _CONNECTED) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise _unanswered(path, error) from None
    if stat.S_ISDIR(mode):
        return path
    return path.parent if stat.S_ISREG(mode) and _is_index(path) else None


def _unanswered(path: Path, error: OSError | ValueError) -> CineUnreadable:
    reason = getattr(error, "strerror", None) or "input/output error"
    return CineUnreadable(f"{path.name} cannot be read: {reason}.", _CONNECTED)


def look_at(path: Path, secret: bytes) -> Listed | None:
    """One file; None where it holds no cine.

    Raises:
        CineUnreadable: the file is empty, or cannot be read.
    """
    kind = kind_at(path)
    if kind is None:
        return None
    try:
        return glance(path, kind, secret)
    except CineUnreadable as error:
        return Listed(path, kind.value, 0, (0, 0), folder_key(path, secret), trouble=error.message)


def walk(folder: Path, closed: Callable[[OSError], object] = lambda _error: None) -> Iterator[Path]:
    """Every file that is not hidden, in the order of names; a folder below that cannot be read is passed over.

    Args:
        closed: told of each that is.

    Raises:
        CineUnreadable: the folder itself cannot be read.
    """

    def failed(error: OSError) -> None:
        if error.filename == os.fspath(folder):
            raise _unanswered(folder, error)
        closed(error)

    for parent, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))


def kind_at(path: Path) -> FileKind | None:
    """The kind of the cine that a file seems to hold; None for masks, media indexes and anything else.

    Raises:
        CineUnreadable: the file is empty, or cannot be read.
    """
    if path.name.startswith(".") or path.suffix.lower() in _RAW_SUFFIXES:
        return None
    head = read_head(path)
    kind = sniff(head)
    if kind is FileKind.PICTURES and not glance_at(path)[0]:
        return None
    mask = kind in (FileKind.NIFTI, FileKind.METAIMAGE) and path.name.split(".")[0].endswith("_gt")
    return None if mask or is_dicomdir(head) else kind


def _is_index(path: Path) -> bool:
    try:
        return is_dicomdir(read_head(path))
    except CineUnreadable:
        return False
