"""Two models on the same frames: paired, with the uncertainty said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ral.evaluation.frames import HIGHER_IS_BETTER, METRICS, Row

_DRAWS = 2000
_REGRESSIONS = 8
_TIE = 1e-9


def compare(result_a: dict[str, Any], result_b: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """What changes from a to b on the frames that both were judged on.

    Frames of one patient are alike, so the interval draws patients with replacement, and the test pairs patients'
    means: 40 frames of one beat are no 40 witnesses.

    Args:
        result_a, result_b: sheets of `ral.evaluate.evaluate` on the same data set.
        seed: of the bootstrap.

    Returns:
        {"a", "b": names of the models, "source", "simulated", "frames", "patients", "only_a", "only_b": rows without a
        partner, "metrics": {metric: {"difference": mean of b - a over the frames, "low", "high": its bootstrap 95 %
        interval, "p": Wilcoxon signed rank over patients (None where nothing differs), "wins", "losses", "ties": frames
        on which b is better, worse, equal, "n": frames with a value on both sides}}, "regressions": frames on which b
        lost most Dice, worst first}.

    Raises:
        ValueError: another data set, or no frame in common.
    """
    if result_a["source"] != result_b["source"]:
        raise ValueError(f"{result_a['source']!r} and {result_b['source']!r} are different data")
    mine, other = _by_frame(result_a["rows"]), _by_frame(result_b["rows"])
    shared = [key for key in mine if key in other]
    if not shared:
        raise ValueError("The two results have no frame in common.")
    pairs = [(mine[key], other[key]) for key in shared]
    losses = sorted(pairs, key=lambda pair: pair[1]["dice"] - pair[0]["dice"])
    return {
        "a": result_a["model"], "b": result_b["model"], "source": result_a["source"],
        "simulated": result_a["simulated"], "frames": len(shared), "patients": len({a["patient"] for a, _ in pairs}),
        "only_a": len(mine) - len(shared), "only_b": len(other) - len(shared),
        "metrics": {metric: _paired(pairs, metric, seed) for metric in METRICS},
        "regressions": [
            {"case": a["case"], "t": a["t"], "instant": a["instant"], "dice_a": a["dice"], "dice_b": b["dice"]}
            for a, b in losses[:_REGRESSIONS] if b["dice"] < a["dice"]
        ],
    }  # fmt: skip


def _by_frame(rows: Sequence[Row]) -> dict[tuple[str, int], Row]:
    return {(row["case"], row["t"]): row for row in rows}


def _paired(pairs: Sequence[tuple[Row, Row]], metric: str, seed: int) -> dict[str, Any]:
    known = [(a, b) for a, b in pairs if np.isfinite(a[metric]) and np.isfinite(b[metric])]
    if not known:
        return {"n": 0} | dict.fromkeys(("difference", "low", "high", "p", "wins", "losses", "ties"))
    change = np.array([b[metric] - a[metric] for a, b in known])
    better = change if metric in HIGHER_IS_BETTER else -change
    names = sorted({a["patient"] for a, _ in known})
    owner = np.array([names.index(a["patient"]) for a, _ in known])
    sums, counts = np.bincount(owner, change), np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(0, len(names), (_DRAWS, len(names)))
    low, high = np.quantile(sums[drawn].sum(1) / counts[drawn].sum(1), (0.025, 0.975))
    return {
        "n": len(known), "difference": float(change.mean()), "low": float(low), "high": float(high),
        "p": _signed_rank(sums / counts), "wins": int((better > _TIE).sum()), "losses": int((better < -_TIE).sum()),
        "ties": int((np.abs(better) <= _TIE).sum()),
    }  # fmt: skip


def _signed_rank(change: np.ndarray) -> float | None:
    """Two-sided p of Wilcoxon's signed rank test, pairs without a difference left out."""
    from scipy.stats import wilcoxon

    moved = change[np.abs(change) > _TIE]
    return float(np.asarray(wilcoxon(moved))[1]) if len(moved) else None
