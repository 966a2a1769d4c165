"""Whether the network knows when it is wrong: its confidence, its probabilities and its spread against what was so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import KDTree

from ral.geometry import resample

if TYPE_CHECKING:
    from ral.evaluation.frames import Row
    from ral.predict import FramePrediction
    from ral.prepare import Preparation

GOOD_DICE = 0.9
BINS = 10
_KEPT = 17  # points of the border whose ratio a row carries, both ends among them
_FINE = 8  # points laid between two of a contour's, so that a distance to points is one to the line
_ONE_SIGMA = 0.6827  # of a normal distribution within one standard deviation


def border_ratios(found: FramePrediction, reference: np.ndarray) -> dict[str, Any]:
    """How far the reference border lies from the predicted one, in units of the predicted spread.

    Args:
        found: its `spread_px` (N,) is 1 sigma of the border along its normal, native px; {} where it has none.
        reference: open contour (M,2) native px.

    Returns:
        {"border_z": ratio at 17 points of the reference border, "within_1s", "within_2s": share of its points}.
    """
    spread = found.spread_px
    if spread is None or found.empty:
        return {}
    count = len(found.contour)
    at, fine = np.arange(count), np.linspace(0, count - 1, _FINE * (count - 1) + 1)
    line = np.column_stack([np.interp(fine, at, found.contour[:, axis]) for axis in (0, 1)])
    sigma = np.interp(fine, at, np.asarray(spread, float))
    points = resample(reference, 4 * (_KEPT - 1) + 1)
    away, nearest = KDTree(line).query(points)
    ratio = away / np.maximum(sigma[nearest], 1e-6)
    return {
        "border_z": [round(float(z), 4) for z in ratio[::4]],
        "within_1s": float((ratio <= 1).mean()), "within_2s": float((ratio <= 2).mean()),
    }  # fmt: skip


def confidence_reliability(rows: Sequence[Row], bins: int = BINS) -> dict[str, Any]:
    """Confidence of the frames against their Dice, in bins of equally many frames: most confidences are alike.

    Returns:
        {"bins": [{"low", "high", "n", "confidence": mean, "dice": mean, "good": share of frames with Dice >= .9}] from
        unsure to sure, "ece": mean of |confidence - Dice| over the bins, weighted by frames}; an empty
        prediction counts with its confidence 0 and Dice 0. {} without rows.
    """
    if not rows:
        return {}
    sure = np.array([row["confidence"] for row in rows], float)
    dices = np.array([row["dice"] for row in rows], float)
    made = [
        {
            "low": float(sure[here].min()), "high": float(sure[here].max()), "n": len(here),
            "confidence": float(sure[here].mean()), "dice": float(dices[here].mean()),
            "good": float((dices[here] >= GOOD_DICE).mean()),
        }
        for here in np.array_split(np.argsort(sure, kind="stable"), min(bins, len(rows)))
    ]  # fmt: skip
    ece = sum(b["n"] * abs(b["confidence"] - b["dice"]) for b in made) / len(rows)
    return {"bins": made, "ece": float(ece)}


def pixel_counts(logits: np.ndarray, mask: np.ndarray, preparation: Preparation, bins: int = BINS) -> np.ndarray:
    """(bins,3): pixels of the sector, their summed probability and how many of them lie in the cavity.

    Args:
        logits: (S,S) on the input grid; mask: (H,W) bool native, brought there.
    """
    inside = preparation.sector_input > 0
    p = 1 / (1 + np.exp(-np.clip(logits[inside].astype(float), -30, 30)))
    truth = preparation.mask(mask)[inside].astype(float)
    at = np.minimum((p * bins).astype(int), bins - 1)
    return np.stack([np.bincount(at, weights, bins) for weights in (np.ones_like(p), p, truth)], 1)


def pixel_reliability(counts: np.ndarray) -> dict[str, Any]:
    """Summed `pixel_counts` (bins,3) -> {"bins": [{"n", "probability", "share"}], "ece", "ece_border"}.

    `ece_border` leaves the first and last bin out: nearly all pixels are plain background or plain cavity, and hide
    how the few on the border fare.
    """
    made = [
        {"n": int(n), "probability": float(p / n), "share": float(hits / n)} if n else None for n, p, hits in counts
    ]

    def ece(of: Sequence[dict[str, Any] | None]) -> float | None:
        there = [b for b in of if b]
        total = sum(b["n"] for b in there)
        return float(sum(b["n"] * abs(b["probability"] - b["share"]) for b in there) / total) if total else None

    return {"bins": [b for b in made if b], "ece": ece(made), "ece_border": ece(made[1:-1])}


def coverage(rows: Sequence[Row]) -> dict[str, Any]:
    """Share of the reference border within one and two predicted sigma; {} where no row has a spread.

    68 % and 95 % would be right for a border that strays normally.
    """
    there = [row for row in rows if "within_1s" in row]
    if not there:
        return {}
    return {"frames": len(there)} | {
        key: float(np.mean([row[key] for row in there])) for key in ("within_1s", "within_2s")
    }


def fit_calibration(rows: Sequence[Row], hard: Sequence[Row] = ()) -> dict[str, Any]:
    """What turns raw confidence and spread into honest ones; fit it on a split that steers, never on a reported one.

    Args:
        rows: of `ral.evaluation.frames.score_cine`.
        hard: of pictures that the network is no longer sure of; without them nothing is known of low confidences, for
            what a network was trained for it seldom misses.

    Returns:
        Plain numbers for the card: {"frames", "confidence": knots, "dice": expected Dice at them, both rising, and,
        where the rows have a spread, "spread_factor": what makes 68 % of the border lie within one sigma}. Apply with
        `expected_dice`, and multiply the spread. Empty predictions say nothing of a contour and are left out.

    Raises:
        ValueError: fewer than two frames with a contour.
    """
    there = [row for row in rows if not row["empty"]]
    if len(there) < 2:
        raise ValueError("A calibration needs at least two frames with a predicted contour.")
    every = [*there, *(row for row in hard if not row["empty"])]
    sure = np.array([row["confidence"] for row in every], float)
    dices = np.array([row["dice"] for row in every], float)
    knots, levels = _rising(sure, dices)
    fit: dict[str, Any] = {
        "frames": len(every), "confidence": [round(float(k), 5) for k in knots],
        "dice": [round(float(v), 5) for v in levels],
    }  # fmt: skip
    ratios = [z for row in there for z in row.get("border_z", ())]
    if ratios:
        fit["spread_factor"] = round(float(np.quantile(ratios, _ONE_SIGMA)), 5)
    return fit


def expected_dice(confidence: float | np.ndarray, calibration: dict[str, Any]) -> float | np.ndarray:
    """Raw confidence -> the Dice to expect, by the knots of `fit_calibration`; the shape of `confidence`.

    Below the lowest knot it falls to 0 with the confidence: a contour that is worse than any before is not as good as
    the worst of those.
    """
    made = np.interp(confidence, [0.0, *calibration["confidence"]], [0.0, *calibration["dice"]])
    return float(made) if np.ndim(confidence) == 0 else made


def _rising(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares rising fit of y on x by pooling adjacent violators; (K,) knots of x and their levels.

    Reference: Barlow et al., Statistical Inference under Order Restrictions, 1972.
    """
    order = np.argsort(x, kind="stable")
    blocks: list[tuple[float, float, int]] = []  # sum of x, sum of y, count
    for a, b in zip(x[order], y[order], strict=True):
        block = (float(a), float(b), 1)
        while blocks and blocks[-1][1] * block[2] >= block[1] * blocks[-1][2]:  # the former mean is no smaller
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    return np.array([sx / n for sx, _, n in blocks]), np.array([sy / n for _, sy, n in blocks])
