"""All that decides a training beside its data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ral.config import NetConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training at one size.

    Attributes:
        size: input px; steps: optimiser steps; rate: peak learning rate.
        stills, real_share: frames a step that stand alone, and the share of them that are real.
        clips: phantom clips a step, for the recurrence; clip_frames: their length.
        pairs: warped real clips a step, for the recurrence in real texture.
        window: frames between two cuts of back-propagation through time; the state goes on.
        hint_share: share of the samples that carry a corrected mask, for networks that read one.
        calm: whether real stills are changed only a little; wild_share: share of the simulated samples that are
            changed beyond what scanners show (see `ral.datasets.look.Change`).
        views_only: the view branch alone learns; what is said of the border stays as it is to the bit.
    """

    size: int
    steps: int
    rate: float
    stills: int = 0
    real_share: float = 0.0
    clips: int = 0
    pairs: int = 0
    clip_frames: int = 8
    window: int = 8
    hint_share: float = 0.3
    calm: bool = False
    wild_share: float = 0.0
    views_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A run.

    Attributes:
        ema: how slowly the averaged network follows; 0 trains without one.
        decay: "cosine": each stage warms up and falls to a hundredth; "dice": the rate is halved whenever the Dice of
            `patience` validations in a row has not risen (the paper's way).
        bfloat16: multiply in bfloat16 where torch deems it safe; pays on processors and GPUs that know the format.
        freeze_norm: BN keeps the statistics it has.
    """

    config: NetConfig
    stages: tuple[Stage, ...]
    seed: int = 0
    weight_decay: float = 1e-4
    ema: float = 0.995
    decay: str = "cosine"
    patience: int = 3
    bfloat16: bool = False
    freeze_norm: bool = False
    validate_every: int = 200
    save_every: int = 100

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> tuple[Stage, int]:
        """The stage that a step belongs to, and the step's number within it.

        Raises:
            IndexError: the plan is over.
        """
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise IndexError(step)


def learning_rate(stage: Stage, within: int, decay: str = "cosine", halvings: int = 0) -> float:
    """Linear warm-up over a twentieth of the stage, then a cosine to a hundredth of the peak, or the peak halved."""
    share = (within + 1) / stage.steps
    fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)) if decay == "cosine" else 0.5**halvings
    return stage.rate * min(1.0, share * 20) * fall
