"""A small cine with contours that beat, and the parts of the window that show it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.session import Session

SIZE = (120, 160)


class Frames:
    """A bright bar that goes down a pixel a frame, over grey that rises from left to right."""

    def decode(self, t: int) -> np.ndarray:
        frame = np.tile(np.linspace(0, 120, SIZE[1]).astype(np.uint8), (SIZE[0], 1))
        frame[10 + t % 60 : 14 + t % 60] = 255
        return frame


def contour(phase: float) -> np.ndarray:
    """(65,2): an arch whose width follows the phase; widest at 0."""
    angle = np.linspace(np.pi, 0, 65)
    wide = 24 + 10 * np.cos(2 * np.pi * phase)
    return np.column_stack([80 + wide * np.cos(angle), 100 - 2.4 * wide * np.sin(angle)])


@pytest.fixture
def make_session(qapp) -> Callable[..., Session]:
    """A session with `frames` frames at 25 a second, beating every `beat` frames, all predicted."""

    def make(frames: int = 60, beat: int = 20, confidence: float = 0.93, **info) -> Session:
        session = Session()
        known = CineInfo(SIZE, np.arange(frames) / 25, True, "uid", "sha256:0", "test", **info)
        session.open(Cine(known, Frames()), "test", Label())
        contours = np.array([contour(t / beat) for t in range(frames)])
        views = np.array([0.1, 0.1, 0.8])
        session.set_prediction(
            Prediction(contours, np.full(frames, confidence), views, frames, "test", "0123", "cpu", 30.0)
        )
        return session

    return make
