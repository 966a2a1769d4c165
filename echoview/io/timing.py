"""Frame times that are checked before anyone plays by them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ASSUMED_FPS = 30.0
_STEP_RANGE_S = (1e-4, 10.0)  # 10,000 frames per second to one in ten seconds


class Timing(NamedTuple):
    """When each frame was taken.

    Attributes:
        times_s: (T,) float64, from the first frame, strictly rising.
        known: False where the times are assumed.
        note: what to tell about them, one sentence or "".
    """

    times_s: np.ndarray
    known: bool
    note: str = ""


def assumed_timing(count: int) -> Timing:
    """Times for a file that gives none; for a single frame there is nothing to say of it."""
    times_s = np.arange(count) / ASSUMED_FPS
    if count == 1:
        return Timing(times_s, False)
    note = f"The file gives no frame times: {ASSUMED_FPS:.0f} frames per second are assumed."
    return Timing(times_s, False, note)


def even_timing(count: int, step_s: float | None) -> Timing | None:
    """Times at an even step, or None where the step is no plausible one."""
    if step_s is None or not _STEP_RANGE_S[0] <= step_s <= _STEP_RANGE_S[1]:  # False for NaN as well
        return None
    return Timing(np.arange(count) * step_s, True)


def uneven_timing(steps_s: np.ndarray) -> Timing | None:
    """Times from the steps in s that lead to each frame, (T,), the first ignored; None if any is absurd."""
    steps_s = np.asarray(steps_s, np.float64)
    later = steps_s[1:]
    if not np.all((later >= _STEP_RANGE_S[0]) & (later <= _STEP_RANGE_S[1])):
        return None
    return Timing(np.concatenate([[0.0], np.cumsum(later)]), True)
