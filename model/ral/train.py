"""The trainer: a generator of events that can be stopped anywhere and goes on exactly where it was.

What is drawn at a step depends on (seed, step) alone, so a resumed run gives the same curve as an unbroken one.
"""

from __future__ import annotations

import ctypes
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ral.baselines import FrameByFrame
from ral.batches import Data, draw
from ral.build import Network
from ral.evaluate import dice_of_clips
from ral.losses import deep_loss, segmentation_loss, shape_loss, view_loss
from ral.network import RAL
from ral.plan import Plan, Stage, learning_rate
from ral.several import (
    average_gradients,
    average_statistics,
    check_together,
    norm_together,
    share_layers,
    summed,
)
from ral.state import BEST_FILE, Run, begin, save, write_tensors

VIEW_WEIGHT = 0.2
DEEP_WEIGHT = 0.5
SHAPE_WEIGHT = 0.01
SHAPE_RISE = 0.5  # the part of a run in which ACNN's prior grows to its weight
CODE_STEPS = 300  # for ACNN's auto-encoder, before the first step


class Diverged(ValueError):
    """The loss is no number any more; the last saved state is kept."""


def keep_large_blocks() -> bool:
    """Tell glibc to keep freed large blocks; returns False where there is no glibc.

    By default each tensor of a training step is mapped and unmapped afresh, and the page faults cost 3-5 times the
    arithmetic. M_MMAP_MAX (-4) = 0 turns mapping off, M_TRIM_THRESHOLD (-1) at its largest keeps the heap; values
    over 2**31 - 1 would be cut to 0 and do the reverse.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.mallopt(-4, 0)) and bool(libc.mallopt(-1, 2**31 - 1))
    except (OSError, AttributeError):
        return False


def train(
    plan: Plan,
    data: Data,
    folder: Path,
    device: str = "cpu",
    rank: int = 0,
    world: int = 1,
    start: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Run the plan, resuming what lies in `folder`: its last state `net-STEP.safetensors`, its best `best.safetensors`.

    Args:
        rank, world: of several processes that train one network (see `ral.several`); the first writes and tells.
        start: weights to begin a new run from.

    Yields:
        {"event": "step" | "validated" | "end", "step", "steps", ...}; losses are means since the last such event.

    Raises:
        ValueError: the folder holds another run, or there is nothing to learn from; or several processes do not go on
            from one step.
        Diverged: a loss or a gradient is not a number; the state that was last saved is from before.
    """
    _check(plan, data)
    keep_large_blocks()
    folder.mkdir(parents=True, exist_ok=True)
    run = begin(plan, folder, device, start, data.digests())
    _prepare(run, plan, data, device, rank, world)
    before, began, losses = run.seconds, time.monotonic(), []
    while run.step < plan.steps:
        stage, within = plan.at(run.step)
        if within == 0:
            run.risen, run.waited, run.halvings = -1.0, 0, 0
        rate = learning_rate(stage, within, plan.decay, run.halvings)
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(plan, stage, run, data, device, rank, world))
        run.step += 1
        run.seconds = before + time.monotonic() - began
        last = run.step == plan.steps
        if run.step % 20 == 0 or last:
            segmentation, view = np.mean(losses, axis=0)
            losses = []
            if rank == 0:
                yield {
                    "event": "step", "step": run.step, "steps": plan.steps, "size": stage.size, "rate": rate,
                    "loss": float(segmentation), "view_loss": float(view), "seconds": run.seconds,
                }  # fmt: skip
        if run.step % plan.validate_every == 0 or last:
            dice = _validate(plan, stage, run, data, folder, device, rank)
            if rank == 0:
                yield {
                    "event": "validated", "step": run.step, "steps": plan.steps, "dice": dice, "size": stage.size,
                    "seconds": run.seconds,
                }  # fmt: skip
        if rank == 0 and (run.step % plan.save_every == 0 or last):
            save(run, plan, folder)
    if rank == 0:
        yield {"event": "end", "step": run.step, "steps": plan.steps, "best_dice": run.best, "seconds": run.seconds}


