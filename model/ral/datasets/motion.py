"""Motion between two labelled frames of one heart, from their contours: the moments between ED and ES are drawn.

Contours of cavity, wall and atrium are matched by arc length. At every moment the matched points stand part of the
way from ED to ES, and a thin-plate spline through them tells each pixel where it was at ED and where it will be at
ES. Both frames are brought there and blended, so that their walls fall on each other. Points are (N,2) x,y px.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage
from scipy.interpolate import PchipInterpolator, RBFInterpolator

from ral.geometry import dice, open_contour, outline, resample

ENDO_POINTS, EPI_POINTS, ATRIUM_POINTS, EDGE_POINTS = 40, 28, 20, 36
_FREE_PX = 26  # px around the heart within which the sector's edge does not hold the tissue
_STEP = 4  # px between the grid points on which the spline is evaluated; it is smooth, the rest is interpolated
_GRAIN_PX = 2.5  # sigma that parts speckle from anatomy
_UNSEEN = 0.02  # weight of a frame where it is only carried on beyond its sector
_SMOOTHING = 0.5  # px2 by which the spline may miss a matched point, against folds where two stand close


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One heart at one instant on the input grid, pixels square in mm.

    Attributes:
        picture: (S,S) uint8.
        cavity, heart, atrium: (S,S) bool; `heart` is the cavity with its wall, `atrium` may be empty.
    """

    picture: np.ndarray
    cavity: np.ndarray
    heart: np.ndarray
    atrium: np.ndarray


