"""The peers that RAL is measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class UNet1(nn.Module):
    """U-Net 1 of Leclerc et al. (IEEE TMI 2019): 2.0 M parameters, 4.0 GMAC a frame at 256 x 256, frame by frame.

    Shape: (N,1,H,W) -> logits (N,1,H,W), H and W divisible by 32.
    """

    DOWN = (32, 32, 64, 128, 128, 128)
    UP = (128, 128, 64, 32, 16)

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(_double(i, o) for i, o in zip((1, *self.DOWN[:-1]), self.DOWN, strict=True))
        below, skips = (self.DOWN[-1], *self.UP[:-1]), self.DOWN[-2::-1]
        self.up = nn.ModuleList(_double(b + s, o) for b, s, o in zip(below, skips, self.UP, strict=True))
        self.head = nn.Conv2d(self.UP[-1], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), skip], 1))
        return self.head(x)


def _double(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1), nn.ReLU(inplace=True),
    )  # fmt: skip
