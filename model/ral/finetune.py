"""Learning from a few corrections without forgetting the rest.

Every round starts from the shipped weights and uses all corrections so far. A step is half corrected windows, half
replayed phantom clips; where nobody drew, the network is held to what the old weights say. BN statistics stay as
they are. A guard of phantom clips in three views stops the run when it gets worse.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ral.batches import cut
from ral.checkpoint import Card, load_weights, save_weights
from ral.datasets.clip import Clip, augment, collate, plain
from ral.datasets.sources import phantom_clips
from ral.evaluate import dice_of_clips
from ral.geometry import largest_component
from ral.losses import segmentation_loss
from ral.network import RAL
from ral.predict import agreement, choose_device
from ral.train import follow, keep_large_blocks, prepare_for_training

WINDOW, WARM_UP = 6, 4
HEAD_RATE, CELL_RATE, ENCODER_RATE = 3e-4, 1e-4, 1e-4
GUARD_SEED = 700_000
GUARD_DROP = 0.005


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """What `run.json` of a run folder says.

    Attributes:
        weights: folder of the set to start from, inside the run folder; name: of the candidate.
        steps: optimiser steps; replay: phantom clips kept for replay; size: input px.
    """

    weights: str
    name: str
    steps: int = 80
    replay: int = 24
    guard: int = 6
    seed: int = 0
    size: int = 256
    device: str = "auto"
    threads: int = 0


def read_run(folder: Path) -> tuple[TuneConfig, list[Clip], list[Clip]]:
    """The config of a run folder, its clips to learn from and its held-out clips.

    Raises:
        ValueError: the folder is not a run, or no frame in it is labelled.
    """
    try:
        config = TuneConfig(**json.loads((folder / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{folder.name!r} is not a run folder: its run.json cannot be read.") from error
    learn: list[Clip] = []
    held_out: list[Clip] = []
    for path in sorted((folder / "clips").glob("*.npz")):
        with np.load(path) as file:
            frames = file["frames"]
            masks = np.unpackbits(file["masks"], axis=-1, count=frames.shape[-1]).astype(bool)
            care = file.get("care")
            clip = Clip(frames, masks, file["weights"], file["sector"], -1, "corrected", path.stem, care)
            (held_out if bool(file["held_out"]) else learn).append(clip)
    if not any((clip.weights > 0).any() for clip in learn):
        raise ValueError("This run holds no corrected frame to learn from.")
    return config, learn, held_out


def write_clip(
    path: Path,
    frames: np.ndarray,
    masks: np.ndarray,
    weights: np.ndarray,
    sector: np.ndarray,
    held_out: bool,
    care: np.ndarray | None = None,
) -> None:
    """One cine of a run folder.

    Args:
        frames: (T,S,S) uint8, prepared; masks: (T,S,S) bool; weights: (T,); sector: (S,S) uint8;
        care: (T,S,S) uint8 or None, see `ral.datasets.clip.Clip`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    cared: dict[str, Any] = {} if care is None else {"care": care}
    np.savez_compressed(
        path, frames=frames, masks=np.packbits(masks, axis=-1), weights=weights.astype(np.float32),
        sector=sector, held_out=held_out, **cared,
    )  # fmt: skip


