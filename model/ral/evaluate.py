"""How good a network is: on the native grid, in mm, with empty predictions counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ral.config import VIEWS
from ral.datasets.clip import Clip, collate, plain
from ral.datasets.sources import read_camus
from ral.geometry import boundary_distances_mm, dice, largest_component
from ral.network import RAL
from ral.predict import Predictor
from ral.prepare import prepare


@torch.inference_mode()
def dice_of_clips(net: RAL, clips: Sequence[Clip], size: int, device: str = "cpu") -> float:
    """Mean Dice over the labelled frames of prepared clips, at `size`, each clip streamed from its first frame."""
    net.eval()
    scores: list[float] = []
    for clip in clips:
        batch = collate([plain(clip, size)])
        logits = net(batch["frames"].to(device)).logits[0].cpu().numpy()
        for predicted, mask, weight in zip(logits, batch["masks"][0].numpy(), clip.weights, strict=True):
            if weight > 0:
                scores.append(dice(largest_component(predicted > 0), mask > 0.5))
    return float(np.mean(scores))


@torch.inference_mode()
def view_accuracy(net: RAL, clips: Sequence[Clip], size: int, device: str = "cpu") -> float:
    """Share of the clips with a known view whose view is found."""
    net.eval()
    right = [
        int(net.view_logits(net(collate([plain(clip, size)])["frames"].to(device)).view_features).argmax()) == clip.view
        for clip in clips
        if clip.view >= 0
    ]
    return float(np.mean(right)) if right else float("nan")


def evaluate_camus(
    predictor: Predictor, folder: str | Path, patients: Iterable[str], view: str = "4CH"
) -> dict[str, Any]:
    """LV metrics of CAMUS stills by instant, and each row they come from.

    Returns:
        {"ED": {...}, "ES": {...}, "rows": [...]}; Dice, HD, HD95 and MAD as means (an empty prediction has Dice 0 and
        no distance, and is counted in "empty"), and the share of stills called by their right view.
    """
    rows = []
    for patient in patients:
        for instant in ("ED", "ES"):
            picture, cavity, spacing = read_camus(folder, patient, view, instant)
            if spacing is None:
                raise ValueError(f"{patient} has no pixel spacing")
            preparation = prepare([picture], spacing)
            found = next(iter(predictor.stream([picture], preparation)))
            mask = found.mask(preparation)
            hd, hd95, mad = boundary_distances_mm(mask, cavity, spacing)
            rows.append({
                "patient": patient, "instant": instant, "dice": dice(mask, cavity), "hd_mm": hd, "hd95_mm": hd95,
                "mad_mm": mad, "empty": found.empty, "confidence": found.confidence,
                "view": VIEWS[int(found.view_probabilities.argmax())],
            })  # fmt: skip
    return {instant: _summary([r for r in rows if r["instant"] == instant], view) for instant in ("ED", "ES")} | {
        "rows": rows
    }


def _summary(rows: list[dict[str, Any]], view: str) -> dict[str, float | int]:
    right = {"4CH": "A4C", "2CH": "A2C"}[view]
    summary: dict[str, float | int] = {"frames": len(rows), "empty": sum(r["empty"] for r in rows)}
    for key in ("dice", "hd_mm", "hd95_mm", "mad_mm"):
        values = np.array([r[key] for r in rows], float)
        summary[key] = round(float(np.nanmean(values)), 4)
        summary[f"{key}_median"] = round(float(np.nanmedian(values)), 4)
    summary["dice_worst"] = round(float(min(r["dice"] for r in rows)), 4)
    summary["view_right"] = round(float(np.mean([r["view"] == right for r in rows])), 4)
    return summary


def phantom_scores(predictor: Predictor, seeds: Iterable[int], frames: int = 12) -> dict[str, Any]:
    """Dice, view accuracy and EF error on simulated cines of one beat, views in turn.

    EF is single plane by the method of disks, from the largest and the smallest predicted volume.
    """
    from ral.geometry import volume_single_plane_ml
    from ral.phantom import simulate

    scores: dict[str, list[float]] = {view: [] for view in VIEWS}
    right, errors = [], []
    for seed in seeds:
        cine = simulate(seed, VIEWS[seed % len(VIEWS)], frames=frames)
        spacing = (cine.mm_per_px, cine.mm_per_px)
        preparation = prepare(list(cine.frames[:: max(frames // 8, 1)]), spacing)
        found = list(predictor.stream(cine.frames, preparation))
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
