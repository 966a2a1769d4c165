"""What is read of a cine before it is shown: the label of the reading that is due, and what was said of it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.review import FIRST, Reader, Reading, Record, reading_due, status_after
from echoview.domain.study import status_of
from echoview.errors import EchoViewError, LibraryError
from echoview.io import open_cine
from echoview.io.listing import folder_at
from echoview.store import Held, Library, rejected, seal_of
from echoview.store.twins import apart_from

_NONE: Mapping[str, Cine] = MappingProxyType({})


class Opened(NamedTuple):
    """A cine with what the library holds of it; `error` is why the library's label cannot be trusted."""

    cine: Cine
    held: Held
    reading: Reading = FIRST
    record: Record = Record()
    error: EchoViewError | None = None


def find(
    path: Path, library: Library | None, secret: bytes, reader: Reader, wanted: Reading | None,
    unsaved: Mapping[str, Cine] = _NONE,
) -> Opened | Path:  # fmt: skip
    """As `read`; of a folder, or the index of a medium, the folder that is to be listed.

    Raises:
        EchoViewError: as `read`, or nothing is there.
    """
    folder = folder_at(path)
    return read(path, library, secret, reader, wanted, unsaved) if folder is None else folder


def read(
    path: Path, library: Library | None, secret: bytes, reader: Reader, wanted: Reading | None,
    unsaved: Mapping[str, Cine] = _NONE,
) -> Opened:  # fmt: skip
    """
    Args:
        secret: the desk's own, for patients where the library has none.
        wanted: whose label; None = the one that is this person's to make.
        unsaved: by identity, the cines with labels that are still on their way into the library.

    Raises:
        EchoViewError: the cine cannot be opened, or its first frame not be decoded.
    """
    cine = open_cine(path, patient_secret=secret if library is None else library.secret_for(secret))
    cine.frame(0)
    cine = apart_from(unsaved.get(cine.info.identity), cine)
    if library is None:
        return Opened(cine, Held(Label()), wanted or FIRST)
    try:
        cine = library.told_apart(cine)
        cine.frame(0)
        identity = cine.info.identity
        held, record = library.load(cine), library.record(identity)
        if wanted is None:
            trail = record.trail
            plain, bad = status_of(held.label), bool(rejected(held.label, trail))
            status = status_after(plain, record, seal_of(held.label), bad)
            wanted = reading_due(identity, reader, record, status, datetime.now(UTC))
        if wanted != FIRST:
            held = library.load(cine, wanted.key)
    except LibraryError as error:
        return Opened(cine, Held(Label()), error=error)
    library.moved(identity, str(path.absolute()))
    library.met(cine)
    return Opened(cine, held, wanted, record)


def read_again(library: Library, cine: Cine, reading: str) -> tuple[Held, Record]:
    """Of an open cine, in another library.

    Raises:
        LibraryError: it cannot be read.
    """
    return library.load(cine, reading), library.record(cine.info.identity)
