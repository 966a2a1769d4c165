"""The RAL network (Li et al., MICCAI 2019), whole.

    frame -> stem -> blocks 1..5 (dense, dilated) -> ConvLSTM 1..5 (deep to shallow) -> mask
                                        \\____________ each h_k ____________/-> view

Blocks b = 1..5 run shallow to deep, ConvLSTMs k = 1..5 deep to shallow, so ConvLSTM k reads block 6 - k.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from ral.blocks import ConvLSTMCell, DenseBlock, PlainBlock, PyramidPooling, Transition, conv_bn_relu, resize
from ral.config import VIEWS, RALConfig

State = list[tuple[Tensor, Tensor]]


class Output(NamedTuple):
    """What a network says of a clip.

    logits (B,T,H,W) of the cavity; view_features (B,T,F) a frame each, or None; state after the last frame;
    deep: logits (B,T,h_k,w_k) of the other h_k, only while training under deep supervision.
    """

    logits: Tensor
    view_features: Tensor | None
    state: State
    deep: Sequence[Tensor] = ()


class Seen(NamedTuple):
    """What the encoder saw in a clip: laterals (B,T,C,H_k,W_k), deep to shallow, the last block's feature (B*T,C,h,w),
    and the frames' height and width."""

    features: list[Tensor]
    deepest: Tensor
    size: tuple[int, int]


