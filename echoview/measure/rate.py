"""How fast the heart beats, from the best that is known of a cine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echoview.domain.cine import Cine
from echoview.measure.cycle import find_beats

_POSSIBLE = (20.0, 300.0)  # beats a minute


@dataclass(frozen=True, slots=True)
class HeartRate:
    """Beats a minute, and where the number comes from."""

    per_minute: float
    source: str


def heart_rate(cine: Cine, sizes: np.ndarray | None = None) -> HeartRate | None:
    """What the file says, else the median time between its R waves, else between end-diastoles; None where unknown.

    Args:
        sizes: (T,) area or volume of the cavity, NaN where unknown.
    """
    info = cine.info
    if info.heart_rate is not None:
        return HeartRate(info.heart_rate, "from the file")
    if len(info.r_waves_s) > 1:
        return _of(np.diff(info.r_waves_s), "from the R waves")
    if sizes is None or not info.timing_known:
        return None
    return _of(np.array([cine.times_s[b] - cine.times_s[a] for a, b in find_beats(sizes)]), "from ED to ED")


def _of(lengths_s: np.ndarray, source: str) -> HeartRate | None:
    if not len(lengths_s) or float(np.median(lengths_s)) <= 0:
        return None
    per_minute = 60 / float(np.median(lengths_s))
    return HeartRate(per_minute, source) if _POSSIBLE[0] <= per_minute <= _POSSIBLE[1] else None
