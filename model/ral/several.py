"""Training on several devices or machines: every process takes its share of each step's samples.

`torchrun` starts the processes and names them in the environment. Gradients and losses are averaged by hand after each
step: with several backward passes a step (stills, then windows of clips) torch's own wrapper would average more often
than needed. BN looks at the samples of all processes, and dropout gives each sample the noise that it would have in a
process alone: otherwise several would learn something else than one. torch has such a BN for GPUs only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional as F


@contextmanager
def group(device: str) -> Iterator[tuple[int, int]]:
    """Join the processes that `torchrun` started; gives (rank, number of processes), (0, 1) for a process alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield 0, 1
        return
    if device.startswith("cuda"):
        torch.cuda.set_device(device)  # what the processes tell each other goes over this process's own GPU
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield dist.get_rank(), dist.get_world_size()
    finally:
        dist.destroy_process_group()


def own_device(device: str) -> str:
    """The device of this process: with several GPUs in a machine each process takes its own."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if device == "cuda" and local is not None else device


def check_together(step: int, world: int) -> None:
    """All processes have to go on from one step.

    Raises:
        ValueError: they do not: the folder of the run is not the same to all, as on machines without a shared disk.
    """
    if world == 1:
        return
    most = torch.tensor([step, -step], device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(most, dist.ReduceOp.MAX)
    if most.tolist() != [step, -step]:
        raise ValueError(
            f"The processes would go on from different steps, this one from step {step}. "
            "The folder of the run must be the same to all of them: lay it on a disk that they share."
        )


def average_gradients(net: nn.Module, world: int) -> None:
    """Each gradient becomes the mean over the processes; where this one has none, it counts as zero."""
    if world == 1:
        return
    parameters = [p for p in net.parameters() if p.requires_grad]
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    _average([p.grad for p in parameters if p.grad is not None], world)


class _NormOfAll(nn.BatchNorm2d):
    """In training, the mean and variance of all processes' samples, which each of them has to have some of."""

    together = False

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.together):
            return super().forward(x)
        own, channels = x.float(), x.shape[1]
        count = own.new_full((1,), own.numel() / channels)
        told = all_reduce(torch.cat([own.sum((0, 2, 3)), own.square().sum((0, 2, 3)), count]))
        mean, total = told[:channels] / told[-1], told[-1].item()
        variance = (told[channels:-1] / total - mean.square()).clamp_min(0)
        self._follow(mean.detach(), variance.detach() * total / max(total - 1, 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (own * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]).to(x.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


class _DropoutOfAll(nn.Dropout):
    """The noise of all processes' samples is drawn by each, which then takes its own."""

    rank: int
    world: int

    def forward(self, x: Tensor) -> Tensor:
        kept = F.dropout(x.new_ones(len(x) * self.world, *x.shape[1:]), self.p, self.training)
        return x * kept[self.rank :: self.world]


def share_layers(net: nn.Module, rank: int, world: int) -> None:
    """The layers that look at a whole batch, or draw for it, do so for that of all; those of a process alone stay."""
    for module in net.modules() if world > 1 else ():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = _NormOfAll
        elif type(module) is nn.Dropout:
            module.__class__ = _DropoutOfAll
            module.__dict__.update(rank=rank, world=world)


def norm_together(net: nn.Module, together: bool) -> None:
    """Whether BN looks at the samples of all processes in the passes that follow, or each at its own."""
    for module in net.modules():
        if isinstance(module, _NormOfAll):
            module.together = together


def average_statistics(net: nn.Module, world: int) -> None:
    """BN's running mean and variance become the mean over the processes: some batches are too small for all."""
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
