"""What the sub-commands of `ral` do."""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ral import recipes
from ral.checkpoint import Card, save_weights, write_card
from ral.config import VIEWS

if TYPE_CHECKING:
    from ral.batches import Data
    from ral.plan import Plan

TEST_SEEDS = 900_000  # phantom seeds from here on are never trained on


def simulate(chosen: argparse.Namespace) -> int:
    from ral.phantom import simulate as draw

    out = Path(chosen.out)
    out.mkdir(parents=True, exist_ok=True)
    for i in range(chosen.count):
        seed = chosen.seed + i
        cine = draw(seed, chosen.view or VIEWS[i % len(VIEWS)], frames=chosen.frames, size=chosen.size)
        stem = out / f"phantom-{seed:04d}-{cine.view}"
        np.savez_compressed(
            stem.with_suffix(".npz"), frames=cine.frames, masks=cine.masks, contours=cine.contours,
            times_s=cine.times_s, volumes_ml=cine.volumes_ml, mm_per_px=cine.mm_per_px, view=cine.view,
            ed=cine.ed, es=cine.es, ef_percent=cine.ef_percent,
        )  # fmt: skip
        fps = 1 / float(np.median(np.diff(cine.times_s))) if len(cine.times_s) > 1 else 25.0
        writer = cv2.VideoWriter(
            str(stem.with_suffix(".mp4")), cv2.VideoWriter.fourcc(*"mp4v"), fps, (chosen.size,) * 2
        )
        for frame in cine.frames:
            writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
        writer.release()
        print(f"{stem.name}: {cine.view}, EF {cine.ef_percent:.0f} %, {len(cine.frames)} frames")
    return 0


def train(chosen: argparse.Namespace) -> int:
    import torch

    from ral.predict import choose_device
    from ral.several import group, own_device
    from ral.train import train as run

    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    recipe, out = recipes.RECIPES[chosen.recipe], Path(chosen.out)
    plan = recipe.plan(chosen.seed, chosen.scale, not chosen.float32)
    data = _training_data(recipe, plan, _data(chosen), out)
    out.mkdir(parents=True, exist_ok=True)
    device = own_device(choose_device(chosen.device))
    with group(device) as (rank, world):
        events = run(plan, data, out, device, rank, world)
        if rank == 0:
            _log(events, out)
            _keep_weights(recipe, plan, chosen, out)
        else:
            for _ in events:
                pass
    return 0


def _log(events: Iterator[dict[str, Any]], out: Path) -> None:
    """Write the events of a run into `events.jsonl` and on the screen; the first line names the code."""
    with (out / "events.jsonl").open("a", encoding="utf-8") as log:
        for event in chain([{"event": "begin", "revision": _revision()}], events):
            log.write(json.dumps(event) + "\n")
            log.flush()
            print(json.dumps(event), flush=True)


def _keep_weights(recipe: recipes.Recipe, plan: Plan, chosen: argparse.Namespace, out: Path) -> None:
    from safetensors.torch import load_file

    from ral.build import build

    net = build(plan.config)
    net.load_state_dict(load_file(out / "best.safetensors"))
    card = Card(
        recipe.name, plan.config.to_dict(), recipe.data, recipe.terms, recipe.camus, chosen.seed,
        f"ral train {recipe.name} --seed {chosen.seed} --scale {chosen.scale:g} --out RUN",
        revision=_revision(), created=time.strftime("%Y-%m-%d"),
    )  # fmt: skip
    written = save_weights(out / "weights", net, card)
    print(f"wrote {written.name} {written.identity}")


def evaluate(chosen: argparse.Namespace) -> int:
    from ral.evaluate import evaluate_camus
    from ral.predict import Predictor

    predictor = Predictor(chosen.weights, chosen.device)
    metrics: dict[str, Any] = dict(predictor.card.metrics)
    if chosen.phantoms:
        metrics["phantom test seeds"] = _phantom_metrics(predictor, chosen.phantoms)
    folder = _data(chosen)
    if folder is not None:
        from ral.datasets import read_split

        camus = folder / "camus_a4c"
        found = evaluate_camus(predictor, camus, read_split(camus / f"split_{chosen.split}.txt"))
        metrics[f"CAMUS A4C {chosen.split} split"] = {k: found[k] for k in ("ED", "ES")}
    print(json.dumps(metrics, indent=2))
    if chosen.card:
        write_card(chosen.weights, replace(predictor.card, metrics=metrics))
    return 0


def bench(chosen: argparse.Namespace) -> int:
    from ral.bench import report

    print(report(chosen.frames, chosen.threads))
    return 0


def _phantom_metrics(predictor: Any, count: int) -> dict[str, Any]:
    from ral.evaluate import phantom_scores

    return phantom_scores(predictor, range(TEST_SEEDS, TEST_SEEDS + count))


def _training_data(recipe: recipes.Recipe, plan: Plan, folder: Path | None, out: Path) -> Data:
    """What the stages of a plan read; a run without CAMUS is steered by other phantom seeds."""
    from ral.batches import Data
    from ral.datasets import camus_clips, check_splits, phantom_clips, read_split
    from ral.datasets.warped import warped_clips

    cache = out.parent / "cache"
    simulated = any(stage.clips or stage.real_share < 1 for stage in plan.stages)
    phantom = list(phantom_clips(range(recipe.phantoms), recipe.phantom_frames, cache)) if simulated else []
    if not recipe.camus:
        steering = range(TEST_SEEDS // 2, TEST_SEEDS // 2 + 24)
        return Data(phantom=phantom, validation=list(phantom_clips(steering, 4, cache)))
    if folder is None:
        raise ValueError("CAMUS was not found; name its folder with --data or ECHOVIEW_DATA.")
    camus = folder / "camus_a4c"
    split = {name: read_split(camus / f"split_{name}.txt") for name in ("train", "inner")}
    check_splits(split)
    real, inner = (list(camus_clips(camus, split[name])) for name in ("train", "inner"))
    pairs = list(warped_clips(camus, split["train"], recipe.pair_frames, cache=cache)) if recipe.pair_frames else []
    return Data(real, phantom, pairs, inner)


def _data(chosen: argparse.Namespace) -> Path | None:
    return Path(chosen.data) if chosen.data else recipes.data_folder()


def _revision() -> str:
    """The git revision of the code, or "" outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude", "*"],
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip()
