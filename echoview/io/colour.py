"""Does a picture show colour flow? Told from the pixels, for files whose header does not say."""

from __future__ import annotations

import cv2
import numpy as np

DOPPLER = "This cine shows colour Doppler: contours are drawn on grey-scale pictures only."

_BRIGHT = 96  # flow colours are brighter than the tinted bars on which machines write their settings
_VIVID = 0.5  # (max - min) / max of R, G, B: tinted grey scales stay below it, flow colours lie above
_FLOW_SHARE = 0.005  # of the area; in real files grey cines stayed below .0015 and Doppler was above .04
_MARGIN = 0.12  # of each side: colour bars, logos and settings live there
_BLOB = np.ones((3, 3), np.uint8)  # of the thinned picture: text, ticks and the ECG are narrower


def flow_share(picture: np.ndarray) -> float:
    """The share of the picture's area that is covered by blobs of vivid colour.

    Args:
        picture: (H,W) or (H,W,3) RGB uint8.

    Returns:
        0..1; 0 for grey pictures.
    """
    if picture.ndim == 2:
        return 0.0
    thinned = picture[::2, ::2]
    highest = thinned.max(axis=2)
    vivid = (highest > _BRIGHT) & (highest - thinned.min(axis=2) > _VIVID * highest)
    blobs = cv2.morphologyEx(vivid.astype(np.uint8), cv2.MORPH_OPEN, _BLOB)
    return float(blobs.mean())


def shows_flow(pictures: list[np.ndarray]) -> bool:
    """True where one of the pictures, each (H,W) or (H,W,3) RGB uint8, holds a real share of flow colours."""
    return any(flow_share(picture) > _FLOW_SHARE for picture in pictures)


def central_box(height: int, width: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the part of a frame where the sector must be when the file does not say."""
    x, y = int(_MARGIN * width), int(_MARGIN * height)
    return x, y, width - x, height - y
