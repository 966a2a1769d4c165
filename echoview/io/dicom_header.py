"""The header of a DICOM file, read so that no damaged value can stop the program."""

from __future__ import annotations

import logging
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pydicom.config
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from echoview.errors import CineUnreadable
from echoview.io.longfile import FileBytes

# Values are checked here, one by one; pydicom's own check would only warn about them.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
# Its log lines quote the values of the header, which may be the patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

_MAX_INFLATED = 3 * 2**27  # bytes; a small file may be packed so well that it fills the memory
_BLOCK = 2**16  # bytes that are asked for at once: headers of real echo cines have 35,000
_PIXEL_GROUP = 0x7FE0
_PIXEL_ELEMENTS = (0x0008, 0x0009, 0x0010)  # float, double and ordinary pixel data
_WARNINGS = threading.RLock()  # Python's warning filters are one global list: one change at a time


@contextmanager
def quiet() -> Iterator[None]:
    """Run pydicom without its warnings: what they say is checked here, and told in our own words."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Header:
    """A data set whose values come back as plain Python, or as nothing when they are absent or damaged."""

    def __init__(self, dataset: Dataset, little: bool = True) -> None:
        self.dataset = dataset
        self.little = little

    def has(self, keyword: str) -> bool:
        """True where the file holds the element, sound or not."""
        return keyword in self.dataset

    def value(self, keyword: str) -> Any:
        """The value as pydicom gives it, or None."""
        try:
            with quiet():
                return self.dataset.get(keyword)
        except Exception:  # pydicom raises whatever a damaged value makes its converters raise
            return None

    def values(self, keyword: str) -> list[Any]:
        """The values of an element that may hold several; empty when absent."""
        value = self.value(keyword)
        if value is None or value == "":
            return []
        return list(value) if isinstance(value, MultiValue | Sequence | list) else [value]

    def text(self, keyword: str) -> str:
        """All values as one line of text, "" when absent."""
        try:
            with quiet():
                return " ".join(str(value) for value in self.values(keyword)).replace("\0", "").strip()
        except Exception:  # names are decoded only here, and their alphabet may be unknown
            return ""

    def numbers(self, keyword: str) -> list[float]:
        """All values as floats; empty when absent or when one of them is no number."""
        try:
            return [float(value) for value in self.values(keyword)]
        except (TypeError, ValueError, OverflowError):
            return []

    def number(self, keyword: str) -> float | None:
        """The first value as a float, or None."""
        return next(iter(self.numbers(keyword)), None)

    def integer(self, keyword: str, default: int = 0) -> int:
        """The first value as an int, `default` when absent, damaged or no whole number."""
        number = self.number(keyword)
        return int(number) if number is not None and number.is_integer() else default

    @property
    def cut(self) -> bool:
        """Whether it ends before it comes to the pictures that the class of the file promises, or has hardly begun."""
        if self.has("Rows"):
            return False
        meta = getattr(self.dataset, "file_meta", None)
        named = self.text("SOPClassUID") or ("" if meta is None else Header(meta).text("MediaStorageSOPClassUID"))
        return "Image Storage" in UID(named).name or not len(self.dataset)

    def items(self, keyword: str) -> list[Header]:
        """The items of a sequence; empty when absent."""
        return [Header(item) for item in self.values(keyword) if isinstance(item, Dataset)]


@dataclass(frozen=True, slots=True, eq=False)
class DicomFile:
    """A parsed header and the bytes that follow it.

    Attributes:
        header: everything before the pixels.
        data: the file's bytes, inflated where it was deflated.
        pixels_at: where the pixel data element begins in `data`; its end where there is none.
        syntax: the transfer syntax; "" where the file does not name it.
        implicit, little: how elements are written in `data`.
    """

    header: Header
    data: FileBytes
    pixels_at: int
    syntax: UID
    implicit: bool
    little: bool


def parse_dicom(name: str, data: FileBytes) -> DicomFile:
    """Read the header of a DICOM file from its bytes; the pixels are left where they are.

    Raises:
        CineUnreadable: the header is damaged or cut off; `name` is how the message calls the file.
    """
    again = "Export it again from the scanner or the archive."
    try:
        with quiet():
            packed_at = _deflated_at(data)
            return _parse_deflated(data[packed_at:]) if packed_at else _parse_plain(data)
    except CineUnreadable:  # the disk
        raise
    except zlib.error:
        raise CineUnreadable(f"{name} is cut off, damaged or too large within its deflated data.", again) from None
    except Exception:  # pydicom raises whatever hostile bytes make it raise: to a person it is one thing
        raise CineUnreadable(f"{name} has a damaged DICOM header.", again) from None


def read_header(path: Path, keywords: tuple[str, ...]) -> Header:
    """The named elements of a file's header; the rest is passed over, so that a slow disk is asked for little.

    Raises:
        CineUnreadable: the header is damaged or cut off, or its disk does not answer.
    """
    tags: list[Any] = list(keywords)
    try:
        with path.open("rb") as file:
            head = file.read(_BLOCK)
        with quiet():  # not while the disk is waited for: others want the warnings too
            if packed_at := _deflated_at(head):
                inflated = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(head[packed_at:], 16 * _BLOCK)
                return Header(read_dataset(BytesIO(inflated), False, True, stop_when=_at_pixels))
            header = _header_within(head, tags, whole=len(head) < _BLOCK)
        if header is not None:
            return header
        with path.open("rb", buffering=_BLOCK) as file, quiet():
            return Header(pydicom.dcmread(file, stop_before_pixels=True, force=True, specific_tags=tags))
    except Exception:  # the disk's errors, zlib's, and whatever hostile bytes make pydicom raise
        raise CineUnreadable(f"{path.name} has a damaged DICOM header.", "Copy or export it again.") from None


def _header_within(head: bytes, tags: list[Any], whole: bool) -> Header | None:
    """The header from the beginning of a file; None where it goes on behind that."""
    stream = BytesIO(head)
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=tags)
    except Exception:  # cut in the middle of an element, or damaged
        if whole:
            raise
        return None
    return Header(dataset) if whole or stream.tell() < len(head) else None


def _parse_plain(data: FileBytes) -> DicomFile:
    with BytesIO(data) if isinstance(data, bytes) else data.stream() as stream:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
        pixels_at = stream.tell()
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID", "")))
    implicit, little = dataset.original_encoding
    header = Header(dataset, little is not False)
    return DicomFile(header, data, pixels_at, syntax, bool(implicit), header.little)


def _deflated_at(data: FileBytes) -> int:
    """Where the deflated data set begins, 0 for a file that is not deflated."""
    if data[128:140] != b"DICM\x02\0\0\0UL\x04\0":
        return 0
    start = 144 + int.from_bytes(data[140:144], "little")
    return start if b"UI\x16\0" + DeflatedExplicitVRLittleEndian.encode() in data[144:start] else 0


def _parse_deflated(packed: bytes) -> DicomFile:
    # Inflated here and not by pydicom, which puts no limit on what a small file may grow to.
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    data = inflater.decompress(packed, _MAX_INFLATED)
    if not inflater.eof:
        raise zlib.error("incomplete")
    stream = BytesIO(data)
    dataset = read_dataset(stream, False, True, stop_when=_at_pixels)
    return DicomFile(Header(dataset), data, stream.tell(), DeflatedExplicitVRLittleEndian, False, True)


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group == _PIXEL_GROUP and tag.element in _PIXEL_ELEMENTS