def _prepare(run: Run, plan: Plan, data: Data, device: str, rank: int, world: int) -> None:
    """What a network needs before its first step in this process."""
    check_together(run.step, world)
    if isinstance(run.net, RAL):  # with a stem that does not halve the picture, a clip's maps are too many to keep
        run.net.spare_memory = run.net.config.stem_stride == 1
    if isinstance(run.net, FrameByFrame) and run.net.code is not None and run.step == 0:
        _teach_code(run, plan, data, device)
    share_layers(run.net, rank, world)


def timed_steps(plan: Plan, data: Data, folder: Path, steps: int, device: str = "cpu") -> list[float]:
    """Seconds that each of the first steps of a plan takes; nothing is kept.

    On a processor those that this process spends, whatever else the machine does; a GPU works on its own, and is waited
    for.
    """
    keep_large_blocks()
    clock = time.process_time if device == "cpu" else time.perf_counter
    stage = replace(plan.stages[0], steps=steps)
    plan = replace(plan, stages=(stage,))
    run, times = begin(plan, folder, device), []
    while run.step < steps:
        began = clock()
        _step(plan, stage, run, data, device, 0, 1)
        times.append(clock() - began)
        run.step += 1
    return times


def _check(plan: Plan, data: Data) -> None:
    if not data.validation:
        raise ValueError("There is nothing to validate on; a run without it could not tell which state is best.")
    for stage in plan.stages:
        wanted = {
            "real frames": round(stage.stills * stage.real_share) and not data.real,
            "simulated cines": (stage.clips or stage.stills > round(stage.stills * stage.real_share))
            and not data.phantom,
            "warped pairs": stage.pairs and not data.pairs,
        }
        for name, missing in wanted.items():
            if missing:
                raise ValueError(f"The plan wants {name} and there are none.")


def _validate(plan: Plan, stage: Stage, run: Run, data: Data, folder: Path, device: str, rank: int) -> float:
    """Dice of the averaged network on the inner split; keeps the best of the last stage, decides on the rate.

    Every process measures, so that all decide alike.
    """
    dice = dice_of_clips(run.ema, data.validation, stage.size, device)
    if stage is plan.stages[-1] and dice > run.best:
        run.best = dice
        if rank == 0:
            write_tensors(folder / BEST_FILE, run.ema.state_dict())
    if dice > run.risen:
        run.risen, run.waited = dice, 0
    else:
        run.waited += 1
        if run.waited >= plan.patience:
            run.waited, run.halvings = 0, run.halvings + 1
    return dice


def _step(plan: Plan, stage: Stage, run: Run, data: Data, device: str, rank: int, world: int) -> tuple[float, float]:
    """One optimiser step over stills and clips; returns the segmentation and the view loss."""
    torch.manual_seed(plan.seed * 1_000_003 + run.step)
    batches = draw(plan, run.step, data, rank, world)
    prepare_for_training(run.net, plan.freeze_norm)
    _choose_learners(run.net, stage)
    run.optimiser.zero_grad(set_to_none=True)
    totals, prior = np.zeros(2), shape_weight(run.step, plan.steps)
    for batch in batches:
        *counted, taking = _count(batch, world)
        norm_together(run.net, taking == world)
        if batch:
            on_device = {k: v.to(device) for k, v in batch.items()}
            totals += _backward(run.net, on_device, stage.window, counted, world / len(batches), plan.bfloat16, prior)
    segmentation, view = (value / world for value in summed(totals.tolist(), world))
    if not math.isfinite(segmentation + view):
        raise Diverged(f"The loss is not a number at step {run.step + 1}; the state that was last saved is kept.")
    average_gradients(run.net, world)
    if not math.isfinite(nn.utils.clip_grad_norm_(run.net.parameters(), 1.0).item()):
        raise Diverged(f"A gradient is not a number at step {run.step + 1}; the state that was last saved is kept.")
    run.optimiser.step()
    average_statistics(run.net, world)
    follow(run.ema, run.net, min(plan.ema, (run.step + 1) / (run.step + 20)))
    return segmentation, view


def _choose_learners(net: Network, stage: Stage) -> None:
    """All of the network, or its view branch alone, with the BN statistics that it will be read with.

    By those of each batch it would learn stills and clips apart, and be read with the mean of both, which fits neither:
    single frames then lean to one view and cines to another.

    Raises:
        ValueError: the view branch shall learn alone, and there is none.
    """
    branch = net.view_branch if isinstance(net, RAL) else None
    if stage.views_only:
        if branch is None:
            raise ValueError("This network has no view branch that could learn alone.")
        net.requires_grad_(False)
        prepare_for_training(net, freeze_norm=True)
        branch.requires_grad_(True)
    elif isinstance(net, RAL):
        net.requires_grad_(True)


