"""How good a network is: on the native grid, in mm, with empty predictions counted.

`evaluate` makes the whole sheet of a model on a data set (see `ral.evaluation`); the others are short figures that
steer a training or stand on a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ral.evaluation.cases import camus_sequences, camus_stills, in_wild_looks, phantom_cases
from ral.evaluation.frames import Row
from ral.evaluation.sheet import Model, evaluate, steadiness
from ral.evaluation.summary import summarise
from ral.geometry import dice, largest_component

if TYPE_CHECKING:
    from ral.build import Network
    from ral.datasets.clip import Clip

__all__ = [
    "Model",
    "camus_sequences",
    "camus_stills",
    "card_figures",
    "dice_of_clips",
    "evaluate",
    "in_wild_looks",
    "phantom_cases",
    "steadiness",
]


def dice_of_clips(net: Network, clips: Sequence[Clip], size: int, device: str = "cpu") -> float:
    """Mean Dice over the labelled frames of prepared clips, at `size`, each clip streamed from its first frame."""
    import torch

    from ral.datasets.clip import collate, plain

    net.eval()
    scores: list[float] = []
    with torch.inference_mode():
        for clip in clips:
            batch = collate([plain(clip, size)])
            logits = net(batch["frames"].to(device)).logits[0].cpu().numpy()
            for predicted, mask, weight in zip(logits, batch["masks"][0].numpy(), clip.weights, strict=True):
                if weight > 0:
                    scores.append(dice(largest_component(predicted > 0), mask > 0.5))
    return float(np.mean(scores))


def card_figures(sheet: dict[str, Any]) -> dict[str, Any]:
    """The few figures of a sheet that stand on a card of weights.

    Returns:
        {"ED": {...}, "ES": {...}} each with frames, empties, Dice (mean, median, worst) and distances in mm (mean,
        median); and, where the data allows: "dice_by_view", "view_right" (share of the cines), "view_cines",
        "ef_mae_points" (at the reference's ED and ES), "flagged" (share of the frames that jump),
        "steered" (Dice of the neighbours of a corrected frame, before and after it steers them).
    """
    rows = sheet["rows"]
    card: dict[str, Any] = {
        instant: _for_card([row for row in rows if row["instant"] == instant])
        for instant in sorted({row["instant"] for row in rows if row["instant"]})
    }
    views = sorted({row["view"] for row in rows if row["view"]})
    if len(views) > 1:
        card["dice_by_view"] = {v: _mean([row["dice"] for row in rows if row["view"] == v]) for v in views}
    if sheet["views"]:
        card |= {"view_right": round(sheet["views"]["right"], 4), "view_cines": sheet["views"]["n"]}
    if sheet["clinical"]:
        card["ef_mae_points"] = _rounded(sheet["clinical"]["ef_percent"]["mae"])
    if "found" in sheet["temporal"]:
        card["flagged"] = _rounded(sheet["temporal"]["found"]["share"])
    if sheet["steering"]:
        card["steered"] = [_rounded(sheet["steering"][when]) for when in ("before", "after")]
    return card


def _for_card(rows: Sequence[Row]) -> dict[str, float | int | None]:
    table = summarise(rows)
    short: dict[str, float | int | None] = {"frames": table["frames"], "empty": table["empty"]}
    for key in ("dice", "hd_mm", "hd95_mm", "mad_mm", "annulus_mm", "apex_mm"):
        for kind, suffix in (("mean", ""), ("median", "_median")):
            short[key + suffix] = _rounded(table[key][kind])
    short["dice_worst"] = _rounded(table["dice"]["worst"])
    return short


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
