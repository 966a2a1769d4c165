"""The endocardial border of one frame: an open spline over handles, each with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

DENSE_POINTS = 65
DEFAULT_HANDLES = 19  # over predicted contours the area comes back within 0.3 % (A4C) to 0.6 % (A3C), median 0.2 %
FEWEST_HANDLES = 3
FOLLOW = (0.6, 0.2)  # how far the first and the second neighbour follow a pulled handle


class Origin(Enum):
    """Where a vertex comes from; decides its colour, its weight in training and the audit trail."""

    PREDICTED = "predicted"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    INTERPOLATED = "interpolated"
    PROPAGATED = "propagated"
    DRAWN = "drawn"

    @property
    def human(self) -> bool:
        """Whether a person stands behind it."""
        return self in (Origin.ACCEPTED, Origin.CORRECTED, Origin.DRAWN)


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """An open contour: first mitral annulus point, over the apex, to the second (left to right in the picture).

    Attributes:
        handles: (K,2) float64 x,y px, pixel centres at integers, K >= 3; copied and read-only.
        origins: K origins, one a handle.
    """

    handles: np.ndarray
    origins: tuple[Origin, ...]

    def __post_init__(self) -> None:
        handles = np.array(self.handles, dtype=np.float64).reshape(-1, 2)
        if len(handles) < FEWEST_HANDLES or len(handles) != len(self.origins):
            raise ValueError(f"{len(handles)} handles and {len(self.origins)} origins")
        if not np.isfinite(handles).all():
            raise ValueError("a handle is not a number")
        handles.setflags(write=False)
        object.__setattr__(self, "handles", handles)

    @classmethod
    def through(cls, points: np.ndarray, origin: Origin, handles: int = DEFAULT_HANDLES) -> Contour:
        """Handles along a dense line (N,2), nearer to each other where it bends: a spline cuts corners short."""
        return cls(_where_it_bends(points, handles), (origin,) * handles)

    def dense(self, count: int = DENSE_POINTS) -> np.ndarray:
        """(count,2) points of the spline at equal steps of arc length, the first and the last handle included."""
        return _resample(_spline(self.handles), count)

    def dense_origins(self, count: int = DENSE_POINTS) -> tuple[Origin, ...]:
        """The origin of each of the `dense(count)` points: that of the nearest handle."""
        return self.origins_along(self.dense(count))

    def origins_along(self, line: np.ndarray) -> tuple[Origin, ...]:
        """The origin of each point of a line (N,2) px: that of the nearest handle."""
        apart = np.square(self.handles).sum(1) - 2 * line @ self.handles.T  # squared, less what all have in common
        return tuple(self.origins[i] for i in apart.argmin(1))

    @property
    def edited(self) -> bool:
        """Whether a person moved or drew any of it."""
        return any(o in (Origin.CORRECTED, Origin.DRAWN) for o in self.origins)

    @property
    def human(self) -> bool:
        """Whether a person stands behind any of it; what was only carried over from another frame is no one's."""
        return any(o.human for o in self.origins)

    def moved(self, index: int, x: float, y: float) -> Contour:
        """One handle elsewhere, its origin now CORRECTED (DRAWN stays DRAWN)."""
        handles = self.handles.copy()
        handles[index] = x, y
        return Contour(handles, _replaced(self.origins, index))

    def pulled(self, index: int, x: float, y: float) -> Contour:
        """One handle elsewhere, and its predicted neighbours after it, less and less, as PROPAGATED.

        A neighbour that a person has set is a barrier: it stays, and nothing behind it moves. The ends stay too.
        """
        handles, origins = self.handles.copy(), list(self.origins)
        step = np.array([x, y]) - handles[index]
        for direction in (-1, 1):
            for distance, share in enumerate(FOLLOW, 1):
                near = index + direction * distance
                if not 0 < near < len(handles) - 1 or origins[near].human:
                    break
                handles[near] += share * step
                origins[near] = Origin.PROPAGATED
        return Contour(handles, tuple(origins)).moved(index, x, y)

    def added(self, x: float, y: float) -> tuple[Contour, int]:
        """A handle put in between the two whose stretch of the spline passes nearest to (x, y), and its index."""
        curve, segment = trace(self.handles)
        at = int(segment[int(np.hypot(curve[:, 0] - x, curve[:, 1] - y).argmin())]) + 1
        handles = np.insert(self.handles, at, (x, y), axis=0)
        origins = (*self.origins[:at], Origin.CORRECTED, *self.origins[at:])
        return Contour(handles, origins), at

    def without(self, index: int) -> Contour:
        """One handle fewer; its neighbours count as CORRECTED, for the line between them changed.

        Raises:
            ValueError: three handles are the fewest.
        """
        if len(self.handles) <= FEWEST_HANDLES:
            raise ValueError("three handles are the fewest")
        origins = list(self.origins)
        for near in (index - 1, index + 1):
            if 0 <= near < len(origins):
                origins = list(_replaced(tuple(origins), near))
        del origins[index]
        return Contour(np.delete(self.handles, index, axis=0), tuple(origins))

    def shifted(self, dx: float, dy: float) -> Contour:
        """All of it moved by (dx, dy) px."""
        origins = self.origins
        for index in range(len(origins)):
            origins = _replaced(origins, index)
        return Contour(self.handles + np.array([dx, dy]), origins)

    def accepted(self) -> Contour:
        """The same border, now a person's: what was predicted becomes ACCEPTED."""
        return Contour(self.handles, tuple(o if o.human else Origin.ACCEPTED for o in self.origins))


