"""How a metric runs over the heart cycle: the paper's Fig. 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ral.evaluation.frames import Row

BINS = 30
CURVES = ("accuracy", "dice", "hd_mm", "mad_mm")


def phase_curves(rows: Sequence[Row], bins: int = BINS) -> dict[str, Any]:
    """Mean of each metric in equal bins of the cycle, 0 = ED.

    Every cine counts once in a bin, however many of its frames fall there. NaN values (no distance to an empty
    prediction) are left out of a distance's mean; the row's Dice of 0 is not.

    Returns:
        {} where no row has a phase; else {"phase": bin centres, "cines": how many in each bin, metric: {"mean",
        "sd": per bin, None where nothing fell in; "max_minus_min": of the means, "slope": change of the mean over one
        cycle along the straight line of least squares}}.
    """
    there = [row for row in rows if row["phase"] is not None and np.isfinite(row["phase"])]
    if not there:
        return {}
    at = np.array([min(int(row["phase"] * bins), bins - 1) for row in there])
    cine = np.array([row["case"] for row in there])
    centres = (np.arange(bins) + 0.5) / bins
    curves: dict[str, Any] = {
        "phase": [round(float(c), 4) for c in centres],
        "cines": [len(set(cine[at == b])) for b in range(bins)],
    }
    for metric in CURVES:
        values = np.array([row[metric] for row in there], float)
        samples = [_of_cines(values[at == b], cine[at == b]) for b in range(bins)]
        curves[metric] = _curve(samples, centres)
    return curves


def _of_cines(values: np.ndarray, cine: np.ndarray) -> np.ndarray:
    """One mean for each cine that has a known value."""
    known = np.isfinite(values)
    return np.array([values[known & (cine == name)].mean() for name in sorted(set(cine[known]))])


def _curve(samples: Sequence[np.ndarray], centres: np.ndarray) -> dict[str, Any]:
    mean = np.array([s.mean() if len(s) else np.nan for s in samples])
    known = np.isfinite(mean)
    slope = float(np.polyfit(centres[known], mean[known], 1)[0]) if known.sum() > 1 else None
    return {
        "mean": [float(m) if np.isfinite(m) else None for m in mean],
        "sd": [float(s.std(ddof=1)) if len(s) > 1 else None for s in samples],
        "max_minus_min": float(np.ptp(mean[known])) if known.any() else None,
        "slope": slope,
    }
