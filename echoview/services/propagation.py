"""The ways to carry corrections from some frames to the others, as work for a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

import numpy as np

from echoview.measure.propagate import areas, by_arc, cardiac_phase, interpolate, propagate


class Way(Enum):
    """How a correction reaches the other frames."""

    DISPLACEMENT = "as the corrected frames were moved"
    INTERPOLATION = "between corrected frames"
    FLOW = "with the motion in the picture"
    REREAD = "read again by the network"


def carried(
    way: Way,
    base: np.ndarray,
    human: Mapping[int, np.ndarray],
    frames: Iterable[int],
    frame: Callable[[int], np.ndarray],
) -> dict[int, np.ndarray]:
    """What the corrected frames say of the others, by any way that needs no network.

    Args:
        base: (T,N,2) px, what the network said, NaN where it said nothing.
        human: frame -> contour (M,2) px that a person stands behind.
        frames: those wanted; one that a person stands behind is never given back.
        frame: decodes frame t; only asked by FLOW.

    Returns:
        frame -> contour (65,2) px.
    """
    wanted = [t for t in frames if t not in human]
    if way is Way.INTERPOLATION:
        return interpolate(human, wanted)
    if way is Way.FLOW:
        return flowed(human, wanted, frame)
    return propagate(base, human, cardiac_phase(areas(base)), wanted)


def flowed(
    human: Mapping[int, np.ndarray], frames: Iterable[int], frame: Callable[[int], np.ndarray]
) -> dict[int, np.ndarray]:
    """The corrected contours carried by optical flow from the nearest on either side, the nearer one counting more."""
    from ral.flow import carry

    wanted = set(frames) - set(human)
    keys = sorted(human)
    if not keys or not wanted:
        return {}
    ahead: dict[int, tuple[int, np.ndarray]] = {}
    back: dict[int, tuple[int, np.ndarray]] = {}
    for i, key in enumerate(keys):
        after = keys[i + 1] - 1 if i + 1 < len(keys) else max(wanted)
        before = keys[i - 1] + 1 if i else min(wanted)
        for stop, found in ((after, ahead), (before, back)):
            direction = 1 if found is ahead else -1
            if (stop - key) * direction > 0:
                for n, points in enumerate(carry(frame, by_arc(human[key]), key, stop), 1):
                    found[key + n * direction] = (n, points)
    mixed = {}
    for t in wanted & (set(ahead) | set(back)):
        sides = [side[t] for side in (ahead, back) if t in side]
        weights = np.array([1 / far for far, _ in sides])
        mixed[t] = np.tensordot(weights / weights.sum(), np.stack([points for _, points in sides]), 1)
    return mixed
