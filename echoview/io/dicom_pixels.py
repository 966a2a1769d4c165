"""Where the bytes of each frame lie in a DICOM file: nothing is decoded here and nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from echoview.errors import CineUnreadable
from echoview.io.dicom_header import DicomFile
from echoview.io.longfile import FileBytes

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_VRS = (b"OB", b"OW", b"UN")
_NO_LENGTH = 0xFFFFFFFF
_PICTURE_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51")  # JPEG and JPEG-LS, JPEG 2000
_AGAIN = "Export it again from the scanner or the archive."


class Span(NamedTuple):
    """A run of bytes, `data[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class PixelElement:
    """The pixel data element of a file.

    Attributes:
        body: its value, to the end of the file where the length is not given.
        vr: "OB", "OW" or "" where elements carry no VR.
        encapsulated: True where the value is a row of items and not plain pixels.
    """

    body: Span
    vr: str
    encapsulated: bool


def find_pixels(name: str, file: DicomFile) -> PixelElement:
    """Read the head of the pixel data element.

    Raises:
        CineUnreadable: there is none, or the file ends within it.
    """
    order = "little" if file.little else "big"
    head = file.data[file.pixels_at : file.pixels_at + 12]
    tag = (int.from_bytes(head[:2], order), int.from_bytes(head[2:4], order))
    if tag != (0x7FE0, 0x0010) or len(head) < 12:
        if file.header.cut or (file.header.has("Rows") and not head):
            raise CineUnreadable(f"{name} is cut off before its first frame.", _AGAIN)
        if file.header.value("Rows") is None:
            raise CineUnreadable(f"{name} holds no pictures.", "It may be a report; choose another file.")
        raise CineUnreadable(f"{name} ends, or is damaged, where its pictures begin.", _AGAIN)
    # Some files promise explicit VRs and write implicit ones; pydicom reads those, so they come this far.
    vr = head[4:6].decode("latin-1") if not file.implicit and head[4:6] in _VRS else ""
    size = 12 if vr else 8
    length = int.from_bytes(head[size - 4 : size], order)
    start = file.pixels_at + size
    end = len(file.data) if length == _NO_LENGTH else min(start + length, len(file.data))
    return PixelElement(Span(start, end), vr, length == _NO_LENGTH)


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The items of encapsulated pixel data.

    Attributes:
        pieces: each complete item after the offset table; one that the end of the file cuts off is left out.
        offsets: the basic offset table, for each frame the distance of its first item from the first one's.
        closed: False where the file ends before the row of items does.
    """

    pieces: list[Span]
    offsets: list[int]
    closed: bool


def read_items(data: FileBytes, body: Span) -> Items:
    """Walk over the items of encapsulated pixel data."""
    spans: list[Span] = []
    position = body.start
    while data.startswith(_ITEM, position) and position + 8 <= body.end:
        start = position + 8
        end = start + int.from_bytes(data[position + 4 : start], "little")
        if end > body.end:
            break
        spans.append(Span(start, end))
        position = end
    table = spans[0] if spans else Span(0, 0)
    offsets = [int.from_bytes(data[at : at + 4], "little") for at in range(table.start, table.end - 3, 4)]
    return Items(spans[1:], offsets, data.startswith(_END, position))


def group_frames(data: FileBytes, items: Items, promised: int) -> list[list[Span]]:
    """The items of each complete frame; a frame may be spread over several.

    Args:
        promised: the number of frames in the header, 0 when it is not readable.
    """
    pieces = items.pieces
    if not pieces:
        return []
    groups = _split_at(pieces, [pieces[0].start - 8 + offset for offset in items.offsets])
    if not groups and promised == 1:
        groups = [pieces]
    if not groups and len(pieces) != promised:
        groups = _split_at(pieces, [p.start - 8 for p in pieces if data.startswith(_PICTURE_STARTS, p.start)])
    if not groups:
        groups = [[piece] for piece in pieces]
    if not items.closed and not _is_complete(data, groups[-1]):
        groups.pop()
    return groups


def _split_at(pieces: list[Span], starts: list[int]) -> list[list[Span]]:
    """Pieces in groups that begin at `starts`; empty where these do not fit the pieces."""
    heads = {piece.start - 8 for piece in pieces}
    wanted = {start for start in starts if start <= max(heads)}  # later ones: the file is cut off
    rising = all(a < b for a, b in pairwise(starts))
    if not wanted or not rising or min(wanted) != min(heads) or not wanted <= heads:
        return []
    groups: list[list[Span]] = []
    for piece in pieces:
        if piece.start - 8 in wanted:
            groups.append([])
        groups[-1].append(piece)
    return groups


def _is_complete(data: FileBytes, group: list[Span]) -> bool:
    """False for a JPEG or JPEG 2000 frame without its end marker; RLE frames always come in one piece."""
    if not data.startswith(_PICTURE_STARTS, group[0].start):
        return True
    last = group[-1]
    return data[max(last.end - 16, last.start) : last.end].rstrip(b"\0").endswith(b"\xff\xd9")
