"""What a file is, told from its first bytes and never from its name."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from echoview.errors import CineUnreadable
from ral.formats import HEAD_BYTES, kind_of

__all__ = ["HEAD_BYTES", "FileKind", "foreign_kind", "is_dicomdir", "read_head", "sniff"]

_DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # what an MP4 or MOV may begin with
_VIDEOS = (b"GIF8", b"\x1aE\xdf\xa3", b"0&\xb2u", b"\0\0\x01\xba")  # and Matroska, Windows Media, MPEG
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an Office document",
}


class FileKind(Enum):
    """The kinds of file that hold cines; the value is `CineInfo.kind`."""

    DICOM = "dicom"
    VIDEO = "video"
    NIFTI = "nifti"
    METAIMAGE = "metaimage"
    PICTURES = "pictures"


def read_head(path: Path) -> bytes:
    """The first `HEAD_BYTES` bytes of a file, or all of a shorter one; never empty.

    Raises:
        CineUnreadable: there is no such file, it is a folder or a pipe, it is empty, or its disk does not answer.
    """
    try:
        if path.is_dir():
            raise CineUnreadable(f"{path.name} is a folder.", "Open it with “Open folder”.")
        if path.exists() and not path.is_file():  # a pipe would wait for ever
            raise CineUnreadable(f"{path.name} is not a regular file.", "Choose a file with a cine.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        message = f"{path.name} does not exist."
        raise CineUnreadable(message, "It may have been moved, or its disk is not connected.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or "input/output error"
        raise CineUnreadable(f"{path.name} cannot be read: {reason}.", "Check the disk.") from None
    if not head:
        raise CineUnreadable(f"{path.name} is empty.", "Copy or export it again.")
    return head


def sniff(head: bytes) -> FileKind | None:
    """The kind of a file from its first `HEAD_BYTES` bytes, or None when it holds no cine."""
    if head[128:132] == b"DICM" or _is_bare_dicom(head):
        return FileKind.DICOM
    if (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or (head[4:8] in _BOXES and head[0] < 0x20):
        return FileKind.VIDEO
    if head.startswith(_VIDEOS):
        return FileKind.VIDEO
    if head.startswith(_PICTURES) or _is_bmp(head):
        return FileKind.PICTURES
    volume = kind_of(head)
    return FileKind(volume) if volume else None


def foreign_kind(head: bytes) -> str:
    """The name of a well-known kind that EchoView does not open, or ""."""
    names = (name for magic, name in _FOREIGN.items() if head.startswith(magic))
    return next(names, "a text file" if _is_text(head) else "")


def is_dicomdir(head: bytes) -> bool:
    """True for the index file of a DICOM medium, which is DICOM but holds no pictures."""
    return head[128:132] == b"DICM" and _DICOMDIR_CLASS in head


def _is_bare_dicom(head: bytes) -> bool:
    """A little-endian data set without the 128-byte preamble, as some old machines write it."""
    group, element = head[:2], int.from_bytes(head[2:4], "little")
    if group not in (b"\x02\0", b"\x08\0") or element > 0x100:
        return False
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    return explicit or 0 < int.from_bytes(head[4:8], "little") <= 64


def _is_bmp(head: bytes) -> bool:
    return head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[15:18] == b"\0\0\0"


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    try:
        head[:1000].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > 990  # a character cut in two at the end of the sample
    return True
