"""What one set of weights says of one cine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from echoview.domain.contour import DENSE_POINTS
from echoview.domain.view import View


@dataclass(frozen=True, slots=True, eq=False)
class LogitMap:
    """What the network saw in one frame, on its own grid.

    Attributes:
        logits: (S,S) float16, above 0 inside the cavity.
        scale, offset: (2,) x,y; a picture point p lies at p * scale + offset on the grid, px.
    """

    logits: np.ndarray
    scale: np.ndarray
    offset: np.ndarray

    def at(self, points: np.ndarray) -> np.ndarray:
        """Logits (...) at picture points (...,2) px, bilinear; the border's value beyond the grid."""
        x, y = np.moveaxis(points * self.scale + self.offset, -1, 0)
        high, wide = self.logits.shape
        x, y = np.clip(x, 0, wide - 1.001), np.clip(y, 0, high - 1.001)
        i, j = x.astype(int), y.astype(int)
        u, v = x - i, y - j
        f = self.logits.astype(np.float64)
        top = f[j, i] * (1 - u) + f[j, i + 1] * u
        return top * (1 - v) + (f[j + 1, i] * (1 - u) + f[j + 1, i + 1] * u) * v


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Contours frame by frame; grows while the network runs.

    Attributes:
        contours: (T,65,2) float64 x,y px; NaN where nothing is predicted (yet).
        confidence: (T,) float64, 0 where empty.
        view_probabilities: (3,) in the order of `View`.
        done: frames that the network has seen.
        weights: name, and `weights_identity` the identity, of the set; device: "cuda", "mps" or "cpu".
        fps: frames a second while it ran.
        spread_px: (T,65) float64, how far the border may lie from each contour point, one standard deviation along
            the normal; NaN where that is not known. (0,0) where no frame said.
        lost: frames that could not be read, for they are damaged; told when it is kept.
        maps: frame -> what the network saw in it; only frames that were kept.
    """

    contours: np.ndarray
    confidence: np.ndarray
    view_probabilities: np.ndarray
    done: int
    weights: str
    weights_identity: str
    device: str
    fps: float = 0.0
    spread_px: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    maps: Mapping[int, LogitMap] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for array in (self.contours, self.confidence, self.view_probabilities, self.spread_px):
            array.setflags(write=False)

    @classmethod
    def none_yet(cls, frames: int, weights: str, weights_identity: str, device: str) -> Prediction:
        nothing = np.full((frames, DENSE_POINTS, 2), np.nan)
        return cls(nothing, np.zeros(frames), np.full(3, 1 / 3), 0, weights, weights_identity, device)

    def with_frame(self, t: int, contour: np.ndarray, confidence: float, views: np.ndarray, fps: float) -> Prediction:
        """Frame `t` added: contour (65,2), NaN where empty."""
        contours, confidences = self.contours.copy(), self.confidence.copy()
        contours[t], confidences[t] = contour, confidence
        return replace(
            self,
            contours=contours,
            confidence=confidences,
            view_probabilities=np.array(views),
            done=t + 1,
            fps=fps,
        )

    def with_evidence(self, t: int, spread_px: np.ndarray | None, seen: LogitMap | None) -> Prediction:
        """What stands behind frame t: the spread (65,) of its border, and what the network saw."""
        frames = len(self.contours)
        spread = self.spread_px.copy() if len(self.spread_px) else np.full((frames, DENSE_POINTS), np.nan)
        if spread_px is not None:
            spread[t] = spread_px
        return replace(self, spread_px=spread, maps=self.maps if seen is None else {**self.maps, t: seen})

    @property
    def complete(self) -> bool:
        return self.done == len(self.contours)

    @property
    def view(self) -> View | None:
        """The likeliest one; None where no ventricle was found: then it is none of a heart."""
        return likeliest(self.view_probabilities, self.confidence)[0]

    @property
    def view_share(self) -> float | None:
        """How probable that view is."""
        return likeliest(self.view_probabilities, self.confidence)[1]

    def contour(self, t: int) -> np.ndarray | None:
        """(65,2) of frame `t`, or None where nothing is predicted."""
        points = self.contours[t]
        return None if np.isnan(points[0, 0]) else points


def likeliest(view_probabilities: np.ndarray, confidence: np.ndarray) -> tuple[View, float] | tuple[None, None]:
    """The view that a network says and its probability, (None, None) where it found no ventricle in any frame."""
    if not (confidence > 0).any():
        return None, None
    best = int(view_probabilities.argmax())
    return list(View)[best], float(view_probabilities[best])
