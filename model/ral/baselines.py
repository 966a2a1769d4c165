"""The peers that RAL is measured against; all read frame by frame and answer as RAL does, without a view."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ral.config import BaselineConfig
from ral.network import Output, State


class FrameByFrame(nn.Module):
    """A network for single frames behind RAL's interface.

    Args:
        config: which peer.
    """

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config
        kinds = {"unet1": UNet1, "unet2": UNet2, "unetpp": UNetPlusPlus, "acnn": UNet1}
        if config.name not in kinds:
            raise ValueError(f"There is no baseline {config.name!r}; there are {', '.join(kinds)}.")
        self.net = kinds[config.name]()
        nn.init.constant_(self.net.head.bias, -2.0)  # the same start as RAL's
        self.code = MaskCode().requires_grad_(False) if config.name == "acnn" else None

    def forward(self, frames: Tensor, state: State | None = None, hints: Tensor | None = None) -> Output:
        """frames (B,T,1,H,W), H and W divisible by 32 -> logits (B,T,H,W); there is no state and no hint."""
        return Output(self.net(frames.flatten(0, 1))[:, 0].unflatten(0, frames.shape[:2]), None, [])


class UNet1(nn.Module):
    """U-Net 1 of Leclerc et al. (IEEE TMI 2019): 2.0 M parameters, 4.0 GMAC a frame at 256 x 256.

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


class UNet2(nn.Module):
    """U-Net 2 of the same paper: about 18 M parameters, batch norm, transposed convolutions.

    Shape: (N,1,H,W) -> logits (N,1,H,W), H and W divisible by 16.
    """

    WIDTHS = (48, 96, 192, 384, 768)

    def __init__(self) -> None:
        super().__init__()
        widths = self.WIDTHS
        self.down = nn.ModuleList(_double_bn(i, o) for i, o in zip((1, *widths[:-1]), widths, strict=True))
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(deep, shallow, 2, stride=2) for deep, shallow in pairs)
        self.up = nn.ModuleList(_double_bn(2 * shallow, shallow) for _, shallow in pairs)
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for grow, block, skip in zip(self.grow, self.up, skips[-2::-1], strict=True):
            x = block(torch.cat([grow(x), skip], 1))
        return self.head(x)


class UNetPlusPlus(nn.Module):
    """U-Net++ (Zhou et al. 2018) in the size that the CAMUS paper names, 1.1 M parameters: nested, dense skips.

    Node (i, j) at depth i reads all (i, <j) and the enlarged (i + 1, j - 1).

    Shape: (N,1,H,W) -> logits (N,1,H,W), H and W divisible by 16.
    """

    WIDTHS = (16, 32, 64, 88, 112)

    def __init__(self) -> None:
        super().__init__()
        widths, depth = self.WIDTHS, len(self.WIDTHS)
        self.nodes = nn.ModuleDict()
        for j in range(depth):
            for i in range(depth - j):
                inputs = widths[i] * j + widths[i + 1] if j else (widths[i - 1] if i else 1)
                self.nodes[f"{i}_{j}"] = _double_bn(inputs, widths[i])
        self.head = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        depth, done = len(self.WIDTHS), {}
        for i in range(depth):
            x = self.nodes[f"{i}_0"](F.max_pool2d(x, 2) if i else x)
            done[i, 0] = x
        for j in range(1, depth):
            for i in range(depth - j):
                below = F.interpolate(done[i + 1, j - 1], scale_factor=2.0)
                done[i, j] = self.nodes[f"{i}_{j}"](torch.cat([*(done[i, m] for m in range(j)), below], 1))
        return self.head(done[0, depth - 1])


class MaskCode(nn.Module):
    """ACNN's shape prior (Oktay et al., IEEE TMI 2018): an auto-encoder of masks with a code of 32 numbers.

    It is taught to give masks back, then frozen; the segmentation is asked to have the code of the true mask.

    Shape: masks (N,S,S) in 0..1, any S: they are brought to 64 x 64 -> code (N,32).

    Attributes:
        spread: mean squared distance of true masks' codes from their mean, the unit of `ral.losses.shape_loss`: how
            large codes become is chance, and unmeasured the prior outweighs the rest by any factor.
    """

    spread: Tensor

    SIDE, NUMBERS = 64, 32

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 16, 32, 32)
        down: list[nn.Module] = []
        for i, o in zip((1, *widths[:-1]), widths, strict=True):
            down += [nn.Conv2d(i, o, 3, stride=2, padding=1), nn.ReLU(inplace=True)]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(widths[-1] * 16, self.NUMBERS))
        up: list[nn.Module] = [nn.Linear(self.NUMBERS, widths[-1] * 16), nn.Unflatten(1, (widths[-1], 4, 4))]
        for i, o in zip(widths[::-1], (*widths[-2::-1], 1), strict=True):
            up += [nn.ReLU(inplace=True), nn.ConvTranspose2d(i, o, 4, stride=2, padding=1)]
        self.decoder = nn.Sequential(*up)
        self.register_buffer("spread", torch.ones(()))

    def forward(self, masks: Tensor) -> Tensor:
        return self.encoder(self.small(masks))

    @torch.no_grad()
    def measure_spread(self, masks: Tensor) -> None:
        """Take `spread` from true masks (N,S,S)."""
        codes = self(masks)
        self.spread.copy_((codes - codes.mean(0)).square().sum(1).mean().clamp_min(1e-6))

    def reconstruction_loss(self, masks: Tensor) -> Tensor:
        """Cross-entropy between masks (N,S,S) and what comes back of them."""
        small = self.small(masks)
        return F.binary_cross_entropy_with_logits(self.decoder(self.encoder(small)), small)

    def small(self, masks: Tensor) -> Tensor:
        """(N,S,S) -> (N,1,64,64)."""
        return F.adaptive_avg_pool2d(masks[:, None], self.SIDE)


def _double(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1), nn.ReLU(inplace=True),
    )  # fmt: skip


def _double_bn(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True),
    )  # fmt: skip
