"""From a config to a network."""

from __future__ import annotations

from ral.baselines import FrameByFrame
from ral.config import BaselineConfig, NetConfig
from ral.network import RAL

Network = RAL | FrameByFrame


def build(config: NetConfig) -> Network:
    """The network of a config, its weights drawn from torch's generator."""
    return FrameByFrame(config) if isinstance(config, BaselineConfig) else RAL(config)
