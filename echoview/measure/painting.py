"""A contour as a mask under a brush, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ral.geometry import outline, raster, resample

_GRID = 256  # cells along the longer side of the window that is painted on
_ROOM = 0.5  # of the contour's size: how far the window goes beyond it
_POINTS = 240


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """What a brush has done so far.

    Attributes:
        mask: (h,w) bool on a grid of its own, fine enough for any picture.
        origin: (2,) px of the picture, the middle of cell (0, 0); step: px between cells.
        ends: (2,2) px, the annulus points as they were; apex: (2,) px.
    """

    mask: np.ndarray
    origin: np.ndarray
    step: float
    ends: np.ndarray
    apex: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, size: tuple[int, int]) -> Painting:
        """The cavity inside a contour (N,2) in a picture of (height, width) px."""
        room = _ROOM * np.ptp(points, axis=0).max()
        low = np.maximum(points.min(0) - room, -0.5)
        high = np.minimum(points.max(0) + room, np.array(size[::-1]) - 0.5)
        high = np.maximum(high, low + 8)
        step = float((high - low).max()) / _GRID
        wide, tall = (int(n) + 2 for n in (high - low) / step)
        middle = (points[0] + points[-1]) / 2
        apex = points[int(np.hypot(*(points - middle).T).argmax())]
        return cls(raster((points - low) / step, (tall, wide)), low, step, points[[0, -1]], apex)

    def stroke(self, start: np.ndarray, end: np.ndarray, radius: float, add: bool) -> Painting:
        """The brush of `radius` px went from `start` to `end`, (2,) px each; it adds cavity or takes it away."""
        a, b, r = (start - self.origin) / self.step, (end - self.origin) / self.step, radius / self.step
        tall, wide = self.mask.shape
        low = np.clip(np.floor(np.minimum(a, b) - r), 0, [wide, tall]).astype(int)
        high = np.clip(np.ceil(np.maximum(a, b) + r) + 1, 0, [wide, tall]).astype(int)
        rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
        d = b - a
        share = np.clip(((columns - a[0]) * d[0] + (rows - a[1]) * d[1]) / max(float(d @ d), 1e-9), 0, 1)
        touched = np.hypot(columns - a[0] - share * d[0], rows - a[1] - share * d[1]) <= r
        mask = self.mask.copy()
        mask[low[1] : high[1], low[0] : high[0]][touched] = add
        return replace(self, mask=mask)

    def line(self) -> np.ndarray | None:
        """The border (240,2) px from the first annulus point to the second; None where nothing is left.

        Of several patches the largest counts, and holes in it do not.
        """
        if not self.mask.any():
            return None
        closed = outline(np.asarray(ndimage.gaussian_filter(self.mask.astype(np.float32), 1.0)), 0.5)
        if closed is None:
            return None
        points = resample(closed, 2 * _POINTS, closed=True) * self.step + self.origin
        i, j = (int(np.hypot(*(points - end).T).argmin()) for end in self.ends)
        one = points[i : j + 1] if i <= j else np.vstack([points[i:], points[: j + 1]])
        other = points[j : i + 1] if j <= i else np.vstack([points[j:], points[: i + 1]])
        near = [np.hypot(*(way - self.apex).T).min() for way in (one, other)]
        way = one if near[0] <= near[1] else other[::-1]
        return None if len(way) < 3 else resample(way, _POINTS)