class RAL(nn.Module):
    """Segments every frame of a clip and gathers what tells the view.

    Args:
        config: sizes and flags, see `ral.config.RALConfig`.

    Attributes:
        spare_memory: while training, compute the blocks again in the backward pass instead of keeping their inner
            maps (for ral-base; a block's BN statistics then see the same batch twice).
    """

    def __init__(self, config: RALConfig) -> None:
        super().__init__()
        self.config = config
        self.spare_memory = False
        inputs = 2 if config.mask_hint else 1
        self.stem = nn.Conv2d(inputs, config.stem, 3, stride=config.stem_stride, padding=1, bias=False)
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
        self.pyramid = PyramidPooling(channels) if config.pyramid_pooling else None
        self.cells = Recurrence(config)
        self.cells_back = Recurrence(config) if config.bidirectional else None
        widths = [hidden * (2 if config.bidirectional else 1) for hidden in config.hidden]
        self.head = nn.Conv2d(widths[-1] if config.spatial else sum(widths), 1, 1)
        nn.init.constant_(self.head.bias, -2.0)  # type: ignore[arg-type]  # the cavity covers about an eighth of a frame
        self.deep_heads = nn.ModuleList(nn.Conv2d(w, 1, 1) for w in widths[:-1]) if config.deep_supervision else None
        self.view_branch = ViewBranch(channels, widths, config) if config.classify else None

    def forward(self, frames: Tensor, state: State | None = None, hints: Tensor | None = None) -> Output:
        """frames (B,T,1,H,W) float32 prepared by `ral.prepare`; H and W divisible by 8.

        Args:
            state: of an earlier call, to go on; ignored where the network has no memory, and by the backward stack.
            hints: (B,T,1,H,W) float32, +1 inside and -1 outside a corrected mask, 0 where a frame has none.
        """
        return self.follow(self.look(frames, hints), state)

    def look(self, frames: Tensor, hints: Tensor | None = None) -> Seen:
        """The part that has no memory: what is in each frame, whatever came before it; arguments as of `forward`."""
        if self.config.mask_hint:
            frames = torch.cat([frames, torch.zeros_like(frames) if hints is None else hints], 2)
        features, deepest = self._encode(frames.flatten(0, 1))
        shape = (frames.shape[0], frames.shape[1])
        return Seen([f.unflatten(0, shape) for f in features], deepest, (frames.shape[-2], frames.shape[-1]))

    def remember(self, seen: Seen, state: State | None = None) -> State:
        """What `follow` remembers of it; nothing is said of these frames."""
        return self.cells(seen.features, state)[1]

    def follow(self, seen: Seen, state: State | None = None) -> Output:
        """The part that remembers: what was seen in each frame, in the order in which the frames are read."""
        features, deepest, size = seen
        shape = (features[0].shape[0], features[0].shape[1])
        levels, after = self.cells(features, state)
        if self.cells_back is not None:
            back, _ = self.cells_back([f.flip(1) for f in features], None)
            levels = [torch.cat([h, b.flip(1)], 2) for h, b in zip(levels, back, strict=True)]
        levels = [h.flatten(0, 1) for h in levels]
        logits = resize(self.head(self._joined(levels)), size)[:, 0].unflatten(0, shape)
        views, deep = None, []
        if self.view_branch is not None:
            views = self.view_branch(deepest, levels).unflatten(0, shape)
        if self.deep_heads is not None and self.training:
            deep = [head(h)[:, 0].unflatten(0, shape) for head, h in zip(self.deep_heads, levels[:-1], strict=True)]
        return Output(logits, views, after, deep)

    def view_logits(self, view_features: Tensor) -> Tensor:
        """(B,T,F) -> (B,3) in the order of `ral.config.VIEWS`: the view belongs to the sequence, not to a frame."""
        assert self.view_branch is not None
        return self.view_branch.decide(view_features.mean(1))

    def _encode(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """(N,1 or 2,H,W) -> the laterals, deep to shallow, and the feature of the last block."""
        x = self.stem(x)
        laterals: list[Tensor] = []
        for b, block in enumerate(self.blocks):
            spare = self.spare_memory and self.training
            x = checkpoint(block, x, use_reentrant=False) if spare else block(x)  # type: ignore[assignment]
            if self.pyramid is not None and b == len(self.blocks) - 1:
                x = self.pyramid(x)
            laterals.append(self.laterals[b](x))
            if b < len(self.transitions):
                x = self.transitions[b](x)
        return laterals[::-1], x

    def _joined(self, levels: list[Tensor]) -> Tensor:
        """What the head reads: the last h_k, which has met all others; without that, all of them side by side."""
        if self.config.spatial:
            return levels[-1]
        return torch.cat([resize(h, levels[-1].shape[-2:]) for h in levels], 1)


class Recurrence(nn.ModuleList):
    """The hierarchical ConvLSTMs (eq. 2-4), deep to shallow; B of the paper is bilinear upsampling."""

    def __init__(self, config: RALConfig) -> None:
        self.config = config
        above = (0, *config.hidden[:-1]) if config.spatial else (0,) * len(config.hidden)
        twice = 2 if config.literal_inputs else 1
        super().__init__(
            ConvLSTMCell(config.lateral + twice * (up + hidden), hidden)
            for up, hidden in zip(above, config.hidden, strict=True)
        )

    def forward(self, features: list[Tensor], state: State | None) -> tuple[list[Tensor], State]:
        """features (B,T,C,H_k,W_k), deep to shallow -> the h_k (B,T,hidden_k,H_k,W_k) and the last state."""
        hidden: list[list[Tensor]] = []
        for t in range(features[0].shape[1]):
            state = self._frame([f[:, t] for f in features], state if self.config.temporal else None)
            hidden.append([h for h, _ in state])
        assert state is not None
        return [torch.stack([h[k] for h in hidden], 1) for k in range(len(self))], state

    def _frame(self, features: list[Tensor], state: State | None) -> State:
        """One frame through the five levels."""
        new: State = []
        for k, cell in enumerate(self):
            assert isinstance(cell, ConvLSTMCell)
            before = cell.zeros(features[k]) if state is None else state[k]
            above = [resize(new[-1][0], features[k].shape[-2:])] if k > 0 and self.config.spatial else []
            maps = [*above, before[0]]
            if self.config.literal_inputs:
                maps *= 2
            new.append(cell(torch.cat([features[k], *maps], 1), before))
        return new


class ViewBranch(nn.Module):
    """The classification branch: the last block's feature meets every h_k on its way down to one vector a frame."""

    def __init__(self, channels: int, hidden_widths: list[int], config: RALConfig) -> None:
        super().__init__()
        widths = config.view_widths
        self.entry = nn.Conv2d(channels, widths[0], 1)
        inputs = (widths[0], *widths[:-1])
        self.steps = nn.ModuleList(
            nn.Sequential(*conv_bn_relu(before + hidden, after))
            for before, hidden, after in zip(inputs, hidden_widths, widths, strict=True)
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