class Motion:
    """The way of one heart from ED to ES.

    Args:
        ed, es: its two moments on the same grid.
        sector: (S,S) uint8, 1 inside; its edge stands still.

    Raises:
        ValueError: a moment has no cavity or no wall to follow.
    """

    def __init__(self, ed: Moment, es: Moment, sector: np.ndarray) -> None:
        self.ed, self.es, self.sector = ed, es, sector
        start, end = _structures(ed), _structures(es)
        followed = [name for name in start if name in end]
        self._start = np.vstack([start[name] for name in followed])
        self._end = np.vstack([end[name] for name in followed])
        still = _edge(sector, np.vstack([self._start, self._end]))
        self._start, self._end = np.vstack([self._start, still]), np.vstack([self._end, still])
        self._inside = [_signed_distance(moment.cavity) for moment in (ed, es)]
        self._soft = cv2.GaussianBlur(_shrunk(sector).astype(np.float32), (0, 0), 1.5)
        self._parts = [_grain(_continued(moment.picture, sector), sector) for moment in (ed, es)]

    def maps(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Where each pixel of the moment `share` (0 = ED, 1 = ES) lies at ED and at ES: two (S,S,2) float32."""
        side = len(self.sector)
        at = (1 - share) * self._start + share * self._end
        spline = RBFInterpolator(at, self._end - self._start, kernel="thin_plate_spline", smoothing=_SMOOTHING)
        line = np.linspace(0, side - 1, side // _STEP + 1)
        coarse = spline(np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)).reshape(len(line), len(line), 2)
        where = np.linspace(0, len(line) - 1, side)
        spots = np.meshgrid(where, where, indexing="ij")
        moved = np.stack([ndimage.map_coordinates(coarse[..., k], spots, order=3) for k in (0, 1)], -1)
        here = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1)
        return (here - share * moved).astype(np.float32), (here + (1 - share) * moved).astype(np.float32)

    def at(self, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Picture (S,S) uint8 and cavity (S,S) bool of the moment `share`; 0 and 1 give the frames as they are."""
        if share in (0.0, 1.0):
            moment = (self.ed, self.es)[int(share)]
            return moment.picture, moment.cavity
        maps = self.maps(share)
        inside = [_pull(field, where) for field, where in zip(self._inside, maps, strict=True)]
        cavity = (1 - share) * inside[0] + share * inside[1] > 0
        return self._blend(maps, share), cavity

    def agreement(self) -> float:
        """Dice of the cavity of ED, moved to ES by the spline alone, with the one drawn there."""
        return dice(_pull(self._inside[0], self.maps(1.0)[0]) > 0, self.es.cavity)

    def folds(self) -> bool:
        """Whether the spline turns a patch of the sector inside out somewhere on the way."""
        return any(_least_growth(where, self.sector) <= 0 for share in (0.25, 0.5, 0.75) for where in self.maps(share))

    def _blend(self, maps: tuple[np.ndarray, np.ndarray], share: float) -> np.ndarray:
        """Both frames at one moment. Anatomy is blended in proportion, speckle at equal power: else it would fade."""
        seen = [_pull(self._soft, where) + _UNSEEN for where in maps]  # a frame says nothing of what it does not show
        weights = (1 - share) * seen[0], share * seen[1]
        total, power = weights[0] + weights[1], np.hypot(*weights)
        out = np.zeros_like(total)
        for weight, where, (anatomy, grain) in zip(weights, maps, self._parts, strict=True):
            out += weight / total * _pull(anatomy, where) + weight / power * _pull(grain, where)
        still = (1 - share) * self.ed.picture + share * self.es.picture
        rim = _shrunk(self.sector) == 0
        return np.clip(np.rint(np.where(rim, still, out)), 0, 255).astype(np.uint8)


def beat_shares(frames: int, whole: bool) -> np.ndarray:
    """How far from ED (0) to ES (1) the heart is on each frame, (frames,).

    Half a beat ends at ES, a whole one at the next ED. Emptying starts and ends slowly; filling waits for the valve,
    is fast at first, rests, and ends with the atrial kick. One frame is exactly ES.
    """
    emptying = PchipInterpolator([0, 0.12, 0.5, 0.8, 1], [0, 0.03, 0.62, 0.93, 1])
    if not whole:
        return _exact(emptying(np.linspace(0, 1, frames)))
    filling = PchipInterpolator([0, 0.12, 0.35, 0.5, 0.72, 0.85, 1], [1, 0.98, 0.42, 0.28, 0.23, 0.18, 0])
    systole = max(round(0.38 * (frames - 1)), 1)
    diastole = max(frames - 1 - systole, 1)
    down = emptying(np.arange(systole + 1) / systole)
    return _exact(np.concatenate([down, filling(np.arange(1, diastole + 1) / diastole)]))


def _exact(shares: np.ndarray) -> np.ndarray:
    """0 and 1 where rounding had missed them: `Motion.at` gives the published frames for those alone."""
    return np.clip(shares.round(9), 0.0, 1.0)


def _structures(moment: Moment) -> dict[str, np.ndarray]:
    """Points by structure, in an order that is the same for every moment of one heart."""
    cavity, heart = outline(moment.cavity), outline(moment.heart)
    if cavity is None or heart is None or not (moment.heart & ~moment.cavity).any():
        raise ValueError("There is no left ventricle with its wall to follow.")
    endo = open_contour(cavity, 4 * ENDO_POINTS + 1)
    found = {
        "endo": _by_apex(endo, ENDO_POINTS),
        "annulus": np.linspace(endo[0], endo[-1], 7)[1:-1],
        "epi": _by_apex(open_contour(heart, 4 * EPI_POINTS + 1), EPI_POINTS),
    }
    atrium = outline(moment.atrium) if moment.atrium.any() else None
    if atrium is not None:
        found["atrium"] = _around(atrium, endo[0], endo[-1])
    return found


def _by_apex(contour: np.ndarray, count: int) -> np.ndarray:
    """An open contour (N,2) at equal steps from either annulus point to the apex, so that apex meets apex."""
    k = int(np.hypot(*(contour - (contour[0] + contour[-1]) / 2).T).argmax())
    k = min(max(k, 2), len(contour) - 3)
    return np.vstack([resample(contour[: k + 1], count // 2), resample(contour[k:], count // 2)[1:]])


def _around(closed: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The part of the atrium's outline (N,2) away from the ventricle, from below `first` to below `second`."""
    points = resample(closed, 8 * ATRIUM_POINTS, closed=True)
    i, j = (int(np.hypot(*(points - mark).T).argmin()) for mark in (first, second))
    one = points[i : j + 1] if i <= j else np.vstack([points[i:], points[: j + 1]])
    other = points[j : i + 1] if j <= i else np.vstack([points[j:], points[: i + 1]])
    way = max((one, other[::-1]), key=lambda line: np.hypot(*np.diff(line, axis=0).T).sum())
    return resample(way, ATRIUM_POINTS + 2)[1:-1]  # its ends lie on the annulus, which is followed already


def _edge(sector: np.ndarray, heart: np.ndarray) -> np.ndarray:
    """Points on the sector's outline, and the picture's corners, that are far enough from the heart to stand still."""
    side = len(sector)
    corners = np.array([[0, 0], [side - 1, 0], [0, side - 1], [side - 1, side - 1]], float)
    line = outline(sector > 0)
    points = corners if line is None else np.vstack([resample(line, EDGE_POINTS, closed=True), corners])
    far = np.hypot(*(points[:, None] - heart[None]).transpose(2, 0, 1)).min(1) > _FREE_PX
    return points[far]


def _signed_distance(mask: np.ndarray) -> np.ndarray:
    """px to the mask's border, above zero inside, (S,S) float32."""
    inner, outer = (ndimage.distance_transform_edt(m) for m in (mask, ~mask))
    return (np.asarray(inner) - np.asarray(outer)).astype(np.float32)


def _continued(picture: np.ndarray, sector: np.ndarray) -> np.ndarray:
    """The picture with its edge carried on outside the sector, so that no black is drawn in from there."""
    nearest = ndimage.distance_transform_edt(_shrunk(sector) == 0, return_distances=False, return_indices=True)
    return picture[tuple(np.asarray(nearest))]


def _grain(picture: np.ndarray, sector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Anatomy and the speckle on it, (S,S) float32 each; what was carried on has none."""
    grey = picture.astype(np.float32)
    smooth = cv2.GaussianBlur(grey, (0, 0), _GRAIN_PX)
    return smooth, (grey - smooth) * _shrunk(sector)


def _shrunk(sector: np.ndarray) -> np.ndarray:
    """The sector without its rim, which is half dark and does not move."""
    return cv2.erode(sector, np.ones((5, 5), np.uint8), borderValue=0)


def _least_growth(where: np.ndarray, sector: np.ndarray) -> float:
    """The smallest determinant of a map's (S,S,2) Jacobian inside the sector."""
    along_y, along_x = np.gradient(where, axis=(0, 1))
    growth = along_x[..., 0] * along_y[..., 1] - along_x[..., 1] * along_y[..., 0]
    return float(growth[sector > 0].min())


def _pull(field: np.ndarray, where: np.ndarray) -> np.ndarray:
    return cv2.remap(field, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
