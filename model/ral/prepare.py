"""The one way from a frame as the file has it to the picture that the network reads, and back.

Cines come with margins, text, ECG and colour bars, data sets as tight sectors. Training, prediction and export all
call `prepare`: find the sector, crop it, resample it letterboxed in true aspect, keep the affine. Loads no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ral.config import INPUT_SIZE

MARGIN = 0.03
_MOVING = 14  # grey levels between the darkest and the brightest moment of a pixel that is alive
_BLANK = 1.0  # grey levels, the spread below which a frame shows nothing; a fiftieth of the usual one is still a heart
_LIT = 10  # grey level above which a still pixel may belong to the picture
_FEWEST_FOR_MOTION = 4  # frames without which nothing can be said of motion
_JOINED_PX = 50  # px of overlap from which a lit patch belongs to what moves
_LEAST_SHARE = 0.04  # a sector smaller than this share of the picture is not believed


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """How one cine is brought to the network's input; made once a cine.

    Attributes:
        sector: (H,W) uint8, 1 on the pixels of the ultrasound sector, native grid.
        box: x0, y0, x1, y1 of the crop, native px, half open.
        inner: x0, y0, x1, y1 of the crop's place in the input, px, half open.
        size: side of the square input, px.
        sector_input: (size,size) uint8, the sector on the input grid.
    """

    sector: np.ndarray
    box: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]
    size: int
    sector_input: np.ndarray

    @property
    def scale(self) -> tuple[float, float]:
        """Input px per native px in x and y."""
        x0, y0, x1, y1 = self.box
        u0, v0, u1, v1 = self.inner
        return (u1 - u0) / (x1 - x0), (v1 - v0) / (y1 - y0)

    def picture(self, frame: np.ndarray) -> np.ndarray:
        """Native (H,W) or (H,W,3) uint8 -> the grey input (size,size) uint8, black outside the sector."""
        x0, y0, x1, y1 = self.box
        return self._letterbox(luma(frame[y0:y1, x0:x1]) * self.sector[y0:y1, x0:x1])

    def read(self, frame: np.ndarray) -> np.ndarray:
        """Native (H,W) or (H,W,3) uint8 -> what the network reads, (size,size) float32; 0 all over a blank frame."""
        x0, y0, x1, y1 = self.box
        _, spread = cv2.meanStdDev(luma(frame[y0:y1, x0:x1]), mask=self.sector[y0:y1, x0:x1])
        if spread.item() < _BLANK:  # else it would be the noise of a video's compression, made large
            return np.zeros(self.sector_input.shape, np.float32)
        return normalise(self.picture(frame), self.sector_input)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Native (H,W) bool -> (size,size) bool."""
        x0, y0, x1, y1 = self.box
        return self._letterbox(mask[y0:y1, x0:x1].astype(np.uint8) * 255) >= 128

    def to_input(self, points: np.ndarray) -> np.ndarray:
        """(...,2) native x,y px -> input px; pixel centres at integers on both grids."""
        s = np.array(self.scale)
        return (points + 0.5 - self.box[:2]) * s - 0.5 + self.inner[:2]

    def to_native(self, points: np.ndarray) -> np.ndarray:
        """The inverse of `to_input`."""
        s = np.array(self.scale)
        return (points + 0.5 - self.inner[:2]) / s - 0.5 + self.box[:2]

    def native_field(self, field: np.ndarray, fill: float) -> np.ndarray:
        """(size,size) float32 on the input grid -> (H,W) on the native grid, `fill` outside the crop."""
        x0, y0, x1, y1 = self.box
        u0, v0, u1, v1 = self.inner
        out = np.full(self.sector.shape, fill, np.float32)
        out[y0:y1, x0:x1] = cv2.resize(field[v0:v1, u0:u1], (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        return out

    def _letterbox(self, crop: np.ndarray) -> np.ndarray:
        u0, v0, u1, v1 = self.inner
        how = cv2.INTER_AREA if u1 - u0 < crop.shape[1] else cv2.INTER_LINEAR
        out = np.zeros((self.size, self.size), np.uint8)
        out[v0:v1, u0:u1] = cv2.resize(crop, (u1 - u0, v1 - v0), interpolation=how)
        return out


def prepare(
    frames: Sequence[np.ndarray],
    spacing_mm: tuple[float, float] | None = None,
    region: tuple[int, int, int, int] | None = None,
    size: int = INPUT_SIZE,
) -> Preparation:
    """Look at a few frames of a cine and decide on its crop.

    Args:
        frames: some frames spread over the cine (8 are plenty), native (H,W) or (H,W,3) uint8.
        spacing_mm: mm per px in x and y where known; makes the input isotropic in mm, else in px.
        region: x0, y0, x1, y1 of a checked 2-D region of the picture, half open, or None.
        size: side of the input, px.
    """
    every = [luma(frame) for frame in frames]
    told = [grey for grey in every if np.ptp(grey) > _MOVING]  # against a black or white one even the text moves
    greys = np.stack(told or every)
    sector = find_sector(greys, region)
    box = _box_around(sector)
    width, height = box[2] - box[0], box[3] - box[1]
    x_mm, y_mm = spacing_mm or (1.0, 1.0)
    wide, high = width * x_mm, height * y_mm
    scale = size / max(wide, high)
    w, h = max(round(wide * scale), 1), max(round(high * scale), 1)
    u0, v0 = (size - w) // 2, (size - h) // 2
    unmarked = Preparation(sector, box, (u0, v0, u0 + w, v0 + h), size, np.zeros((0, 0), np.uint8))
    return Preparation(sector, box, unmarked.inner, size, unmarked.mask(sector > 0).astype(np.uint8))


def find_sector(greys: np.ndarray, region: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """(K,H,W) uint8 -> (H,W) uint8, 1 on the sector: what moves, what is lit beside it, and their convex hull.

    Where nothing is found it is all of the region, or of the picture: good enough for a crop, not for blanking, which
    asks `ral.fan`. Text and scales are lit but still, and thin; the near field is still too, but broad and joined to
    what moves.
    """
    clip = _clip(greys, region)
    patch = alive_patch(greys, region)
    if patch is None:
        return clip
    hull = np.zeros_like(clip)
    points = cv2.findNonZero(patch.astype(np.uint8))
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return hull * clip


def alive_patch(greys: np.ndarray, region: tuple[int, int, int, int] | None = None) -> np.ndarray | None:
    """(K,H,W) uint8 -> (H,W) uint8, 1 on what moves and on what is lit beside it; None where there is nothing such."""
    clip = _clip(greys, region)
    lit = (greys.max(0) > _LIT).astype(np.uint8) * clip
    moving = (greys.max(0) - greys.min(0) > _MOVING).astype(np.uint8) * clip
    heart = _largest_patch(moving) if len(greys) >= _FEWEST_FOR_MOTION else None
    return _largest_patch(lit) if heart is None else heart | _joined(lit, heart)


def _clip(greys: np.ndarray, region: tuple[int, int, int, int] | None) -> np.ndarray:
    """(H,W) uint8, 1 within the region."""
    clip = np.ones(greys.shape[1:], np.uint8)
    if region is not None:
        clip[:] = 0
        clip[region[1] : region[3], region[0] : region[2]] = 1
    return clip


def normalise(picture: np.ndarray, sector: np.ndarray) -> np.ndarray:
    """z-score over the sector's pixels: (S,S) uint8 or float and (S,S) mask -> (S,S) float32."""
    grey = picture.astype(np.float32)
    inside = grey[sector > 0]
    if inside.size == 0:
        inside = grey.ravel()
    return (grey - inside.mean()) / (inside.std() + 1e-3)


def luma(frame: np.ndarray) -> np.ndarray:
    """(H,W) or (H,W,3) RGB uint8 -> (H,W) uint8."""
    return frame if frame.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)


def _largest_patch(alive: np.ndarray) -> np.ndarray | None:
    """The largest connected patch (H,W) uint8, or None when there is none worth the name."""
    side = max(alive.shape)
    opened = cv2.morphologyEx(alive, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # thin text and traces go
    reach = max(3, side // 60) | 1
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    patch = ((labels == largest) & (opened > 0)).astype(np.uint8)
    hull_points = cv2.findNonZero(patch.astype(np.uint8))
    if hull_points is None or cv2.contourArea(cv2.convexHull(hull_points)) < _LEAST_SHARE * alive.size:
        return None
    return patch


def _joined(lit: np.ndarray, heart: np.ndarray) -> np.ndarray:
    """The broad lit patches that overlap what moves."""
    width = max(5, max(lit.shape) // 60) | 1
    broad = cv2.morphologyEx(lit, cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    count, labels = cv2.connectedComponents(broad, connectivity=4)
    overlap = np.bincount(labels[heart > 0], minlength=count)
    overlap[0] = 0
    return (overlap[np.asarray(labels, np.int64)] > _JOINED_PX).astype(np.uint8)


def _box_around(sector: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(sector.any(1)), np.flatnonzero(sector.any(0))
    height, width = sector.shape
    pad = round(MARGIN * max(rows[-1] - rows[0], columns[-1] - columns[0]))
    return (
        max(int(columns[0]) - pad, 0),
        max(int(rows[0]) - pad, 0),
        min(int(columns[-1]) + 1 + pad, width),
        min(int(rows[-1]) + 1 + pad, height),
    )
