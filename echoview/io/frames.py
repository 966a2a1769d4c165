"""Decoders: from the stored bytes of one DICOM frame to a picture, RGB or grey, uint8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.dicom_header import quiet

StoredFrame = Callable[[int], bytes]
# Not RGB: OpenCV takes every JPEG for YCbCr and would shift its colours.
_PLAIN_JPEG = ("YBR_FULL", "YBR_FULL_422", "MONOCHROME1", "MONOCHROME2")
_RLE_GAIN = 64  # two bytes stand for 128 at most
_HINT = "Export it again, uncompressed or as JPEG baseline."


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """The image pixel module of a file: how the numbers of a frame are laid out and what they mean."""

    rows: int
    columns: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    little: bool
    syntax: UID

    @property
    def subsampled(self) -> bool:
        """True where two neighbours share their colour: stored as Y Y Cb Cr."""
        return self.photometric == "YBR_FULL_422"

    @property
    def dtype(self) -> np.dtype:
        """Of one stored sample, with the file's byte order."""
        kind = "i" if self.signed else "u"
        return np.dtype(f"{'<' if self.little else '>'}{kind}{self.bits_allocated // 8}")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        samples = 2 if self.subsampled else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8


class DicomFrames:
    """The frames of a DICOM cine: its compressed bytes are held, a frame is decoded when asked for."""

    def __init__(self, name: str, stored: StoredFrame, read: Callable, show: Callable) -> None:
        self._name = name
        self._stored = stored
        self._read = read
        self._show = show

    def decode(self, t: int) -> np.ndarray:
        """Frame `t` as (H,W) or (H,W,3) RGB uint8.

        Raises:
            CineUnreadable: the bytes of the frame are damaged.
        """
        values = self.values(t)
        try:
            return np.ascontiguousarray(self._show(values))
        except (IndexError, ValueError, TypeError):  # values that the palette or the window does not know
            message = f"Frame {t + 1} of {self._name} holds values that its palette does not have."
            raise CineUnreadable(message, "Export the file again from the scanner or the archive.") from None

    def values(self, t: int) -> np.ndarray:
        """Frame `t` as stored: (H,W) or (H,W,3), any integer dtype, colours as RGB."""
        try:
            return self._read(self._stored(t))
        except Exception:  # each decoder raises what it likes for damaged bytes
            message = f"Frame {t + 1} of {self._name} is damaged."
            raise CineUnreadable(message, "Export the file again from the scanner or the archive.") from None


def choose_reader(name: str, form: PixelFormat) -> Callable[[bytes], np.ndarray]:
    """The function that turns the stored bytes of a frame into (H,W) or (H,W,3) values, colours as RGB.

    Raises:
        CineUnsupported: no decoder here knows the transfer syntax.
    """
    if not form.syntax.is_compressed:
        return lambda stored: read_native(stored, form)
    if form.syntax == JPEGBaseline8Bit and form.photometric in _PLAIN_JPEG:
        return lambda stored: read_jpeg(stored, form)
    try:
        decoder = get_decoder(form.syntax)
    except NotImplementedError:
        decoder = None
    plugins = list(decoder.available_plugins) if decoder else []
    if form.syntax == JPEGExtended12Bit and form.bits_stored > 8 and "pillow" in plugins:
        plugins.remove("pillow")  # knows its 8-bit form only
    if not plugins:
        raise CineUnsupported(f"{name} is compressed as “{form.syntax.name}”, which is not read here.", _HINT)
    # Pillow where it can: pydicom's own order takes gdcm first, which is three times slower.
    plugin = "pillow" if "pillow" in plugins else plugins[0]
    return lambda stored: _read_encapsulated(stored, form, plugin)


def read_native(stored: bytes, form: PixelFormat) -> np.ndarray:
    """Uncompressed bytes of one frame as (H,W) or (H,W,3), YCbCr turned into RGB."""
    flat = np.frombuffer(stored, form.dtype, count=form.frame_bytes // form.dtype.itemsize)
    flat = flat.astype(form.dtype.newbyteorder("="), copy=False)
    height, width = form.rows, form.columns
    if form.samples == 1:
        return flat.reshape(height, width)
    if form.subsampled:
        pairs = flat.reshape(height, width // 2, 4)
        luma = pairs[:, :, :2].reshape(height, width)
        chroma = np.repeat(pairs[:, :, 2:], 2, axis=1)
        return _ybr_to_rgb(np.dstack([luma, chroma]))
    if form.planar == 1:
        picture = np.moveaxis(flat.reshape(3, height, width), 0, -1)
    else:
        picture = flat.reshape(height, width, 3)
    return _ybr_to_rgb(picture) if form.photometric == "YBR_FULL" else picture


def read_jpeg(stored: bytes, form: PixelFormat) -> np.ndarray:
    """A baseline JPEG as (H,W) grey or (H,W,3) RGB uint8; OpenCV does it in a third of pydicom's time."""
    size = jpeg_size(stored)
    if size != (form.rows, form.columns, form.samples):  # before anything that large is allocated
        raise ValueError("the JPEG is not of the size that the header gives")
    mode = cv2.IMREAD_GRAYSCALE if form.samples == 1 else cv2.IMREAD_COLOR
    picture = cv2.imdecode(np.frombuffer(stored, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise ValueError("damaged JPEG")
    return picture if form.samples == 1 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def jpeg_size(stored: bytes) -> tuple[int, int, int]:
    """Height, width and number of components from a JPEG's frame header, zeros where there is none."""
    at = 2
    while at + 10 <= len(stored) and stored[at] == 0xFF:
        marker = stored[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(stored[i : i + 2], "big") for i in (at + 5, at + 7))
            return height, width, stored[at + 9]
        at += 2 + int.from_bytes(stored[at + 2 : at + 4], "big")
    return 0, 0, 0


def _read_encapsulated(stored: bytes, form: PixelFormat, plugin: str) -> np.ndarray:
    """One compressed frame through pydicom, as (H,W) or (H,W,3), YCbCr turned into RGB."""
    if form.syntax == RLELossless and len(stored) * _RLE_GAIN < form.frame_bytes:
        raise ValueError("too few bytes for a frame of this size")  # before all of it is allocated
    layout: dict[str, Any] = {
        "number_of_frames": 1,
        "rows": form.rows,
        "columns": form.columns,
        "samples_per_pixel": form.samples,
        "photometric_interpretation": form.photometric,
        "planar_configuration": form.planar,
        "bits_allocated": form.bits_allocated,
        "bits_stored": form.bits_stored,
        "pixel_representation": int(form.signed),
        "pixel_keyword": "PixelData",
    }
    with quiet():
        values, found = get_decoder(form.syntax).as_array(
            encapsulate([stored], has_bot=False), index=0, raw=True, decoding_plugin=plugin, **layout
        )
    ybr = str(found.get("photometric_interpretation", "")) in ("YBR_FULL", "YBR_FULL_422")
    return _ybr_to_rgb(values) if ybr else values


def _ybr_to_rgb(picture: np.ndarray) -> np.ndarray:
    """(H,W,3) full-range Y, Cb, Cr as RGB, uint8 both."""
    return cv2.cvtColor(np.ascontiguousarray(picture[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
