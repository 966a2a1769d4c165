"""How fast the heart beats, from the best that is known of a cine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echoview.domain.cine import Cine
from echoview.measure.cycle import find_beats

_POSSIBLE = (20.0, 300.0)  # beats a minute
_FILLED = 0.1  # of the stroke: by so much an ED at an end of the cine may lie below the largest cavity


@dataclass(frozen=True, slots=True)
class HeartRate:
    """Beats a minute, and what the number rests on, to be read after "Heart rate"."""

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
        return _of(np.diff(info.r_waves_s), "by R waves")
    if sizes is None or not info.timing_known:
        return None
    return _of(np.array([cine.times_s[b] - cine.times_s[a] for a, b in _whole_beats(sizes)]), "ED to ED")


def why_no_rate(cine: Cine, sizes: np.ndarray | None = None) -> str:
    """Where `heart_rate` knew none of a cine whose contours are all there; "" of a single picture."""
    if len(cine) == 1:
        return ""
    if not cine.info.timing_known:
        return "the file gives no times"
    return (
        "the beat is cut off by an end of the cine"
        if sizes is not None and find_beats(sizes)
        else "no whole beat is seen"
    )


def _whole_beats(sizes: np.ndarray) -> list[tuple[int, int]]:
    """Without those that the end of the cine cuts: the largest frame there is no ED while the cavity still fills."""
    seen = np.flatnonzero(np.isfinite(sizes))
    if not len(seen):
        return []
    low, high = float(np.nanmin(sizes)), float(np.nanmax(sizes))
    cut = {int(t) for t in (seen[0], seen[-1]) if sizes[t] < high - _FILLED * (high - low)}
    return [beat for beat in find_beats(sizes) if not cut.intersection(beat)]


def _of(lengths_s: np.ndarray, source: str) -> HeartRate | None:
    if not len(lengths_s) or float(np.median(lengths_s)) <= 0:
        return None
    per_minute, beats = 60 / float(np.median(lengths_s)), f"{len(lengths_s)} beat{'s' if len(lengths_s) > 1 else ''}"
    return HeartRate(per_minute, f"from {beats}, {source}") if _POSSIBLE[0] <= per_minute <= _POSSIBLE[1] else None
