"""A wider network that begins as a narrower one: it computes the same, and has room to learn more.

As in Net2Net (Chen et al., ICLR 2016), but new maps are drawn and nobody reads them at first, instead of being copies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ral.network import RAL

_FIRST = "blocks.0.layers.0.conv.weight"


def widened(narrow: Mapping[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """The state of `net`, which differs from the narrower network in its growth alone, so that both compute the same.

    Args:
        narrow: the state of the narrower network.
        net: freshly drawn.

    Raises:
        ValueError: they differ in more than the growth.
    """
    if not (isinstance(net, RAL) and net.config.dense and _FIRST in narrow and _differ_in_growth(narrow, net)):
        raise ValueError("These weights are of another network; only one of smaller growth can be widened.")
    state = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    places = _places(narrow[_FIRST].shape[0], net)
    for key, old in narrow.items():
        outputs, inputs = places.get(key, (torch.arange(len(old)) if old.ndim else None, None))
        if outputs is None:
            state[key].copy_(old)
        elif inputs is None:
            state[key][outputs] = old
        else:
            state[key][outputs] = 0  # what is new is not read
            state[key][outputs[:, None], inputs] = old
    return state


def _differ_in_growth(narrow: Mapping[str, Tensor], net: RAL) -> bool:
    growth = narrow[_FIRST].shape[0]
    wanted = RAL(replace(net.config, growth=growth)).state_dict()
    shapes = {key: tensor.shape for key, tensor in narrow.items()}
    return growth <= net.config.growth and shapes == {key: tensor.shape for key, tensor in wanted.items()}


def _places(growth: int, net: RAL) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Where the outputs and the inputs of each tensor that grows lie in the wider one."""
    wide = net.config.growth
    places: dict[str, tuple[Tensor, Tensor | None]] = {}
    before = before_wide = net.config.stem
    for b in range(len(net.blocks)):
        made, seen = torch.arange(growth), torch.arange(before)
        for i in range(net.config.layers):
            _norm(places, f"blocks.{b}.layers.{i}.norm", seen)
            places[f"blocks.{b}.layers.{i}.conv.weight"] = made, seen
            seen = torch.cat([seen, before_wide + i * wide + made])
        places[f"laterals.{b}.weight"] = torch.arange(net.config.lateral), seen
        if b < len(net.transitions):
            before = int(len(seen) * net.config.compression)
            before_wide = int((before_wide + net.config.layers * wide) * net.config.compression)
            _norm(places, f"transitions.{b}.norm", seen)
            places[f"transitions.{b}.conv.weight"] = torch.arange(before), seen
    if net.view_branch is not None:
        places["view_branch.entry.weight"] = torch.arange(net.config.view_widths[0]), seen
    return places


def _norm(places: dict[str, tuple[Tensor, Tensor | None]], name: str, seen: Tensor) -> None:
    for part in ("weight", "bias", "running_mean", "running_var"):
        places[f"{name}.{part}"] = seen, None