def finetune(folder: Path) -> Iterator[dict[str, Any]]:
    """Train the full network on a run folder; leaves `weights/` and `report.json` in it.

    A file `stop` in the folder ends the run early and keeps the best; to cancel, end the process.

    Yields:
        events {"event": "data" | "step" | "validated" | "end", ...}; Dice in 0..1, "of" steps.
    """
    keep_large_blocks()
    config, learn, held_out = read_run(folder)
    if config.threads:
        torch.set_num_threads(config.threads)
    device = choose_device(config.device)
    teacher, card = load_weights(folder / config.weights, device)
    if not isinstance(teacher, RAL):
        raise ValueError(f"{card.name!r} is no RAL network; only those are fine-tuned.")
    yield {
        "event": "data",
        "cines": len(learn),
        "frames": _labelled(learn),
        "held_out": _labelled(held_out),
        "device": device,
    }
    replay = list(phantom_clips(range(config.seed, config.seed + config.replay), 8, size=config.size))
    guard = list(phantom_clips(range(GUARD_SEED, GUARD_SEED + config.guard), 3, size=config.size))
    net = copy.deepcopy(teacher).requires_grad_(True)
    ema = copy.deepcopy(teacher)
    before = _judge(teacher, learn, held_out, guard, config.size, device)
    yield {"event": "validated", "step": 0, "of": config.steps, **before}
    best = _Best(dict(before), copy.deepcopy(teacher.state_dict()))
    optimiser = _optimiser(net, _labelled(learn))
    check = max(config.steps // 8, 1)
    for step in range(config.steps):
        losses = _step(net, teacher, optimiser, config, step, learn, replay, device)
        follow(ema, net, min(0.95, (step + 1) / (step + 4)))
        yield {"event": "step", "step": step + 1, "of": config.steps, **losses}
        stopped = (folder / "stop").exists()
        if (step + 1) % check and step + 1 < config.steps and not stopped:
            continue
        now = _judge(ema, learn, [], guard, config.size, device)
        yield {"event": "validated", "step": step + 1, "of": config.steps, **now}
        if now["guard"] < before["guard"] - GUARD_DROP:
            best.reason = "guard"
            break
        best.meet(now, ema, step + 1)
        if stopped:
            best.reason = "stopped"
            break
    net.load_state_dict(best.state)
    best.figures["held_out"] = _judge(net, [], held_out, [], config.size, device)["held_out"]  # it has steered nothing
    card = replace(card, calibration=carried(card.calibration, teacher, net.eval(), guard, config.size, device))
    yield {"event": "end", **_report(folder, net, card, config, learn, before, best)}


def carried(
    calibration: dict[str, Any], parent: RAL, child: RAL, guard: list[Clip], size: int, device: str = "cpu"
) -> dict[str, Any]:
    """The parent's calibration for a network whose borders became softer or sharper, as told by the guard.

    What a raw confidence lacks of 1, and the raw spread, grow with the width of the border in the probabilities. Few
    corrections say nothing of a new calibration, but a border that is as wide everywhere says nothing of being wrong.
    """
    widths = [_widths(net, guard, size, device) for net in (parent, child)]
    both = np.isfinite(widths[0]) & np.isfinite(widths[1])
    if not calibration or not both.any():
        return calibration
    wider = float(np.median(widths[1][both] / widths[0][both]))
    knots = {"confidence": [round(max(1 - wider * (1 - knot), 0.0), 5) for knot in calibration["confidence"]]}
    if "spread_factor" in calibration:
        knots["spread_factor"] = round(calibration["spread_factor"] / wider, 5)
    return calibration | knots


def _widths(net: RAL, clips: list[Clip], size: int, device: str) -> np.ndarray:
    """What the raw confidence lacks of 1 in each frame, NaN where nothing is found; (frames,)."""
    found = []
    with torch.inference_mode():
        for clip in clips:
            frames = collate([plain(clip, size)])["frames"].to(device)
            for logits in net(frames).logits[0].float().cpu().numpy():
                patch = largest_component(logits > 0)
                found.append(1 - agreement(logits, patch) if patch.any() else np.nan)
    return np.array(found)


@dataclass(slots=True)
class _Best:
    """The state of the averaged network that reads the corrected frames best, and why the run ended."""

    figures: dict[str, Any]
    state: dict[str, Any]
    step: int = 0
    reason: str = "finished"

    def meet(self, figures: dict[str, Any], net: RAL, step: int) -> None:
        if figures["corrected"] > self.figures["corrected"]:
            self.figures, self.state, self.step = figures, copy.deepcopy(net.state_dict()), step


def _report(
    folder: Path, net: RAL, card: Card, config: TuneConfig, learn: list[Clip], before: dict[str, Any], best: _Best
) -> dict[str, Any]:
    """Keep the weights, and what report.json says of them."""
    report = {
        "before": before,
        "after": best.figures,
        "best_step": best.step,
        "steps": config.steps,
        "reason": best.reason,
        "identity": _keep(folder, net, card, config, learn, before, best.figures).identity,
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    return report


def _judge(
    net: RAL, learn: list[Clip], held_out: list[Clip], guard: list[Clip], size: int, device: str
) -> dict[str, Any]:
    """Dice on the corrected frames, on held-out patients and on the guard; None for what is not given."""
    tried = [_around(clip, t) for clip in learn for t in _frames(clip)[:6]]
    kept = [_around(clip, t) for clip in held_out for t in _frames(clip)[:6]]
    asked = {"corrected": tried, "held_out": kept, "guard": guard}
    return {name: dice_of_clips(net, clips, size, device) if clips else None for name, clips in asked.items()}


def _optimiser(net: RAL, frames: int) -> torch.optim.AdamW:
    """The fewer the corrected frames, the less the encoder moves."""
    encoder = [
        *net.stem.parameters(),
        *net.blocks.parameters(),
        *net.transitions.parameters(),
        *net.laterals.parameters(),
    ]
    groups = [
        {"params": encoder, "lr": ENCODER_RATE * min(0.1 + frames / 200, 1.0)},
        {"params": list(net.cells.parameters()), "lr": CELL_RATE},
        {"params": list(net.head.parameters()), "lr": HEAD_RATE},
    ]
    if net.view_branch is not None:  # no correction says anything of the view
        net.view_branch.requires_grad_(False)
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, weight_decay=1e-4)


def _step(
    net: RAL, teacher: RAL, optimiser: torch.optim.AdamW, config: TuneConfig, step: int,
    learn: list[Clip], replay: list[Clip], device: str,
) -> dict[str, float]:  # fmt: skip
    torch.manual_seed(config.seed * 1_000_003 + step)
    rng = np.random.default_rng([config.seed, step])
    warm = min(1.0, (step + 1) / max(config.steps * 0.1, 1))
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * warm
    prepare_for_training(net, freeze_norm=True)  # a few frames of one patient would ruin the statistics
    optimiser.zero_grad(set_to_none=True)
    corrected = _loss(net, teacher, augment(_draw(learn, rng), rng, config.size), device)
    corrected.backward()
    clip = replay[int(rng.integers(len(replay)))]
    kept = _loss(net, teacher, augment(cut(clip, 0, WINDOW), rng, config.size), device)
    kept.backward()
    nn.utils.clip_grad_norm_([p for p in net.parameters() if p.grad is not None], 1.0)
    optimiser.step()
    return {"loss": float(corrected.item()), "replay_loss": float(kept.item())}


def _loss(net: RAL, teacher: RAL, sample: Any, device: str) -> Tensor:
    """Labelled frames against their masks, unlabelled ones against the old weights; the warm-up carries no gradient."""
    batch = {k: v.to(device) for k, v in collate([sample]).items()}
    frames = batch["frames"]
    head = max(frames.shape[1] - WINDOW, 0)
    state = None
    with torch.no_grad():
        said = teacher(frames).logits[0, head:].sigmoid()
        if head:
            state = net(frames[:, :head]).state
    logits = net(frames[:, head:], state).logits[0]
    weights = batch["weights"][0, head:]
    loss = logits.new_zeros(())
    if bool((weights > 0).any()):
        share = weights[weights > 0].mean()  # the loss itself is a mean, and would forget how much the frames count
        care = batch["care"][0, head:] if "care" in batch else None
        loss = loss + share * segmentation_loss(logits, batch["masks"][0, head:], weights, care=care)
    free = weights == 0
    if bool(free.any()):
        loss = loss + 0.5 * F.binary_cross_entropy_with_logits(logits[free], said[free])
    return loss


def _draw(learn: list[Clip], rng: np.random.Generator) -> Clip:
    """A window around a labelled frame, drawn by its weight; every cine has the same chance."""
    usable = [clip for clip in learn if (clip.weights > 0).any()]
    clip = usable[int(rng.integers(len(usable)))]
    t = int(rng.choice(len(clip.weights), p=clip.weights / clip.weights.sum()))
    return _around(clip, t, ahead=int(rng.integers(0, WINDOW)))


def _around(clip: Clip, t: int, ahead: int = 0) -> Clip:
    """Warm-up, then a window that holds frame `t` with `ahead` frames after it, inside the clip."""
    end = min(t + 1 + ahead, len(clip.frames))
    start = max(end - WINDOW - WARM_UP, 0)
    return cut(clip, start, end - start)


def _frames(clip: Clip) -> list[int]:
    return [int(t) for t in np.flatnonzero(clip.weights > 0)]


def _labelled(clips: list[Clip]) -> int:
    return sum(len(_frames(clip)) for clip in clips)


def _keep(
    folder: Path,
    net: RAL,
    card: Card,
    config: TuneConfig,
    learn: list[Clip],
    before: dict[str, Any],
    after: dict[str, Any],
) -> Card:
    return save_weights(
        folder / "weights", net,
        replace(
            card, name=config.name, parent=card.identity, seed=config.seed, command="echoview train RUN", revision="",
            created=time.strftime("%Y-%m-%dT%H:%M:%S"),
            data=f"{card.data} Fine-tuned here on {_labelled(learn)} corrected frames of {len(learn)} cines.",
            metrics={"fine-tuning": {"before": before, "after": after}},
        ),
    )  # fmt: skip
