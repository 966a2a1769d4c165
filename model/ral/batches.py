"""What a step learns from, decided by (seed, step) alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from ral.datasets.clip import Clip, Sample, augment, collate
from ral.datasets.look import Change
from ral.plan import Plan, Stage

RESTYLED = 0.5  # share of the simulated samples that take on the grey levels of a real frame, where there is one


@dataclass(frozen=True, slots=True)
class Data:
    """Clips to learn from.

    Attributes:
        real: clips of one labelled frame, the view withheld; phantom: simulated clips of many frames;
        pairs: real ED and ES with warped frames between; validation: the inner split, which alone steers.
    """

    real: Sequence[Clip] = ()
    phantom: Sequence[Clip] = ()
    pairs: Sequence[Clip] = ()
    validation: Sequence[Clip] = ()

    def digests(self) -> dict[str, str]:
        """What each part is known by: other patients, another simulator or other labels, another digest."""
        return {part: _digest(getattr(self, part)) for part in ("real", "phantom", "pairs", "validation")}


def _digest(clips: Sequence[Clip]) -> str:
    """16 hex digits of the SHA-256 over the clips, their names and views included; "" for no clip."""
    total = hashlib.sha256()
    for clip in clips:
        total.update(f"{clip.source}\0{clip.name}\0{clip.view}\0{clip.frames.shape}\n".encode())
        for array in (clip.frames, clip.masks, clip.weights, clip.care):
            total.update(b"" if array is None else array.tobytes())
    return total.hexdigest()[:16] if len(clips) else ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """One sample to be made: a stretch of a clip, a real clip whose greys it takes on, and how far it is changed."""

    clip: Clip
    start: int
    frames: int
    style: Clip | None = None
    change: Change = Change.USUAL


def draw(plan: Plan, step: int, data: Data, rank: int = 0, world: int = 1) -> list[dict[str, Tensor]]:
    """The batches of a step: stills, then clips; each as `ral.datasets.clip.collate` gives them, and hints (B,T,1,s,s).

    Args:
        rank, world: of several processes that share a step, each makes every world-th sample.
    """
    stage, _ = plan.at(step)
    rng = np.random.default_rng([plan.seed, step])
    batches = []
    number = 0
    for wishes in (_stills(stage, rng, data), _clips(stage, rng, data)):
        numbered = list(enumerate(wishes, number))
        number += len(wishes)
        mine = [_made(plan, stage, step, n, wish) for n, wish in numbered[rank::world]]
        if mine:
            batch = collate([sample for sample, _ in mine])
            batch["hints"] = torch.from_numpy(np.stack([hints for _, hints in mine]))[:, :, None]
            batches.append(batch)
        elif wishes:
            batches.append({})
    return batches


def cut(clip: Clip, start: int, frames: int) -> Clip:
    """A stretch of a clip."""
    return _taken(clip, slice(start, start + frames))


def labelled_stills(clip: Clip) -> list[Clip]:
    """Each labelled frame of a clip as a clip of its own."""
    return [cut(clip, int(t), 1) for t in np.flatnonzero(clip.weights > 0)]


def _taken(clip: Clip, frames: slice) -> Clip:
    care = None if clip.care is None else clip.care[frames]
    return replace(clip, frames=clip.frames[frames], masks=clip.masks[frames], weights=clip.weights[frames], care=care)


def _stills(stage: Stage, rng: np.random.Generator, data: Data) -> list[_Wish]:
    count = round(stage.stills * stage.real_share) if data.real else 0
    drawn = rng.integers(0, len(data.real), count) if count else ()
    wishes = [_Wish(data.real[i], 0, 1, change=Change.CALM if stage.calm else Change.USUAL) for i in drawn]
    for i in rng.integers(0, len(data.phantom), stage.stills - count) if data.phantom else ():
        clip = data.phantom[i]
        wishes.append(_Wish(clip, int(rng.integers(len(clip.frames))), 1, _style(rng, data), _of_simulated(stage, rng)))
    return wishes


def _clips(stage: Stage, rng: np.random.Generator, data: Data) -> list[_Wish]:
    wishes = []
    for clips, count, simulated in ((data.phantom, stage.clips, True), (data.pairs, stage.pairs, False)):
        for i in rng.integers(0, len(clips), count) if count and clips else ():
            start = int(rng.integers(0, max(len(clips[i].frames) - stage.clip_frames, 0) + 1))
            style, change = (_style(rng, data), _of_simulated(stage, rng)) if simulated else (None, Change.USUAL)
            wishes.append(_Wish(clips[i], start, stage.clip_frames, style, change))
    return wishes


def _of_simulated(stage: Stage, rng: np.random.Generator) -> Change:
    own = rng.spawn(1)[0]  # so that whatever else is drawn stays the same
    return Change.WILD if own.random() < stage.wild_share else Change.USUAL


def _style(rng: np.random.Generator, data: Data) -> Clip | None:
    if rng.random() >= RESTYLED or not data.real:
        return None
    return data.real[int(rng.integers(len(data.real)))]


def _made(plan: Plan, stage: Stage, step: int, number: int, wish: _Wish) -> tuple[Sample, np.ndarray]:
    """A sample and its hints (T,s,s), by a generator of its own, so that whoever makes it makes the same."""
    rng = np.random.default_rng([plan.seed, step, number])
    clip = cut(wish.clip, wish.start, wish.frames)
    if wish.frames > 1 and rng.random() < 0.25:  # corrections also travel backwards
        clip = _taken(clip, slice(None, None, -1))
    sample = augment(clip, rng, stage.size, wish.style, wish.change)
    return _hinted(sample, rng, stage.hint_share)


def _hinted(sample: Sample, rng: np.random.Generator, share: float) -> tuple[Sample, np.ndarray]:
    """Perhaps hand the network a corrected mask of one labelled frame.

    Often the masks of the whole sample first become those of a person who draws a little wider, narrower or aside, so
    that the hint says what the picture does not, and has to be carried to the other frames.
    """
    hints = np.zeros_like(sample.masks)
    labelled = np.flatnonzero(sample.weights > 0)
    if rng.random() >= share or not len(labelled) or not sample.masks[labelled[0]].any():
        return sample, hints
    masks = sample.masks
    if rng.random() < 0.7:
        masks = _by_another_hand(masks, rng)
    t = int(labelled[0] if rng.random() < 0.5 else rng.choice(labelled))
    hints[t] = 2 * masks[t] - 1
    return replace(sample, masks=masks), hints


def _by_another_hand(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T,s,s) float32 masks, all scaled and moved alike about the middle of the first; at most by about a tenth."""
    size = masks.shape[-1]
    rows, columns = np.nonzero(next(m for m in masks if m.any()) > 0.5)
    centre = np.array([columns.mean(), rows.mean()])
    scale = np.diag(np.exp(rng.uniform(-0.12, 0.12, 2)))
    shift = rng.uniform(-0.02, 0.02, 2) * size
    matrix = np.column_stack([scale, centre + shift - scale @ centre])
    warped = [cv2.warpAffine((m * 255).astype(np.uint8), matrix, (size, size)) >= 128 for m in masks]
    return np.stack(warped).astype(np.float32)
