"""What one set of weights says of one cine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from echoview.domain.contour import DENSE_POINTS
from echoview.domain.view import View


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
    """

    contours: np.ndarray
    confidence: np.ndarray
    view_probabilities: np.ndarray
    done: int
    weights: str
    weights_identity: str
    device: str
    fps: float = 0.0

    def __post_init__(self) -> None:
        for array in (self.contours, self.confidence, self.view_probabilities):
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

    @property
    def complete(self) -> bool:
        return self.done == len(self.contours)

    @property
    def view(self) -> View:
        return list(View)[int(self.view_probabilities.argmax())]

    def contour(self, t: int) -> np.ndarray | None:
        """(65,2) of frame `t`, or None where nothing is predicted."""
        points = self.contours[t]
        return None if np.isnan(points[0, 0]) else points
