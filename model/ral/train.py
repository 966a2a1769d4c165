"""The trainer: a generator of events that can be stopped anywhere and goes on exactly where it was.

What is drawn at a step depends on (seed, step) alone, so a resumed run gives the same curve as an unbroken one.
"""

from __future__ import annotations

import copy
import ctypes
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ral.config import RALConfig
from ral.datasets.clip import Clip, augment, collate
from ral.evaluate import dice_of_clips
from ral.losses import segmentation_loss, view_loss
from ral.network import RAL

VIEW_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training at one size.

    Attributes:
        size: input px; steps: optimiser steps; rate: peak learning rate (warm-up, then cosine to a hundredth).
        stills, real_share: frames a step that stand alone, and the share of them that are real.
        clips: phantom clips a step, for the recurrence; clip_frames: their length.
        drifts: real stills a step repeated under a slow drift over `clip_frames`, for the recurrence.
        window: frames between two cuts of back-propagation through time.
    """

    size: int
    steps: int
    rate: float
    stills: int = 0
    real_share: float = 0.0
    clips: int = 0
    drifts: int = 0
    clip_frames: int = 8
    window: int = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a run beside its data."""

    config: RALConfig
    stages: tuple[Stage, ...]
    seed: int = 0
    weight_decay: float = 1e-4
    ema: float = 0.995
    validate_every: int = 200
    save_every: int = 100

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)


@dataclass(slots=True)
class _Run:
    net: RAL
    ema: RAL
    optimiser: torch.optim.AdamW
    step: int = 0
    best: float = -1.0


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
    real: Sequence[Clip],
    phantom: Sequence[Clip],
    validation: Sequence[Clip],
    folder: Path,
    device: str = "cpu",
) -> Iterator[dict[str, Any]]:
    """Run the plan, resuming what lies in `folder`; its last state is `net.safetensors`, its best `best.safetensors`.

    Args:
        real: clips of one labelled frame, the view withheld; phantom: clips of many frames.
        validation: the inner split; it alone chooses the best state.

    Yields:
        {"event": "step" | "validated" | "end", "step", "steps", ...}; losses are means since the last such event.
    """
    keep_large_blocks()
    folder.mkdir(parents=True, exist_ok=True)
    run = _start(plan, folder, device)
    began, losses = time.monotonic(), []
    while run.step < plan.steps:
        stage, within = _stage_at(plan, run.step)
        rate = learning_rate(stage, within)
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(plan, stage, run, real, phantom, device))
        run.step += 1
        if run.step % 20 == 0 or run.step == plan.steps:
            segmentation, view = np.mean(losses, axis=0)
            yield {
                "event": "step", "step": run.step, "steps": plan.steps, "size": stage.size, "rate": rate,
                "loss": float(segmentation), "view_loss": float(view), "seconds": time.monotonic() - began,
            }  # fmt: skip
            losses = []
        if run.step % plan.validate_every == 0 or run.step == plan.steps:
            dice = dice_of_clips(run.ema, validation, stage.size, device)
            if stage is plan.stages[-1] and dice > run.best:
                run.best = dice
                _write_tensors(folder / "best.safetensors", run.ema.state_dict())
            yield {
                "event": "validated",
                "step": run.step,
                "steps": plan.steps,
                "dice": dice,
                "size": stage.size,
            }
        if run.step % plan.save_every == 0 or run.step == plan.steps:
            _save(run, plan, folder)
    yield {"event": "end", "step": run.step, "steps": plan.steps, "best_dice": run.best}


def learning_rate(stage: Stage, within: int) -> float:
    """Linear warm-up over a twentieth of the stage, then a cosine down to a hundredth of the peak."""
    share = (within + 1) / stage.steps
    return stage.rate * min(1.0, share * 20) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def _stage_at(plan: Plan, step: int) -> tuple[Stage, int]:
    for stage in plan.stages:
        if step < stage.steps:
            return stage, step
        step -= stage.steps
    raise IndexError(step)


def _step(
    plan: Plan, stage: Stage, run: _Run, real: Sequence[Clip], phantom: Sequence[Clip], device: str
) -> tuple[float, float]:
    """One optimiser step over stills and clips; returns the segmentation and the view loss."""
    torch.manual_seed(plan.seed * 1_000_003 + run.step)
    rng = np.random.default_rng([plan.seed, run.step])
    run.net.train()
    run.optimiser.zero_grad(set_to_none=True)
    batches = [batch for batch in (_stills(stage, rng, real, phantom), _clips(stage, rng, real, phantom)) if batch]
    totals = np.zeros(2)
    for batch in batches:
        totals += _backward(run.net, {k: v.to(device) for k, v in batch.items()}, stage.window, 1 / len(batches))
    torch.nn.utils.clip_grad_norm_(run.net.parameters(), 1.0)
    run.optimiser.step()
    follow(run.ema, run.net, min(plan.ema, (run.step + 1) / (run.step + 20)))
    return float(totals[0]), float(totals[1])


