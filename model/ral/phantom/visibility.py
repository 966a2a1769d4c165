"""How well a picture shows the border and what its view is known by, and the least that is asked of both.

An A4C is known by its right heart, an A3C by its aortic root, an A2C by having neither.
"""

from typing import NamedTuple

import cv2
import numpy as np

from ral.geometry import resample
from ral.phantom.heart import Pose
from ral.phantom.probe import Probe

Array = np.ndarray

SEGMENTS = 7  # an apical view has seven: three on each wall and the cap
_WITHIN_MM, _BEYOND_MM = (2.0, 7.0), (0.5, 6.0)  # blood just inside the border, wall just outside
_STEP_MM = 0.5
_LEAST_SEEN = 0.9  # of the border within the sector
_BESIDE_MM, _LEAST_BESIDE = (2.0, 16.0), 0.8  # what lies beyond the middle of the septum, and its share in the sector
_LEAST_PARTING = 0.4  # of how much brighter than its blood the left ventricle's wall is; so are 99 % of real septa
_LEAST_GREY = 2.0  # a spread below this is none: without it two flat greys differ without bound


def in_sector(probe: Probe, pose: Pose, view: str) -> float:
    """1 or more where the sector holds enough of the heart, else how near it comes to that.

    It is to hold nine tenths of the border, and in A4C four fifths of what lies beside the middle third of the septum,
    as 95 % of 300 frames do (ED and ES of the first 150 patients of the CAMUS train split): without any of its right
    heart an A4C cannot be told from an A2C. The aortic root of an A3C lies within anyway.
    """
    seen = _inside(probe, pose.to_world(pose.endo)) / _LEAST_SEEN
    if view != "A4C":
        return seen
    middle = slice(len(pose.endo) // 7, 2 * len(pose.endo) // 7)
    along = np.gradient(pose.endo, axis=0)[middle]
    outward = np.stack((-along[:, 1], along[:, 0]), axis=-1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    far = pose.wall_mm[middle, None] + np.linspace(*_BESIDE_MM, 15)
    beside = pose.endo[middle, None] + far[..., None] * outward[:, None]
    return min(seen, _inside(probe, pose.to_world(beside)) / _LEAST_BESIDE)


def _inside(probe: Probe, points_mm: Array) -> float:
    """Share of world points (..., 2) within the sector."""
    column, row = np.moveaxis(probe.to_samples(points_mm), -1, 0)
    inside = (column > 0) & (column < len(probe.angles) - 1) & (row > 0) & (row < len(probe.ranges_mm) - 1)
    return float(inside.mean())


class Parts(NamedTuple):
    """Where the parts of a picture lie by which a chamber is seen, (S, S) bool within the sector each."""

    blood: Array  # of the chamber
    parting: Array  # some mm of the wall that parts it from the left heart
    free: Array  # some mm of its free wall
    left: Array  # cavity of the left ventricle
    wall: Array  # its wall


def chamber_shows(picture: Array, parts: Parts, least: float) -> bool:
    """Whether a chamber that names the view can be seen: large enough, and dark between its walls as the left one is.

    The left ventricle is the measure: a share of its area within the sector, beside each wall the contrast that its own
    border must have, and a fall of grey half as deep. Beside the septum of real A4C it falls by half or more in 90 of
    100 (the same 300 frames). Their free wall is often lost: it may lie outside the sector, or be dark. The wall that
    parts the chamber from the left heart may not: where that is black too there are no two chambers. (Of real A3C there
    were none to measure; they keep to what A4C do.)

    Args:
        picture: (S, S) uint8.
        least: the share of its area.
    """
    if parts.blood.sum() < max(least * parts.left.sum(), 1) or not parts.parting.any():
        return False
    blood, beside = picture[parts.blood].astype(float), picture[parts.parting].astype(float)
    dark = float(picture[parts.left].mean())
    if beside.mean() - dark < _LEAST_PARTING * (picture[parts.wall].mean() - dark):
        return False
    free = picture[parts.free].astype(float)
    lost = not free.size or free.mean() < dark + 0.25 * (beside.mean() - dark)
    return _falls(beside, blood, dark) and (lost or _falls(free, blood, dark))


def _falls(tissue: Array, blood: Array, dark: float) -> bool:
    """Whether greys (n,) of blood lie clearly below those of the tissue beside it; `dark` is the left ventricle's."""
    fall, spread = tissue.mean() - blood.mean(), np.sqrt((blood.var() + tissue.var()) / 2) + _LEAST_GREY
    return bool(fall >= 0.5 * spread and fall >= 0.5 * (tissue.mean() - dark))


def border_contrast(picture: Array, contour: Array, mm_per_px: float) -> Array:
    """How far the wall is brighter than the blood beside it, for each segment from one hinge to the other.

    Args:
        picture: (S, S) uint8.
        contour: (n, 2) float, the border from hinge over apex to hinge, x, y px.
        mm_per_px: alike in both directions.

    Returns:
        (7,) float64: the difference of the two mean greys over the root mean square of their two spreads; 0 where
        nothing tells wall from blood, negative where the blood is the brighter.
    """
    points = resample(contour, 20 * SEGMENTS)
    along = np.gradient(points, axis=0)
    outward = np.stack((along[:, 1], -along[:, 0]), axis=-1)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    if ((points - points.mean(0)) * outward).sum() < 0:
        outward = -outward
    blood = _strip(picture, points, -outward / mm_per_px, _WITHIN_MM)
    wall = _strip(picture, points, outward / mm_per_px, _BEYOND_MM)
    spread = np.sqrt((blood.var(axis=(1, 2)) + wall.var(axis=(1, 2))) / 2) + _LEAST_GREY
    return (wall.mean(axis=(1, 2)) - blood.mean(axis=(1, 2))) / spread


def shows_enough(contrast: Array) -> bool:
    """Whether a border shows as well as in 99 of 100 real pictures.

    The three bounds are what 99 % of 300 frames keep to, ED and ES of the first 150 patients of the CAMUS train split:
    the mean of the segments, the middle one, and the weakest.
    """
    return bool(contrast.mean() >= 0.5 and np.median(contrast) >= 0.28 and contrast.min() >= -1.5)


def _strip(picture: Array, points: Array, step_px: Array, reach_mm: tuple[float, float]) -> Array:
    """Greys (segments, points, distances) beside the border; `step_px` (n, 2) leads a millimetre away from it."""
    far = np.arange(reach_mm[0], reach_mm[1] + 0.1, _STEP_MM)
    places = (points[:, None] + far[None, :, None] * step_px[:, None]).astype(np.float32)
    greys = cv2.remap(picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return greys.reshape(SEGMENTS, -1, len(far)).astype(np.float64)
