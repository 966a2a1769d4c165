"""The parts of the network: dense block, transition, ConvLSTM cell."""

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
        return self.conv(F.relu(self.norm(x)))


class DenseBlock(nn.Module):
    """Eq. 1: every layer reads all before it; the block gives the concatenation of its input and its layers."""

    def __init__(self, channels: int, growth: int, layers: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(channels + i * growth, growth, dilation) for i in range(layers))
        self.channels = channels + layers * growth

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


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
        x = self.conv(F.relu(self.norm(x)))
        return F.avg_pool2d(x, 2) if self.pooled else x


class ConvLSTMCell(nn.Module):
    """One step of one level of the hierarchical ConvLSTM (eq. 2-4).

    The paper's input [f_k | B(y_{k-1}) | y_{t-1,k}] and hidden state [h_{k-1} | h_{t-1,k}] hold each map twice,
    since y is h; a convolution is linear in its inputs, so each map is fed once: the same class of functions.
    The cell state is the temporal one, c_{t-1,k}: nothing else would carry a memory (our choice).
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(inputs + hidden, 4 * hidden, 3, padding=1)
        with torch.no_grad():
            self.gates.bias.zero_()  # type: ignore[union-attr]
            self.gates.bias[hidden : 2 * hidden] = 1.0  # type: ignore[index]  # a new cell remembers

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        """x (B,inputs,H,W) and state (h, c), each (B,hidden,H,W) or None for zeros -> the new (h, c)."""
        if state is None:
            zero = x.new_zeros(x.shape[0], self.hidden, *x.shape[2:])
            state = (zero, zero)
        h, c = state
        i, f, o, g = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


def conv_bn_relu(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)]
