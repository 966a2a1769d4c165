"""What a frame looks like, in 256 numbers: a label comes back only onto the picture that it was made on.

Another program, or another version of a decoder, may deliver a file's frames one off, twice, or scaled. A hash of the
pixels would tell, but two sound decoders differ by a grey level here and there, and so would their hashes. So the
picture is averaged over a grid, and the averages are compared with a tolerance.
"""

from __future__ import annotations

import base64

import numpy as np

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError

GRID = 16  # cells across and down
FLOOR = 8.0  # grey levels: a frame with less contrast is not stretched further
STEPS = 32  # steps of one standard deviation
TOLERANCE = 3  # steps; neighbours in real cines differ by 5 and more, decoders and recoders at JPEG quality 90 by 2
GREY = np.array([0.299, 0.587, 0.114])


def fingerprint(frame: np.ndarray) -> str:
    """The fingerprint of a decoded frame, 344 characters of base64.

    The grey level (ITU-R BT.601 of an RGB frame) is averaged in 16 x 16 cells of equal size, up to a pixel; from the
    averages their mean is taken off, the rest is divided by its standard deviation or by 8 grey levels if that is
    more, times 32, rounded and cut off at ±127. So brightness and contrast of the whole picture do not matter.

    Args:
        frame: (H,W) or (H,W,3) RGB, uint8.
    """
    height, width = frame.shape[:2]
    rows, columns = _cells(height), _cells(width)
    bands = np.stack([frame[start:stop].sum(axis=0, dtype=np.uint32) for start, stop in rows])
    sums = np.stack([bands[:, start:stop].sum(axis=1) for start, stop in columns], axis=1)
    counts = np.outer(rows[:, 1] - rows[:, 0], columns[:, 1] - columns[:, 0])
    cells = (sums @ GREY if frame.ndim == 3 else sums) / counts
    cells = (cells - cells.mean()) / max(float(cells.std()), FLOOR) * STEPS
    return base64.b64encode(np.clip(cells.round(), -127, 127).astype(np.int8).tobytes()).decode("ascii")


def alike(a: str, b: str) -> bool:
    """Whether two fingerprints are of the same picture; one that is none is like no other."""
    try:
        first, second = (np.frombuffer(base64.b64decode(one), np.int8).astype(np.int16) for one in (a, b))
    except ValueError:
        return False
    return len(first) == len(second) == GRID * GRID and int(np.abs(first - second).max()) <= TOLERANCE


def fingerprint_of(cine: Cine, t: int) -> str | None:
    """The fingerprint of frame `t`; None where it cannot be decoded."""
    try:
        return fingerprint(cine.frame(t))
    except (EchoViewError, IndexError):
        return None


def _cells(size: int) -> np.ndarray:
    """(16,2) first pixel and the one after the last of each cell; a picture of fewer pixels has some of them twice."""
    starts = np.arange(GRID) * size // GRID
    stops = np.arange(1, GRID + 1) * size // GRID
    return np.column_stack([starts, np.maximum(stops, starts + 1)])
