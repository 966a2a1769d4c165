"""Where to look: the arcs of a cine that the network is least certain of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

_ARC = 9  # points of 65: about a seventh of the border


@dataclass(frozen=True, slots=True)
class Doubt:
    """One arc: its frame, its middle point x,y px, and how far the border may lie from it there, px."""

    t: int
    at: tuple[float, float]
    spread_px: float


def doubts(contours: np.ndarray, spread_px: np.ndarray, settled: Collection[int] = ()) -> list[Doubt]:
    """The least certain arc of each frame, the least certain frame first.

    Args:
        contours: (T,N,2) px, NaN where there is none; spread_px: (T,N), NaN where unknown, (0,0) where all is.
        settled: frames that need no look any more.
    """
    found = []
    for t in range(len(spread_px)):
        if t in settled or not np.isfinite(spread_px[t]).all() or not np.isfinite(contours[t]).all():
            continue
        mean = np.convolve(spread_px[t], np.full(_ARC, 1 / _ARC), "valid")
        worst = int(mean.argmax())
        x, y = contours[t, worst + _ARC // 2]
        found.append(Doubt(t, (float(x), float(y)), float(mean[worst])))
    return sorted(found, key=lambda one: -one.spread_px)
