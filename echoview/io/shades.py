"""From stored values to what the screen shows: windows, palettes, inverted grey."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydicom.pixels.processing import apply_color_lut

from echoview.errors import CineUnreadable
from echoview.io.dicom_header import Header, quiet
from echoview.io.frames import PixelFormat

Show = Callable[[np.ndarray], np.ndarray]
Samples = Callable[[], list[np.ndarray]]


def choose_show(name: str, header: Header, form: PixelFormat, samples: Samples) -> Show:
    """The function that brings the stored values of every frame to uint8, alike for all of them.

    Args:
        samples: gives the stored values of a few frames; called only where the file names no window.

    Raises:
        CineUnreadable: a palette is promised but missing or damaged.
    """
    if form.photometric == "PALETTE COLOR":
        return _palette(name, header, form)
    if form.samples == 3:
        shift = max(form.bits_stored - 8, 0)
        return lambda values: (values >> shift).astype(np.uint8, copy=False)
    inverted = form.photometric == "MONOCHROME1"
    if form.bits_stored == 8 and not form.signed:
        return lambda values: values.astype(np.uint8) ^ (255 if inverted else 0)
    low, high = _window(header) or _range(samples())
    if inverted:
        low, high = high, low
    return lambda values: _stretch(values, low, high)


def _window(header: Header) -> tuple[float, float] | None:
    """The stored values that become black and white, from the file's first window; None without one."""
    center, width = header.number("WindowCenter"), header.number("WindowWidth")
    if center is None or width is None or not 1 < width < 1e9 or not abs(center) < 1e9:
        return None
    slope = header.number("RescaleSlope") or 1.0
    intercept = header.number("RescaleIntercept") or 0.0
    low = center - 0.5 - (width - 1) / 2  # PS3.3 C.11.2.1.2.1
    ends = (low - intercept) / slope, (low + width - 1 - intercept) / slope
    return ends if all(abs(end) < 1e9 for end in ends) else None  # False for NaN as well


def _range(samples: list[np.ndarray]) -> tuple[float, float]:
    return float(min(values.min() for values in samples)), float(max(values.max() for values in samples))


def _stretch(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as uint8, `low` as 0 and `high` as 255; `low` may be the larger one."""
    span = high - low if high != low else 1.0
    return np.rint(np.clip((values.astype(np.float32) - low) * (255.0 / span), 0, 255)).astype(np.uint8)


def _palette(name: str, header: Header, form: PixelFormat) -> Show:
    indices = np.arange(2**form.bits_stored, dtype=np.uint16)
    try:
        with quiet():
            table = apply_color_lut(indices, header.dataset)
    except Exception:  # what a damaged palette makes pydicom raise
        raise CineUnreadable(f"{name} has no usable colour palette.", "Export it again.") from None
    if table.max(initial=0) > 255:  # entries of 16 bits; some files say 16 and hold 8
        table = table >> 8
    table = table[:, :3].astype(np.uint8)
    return lambda values: table[values]
