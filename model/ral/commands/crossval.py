"""`ral crossval`: a recipe on folds of patients, each judged on patients that its training never met."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ral import recipes
from ral.checkpoint import Card
from ral.commands.common import camus_folder, note_down, read_events, same_as_before, tell, use_threads

FOLDS = 10


def crossval(chosen: argparse.Namespace) -> int:
    """Train and judge the folds that are not done yet; leaves `fold-K/sheet.json` and a report over those done.

    Raises:
        ValueError: the folder holds folds of another recipe, seed, length or data.
    """
    from ral.datasets import fingerprint, read_split
    from ral.datasets.camus import camus_files
    from ral.datasets.sources import simulator_version
    from ral.evaluation.sheet import pooled
    from ral.report.write import replace_text, write

    use_threads(chosen)
    camus, out = camus_folder(chosen), Path(chosen.out)
    patients = [p for name in ("train", "inner") for p in read_split(camus / f"split_{name}.txt")]
    parts = folds(patients, FOLDS, chosen.seed)
    mark = fingerprint(camus, camus_files(camus, patients, "4CH"))
    asked = {
        "recipe": chosen.recipe, "seed": chosen.seed, "scale": chosen.scale, "float32": chosen.float32, "data": mark,
        "simulator": simulator_version(),
    }  # fmt: skip
    same_as_before(out / "crossval.json", asked, "folds", there=any(out.glob("fold-*")))
    for k in chosen.folds:
        sheet = out / f"fold-{k}" / "sheet.json"
        if not sheet.exists():
            note_down(out / "crossval.json", asked)
            replace_text(sheet, json.dumps(_fold(chosen, camus, parts, k, out)))
    done = {path.parent: json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("fold-*/sheet.json"))}
    sheets = list(done.values())
    together = pooled(sheets, "CAMUS A4C, the folds together")
    training = [{"name": folder.name, "events": list(read_events(folder))} for folder in done]
    title = f"{chosen.recipe}: {len(done)} of {FOLDS} folds"
    write(
        out / "report.html",
        {
            "title": title, "sheets": [together, *sheets], "seed": chosen.seed,
            "data": {"CAMUS A4C, all folds": mark}, "training": training,
        },
    )  # fmt: skip
    for sheet in (*sheets, together):
        print(sheet["source"], json.dumps(_short(sheet)))
    return 0


def folds(patients: list[str], count: int, seed: int) -> list[list[str]]:
    """Patients in `count` parts of nearly one size, by chance, the same for the same seed.

    Raises:
        ValueError: a patient stands twice in the list, or there are fewer patients than parts.
    """
    if len(set(patients)) != len(patients):
        raise ValueError("A patient stands twice in the list, and would be trained on and judged by.")
    if len(patients) < count:
        raise ValueError(f"{len(patients)} patients cannot make {count} folds.")
    order = np.random.default_rng(seed).permutation(sorted(patients))
    return [sorted(part.tolist()) for part in np.array_split(order, count)]


def _fold(chosen: argparse.Namespace, camus: Path, parts: list[list[str]], k: int, out: Path) -> dict[str, Any]:
    """One fold: part k judges, the next one steers, the others teach."""
    from ral.batches import Data
    from ral.build import build
    from ral.datasets import camus_clips, phantom_clips
    from ral.datasets.warped import warped_clips
    from ral.evaluate import camus_stills, evaluate
    from ral.predict import Predictor, choose_device
    from ral.state import last_average
    from ral.train import train

    recipe, folder = recipes.RECIPES[chosen.recipe], out / f"fold-{k}"
    plan = recipe.plan(chosen.seed, chosen.scale, not chosen.float32)
    steering = parts[(k + 1) % len(parts)]
    teaching = [p for n, part in enumerate(parts) if n not in (k, (k + 1) % len(parts)) for p in part]
    cache = out.parent / "cache"
    data = Data(
        list(camus_clips(camus, teaching)),
        list(phantom_clips(range(recipe.phantoms), recipe.phantom_frames, cache)),
        list(warped_clips(camus, teaching, recipe.pair_frames, cache=cache)) if recipe.pair_frames else [],
        list(camus_clips(camus, steering)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device(chosen.device)
    tell(train(plan, data, folder, device), folder)
    net = build(plan.config)
    net.load_state_dict(last_average(folder))
    card = Card(
        recipe.name, plan.config.to_dict(), recipe.data, recipe.terms, recipe.camus, chosen.seed, "ral crossval"
    )
    model = Predictor.of(net.to(device), card, device)
    return evaluate(model, camus_stills(camus, parts[k]), f"CAMUS A4C, fold {k + 1} of {len(parts)}", recipe.name)


def _short(sheet: dict[str, Any]) -> dict[str, float]:
    dice: dict[str, list[float]] = {}
    for row in sheet["rows"]:
        dice.setdefault(row["instant"], []).append(row["dice"])
    return {f"Dice {instant}": round(float(np.mean(values)), 4) for instant, values in sorted(dice.items())}
