"""Training on several devices or machines: every process takes its share of each step's samples.

`torchrun` starts the processes and names them in the environment. Gradients, BN statistics and losses are averaged by
hand after each step: with several backward passes a step (stills, then windows of clips) torch's own wrapper would
average more often than needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn


@contextmanager
def group(device: str) -> Iterator[tuple[int, int]]:
    """Join the processes that `torchrun` started; gives (rank, number of processes), (0, 1) for a process alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield 0, 1
        return
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield dist.get_rank(), dist.get_world_size()
    finally:
        dist.destroy_process_group()


def own_device(device: str) -> str:
    """The device of this process: with several GPUs in a machine each process takes its own."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if device == "cuda" and local is not None else device


def average_gradients(net: nn.Module, world: int) -> None:
    """Each gradient becomes the mean over the processes; where this one has none, it counts as zero."""
    if world == 1:
        return
    parameters = [p for p in net.parameters() if p.requires_grad]
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    _average([p.grad for p in parameters if p.grad is not None], world)


def average_statistics(net: nn.Module, world: int) -> None:
    """BN's running mean and variance become the mean over the processes."""
    if world > 1:
        _average([b for b in net.buffers() if b.dtype.is_floating_point], world)


def summed(values: Sequence[float], world: int) -> list[float]:
    """Each number added up over the processes."""
    if world == 1:
        return list(values)
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    tensor = torch.tensor(list(values), dtype=torch.float32 if device == "cuda" else torch.float64, device=device)
    dist.all_reduce(tensor)
    return tensor.tolist()


def _average(tensors: list[Tensor], world: int) -> None:
    flat = torch.cat([t.detach().flatten() for t in tensors])
    dist.all_reduce(flat)
    flat /= world
    for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
        tensor.detach().copy_(part.view_as(tensor))