def draw(clicks: Sequence[tuple[float, float]]) -> Contour:
    """A contour from a person's clicks, first annulus point first.

    Raises:
        ValueError: fewer than three clicks.
    """
    return Contour(np.asarray(clicks, dtype=np.float64), (Origin.DRAWN,) * len(clicks))


def _replaced(origins: tuple[Origin, ...], index: int) -> tuple[Origin, ...]:
    kept = origins[index] if origins[index] is Origin.DRAWN else Origin.CORRECTED
    return (*origins[:index], kept, *origins[index + 1 :])


def _resample(points: np.ndarray, count: int) -> np.ndarray:
    steps = np.hypot(*np.diff(points, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, arc[-1], count)
    return np.column_stack([np.interp(at, arc, points[:, 0]), np.interp(at, arc, points[:, 1])])


def _where_it_bends(points: np.ndarray, count: int, fine: int = 256, reach: int = 12) -> np.ndarray:
    """(count,2) points of a line, both ends included, at equal steps of arc length and of turning, half of each."""
    line = _resample(points, fine + 1)
    heading = np.unwrap(np.arctan2(*np.diff(line, axis=0).T[::-1]))
    turning = np.abs(np.gradient(heading))
    turning = np.convolve(np.pad(turning, reach, mode="edge"), np.hanning(2 * reach + 1), mode="valid")
    share = 1 / fine + turning / max(turning.sum(), 1e-9)
    passed = np.concatenate([[0.0], np.cumsum(share)])
    at = np.interp(np.linspace(0.0, passed[-1], count), passed, np.arange(fine + 1))
    return np.column_stack([np.interp(at, np.arange(fine + 1), line[:, k]) for k in (0, 1)])


def _spline(handles: np.ndarray) -> np.ndarray:
    return trace(handles)[0]


def trace(handles: np.ndarray, per_segment: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Centripetal Catmull-Rom spline through all handles: it never loops between near handles.

    Returns:
        (M,2) points and (M,) the index of the handle before each.

    Reference: Barry and Goldman 1988; Yuksel et al. 2011 for the centripetal knots.
    """
    ends = 2 * handles[[0, -1]] - handles[[1, -2]]
    p = np.vstack([ends[:1], handles, ends[1:]])
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.hypot(*np.diff(p, axis=0).T)) + 1e-9)])
    share = np.linspace(0.0, 1.0, per_segment, endpoint=False)
    k0, k1, k2, k3 = (knots[i : len(knots) - 3 + i, None, None] for i in range(4))
    p0, p1, p2, p3 = (p[i : len(p) - 3 + i, None, :] for i in range(4))
    t = k1 + (k2 - k1) * share[None, :, None]
    a1 = (k1 - t) / (k1 - k0) * p0 + (t - k0) / (k1 - k0) * p1
    a2 = (k2 - t) / (k2 - k1) * p1 + (t - k1) / (k2 - k1) * p2
    a3 = (k3 - t) / (k3 - k2) * p2 + (t - k2) / (k3 - k2) * p3
    b1 = (k2 - t) / (k2 - k0) * a1 + (t - k0) / (k2 - k0) * a2
    b2 = (k3 - t) / (k3 - k1) * a2 + (t - k1) / (k3 - k1) * a3
    curve = ((k2 - t) / (k2 - k1) * b1 + (t - k1) / (k2 - k1) * b2).reshape(-1, 2)
    segments = np.repeat(np.arange(len(handles) - 1), per_segment)
    return np.vstack([curve, handles[-1:]]), np.concatenate([segments, [len(handles) - 2]])
