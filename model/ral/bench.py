"""What a frame costs: GMAC, parameters, frames per second, side by side in one run."""

from __future__ import annotations

import os
import statistics
import time

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ral.build import build
from ral.config import CONFIGS, INPUT_SIZE
from ral.network import RAL


def networks() -> dict[str, nn.Module]:
    """Every config and every baseline; ACNN is U-Net 1 once it is trained."""
    return {name: build(config).eval() for name, config in CONFIGS.items() if name != "acnn"}


def gmac(net: nn.Module) -> float:
    """Multiply-adds of one 256 x 256 frame, in units of 1e9, by torch's counter."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        _forward(net, None)
    return counter.get_total_flops() / 2e9


def seconds_a_frame(nets: dict[str, nn.Module], frames: int) -> dict[str, float]:
    """Median seconds a frame, streaming, the networks taking turns so that the machine's mood hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in nets}
    states: dict[str, object] = {}
    with torch.inference_mode():
        for round_ in range(frames + 2):
            for name, net in nets.items():
                began = time.perf_counter()
                states[name] = _forward(net, states.get(name))
                if round_ >= 2:
                    times[name].append(time.perf_counter() - began)
    return {name: statistics.median(t) for name, t in times.items()}


def report(frames: int, threads: int = 0) -> str:
    """A table of all configurations and U-Net 1, with the machine's load."""
    if threads:
        torch.set_num_threads(threads)
    nets, peak = networks(), peak_gmac_a_second()
    seconds = seconds_a_frame(nets, frames)
    lines = [
        f"threads {torch.get_num_threads()}, load {os.getloadavg()[0]:.1f}, "
        f"medians of {frames} frames of {INPUT_SIZE} x {INPUT_SIZE}, "
        f"matrix multiplication reaches {peak:.0f} GMAC/s"
    ]
    for name, net in nets.items():
        millions = sum(p.numel() for p in net.parameters()) / 1e6
        cost = gmac(net)
        lines.append(
            f"{name:10s} {millions:5.2f} M {cost:6.2f} GMAC {1 / seconds[name]:6.1f} frames/s"
            f"  {seconds['unet1'] / seconds[name]:5.2f} x unet1  {100 * cost / seconds[name] / peak:3.0f} % of the peak"
        )
    return "\n".join(lines)


def peak_gmac_a_second(side: int = 1024, rounds: int = 8) -> float:
    """The best that a float32 matrix product reaches here, in 1e9 multiply-adds a second."""
    a, b = torch.randn(side, side), torch.randn(side, side)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(rounds):
            began = time.perf_counter()
            torch.mm(a, b)
            best = min(best, time.perf_counter() - began)
    return side**3 / best / 1e9


def _forward(net: nn.Module, state: object) -> object:
    state = net(torch.zeros(1, 1, 1, INPUT_SIZE, INPUT_SIZE), state).state
    return state if isinstance(net, RAL) else None
