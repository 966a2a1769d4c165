"""The frames of a DICOM cine: how their numbers are laid out, and how they become pictures, RGB or grey, uint8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from pydicom.uid import UID

from echoview.errors import CineUnreadable, EchoViewError

StoredFrame = Callable[[int], bytes]


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
        return self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def unshared(self) -> str:
        """The photometric interpretation of the same colours, stored for each pixel."""
        return self.photometric.removesuffix("_422")

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

    any_order = True

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
        except EchoViewError:
            raise
        except Exception:  # each decoder raises what it likes for damaged bytes
            message = f"Frame {t + 1} of {self._name} is damaged."
            raise CineUnreadable(message, "Export the file again from the scanner or the archive.") from None


def read_native(stored: bytes, form: PixelFormat) -> np.ndarray:
    """Uncompressed bytes of one frame as (H,W) or (H,W,3), YCbCr turned into RGB."""
    flat = np.frombuffer(stored, form.dtype, count=form.frame_bytes // form.dtype.itemsize)
    flat = flat.astype(form.dtype.newbyteorder("="), copy=False)
    height, width = form.rows, form.columns
    if form.samples == 1:
        return stored_bits(flat.reshape(height, width), form)
    if form.subsampled:
        pairs = flat.reshape(height, width // 2, 4)
        luma = pairs[:, :, :2].reshape(height, width)
        chroma = np.repeat(pairs[:, :, 2:], 2, axis=1)
        return _to_rgb(np.dstack([luma, chroma]), form)
    if form.planar == 1:
        picture = np.moveaxis(flat.reshape(3, height, width), 0, -1)
    else:
        picture = flat.reshape(height, width, 3)
    return _to_rgb(picture, form)


def _to_rgb(picture: np.ndarray, form: PixelFormat) -> np.ndarray:
    if form.unshared == "YBR_PARTIAL":
        return ybr_to_rgb(full_range(picture))
    return ybr_to_rgb(picture) if form.unshared == "YBR_FULL" else picture


def full_range(picture: np.ndarray) -> np.ndarray:
    """(H,W,3) uint8 Y 16..235, Cb and Cr 16..240, as video has them, spread over 0..255."""
    black, zero, width = (np.array(three, np.float32) for three in ((16, 128, 128), (0, 128, 128), (219, 224, 224)))
    spread = (picture - black) * (255 / width) + zero
    return np.clip(np.rint(spread), 0, 255).astype(np.uint8)


def stored_bits(values: np.ndarray, form: PixelFormat) -> np.ndarray:
    """Integers without what stands above their stored bits, as old files keep overlays there; signed where they are.

    Args:
        values: as decoded; of a narrower type than the header says where the frame itself is shallower.
    """
    free = 8 * values.itemsize - form.bits_stored
    if free < 0 or (free == 0 and values.dtype.kind == "u" and not form.signed):
        return values
    if values.dtype.kind == "i" and not form.signed:  # a codestream that knows better than its header
        return values
    return (values << free).view(f"{'i' if form.signed else 'u'}{values.itemsize}") >> free


def ybr_to_rgb(picture: np.ndarray) -> np.ndarray:
    """(H,W,3) full-range Y, Cb, Cr as RGB, uint8 both."""
    return cv2.cvtColor(np.ascontiguousarray(picture[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
