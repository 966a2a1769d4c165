"""How good a network is: on the native grid, in mm, with empty predictions counted.

`evaluate` makes the whole sheet of a model on a data set (see `ral.evaluation`); the others are short figures that
steer a training or stand on a card.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ral.config import VIEWS
from ral.evaluation.cases import camus_sequences, camus_stills, phantom_cases
from ral.evaluation.frames import Row
from ral.evaluation.sheet import Model, evaluate, look_at, steadiness
from ral.evaluation.summary import summarise
from ral.geometry import dice, largest_component, volume_single_plane_ml

if TYPE_CHECKING:
    from ral.build import Network
    from ral.datasets.clip import Clip
    from ral.network import RAL

__all__ = [
    "Model",
    "camus_sequences",
    "camus_stills",
    "dice_of_clips",
    "evaluate",
    "evaluate_camus",
    "phantom_cases",
    "phantom_scores",
    "steadiness",
    "view_accuracy",
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


def view_accuracy(net: RAL, clips: Sequence[Clip], size: int, device: str = "cpu") -> float:
    """Share of the clips with a known view whose view is found."""
    import torch

    from ral.datasets.clip import collate, plain

    net.eval()
    right = []
    with torch.inference_mode():
        for clip in clips:
            if clip.view >= 0:
                features = net(collate([plain(clip, size)])["frames"].to(device)).view_features
                right.append(int(net.view_logits(features).argmax()) == clip.view)
    return float(np.mean(right)) if right else float("nan")


def evaluate_camus(model: Model, folder: str | Path, patients: Iterable[str], view: str = "4CH") -> dict[str, Any]:
    """LV metrics of CAMUS stills by instant, and each row they come from.

    Returns:
        {"ED": {...}, "ES": {...}, "rows": [...]}; each metric as mean and, as ..._median, median (an empty prediction
        has Dice 0 and no distance, and is counted in "empty"), the worst Dice, and the share of stills called by
        their right view.
    """
    sheet = evaluate(model, camus_stills(folder, patients, view), f"CAMUS {view}", "", worst=0)
    found = {cine["case"]: cine["view_found"] for cine in sheet["cines"]}
    card: dict[str, Any] = {"rows": [row | {"view_found": found[row["case"]]} for row in sheet["rows"]]}
    for instant in ("ED", "ES"):
        card[instant] = _for_card([row for row in card["rows"] if row["instant"] == instant])
    return card


def _for_card(rows: Sequence[Row]) -> dict[str, float | int | None]:
    """A short table for a card of weights."""
    table = summarise(rows)
    short: dict[str, float | int | None] = {"frames": table["frames"], "empty": table["empty"]}
    for key in ("dice", "hd_mm", "hd95_mm", "mad_mm", "annulus_mm", "apex_mm"):
        for kind, suffix in (("mean", ""), ("median", "_median")):
            value = table[key][kind]
            short[key + suffix] = None if value is None else round(value, 4)
    short["dice_worst"] = None if table["dice"]["worst"] is None else round(table["dice"]["worst"], 4)
    short["view_right"] = round(float(np.mean([row["view_found"] == row["view"] for row in rows])), 4)
    return short


def phantom_scores(model: Model, seeds: Iterable[int], frames: int = 12) -> dict[str, Any]:
    """Dice, view accuracy and EF error on simulated cines of one beat, views in turn.

    EF is single plane by the method of disks, from the largest and the smallest predicted volume.
    """
    from ral.phantom import simulate

    scores: dict[str, list[float]] = {view: [] for view in VIEWS}
    right, errors = [], []
    for seed in seeds:
        cine = simulate(seed, VIEWS[seed % len(VIEWS)], frames=frames)
        spacing = (cine.mm_per_px, cine.mm_per_px)
        preparation = look_at(cine.frames, spacing)
        found = list(model.stream(cine.frames, preparation))
        scores[cine.view] += [dice(f.mask(preparation), m) for f, m in zip(found, cine.masks, strict=True)]
        right.append(VIEWS[int(found[-1].view_probabilities.argmax())] == cine.view)
        volumes = [volume_single_plane_ml(f.contour, spacing) for f in found if not f.empty]
        if volumes:
            errors.append(abs(100 * (1 - min(volumes) / max(volumes)) - cine.ef_percent))
    return {
        "cines": len(right), "view_accuracy": round(float(np.mean(right)), 4),
        "dice": {view: round(float(np.mean(s)), 4) for view, s in scores.items() if s},
        "ef_mae_points": round(float(np.mean(errors)), 2) if errors else None,
    }  # fmt: skip
