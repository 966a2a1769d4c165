"""Rows to tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ral.config import VIEWS
from ral.evaluation.frames import HIGHER_IS_BETTER, METRICS, Row


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """{"frames", "empty", metric: {"mean", "sd", "median", "worst", "n"}}; SD over the frames, with n - 1.

    "n" is how many frames have the metric: all have Dice and accuracy, those with a contour alone have distances.
    """
    table: dict[str, Any] = {"frames": len(rows), "empty": sum(bool(row["empty"]) for row in rows)}
    for metric in METRICS:
        values = np.array([row[metric] for row in rows], float)
        values = values[np.isfinite(values)]
        table[metric] = {
            "mean": float(values.mean()), "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
            "median": float(np.median(values)),
            "worst": float(values.min() if metric in HIGHER_IS_BETTER else values.max()), "n": len(values),
        } if len(values) else {"mean": None, "sd": None, "median": None, "worst": None, "n": 0}  # fmt: skip
    return table


def summaries(rows: Sequence[Row]) -> dict[str, Any]:
    """`summarise` of all rows ("all"), of each instant ("ED", "ES"), and of each view where there are several."""
    tables = {"all": summarise(rows)}
    for key in ("instant", "view"):
        names = sorted({row[key] for row in rows if row[key]})
        if key == "instant" or len(names) > 1:
            tables |= {name: summarise([row for row in rows if row[key] == name]) for name in names}
    return tables


def view_table(cines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Confusion of the views, each cine decided once, by all its frames.

    Args:
        cines: dicts with "view" (or None) and "view_found" (or None for a network that names none).

    Returns:
        {"views", "counts": (3,3) rows true, columns found, "right": share, "n"}, or {} where nothing is known.
    """
    known = [c for c in cines if c["view"] is not None and c["view_found"] is not None]
    if not known:
        return {}
    counts = np.zeros((len(VIEWS), len(VIEWS)), int)
    for cine in known:
        counts[VIEWS.index(cine["view"]), VIEWS.index(cine["view_found"])] += 1
    return {
        "views": list(VIEWS), "counts": counts.tolist(), "right": float(np.trace(counts) / counts.sum()),
        "n": len(known),
    }  # fmt: skip
