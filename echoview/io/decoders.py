"""One compressed DICOM frame to its values: every size is checked before a library is asked for so much memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
from openjpeg.utils import decode as decode_j2k
from PIL import Image
from pydicom import uid
from rle.utils import decode_pixel_data as decode_rle

from echoview.errors import CineUnsupported
from echoview.io.apart import jpeg_ls_apart
from echoview.io.frames import PixelFormat, stored_bits, ybr_to_rgb
from echoview.io.jpeg_extended import decode_extended
from echoview.io.jpeg_lossless import decode_lossless

Reader = Callable[[bytes], np.ndarray]

_JPEG = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
_JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
_JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
_EXTENDED, _LOSSLESS, _LS = 0xC1, 0xC3, 0xF7  # frame markers
_STARTS = (*(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC)), _LS)
_YBR = ("YBR_FULL", "YBR_FULL_422")
_RLE_GAIN = 64  # two bytes stand for 128 at most
_MOST_SLOW = 2**22  # samples of a frame that is decoded here and not by a library
_MOST_TILES = 4096  # of a JPEG 2000 frame
_HINT = "Export it again, uncompressed or as JPEG baseline."


class Sides(NamedTuple):
    """What a compressed frame says of itself: the marker of its kind, bits a sample, height, width, components."""

    kind: int = 0
    bits: int = 0
    height: int = 0
    width: int = 0
    samples: int = 0


def choose_decoder(name: str, form: PixelFormat) -> Reader:
    """The function that turns one compressed frame into (H,W) or (H,W,3) values, colours as RGB.

    Raises:
        CineUnsupported: no decoder here knows the transfer syntax.
    """
    if form.syntax in _JPEG:
        return lambda stored: read_jpeg(name, stored, form)
    if form.syntax in _JPEG_LS:
        return lambda stored: read_jpeg_ls(stored, form)
    if form.syntax in _JPEG_2000:
        return lambda stored: read_jpeg_2000(stored, form)
    if form.syntax == uid.RLELossless:
        return lambda stored: read_rle(stored, form)
    raise CineUnsupported(f"{name} is compressed as “{form.syntax.name}”, which is not read here.", _HINT)


def read_jpeg(name: str, stored: bytes, form: PixelFormat) -> np.ndarray:
    """Any JPEG of 8 bits, grey ones of 12, and lossless ones of up to 16; what the frame says decides, not the header.

    Raises:
        CineUnsupported: a kind of JPEG that no library here reads.
        ValueError: damaged, or of other sides than the header gives.
    """
    sides = jpeg_sides(stored)
    _check(sides, form)
    if sides.kind == _LOSSLESS:
        return _read_lossless(name, stored, form, sides)
    if (sides.kind, sides.bits, sides.samples) == (_EXTENDED, 12, 1) and form.rows * form.columns <= _MOST_SLOW:
        return stored_bits(decode_extended(stored, form.rows, form.columns), form)
    if sides.bits != 8:
        raise CineUnsupported(f"{name} is compressed as {sides.bits}-bit JPEG, which is not read here.", _HINT)
    if form.photometric == "RGB":
        return _components(stored, sides.kind)
    mode = cv2.IMREAD_GRAYSCALE if form.samples == 1 else cv2.IMREAD_COLOR
    picture = cv2.imdecode(np.frombuffer(stored, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ValueError("damaged JPEG")
    return picture if form.samples == 1 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_jpeg_ls(stored: bytes, form: PixelFormat) -> np.ndarray:
    """JPEG-LS, lossless or nearly so, in a process of its own."""
    sides = jpeg_sides(stored)
    _check(sides, form)
    packed, interleave = jpeg_ls_apart.decode(stored)
    flat = np.frombuffer(packed, np.uint8 if sides.bits <= 8 else np.dtype("<u2"))
    return _shaped(flat, form, planar=interleave == 0)


def read_jpeg_2000(stored: bytes, form: PixelFormat) -> np.ndarray:
    """JPEG 2000 and its high-throughput form; the library undoes the colour transforms of the codestream."""
    _check(j2k_sides(stored), form)
    values = decode_j2k(stored)
    if values.shape[:2] != (form.rows, form.columns):
        raise ValueError("not of the size that the header gives")
    return _colours(stored_bits(values, form), form)


def read_rle(stored: bytes, form: PixelFormat) -> np.ndarray:
    """Run lengths, a run for every byte of every sample."""
    whole = form.rows * form.columns * form.samples * form.bits_allocated // 8
    if len(stored) * _RLE_GAIN < whole:
        raise ValueError("too few bytes for a frame of this size")
    layout: dict[str, Any] = {"rows": form.rows, "columns": form.columns, "bits_allocated": form.bits_allocated}
    try:
        packed = decode_rle(stored, version=2, **layout)
    except BaseException as error:  # a panic of the library is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        packed = _read_loose_rle(stored, form)
    return _shaped(np.frombuffer(packed, f"<u{form.bits_allocated // 8}"), form, planar=True)


def _read_loose_rle(stored: bytes, form: PixelFormat) -> bytes:
    """As `decode_rle`, slower, for frames whose runs go on after the last pixel, as some writers leave them."""
    depth, pixels = form.bits_allocated // 8, form.rows * form.columns
    count = int.from_bytes(stored[:4], "little")
    if count != depth * form.samples or len(stored) < 64:
        raise ValueError("not as many runs as the header needs")
    starts = [int.from_bytes(stored[at : at + 4], "little") for at in range(4, 4 + 4 * count, 4)]
    planes = np.empty((form.samples, pixels, depth), np.uint8)
    for number, (start, end) in enumerate(pairwise([*starts, len(stored)])):
        out, end = bytearray(), min(end, len(stored))
        while start < end and len(out) < pixels:
            head = stored[start]
            if head < 128:
                out += stored[start + 1 : min(start + 2 + head, end)]
            elif head > 128:
                out += stored[start + 1 : start + 2] * (257 - head)
            start += head + 2 if head < 128 else 2 if head > 128 else 1
        if len(out) < pixels:
            raise ValueError("damaged run lengths")
        sample, byte = divmod(number, depth)
        planes[sample, :, depth - 1 - byte] = np.frombuffer(out, np.uint8, pixels)  # the highest byte comes first
    return planes.tobytes()


def jpeg_sides(stored: bytes) -> Sides:
    """From the frame marker of a JPEG or JPEG-LS; zeros where there is none."""
    at = 2
    while at + 10 <= len(stored) and stored[at] == 0xFF:
        marker = stored[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _STARTS:
            height, width = (int.from_bytes(stored[i : i + 2], "big") for i in (at + 5, at + 7))
            return Sides(marker, stored[at + 4], height, width, stored[at + 9])
        at += 2 + int.from_bytes(stored[at + 2 : at + 4], "big")
    return Sides()


def j2k_sides(stored: bytes) -> Sides:
    """From the first marker segment of a codestream, also of one that is wrapped in JP2 boxes; zeros without one."""
    at = stored.find(b"\xff\x4f\xff\x51", 0, 4096)
    if at < 0 or len(stored) < at + 44:
        return Sides()
    right, bottom, left, top, tile_width, tile_height = (
        int.from_bytes(stored[i : i + 4], "big") for i in range(at + 8, at + 32, 4)
    )
    tiles = -(-right // max(tile_width, 1)) * -(-bottom // max(tile_height, 1))
    if not tile_width or not tile_height or tiles > _MOST_TILES:
        return Sides()
    return Sides(0x51, (stored[at + 42] & 127) + 1, bottom - top, right - left, stored[at + 41])


def _check(sides: Sides, form: PixelFormat) -> None:
    if (sides.height, sides.width, sides.samples) != (form.rows, form.columns, form.samples):
        raise ValueError("the frame is not of the size that the header gives")


def _read_lossless(name: str, stored: bytes, form: PixelFormat, sides: Sides) -> np.ndarray:
    values = None
    if sides.bits == 8 and form.samples == 1:
        values = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_UNCHANGED)
    elif sides.bits == 8:
        with suppress(OSError):  # libjpeg leaves unusual component names to the decoder here
            values = _components(stored, sides.kind)
    if values is None:
        if form.rows * form.columns * form.samples > _MOST_SLOW:
            raise CineUnsupported(f"{name} holds frames too large for its kind of lossless JPEG.", _HINT)
        values = decode_lossless(stored, form.rows, form.columns, form.samples)
    return _colours(stored_bits(values, form), form)


def _components(stored: bytes, kind: int) -> np.ndarray:
    """The three components of an 8-bit JPEG as they are stored, unless an Adobe marker says what they are.

    Where no marker says it, libjpeg takes lossless components for RGB and others for YCbCr; where that is what one
    asks for, it leaves them alone.
    """
    with Image.open(BytesIO(stored), formats=("JPEG",)) as picture:
        if "adobe_transform" not in picture.info and (kind != _LOSSLESS or "jfif" in picture.info):
            picture.draft("YCbCr", picture.size)
        return np.asarray(picture)


def _shaped(flat: np.ndarray, form: PixelFormat, planar: bool) -> np.ndarray:
    """Values in a row as (H,W) or (H,W,3) RGB."""
    flat = flat[: form.rows * form.columns * form.samples]
    if form.samples == 1:
        return stored_bits(flat.reshape(form.rows, form.columns), form)
    if planar:
        picture = np.moveaxis(flat.reshape(3, form.rows, form.columns), 0, -1)
    else:
        picture = flat.reshape(form.rows, form.columns, 3)
    return _colours(picture, form)


def _colours(picture: np.ndarray, form: PixelFormat) -> np.ndarray:
    return ybr_to_rgb(picture) if form.photometric in _YBR else picture