def _count(batch: dict[str, Tensor], world: int) -> list[float]:
    """Over all processes: what their frames weigh, their sequences with a trusted view, how many have any sample."""
    weights = float(batch["weights"].sum()) if batch else 0.0
    views = float((batch["views"] >= 0).sum()) if batch else 0.0
    return summed((weights, views, float(bool(batch))), world)


def _backward(
    net: Network,
    batch: dict[str, Tensor],
    window: int,
    counted: Sequence[float],
    share: float,
    bfloat16: bool,
    prior: float,
) -> np.ndarray:
    """Truncated back-propagation: gradients of each window are taken at once, its state goes on detached.

    Returns:
        (2,) segmentation and view loss as they enter the step.
    """
    state, totals = None, np.zeros(2)
    steps = batch["frames"].shape[1]
    windows = math.ceil(steps / window)
    kind = batch["frames"].device.type
    for start in range(0, steps, window):
        span = slice(start, start + window)
        with torch.autocast(kind, torch.bfloat16, enabled=bfloat16):
            out = net(batch["frames"][:, span], state, batch["hints"][:, span])
            given = {name: batch[name][:, span] for name in ("masks", "weights", "care") if name in batch}
            segmentation = _segmentation(net, out, given, counted[0], prior)
            view = segmentation.new_zeros(())
            if isinstance(net, RAL) and out.view_features is not None:
                view = view_loss(net.view_logits(out.view_features).float(), batch["views"], counted[1]) / windows
        ((segmentation + VIEW_WEIGHT * view) * share).backward()
        state = [(h.detach(), c.detach()) for h, c in out.state]
        totals += np.array([segmentation.item(), view.item()]) * share
    return totals


def shape_weight(step: int, steps: int) -> float:
    """The weight of ACNN's prior in a step: it begins at nothing.

    The codes of first guesses say little of their shape, and a prior that pulls from the first step can hold a network
    at the empty mask.
    """
    return SHAPE_WEIGHT * min(1.0, step / (SHAPE_RISE * steps))


def _segmentation(net: Network, out: Any, given: dict[str, Tensor], total: float, prior: float) -> Tensor:
    """The segmentation loss of a window, with what deep supervision and a shape prior add; those know no care."""
    masks, weights = given["masks"], given["weights"]
    logits, flat = out.logits.flatten(0, 1).float(), masks.flatten(0, 1)
    care = given["care"].flatten(0, 1) if "care" in given else None
    loss = segmentation_loss(logits, flat, weights.flatten(), total, care)
    if out.deep:
        loss = loss + DEEP_WEIGHT * deep_loss(out.deep, masks, weights, total)
    if isinstance(net, FrameByFrame) and net.code is not None:
        loss = loss + prior * shape_loss(net.code, logits, flat, weights.flatten(), total)
    return loss


def prepare_for_training(net: nn.Module, freeze_norm: bool) -> None:
    """Training mode; BN keeps its statistics where they are frozen."""
    net.train()
    if freeze_norm:
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


def _teach_code(run: Run, plan: Plan, data: Data, device: str) -> None:
    """Teach ACNN's auto-encoder to give masks back, then freeze it."""
    assert isinstance(run.net, FrameByFrame) and run.net.code is not None
    code = run.net.code.requires_grad_(True)
    optimiser = torch.optim.Adam(code.parameters(), 2e-3)
    masks = torch.zeros(0)
    for step in range(CODE_STEPS):
        masks = torch.cat([b["masks"].flatten(0, 1) for b in draw(plan, step % plan.steps, data)]).to(device)
        optimiser.zero_grad(set_to_none=True)
        code.reconstruction_loss(masks).backward()
        optimiser.step()
    code.measure_spread(masks)
    code.requires_grad_(False)
    run.ema.load_state_dict(run.net.state_dict())


@torch.no_grad()
def follow(ema: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the averaged network a little towards the trained one, BN statistics included."""
    for slow, fast in zip(ema.state_dict().values(), net.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)