def _stills(
    stage: Stage, rng: np.random.Generator, real: Sequence[Clip], phantom: Sequence[Clip]
) -> dict[str, Tensor] | None:
    count = round(stage.stills * stage.real_share) if real else 0
    samples = [augment(real[i], rng, stage.size) for i in rng.integers(0, len(real), count)] if count else []
    for i in rng.integers(0, len(phantom), stage.stills - count) if phantom else ():
        samples.append(augment(cut(phantom[i], int(rng.integers(len(phantom[i].frames))), 1), rng, stage.size))
    return collate(samples) if samples else None


def _clips(
    stage: Stage, rng: np.random.Generator, real: Sequence[Clip], phantom: Sequence[Clip]
) -> dict[str, Tensor] | None:
    samples = []
    for i in rng.integers(0, len(phantom), stage.clips) if stage.clips else ():
        start = int(rng.integers(0, max(len(phantom[i].frames) - stage.clip_frames, 0) + 1))
        samples.append(augment(cut(phantom[i], start, stage.clip_frames), rng, stage.size))
    for i in rng.integers(0, len(real), stage.drifts) if stage.drifts and real else ():
        samples.append(augment(real[i], rng, stage.size, drift_frames=stage.clip_frames))
    return collate(samples) if samples else None


def cut(clip: Clip, start: int, frames: int) -> Clip:
    """A stretch of a clip."""
    span = slice(start, start + frames)
    return Clip(
        clip.frames[span],
        clip.masks[span],
        clip.weights[span],
        clip.sector,
        clip.view,
        clip.source,
        clip.name,
    )


def _backward(net: RAL, batch: dict[str, Tensor], window: int, share: float) -> np.ndarray:
    """Truncated back-propagation: gradients of each window are taken at once, its state goes on detached."""
    state, totals = None, np.zeros(2)
    steps = batch["frames"].shape[1]
    windows = math.ceil(steps / window)
    for start in range(0, steps, window):
        span = slice(start, start + window)
        out = net(batch["frames"][:, span], state)
        segmentation = segmentation_loss(
            out.logits.flatten(0, 1),
            batch["masks"][:, span].flatten(0, 1),
            batch["weights"][:, span].flatten(),
        )
        view = segmentation.new_zeros(())
        if out.view_features is not None:
            view = view_loss(net.view_logits(out.view_features), batch["views"])
        ((segmentation + VIEW_WEIGHT * view) * share / windows).backward()
        state = [(h.detach(), c.detach()) for h, c in out.state]
        totals += np.array([segmentation.item(), view.item()]) * share / windows
    return totals


@torch.no_grad()
def follow(ema: RAL, net: RAL, keep: float) -> None:
    """Move the averaged network a little towards the trained one, BN statistics included."""
    for slow, fast in zip(ema.state_dict().values(), net.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, 1 - keep)
        else:
            slow.copy_(fast)


def _start(plan: Plan, folder: Path, device: str) -> _Run:
    torch.manual_seed(plan.seed)
    net = RAL(plan.config).to(device)
    ema = copy.deepcopy(net).eval().requires_grad_(False)
    run = _Run(net, ema, torch.optim.AdamW(net.parameters(), plan.stages[0].rate, weight_decay=plan.weight_decay))
    if (folder / "run.json").exists():
        _resume(run, plan, folder, device)
    return run


def _save(run: _Run, plan: Plan, folder: Path) -> None:
    """State first, then `run.json`, which names the step: a crash in between resumes from the former step's names."""
    tensors = {f"net.{k}": v for k, v in run.net.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in run.ema.state_dict().items()}
    for index, state in run.optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{k}": v for k, v in state.items()}
    name = f"net-{run.step}.safetensors"
    _write_tensors(folder / name, tensors)
    note = {"step": run.step, "best": run.best, "state": name, "plan": asdict(plan)}
    part = folder / "run.json.part"
    part.write_text(json.dumps(note, indent=1), encoding="utf-8")
    part.replace(folder / "run.json")
    for old in folder.glob("net-*.safetensors"):
        if old.name != name:
            old.unlink()


def _resume(run: _Run, plan: Plan, folder: Path, device: str) -> None:
    note = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if note["plan"] != json.loads(json.dumps(asdict(plan))):
        raise ValueError(f"{folder.name!r} holds a run of another plan; name another folder.")
    tensors = load_file(folder / note["state"], device=device)
    run.step, run.best = note["step"], note["best"]
    run.net.load_state_dict(_under(tensors, "net."))
    run.ema.load_state_dict(_under(tensors, "ema."))
    state = run.optimiser.state_dict()
    for key, tensor in _under(tensors, "adam.").items():
        index, _, name = key.partition(".")
        state["state"].setdefault(int(index), {})[name] = tensor
    run.optimiser.load_state_dict(state)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    part = path.with_suffix(".part")
    save_file({k: v.detach().cpu().clone().contiguous() for k, v in tensors.items()}, part)
    part.replace(path)
