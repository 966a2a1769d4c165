"""The RAL network (Li et al., MICCAI 2019), whole.

    frame -> stem -> blocks 1..5 (dense, dilated) -> ConvLSTM 1..5 (deep to shallow) -> mask
                                        \\____________ each h_k ____________/-> view

Blocks b = 1..5 run shallow to deep, ConvLSTMs k = 1..5 deep to shallow, so ConvLSTM k reads block 6 - k.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ral.blocks import ConvLSTMCell, DenseBlock, PlainBlock, Transition, conv_bn_relu
from ral.config import VIEWS, RALConfig

State = list[tuple[Tensor, Tensor]]


class Output(NamedTuple):
    """logits (B,T,H,W) of the cavity; view_features (B,T,F) a frame each, or None; state after the last frame."""

    logits: Tensor
    view_features: Tensor | None
    state: State


class RAL(nn.Module):
    """Segments every frame of a clip and gathers what tells the view.

    Args:
        config: sizes, see `ral.config.RALConfig`.
    """

    def __init__(self, config: RALConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv2d(1, config.stem, 3, stride=config.stem_stride, padding=1, bias=False)
        self.blocks, self.transitions, self.laterals = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        channels = config.stem
        for b, dilation in enumerate(config.dilations):
            block = (
                DenseBlock(channels, config.growth, config.layers, dilation)
                if config.dense
                else PlainBlock(channels, config.growth, config.layers)
            )
            kernel = config.lateral_kernel
            self.blocks.append(block)
            self.laterals.append(nn.Conv2d(block.channels, config.lateral, kernel, padding=kernel // 2))
            channels = block.channels
            if b < len(config.pooled):
                transition = Transition(channels, config.compression, config.pooled[b])
                self.transitions.append(transition)
                channels = transition.channels
        above = (0, *config.hidden[:-1])
        self.cells = nn.ModuleList(
            ConvLSTMCell(config.lateral + up, hidden) for up, hidden in zip(above, config.hidden, strict=True)
        )
        self.head = nn.Conv2d(config.hidden[-1], 1, 1)
        nn.init.constant_(self.head.bias, -2.0)  # type: ignore[arg-type]  # the cavity covers about an eighth of a frame
        self.view_branch = ViewBranch(channels, config) if config.classify else None

    def forward(self, frames: Tensor, state: State | None = None) -> Output:
        """frames (B,T,1,H,W) float32 prepared by `ral.prepare`; H and W divisible by 8."""
        batch, steps = frames.shape[:2]
        features, deepest = self._encode(frames.flatten(0, 1))
        features = [f.unflatten(0, (batch, steps)) for f in features]
        hidden: list[list[Tensor]] = []
        for t in range(steps):
            state = self._aggregate([f[:, t] for f in features], state if self.config.temporal else None)
            hidden.append([h for h, _ in state])
        levels = [torch.stack([h[k] for h in hidden], 1).flatten(0, 1) for k in range(len(self.cells))]
        logits = self.head(levels[-1])
        if self.config.stem_stride > 1:
            logits = _resize(logits, frames.shape[-2:])
        views = None
        if self.view_branch is not None:
            views = self.view_branch(deepest, levels).unflatten(0, (batch, steps))
        assert state is not None
        return Output(logits[:, 0].unflatten(0, (batch, steps)), views, state)

    def view_logits(self, view_features: Tensor) -> Tensor:
        """(B,T,F) -> (B,3) in the order of `ral.config.VIEWS`: the view belongs to the sequence, not to a frame."""
        assert self.view_branch is not None
        return self.view_branch.decide(view_features.mean(1))

    def _encode(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """(N,1,H,W) -> the laterals, deep to shallow, and the feature of the last block."""
        x = self.stem(x)
        laterals: list[Tensor] = []
        for b, block in enumerate(self.blocks):
            x = block(x)
            laterals.append(self.laterals[b](x))
            if b < len(self.transitions):
                x = self.transitions[b](x)
        return laterals[::-1], x

    def _aggregate(self, features: list[Tensor], state: State | None) -> State:
        """One frame through the five ConvLSTMs (eq. 2-4); B of the paper is bilinear upsampling."""
        new: State = []
        for k, cell in enumerate(self.cells):
            x = features[k]
            if k > 0:
                x = torch.cat([x, _resize(new[-1][0], x.shape[-2:])], 1)
            new.append(cell(x, None if state is None else state[k]))
        return new


class ViewBranch(nn.Module):
    """The classification branch: the last block's feature meets every h_k on its way down to one vector a frame."""

    def __init__(self, channels: int, config: RALConfig) -> None:
        super().__init__()
        widths = config.view_widths
        self.entry = nn.Conv2d(channels, widths[0], 1)
        inputs = (widths[0], *widths[:-1])
        self.steps = nn.ModuleList(
            nn.Sequential(*conv_bn_relu(before + hidden, after))
            for before, hidden, after in zip(inputs, config.hidden, widths, strict=True)
        )
        self.decide = nn.Sequential(
            nn.Linear(widths[-1], widths[-1]), nn.ReLU(), nn.Dropout(0.2), nn.Linear(widths[-1], len(VIEWS))
        )

    def forward(self, deepest: Tensor, levels: list[Tensor]) -> Tensor:
        """deepest (N,C,h,w) and the h_k (N,hidden_k,H_k,W_k) -> (N,F)."""
        z = self.entry(deepest)
        for step, h in zip(self.steps, levels, strict=True):
            z = step(torch.cat([z, F.adaptive_avg_pool2d(h, (z.shape[-2], z.shape[-1]))], 1))
            if min(z.shape[-2:]) > 1:
                z = F.avg_pool2d(z, 2)
        return z.mean((2, 3))


def _resize(x: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    """Bilinear, and nothing at all where the sizes match already."""
    return (
        x if x.shape[-2:] == tuple(size) else F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
    )
