"""The fan of an ultrasound picture, for frames that leave: what is not in it is made black.

`prepare.find_sector` takes the convex hull of what is alive, and an ECG strip under the sector with it. Here two
straight edges and an arc are fitted, so that strips, letters and scales fall out. Where they do not fit there is no
answer, and no frame leaves. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from ral.prepare import alive_patch

GRID_PX = 96  # longer side of the picture on which the fan is fitted
_BROAD = 0.25  # of the patch's own size: what is thinner than half of this is a strip or letters
_PART = 0.15  # of the largest broad part: smaller ones are no part of the heart
_THIN = 0.05  # of the patch's own size: letters and traces that touch the sector
_BEYOND = 0.03  # of the patch's own size: as far beyond the first fit the second one looks
_SLACK = 0.01  # of the patch's own size: kept beyond the fit, so that no border is shaved off
_ANGLES = (0.17, 1.0)  # rad from straight down to either edge
_NEAR = 0.45  # of the far radius: a larger near one is no cardiac probe's
_LEAST_ALIKE = 0.88  # overlap (IoU) of the fan and what is alive
_GOOD = 0.05  # unlike (1 - IoU) so little that no other start is tried
_MOST_STEPS = 400  # of the search
_NARROW_END = 0.6  # of the widest row: a picture that begins wider has no apex in sight
_LEAST_SHARE = 0.04  # of the picture


class Fan(NamedTuple):
    """Apex x, y, px; angle from straight down to the left and to the right edge, rad; near and far radius, px."""

    x: float
    y: float
    left: float
    right: float
    near: float
    far: float

    def depth(self, shape: tuple[int, int]) -> np.ndarray:
        """How far each pixel of a picture lies inside, px; negative outside."""
        y, x = np.ogrid[: shape[0], : shape[1]]
        dx, dy = x - self.x, y - self.y
        radius = np.hypot(dx, dy)
        across = np.minimum(
            dx * np.cos(self.left) + dy * np.sin(self.left), dy * np.sin(self.right) - dx * np.cos(self.right)
        )
        return np.minimum(across, np.minimum(self.far - radius, radius - self.near))

    def scaled(self, by: float) -> Fan:
        """The same fan in a picture `by` times as large."""
        return Fan(self.x * by, self.y * by, self.left, self.right, self.near * by, self.far * by)


def find_fan(
    greys: np.ndarray,
    region: tuple[int, int, int, int] | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> np.ndarray | None:
    """(K,H,W) uint8 -> (H,W) uint8, 1 on the sector; None where what is alive has not the form of one.

    Args:
        greys: some frames spread over the cine.
        region: x0, y0, x1, y1 of a checked 2-D region, half open: nothing beyond it is kept.
        spacing_mm: mm per px in x and y where known: an arc is round in mm only.
    """
    alive = alive_patch(greys, region)
    if alive is None:
        return None
    height, width = alive.shape
    stretch = spacing_mm[1] / spacing_mm[0] if spacing_mm else 1.0
    square = cv2.resize(alive, (width, max(round(height * stretch), 1)), interpolation=cv2.INTER_NEAREST)
    patch = _closed(square)
    body = _broad_part(_filled(patch))
    if body is None:
        return None
    fan, alike = _fit(body)
    upside_down = False
    if alike < _LEAST_ALIKE:  # the apex is below on the screens of some laboratories
        other, other_alike = _fit(body[::-1])
        if upside_down := other_alike > alike:
            fan, patch = other, np.ascontiguousarray(patch[::-1])
    kept = _refined(fan, patch)
    if kept is None:
        return None
    kept = cv2.resize(kept[::-1] if upside_down else kept, (width, height), interpolation=cv2.INTER_NEAREST)
    return kept if kept.mean() >= _LEAST_SHARE else None


def _refined(fan: Fan, patch: np.ndarray) -> np.ndarray | None:
    """The fan fitted again to what is alive near it and not thin; then what is alive in it, without hollows."""
    size = float(np.sqrt(patch.sum()))
    side = int(_THIN * size) | 1
    thick = cv2.morphologyEx(patch, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    target = _hull(np.where(fan.depth(patch.shape) >= -_BEYOND * size, thick, 0))
    if not target.any():
        return None
    fan, alike = _fit(target, fan)
    inside = (fan.depth(patch.shape) >= -_SLACK * size).astype(np.uint8)
    kept = _hull(patch & inside) & inside
    rows = np.flatnonzero(kept.any(1))
    if alike < _LEAST_ALIKE or not len(rows):
        return None
    widths = kept.sum(1)
    first = rows[0] + (rows[-1] - rows[0]) // 20
    return kept if widths[first] <= _NARROW_END * widths.max() else None


def _fit(target: np.ndarray, start: Fan | None = None) -> tuple[Fan, float]:
    """The fan that is most alike to a mask (H,W) of 0 and 1, and how much (IoU); beyond the picture it is free."""
    by = GRID_PX / max(target.shape)
    size = (max(round(target.shape[1] * by), 1), max(round(target.shape[0] * by), 1))
    small = cv2.resize(target.astype(np.float32), size, interpolation=cv2.INTER_AREA)

    def unlike(values: np.ndarray) -> float:
        fan = Fan(*values)
        inside = np.clip(0.5 + fan.depth(small.shape) / 1.5, 0, 1)
        alike = np.minimum(inside, small).sum() / max(np.maximum(inside, small).sum(), 1e-9)
        absurd = sum(max(_ANGLES[0] - a, 0) + max(a - _ANGLES[1], 0) for a in (fan.left, fan.right))
        return 1 - alike + 3 * absurd + 0.02 * max(fan.near - _NEAR * fan.far, 0)

    steps = np.diag([6, 8, 0.15, 0.15, 6, 8])
    best, best_unlike = None, np.inf
    for one in [start.scaled(by)] if start else _starts(small):
        values, found = _lowest(unlike, np.vstack([one, np.array(one) + steps]))
        if found < best_unlike:
            best, best_unlike = Fan(*map(float, values)), found
        if best_unlike < _GOOD:
            break
    assert best is not None
    return best.scaled(1 / by), 1 - best_unlike


def _lowest(cost: Callable[[np.ndarray], float], points: np.ndarray) -> tuple[np.ndarray, float]:
    """Where a cost is lowest near the corners of a simplex (N+1,N), and how low.

    scipy has the same, in a part that the bundle can do without. Reference: Nelder and Mead 1965.
    """
    points, costs = points.copy(), np.array([cost(point) for point in points])
    for _ in range(_MOST_STEPS):
        order = costs.argsort()
        points, costs = points[order], costs[order]
        if costs[-1] - costs[0] < 1e-4 and np.abs(points - points[0]).max() < 0.02:
            break
        middle = points[:-1].mean(0)
        away = middle - points[-1]
        trial, paid = middle + away, cost(middle + away)
        if paid < costs[0]:
            further = cost(middle + 2 * away)
            if further < paid:
                trial, paid = middle + 2 * away, further
        elif paid >= costs[-2]:
            trial = middle + (0.5 if paid < costs[-1] else -0.5) * away
            paid, limit = cost(trial), min(paid, costs[-1])
            if paid >= limit:
                points[1:] = (points[1:] + points[0]) / 2
                costs[1:] = [cost(point) for point in points[1:]]
                continue
        points[-1], costs[-1] = trial, paid
    return points[costs.argmin()], float(costs.min())


def _starts(small: np.ndarray) -> list[Fan]:
    """Fans around a mask, with the apex at its top and above it."""
    rows, columns = np.flatnonzero((small > 0.5).any(1)), np.flatnonzero((small > 0.5).any(0))
    if not len(rows):
        rows, columns = np.arange(small.shape[0]), np.arange(small.shape[1])
    height, width, middle = np.ptp(rows) + 1.0, np.ptp(columns) + 1.0, (columns[0] + columns[-1]) / 2
    found = []
    for above in (0.0, 0.5, 2.0):
        far = height * (1 + above)
        half = min(np.arctan2(width / 2, 0.8 * far), 0.95)
        found.append(Fan(middle, rows[0] - above * height, half, half, above * height, far))
    return found


def _broad_part(patch: np.ndarray) -> np.ndarray | None:
    """The hull of what is left when all that is thin has gone: a straight border stays where it was."""
    side = int(_BROAD * np.sqrt(patch.sum())) | 1
    share = cv2.blur(patch.astype(np.float32), (side, side), borderType=cv2.BORDER_REFLECT)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((share > 0.5).astype(np.uint8))
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    return _hull(np.isin(labels, 1 + np.flatnonzero(areas > _PART * areas.max())).astype(np.uint8))


def _closed(patch: np.ndarray) -> np.ndarray:
    reach = max(3, max(patch.shape) // 60) | 1
    return cv2.morphologyEx(patch, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))


def _filled(patch: np.ndarray) -> np.ndarray:
    """Without holes: a cavity is dark."""
    lines, _ = cv2.findContours(patch, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    full = np.zeros_like(patch)
    cv2.drawContours(full, lines, -1, 1, -1)
    return full


def _hull(mask: np.ndarray) -> np.ndarray:
    full = np.zeros(mask.shape, np.uint8)
    points = cv2.findNonZero(mask.astype(np.uint8))
    if points is not None:
        cv2.fillConvexPoly(full, cv2.convexHull(points), 1)
    return full
