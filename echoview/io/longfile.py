"""The bytes of a file, held whole where it is short and read piece by piece where it is long."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import threading
import weakref
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import IO

from echoview.errors import CineAway, CineUnreadable, CineUnsupported

HELD_BYTES = 128 * 2**20  # longer files stay on their disk
_MAX_BYTES = 2**31
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class LongFile:
    """A file that stays open and answers like `bytes` where the readers ask: length, slices, `startswith`.

    It is read and not mapped: a disk that is pulled out is an error, not a signal that ends the program. Plugged in
    again, it is another place for the system: the file is opened once more. Safe to use from several threads.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size
        self._lock = threading.Lock()
        self._fd = os.open(path, _READ)
        self._written_ns = os.fstat(self._fd).st_mtime_ns
        weakref.finalize(self, os.close, self._fd)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, span: slice) -> bytes:
        """
        Raises:
            CineAway: the disk does not answer, or does not give all that was there when the file was opened.
        """
        start, stop, _ = span.indices(self._size)
        count = max(stop - start, 0)
        try:
            try:
                found = self._read(count, start)
            except OSError:
                self._open_again()
                found = self._read(count, start)
        except OSError as error:
            raise CineAway(f"{self._path.name} cannot be read: {error.strerror}.", "Check the disk.") from None
        if len(found) < count:
            raise CineAway(f"{self._path.name} has become shorter.", "Check the disk.")
        return found

    def _open_again(self) -> None:
        """
        Raises:
            OSError: it is not there, or another file is.
        """
        again = os.open(self._path, _READ)
        try:
            now = os.fstat(again)
            if (now.st_size, now.st_mtime_ns) != (self._size, self._written_ns):
                raise OSError(errno.ESTALE, "it was changed meanwhile")
            with self._lock:
                os.dup2(again, self._fd, inheritable=False)
        finally:
            os.close(again)

    def startswith(self, prefix: bytes | tuple[bytes, ...], start: int = 0) -> bool:
        longest = len(prefix) if isinstance(prefix, bytes) else max(map(len, prefix))
        return self[start : start + longest].startswith(prefix)

    def stream(self) -> IO[bytes]:
        """The file once more, to be read from its beginning."""
        return self._path.open("rb")

    def _read(self, count: int, start: int) -> bytes:
        if hasattr(os, "pread"):
            return _whole(lambda left, at: os.pread(self._fd, left, at), count, start)
        with self._lock:
            os.lseek(self._fd, start, os.SEEK_SET)
            return _whole(lambda left, _at: os.read(self._fd, left), count, start)


FileBytes = bytes | LongFile


class Pieces(io.BufferedIOBase):
    """Some spans of a file, one after the other, as a file of its own; nothing of it is held.

    A disk that does not answer ends it: whoever decodes it has no ear for an error.
    """

    def __init__(self, data: FileBytes, spans: list[tuple[int, int]]) -> None:
        super().__init__()
        self._data, self._spans = data, spans
        self._starts = [0, *accumulate(end - start for start, end in spans)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(self._starts[-1] - self._at, 0)
        left = left if size is None or size < 0 else min(size, left)
        found: list[bytes] = []
        while left > 0:
            piece = self._read_one(left)
            if not piece:
                break
            found.append(piece)
            self._at, left = self._at + len(piece), left - len(piece)
        return b"".join(found)

    def _read_one(self, most: int) -> bytes:
        """Of the span that the place lies in."""
        n = bisect_right(self._starts, self._at) - 1
        start, end = self._spans[n]
        start += self._at - self._starts[n]
        try:
            return self._data[start : min(end, start + most)]
        except CineUnreadable:
            return b""


def read_file(path: Path) -> tuple[FileBytes, str]:
    """The bytes of a file, and "sha256:..." of them.

    Raises:
        CineUnreadable: the disk does not give them.
        CineUnsupported: far too large for a cine.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > _MAX_BYTES:
                again = "Export it again from the scanner or the archive."
                raise CineUnsupported(f"{path.name} is larger than 2 GB: too large for a cine.", again)
            if size <= HELD_BYTES:
                data = file.read()
                return data, f"sha256:{hashlib.sha256(data).hexdigest()}"
            return LongFile(path, size), f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise _refusal(path, error) from None


def _whole(read: Callable[[int, int], bytes], count: int, start: int) -> bytes:
    """The system may give less than was asked for; less than all only at the end of the file."""
    pieces: list[bytes] = []
    while count > 0 and (piece := read(count, start)):
        pieces.append(piece)
        count, start = count - len(piece), start + len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _refusal(path: Path, error: OSError) -> CineUnreadable:
    return CineUnreadable(f"{path.name} cannot be read: {error.strerror}.", "Check the disk.")
