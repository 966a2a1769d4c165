"""The parts of the network: dense block, transition, pyramid pooling, ConvLSTM cell."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DenseLayer(nn.Module):
    """D of eq. 1: BN, ReLU, Conv3x3 with dilation; (B,C,H,W) -> (B,growth,H,W)."""

    def __init__(self, channels: int, growth: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, growth, 3, padding=dilation, dilation=dilation, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.relu(self.norm(x), inplace=True))


class DenseBlock(nn.Module):
    """Eq. 1: every layer reads all before it; the block gives the concatenation of its input and its layers."""

    def __init__(self, channels: int, growth: int, layers: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(channels + i * growth, growth, dilation) for i in range(layers))
        self.channels = channels + layers * growth

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1 and not torch.is_grad_enabled():
            return self._in_place(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x

    def _in_place(self, x: Tensor) -> Tensor:
        """The same numbers, but what is there already is not copied for each layer; learning alone needs the copies.

        Of one picture only, whose first channels are one stretch of memory: elsewhere torch would round otherwise.
        """
        known = x.shape[1]
        whole = x.new_empty(x.shape[0], self.channels, *x.shape[2:])
        whole[:, :known] = x
        for layer in self.layers:
            made = layer(whole[:, :known])
            whole[:, known : known + made.shape[1]] = made
            known += made.shape[1]
        return whole


class PlainBlock(nn.Sequential):
    """The ablation of the dense block: two Conv-BN-ReLU of the same output width, no dilation."""

    def __init__(self, channels: int, growth: int, layers: int) -> None:
        self.channels = channels + layers * growth
        super().__init__(*conv_bn_relu(channels, self.channels), *conv_bn_relu(self.channels, self.channels))


class Transition(nn.Module):
    """BN, ReLU, Conv1x1 that keeps a share of the channels, then a 2x2 average where the picture is halved."""

    def __init__(self, channels: int, compression: float, pooled: bool) -> None:
        super().__init__()
        self.channels = int(channels * compression)
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, self.channels, 1, bias=False)
        self.pooled = pooled

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.relu(self.norm(x), inplace=True))
        return F.avg_pool2d(x, 2) if self.pooled else x


class PyramidPooling(nn.Module):
    """What the whole picture holds, added to every place of it; (B,C,H,W) -> (B,C,H,W).

    Averages over 1, 2, 3 and 6 parts a side, each squeezed to a quarter of the channels, enlarged and joined.
    """

    PARTS = (1, 2, 3, 6)

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(channels // 4, 1)
        self.squeeze = nn.ModuleList(nn.Conv2d(channels, squeezed, 1) for _ in self.PARTS)
        self.join = nn.Conv2d(channels + squeezed * len(self.PARTS), channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = (x.shape[-2], x.shape[-1])
        pooled = [
            resize(F.relu(squeeze(F.adaptive_avg_pool2d(x, parts))), size)
            for parts, squeeze in zip(self.PARTS, self.squeeze, strict=True)
        ]
        return self.join(torch.cat([x, *pooled], 1))


class ConvLSTMCell(nn.Module):
    """One step of one level of the hierarchical ConvLSTM (eq. 2-4).

    The paper's input [f_k | B(y_{k-1}) | y_{t-1,k}] and hidden state [h_{k-1} | h_{t-1,k}] hold each map twice,
    since y is h; a convolution is linear in its inputs, so `Recurrence` feeds each map once by default: the same
    class of functions. The cell state is the temporal one, c_{t-1,k}: nothing else would carry a memory (our choice).
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(inputs, 4 * hidden, 3, padding=1)
        with torch.no_grad():
            self.gates.bias.zero_()  # type: ignore[union-attr]
            self.gates.bias[hidden : 2 * hidden] = 1.0  # type: ignore[index]  # a new cell remembers

    def zeros(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The state before the first frame, for a map as large as `like`; the memory is float32 in any precision."""
        size = (like.shape[0], self.hidden, *like.shape[2:])
        return like.new_zeros(size), like.new_zeros(size, dtype=torch.float32)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """x (B,inputs,H,W), hidden state included, and state (h, c), each (B,hidden,H,W) -> the new (h, c)."""
        i, f, o, g = self.gates(x).chunk(4, 1)
        c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c).to(o.dtype), c


def conv_bn_relu(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


def resize(x: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    """Bilinear, and nothing at all where the sizes match already."""
    return (
        x if x.shape[-2:] == tuple(size) else F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
    )
