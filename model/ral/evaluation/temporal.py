"""Steadiness in time, with or without a reference: a heart moves smoothly, a contour that jumps is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from ral.evaluation.frames import sizes_of

# How far a size may lie from the mean of its two neighbours, as a share of the cine's median size. Set once, on the
# references of simulated cines of 30 frames a beat: 99 % of their frames and more stay below each.
LIMITS = {"area_mm2": 0.06, "length_mm": 0.04, "base_mm": 0.10}


def temporal_flags(contours: np.ndarray, spacing_mm: tuple[float, float] = (1.0, 1.0)) -> dict[str, Any]:
    """Which frames of a cine jump.

    The bend of a size x at frame t is |x[t-1] - 2 x[t] + x[t+1]| / 2 over the cine's median x: how far the frame lies
    from the mean of its neighbours. A frame is flagged when the bend of area, length or annulus width passes its limit
    (`LIMITS`), or when it has no contour. The first and last frame, and those beside an empty one, cannot be judged.
    The bend grows with the square of the time between frames: below some 20 frames a beat a healthy heart is flagged.

    Args:
        contours: (T,N,2) px, NaN where empty.

    Returns:
        {"flagged": (T,) bool list, "judged": how many could be, "share": flagged of judged (None where none could
        be), "bend": {size: mean over the judged frames, None where none}}.
    """
    return flags_of_sizes(sizes_of(np.asarray(contours, float), spacing_mm))


def flags_of_sizes(sizes: dict[str, np.ndarray]) -> dict[str, Any]:
    """`temporal_flags` from the sizes themselves: (T,) by name of `LIMITS`, NaN where there is no contour."""
    empty = np.isnan(sizes["area_mm2"])
    flagged, judged = empty.copy(), empty.copy()
    bends: dict[str, float | None] = {}
    for key, limit in LIMITS.items():
        bend = _bend(sizes[key])
        known = np.isfinite(bend)
        judged |= known
        flagged |= known & (np.nan_to_num(bend) > limit)
        bends[key] = float(bend[known].mean()) if known.any() else None
    count = int(judged.sum())
    return {
        "flagged": flagged.tolist(), "judged": count, "share": float(flagged.sum() / count) if count else None,
        "bend": bends,
    }  # fmt: skip


def pooled_flags(cines: list[dict[str, Any]]) -> dict[str, Any]:
    """Many cines' `temporal_flags` as one: judged, share of frames flagged, mean bend of each size over the cines."""
    judged = sum(c["judged"] for c in cines)
    flagged = sum(sum(c["flagged"]) for c in cines)
    bends: dict[str, float | None] = {}
    for key in LIMITS:
        known = [c["bend"][key] for c in cines if c["bend"][key] is not None]
        bends[key] = float(np.mean(known)) if known else None
    return {"cines": len(cines), "judged": judged, "share": flagged / judged if judged else None, "bend": bends}


def _bend(sizes: np.ndarray) -> np.ndarray:
    """(T,) -> (T,), NaN at both ends and beside what is unknown."""
    bend = np.full(len(sizes), np.nan)
    if len(sizes) > 2 and np.isfinite(sizes).any():
        bend[1:-1] = np.abs(sizes[:-2] - 2 * sizes[1:-1] + sizes[2:]) / 2 / np.nanmedian(sizes)
    return bend
