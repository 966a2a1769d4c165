"""`ral train`: the weights of a recipe."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ral import recipes
from ral.checkpoint import Card, CheckpointError, load_weights, read_card, save_weights, weights_file, write_card
from ral.commands.common import STEERING_SEEDS, camus_folder, revisions, tell, use_threads

if TYPE_CHECKING:
    from torch import Tensor

    from ral.batches import Data
    from ral.plan import Plan


def train(chosen: argparse.Namespace) -> int:
    """Train, or go on; under `torchrun` several processes share the work and the first writes."""
    from ral.predict import choose_device
    from ral.several import group, own_device
    from ral.train import train as run

    if not 0 < chosen.share <= 1 or (chosen.share < 1 and not chosen.start):
        raise ValueError("--share goes from 0 to 1, from the weights that --start names.")
    use_threads(chosen)
    recipe, out = recipes.RECIPES[chosen.recipe], Path(chosen.out)
    plan = recipe.plan(chosen.seed, chosen.scale, not chosen.float32)
    plan = replace(plan, stages=plan.stages[chosen.skip :])
    start = weights_file(chosen.start) if chosen.start else None
    data = training_data(recipe, plan, chosen, out)
    out.mkdir(parents=True, exist_ok=True)
    device = own_device(choose_device(chosen.device))
    with group(device) as (rank, world):
        events = run(plan, data, out, device, rank, world, start)
        if rank == 0:
            tell(events, out)
            _keep_weights(recipe, plan, chosen, out)
        else:
            for _ in events:
                pass
    return 0


def training_data(recipe: recipes.Recipe, plan: Plan, chosen: argparse.Namespace, out: Path) -> Data:
    """What the stages of a plan read; a run without CAMUS is steered by other phantom seeds.

    Clips that have to be made are kept in a folder `cache` beside the run's.

    Raises:
        ValueError: a data set or a list is missing, a patient stands in two lists, or the recipe takes no further data.
    """
    from ral.batches import Data, labelled_stills
    from ral.datasets import camus_clips, check_splits, phantom_clips, read_split
    from ral.datasets.further import further_clips
    from ral.datasets.warped import warped_clips

    if chosen.also and not recipe.camus:
        raise ValueError(f"{recipe.name} learns from simulated hearts alone; --also is for the recipes with CAMUS.")
    cache = out.parent / "cache"
    simulated = any(stage.clips or stage.real_share < 1 for stage in plan.stages)
    phantom = list(phantom_clips(range(recipe.phantoms), recipe.phantom_frames, cache)) if simulated else []
    if not recipe.camus:
        steering = range(STEERING_SEEDS, STEERING_SEEDS + 24)
        return Data(phantom=phantom, validation=list(phantom_clips(steering, 4, cache)))
    camus = camus_folder(chosen)
    split = {name: read_split(camus / f"split_{name}.txt") for name in ("train", "inner", "loop", "report")}
    check_splits(split)
    real, inner = (list(camus_clips(camus, split[name])) for name in ("train", "inner"))
    pairs = list(warped_clips(camus, split["train"], recipe.pair_frames, cache=cache)) if recipe.pair_frames else []
    kept = {patient for name in ("inner", "loop", "report") for patient in split[name]}
    kept |= {home.name for home in (camus.parent / "camus_mhd").glob("patient*")}  # their A2C are judged
    longest = max(stage.clip_frames for stage in plan.stages)  # a batch holds clips of one length
    for clip in chain.from_iterable(further_clips(folder, kept) for folder in chosen.also):
        real += labelled_stills(clip)
        if len(clip.frames) >= longest and (clip.weights > 0).all():  # a stretch without a label would teach nothing
            pairs.append(clip)
    return Data(real, phantom, pairs, inner)


def _on_the_way(start: str, learnt: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The tensors so far from those of a set of weights to what a run made of them.

    Between the two a network often keeps what it could of pictures that the run did not show it (Wortsman et al.,
    Robust fine-tuning of zero-shot models, CVPR 2022).
    """
    import torch

    before = load_weights(start)[0].state_dict()
    return {k: torch.lerp(v, learnt[k], share) if v.is_floating_point() else learnt[k] for k, v in before.items()}


def _known(folder: Path) -> Card | None:
    """The card of the weights that lie there, if any."""
    try:
        return read_card(folder)
    except CheckpointError:
        return None


def _keep_weights(recipe: recipes.Recipe, plan: Plan, chosen: argparse.Namespace, out: Path) -> None:
    from ral.build import build
    from ral.datasets.survey import kind_of_data
    from ral.state import last_average

    net = build(plan.config)
    learnt = last_average(out)
    net.load_state_dict(learnt if chosen.share == 1 else _on_the_way(chosen.start, learnt, chosen.share))
    parent = read_card(chosen.start).identity if chosen.start else ""
    begun = f" --start {parent}" if parent else ""
    begun += f" --skip {chosen.skip}" if chosen.skip else ""
    begun += f" --share {chosen.share:g}" if chosen.share < 1 else ""
    data, terms = recipe.data, recipe.terms
    if chosen.also:
        kinds = sorted({kind_of_data(folder) for folder in chosen.also})
        begun += f" --also {' '.join(kinds)}"
        data += f" Further labelled data: {', '.join(kinds)}."
        terms += f" The terms of the further data ({', '.join(kinds)}) hold as well."
    card = Card(
        recipe.name, plan.config.to_dict(), data, terms, recipe.camus, chosen.seed,
        f"ral train {recipe.name} --seed {chosen.seed} --scale {chosen.scale:g}{begun} --out RUN",
        revision=revisions(out), created=time.strftime("%Y-%m-%d"), parent=parent,
    )  # fmt: skip
    known = _known(out / "weights")
    written = save_weights(out / "weights", net, card)
    if known is not None and known.identity == written.identity:  # finished before, and judged since
        write_card(out / "weights", known)
    print(f"wrote {written.name} {written.identity}")
