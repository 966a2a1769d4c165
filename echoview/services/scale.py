"""Looks for a depth scale in the frames of a cine."""

from __future__ import annotations

import numpy as np

from echoview.domain.cine import Cine
from echoview.io.ticks import Ticks, find_ticks

_FRAMES = 6


def ticks_of(cine: Cine) -> Ticks | None:
    """The marks of the depth scale that is drawn into the picture, or None; decodes a few frames.

    Raises:
        CineUnreadable: no frame can be read.
    """
    chosen = sorted({int(t) for t in np.linspace(0, len(cine) - 1, _FRAMES)})
    return find_ticks([cine.frame_near(t) for t in chosen])
