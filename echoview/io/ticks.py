"""Finds the marks of a depth scale that a scanner drew into the picture; a person need only confirm them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

FEWEST = 6  # marks at one distance in a row; fewer may be chance
_MOST_SPOTS = 400
_BRIGHTER = 24  # grey levels above the surroundings
_AREA, _SIDE = (1, 60), 16  # px: a mark is a short stroke or a dot
_STEP = (8, 0.25)  # px, and share of the picture's height: how far apart marks may be
_NEAR = (1.5, 0.06, 3.0)  # from where a mark is expected: px at least, share of the step, px at most
_UPRIGHT = 0.75  # of the step at least goes down: scales stand upright or lean with the sector's side


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Marks in a row.

    Attributes:
        first, last: x,y px of the outermost marks; count: marks from one to the other, both included.
    """

    first: tuple[float, float]
    last: tuple[float, float]
    count: int

    @property
    def step_px(self) -> tuple[float, float]:
        """From one mark to the next: right and down, px."""
        return (
            (self.last[0] - self.first[0]) / (self.count - 1),
            (self.last[1] - self.first[1]) / (self.count - 1),
        )


def find_ticks(frames: Sequence[np.ndarray]) -> Ticks | None:
    """The longest row of evenly spaced marks that stand still over these frames, or None.

    A heuristic of our own: spots that are bright in every frame, then the pair of spots whose distance, repeated, meets
    most others. What one step is in millimetres is not known; a person must say it.

    Args:
        frames: a few of one cine, (H,W) or (H,W,3) uint8, far enough apart for the heart to move.
    """
    spots = _spots(_still(frames))
    if len(spots) < FEWEST:
        return None
    best: dict[int, int] = {}
    height = frames[0].shape[0]
    shortest, longest = _STEP[0], _STEP[1] * height
    for start in range(len(spots)):
        steps = spots - spots[start]
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        fits = (lengths >= shortest) & (lengths <= longest) & (steps[:, 1] >= _UPRIGHT * lengths)
        for other in np.flatnonzero(fits):
            row = _follow(spots, start, int(other))
            if len(row) > len(best):
                best = row
    if len(best) < FEWEST:
        return None
    return _fitted(np.array(list(best)), spots[list(best.values())])


def _still(frames: Sequence[np.ndarray]) -> np.ndarray:
    """(H,W) uint8: how bright each pixel is at the least."""
    grey = [f if f.ndim == 2 else f.max(axis=2) for f in frames]
    return np.min(np.stack(grey), axis=0)


def _spots(still: np.ndarray) -> np.ndarray:
    """Middles (N,2) x,y px of small bright spots, the brightest ones first, at most `_MOST_SPOTS`."""
    hat = cv2.morphologyEx(still, cv2.MORPH_TOPHAT, np.ones((_SIDE // 2 + 1, _SIDE // 2 + 1), np.uint8))
    count, labels, stats, middles = cv2.connectedComponentsWithStats((hat > _BRIGHTER).astype(np.uint8), connectivity=8)
    found = [
        i
        for i in range(1, count)
        if _AREA[0] <= stats[i, cv2.CC_STAT_AREA] <= _AREA[1]
        and max(stats[i, cv2.CC_STAT_WIDTH], stats[i, cv2.CC_STAT_HEIGHT]) <= _SIDE
    ]
    brightness = [float(hat[labels == i].max()) for i in found] if len(found) > _MOST_SPOTS else [0.0] * len(found)
    kept = [i for _, i in sorted(zip(brightness, found, strict=True), reverse=True)][:_MOST_SPOTS]
    return np.asarray(middles)[kept].reshape(-1, 2)


def _follow(spots: np.ndarray, start: int, other: int) -> dict[int, int]:
    """Number in the row -> spot, from `start` over `other` on, each where the mean step so far says.

    One mark may be missing between two: a figure beside it often hides it.
    """
    row = {0: start, 1: other}
    while True:
        last = max(row)
        step = (spots[row[last]] - spots[start]) / last
        near = min(max(_NEAR[1] * float(np.hypot(*step)), _NEAR[0]), _NEAR[2])
        for ahead in (1, 2):
            away = spots - (spots[row[last]] + ahead * step)
            nearest = int(np.hypot(away[:, 0], away[:, 1]).argmin())
            if np.hypot(*away[nearest]) <= near and nearest not in row.values():
                row[last + ahead] = nearest
                break
        else:
            return row


def _fitted(numbers: np.ndarray, marks: np.ndarray) -> Ticks:
    """The straight, even row nearest to the marks (N,2) with these numbers (N,)."""
    (step_x, x), (step_y, y) = np.polyfit(numbers, marks[:, 0], 1), np.polyfit(numbers, marks[:, 1], 1)
    last = int(numbers.max())
    return Ticks((float(x), float(y)), (float(x + last * step_x), float(y + last * step_y)), last + 1)
