"""What a frame costs: GMAC, parameters, frames per second, side by side in one run."""

from __future__ import annotations

import copy
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ral.build import build
from ral.config import CONFIGS, INPUT_SIZE, NetConfig
from ral.network import RAL
from ral.recipes import LITE

SHIPPED = "as shipped"  # what is in the two sets: RAL-lite with a larger growth, hints and deep supervision


def configs() -> dict[str, NetConfig]:
    """Every config and every baseline by its name."""
    return {**CONFIGS, SHIPPED: LITE}


def networks() -> dict[str, nn.Module]:
    return {name: build(config).eval() for name, config in configs().items()}


def gmac(net: nn.Module) -> float:
    """Multiply-adds of one 256 x 256 frame, in units of 1e9, by torch's counter."""
    net = copy.deepcopy(net).cpu().eval()  # in training a black frame would move the statistics of BN
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        _forward(net, None, "cpu")
    return counter.get_total_flops() / 2e9


def seconds_a_frame(
    nets: dict[str, nn.Module], frames: int, device: str = "cpu", told: Callable[[int], None] = lambda _: None
) -> dict[str, float]:
    """Median seconds a frame, streaming, the networks taking turns so that the machine's mood hits all alike.

    Args:
        nets: on the device already; told: hears how many rounds are done.
    """
    times: dict[str, list[float]] = {name: [] for name in nets}
    states: dict[str, object] = {}
    with torch.inference_mode():
        for round_ in range(frames + 2):
            for name, net in nets.items():
                began = time.perf_counter()
                states[name] = _forward(net, states.get(name), device)
                _wait(device)
                if round_ >= 2:
                    times[name].append(time.perf_counter() - began)
            told(round_ + 1)
    return {name: statistics.median(t) for name, t in times.items()}


def report(frames: int, threads: int = 0, device: str = "cpu", told: Callable[[int], None] = lambda _: None) -> str:
    """A table of all configurations and baselines, with the machine's load."""
    if threads:
        torch.set_num_threads(threads)
    nets, peak = networks(), peak_gmac_a_second(device)
    costs = {name: gmac(net) for name, net in nets.items()}
    seconds = seconds_a_frame({name: net.to(device) for name, net in nets.items()}, frames, device, told)
    lines = [
        f"{device}, threads {torch.get_num_threads()}, load {os.getloadavg()[0]:.1f}, "
        f"medians of {frames} frames of {INPUT_SIZE} x {INPUT_SIZE}, "
        f"matrix multiplication reaches {peak:.0f} GMAC/s (a convolution that needs fewer products may pass it)"
    ]
    for name, net in nets.items():
        millions = sum(p.numel() for p in net.parameters()) / 1e6
        cost = costs[name]
        lines.append(
            f"{name:10s} {millions:5.2f} M {cost:6.2f} GMAC {1 / seconds[name]:6.1f} frames/s"
            f"  {seconds['unet1'] / seconds[name]:5.2f} x unet1  {100 * cost / seconds[name] / peak:3.0f} % of the peak"
        )
    return "\n".join(lines)


def training_report(threads: int = 0, sizes: Sequence[int] = (128, INPUT_SIZE), rounds: int = 4) -> str:
    """Seconds and peak memory of a training step on a clip of 8 frames, what ships against U-Net 1.

    At each size the allocator is told to keep blocks, and not. Every line is a process of its own: what the allocator
    was told cannot be taken back, and a peak only grows.
    """
    lines = [f"training step on a clip of 8 frames, float32, load {os.getloadavg()[0]:.1f}"]
    for size, keep, name in product(sizes, (True, False), (SHIPPED, "unet1")):
        seconds, megabytes = in_a_process_of_its_own(name, size, rounds, keep, threads)
        blocks = "kept" if keep else "given back"
        lines.append(f"{name:10s} {size:3d} px large blocks {blocks:10s} {seconds:6.2f} s {megabytes:6.0f} MB")
    return "\n".join(lines)


def in_a_process_of_its_own(name: str, size: int, rounds: int, keep: bool, threads: int = 0) -> tuple[float, float]:
    """`time_a_step` there."""
    words = [sys.executable, "-m", "ral.bench", name, str(size), str(rounds), str(int(keep)), str(threads)]
    seconds, megabytes = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(megabytes)


def time_a_step(name: str, size: int, rounds: int, keep: bool, frames: int = 8) -> tuple[float, float]:
    """Median seconds of a training step on one clip, and this process's peak memory in MB (0 on Windows)."""
    from ral.losses import segmentation_loss
    from ral.train import keep_large_blocks

    if keep:
        keep_large_blocks()
    net = build(configs()[name]).train()
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3)
    x, mask = torch.randn(1, frames, 1, size, size), torch.ones(frames, size, size)
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        segmentation_loss(net(x).logits[0], mask, torch.ones(frames)).backward()
        optimiser.step()
        times.append(time.perf_counter() - began)
    try:
        import resource
    except ImportError:
        return statistics.median(times[1:]), 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return statistics.median(times[1:]), peak


def peak_gmac_a_second(device: str = "cpu", side: int = 1024, rounds: int = 8) -> float:
    """The best that a float32 matrix product reaches there, in 1e9 multiply-adds a second."""
    a, b = torch.randn(side, side, device=device), torch.randn(side, side, device=device)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(rounds):
            began = time.perf_counter()
            torch.mm(a, b)
            _wait(device)
            best = min(best, time.perf_counter() - began)
    return side**3 / best / 1e9


def _wait(device: str) -> None:
    """A GPU is still at work when a call comes back."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def _forward(net: nn.Module, state: object, device: str) -> object:
    state = net(torch.zeros(1, 1, 1, INPUT_SIZE, INPUT_SIZE, device=device), state).state
    return state if isinstance(net, RAL) else None


if __name__ == "__main__":
    _name, _size, _rounds, _keep, _threads = sys.argv[1], *map(int, sys.argv[2:6])
    if _threads:
        torch.set_num_threads(_threads)
    print(*time_a_step(_name, _size, _rounds, bool(_keep)))
