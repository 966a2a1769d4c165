"""The sizes of the network, as values; loads no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

VIEWS = ("A2C", "A3C", "A4C")
INPUT_SIZE = 256
CONTOUR_POINTS = 65


@dataclass(frozen=True, slots=True)
class RALConfig:
    """Every choice that shapes the network; blocks run shallow to deep, ConvLSTMs deep to shallow.

    Attributes:
        stem, stem_stride: width and stride of the first convolution; a stride of 2 is undone on the logits.
        growth, layers: channels added by a dense layer, layers a block (paper: 6).
        dilations: of blocks 1..5 (paper: 1, 1, 2, 4, 8).
        pooled: whether the transition after block 1..4 halves the picture (sibling paper: after 1 and 2 only,
            because dilation takes the place of later pooling).
        compression: share of channels that a transition keeps (paper: 0.5).
        lateral, lateral_kernel: width and kernel of f_b, the feature that a block hands to its ConvLSTM.
        hidden: channels of ConvLSTM 1..5.
        view_widths: channels of the five steps of the classification branch.
        temporal: False gives every frame a zero state (ablation).
        dense: False replaces a dense block by two plain convolutions of the same width (ablation).
        classify: False leaves the classification branch out (ablation).
    """

    name: str
    stem: int = 16
    stem_stride: int = 1
    growth: int = 20
    layers: int = 6
    dilations: tuple[int, ...] = (1, 1, 2, 4, 8)
    pooled: tuple[bool, ...] = (True, True, False, False)
    compression: float = 0.5
    lateral: int = 20
    lateral_kernel: int = 3
    hidden: tuple[int, ...] = (32, 32, 32, 16, 16)
    view_widths: tuple[int, ...] = (32, 48, 48, 64, 64)
    temporal: bool = True
    dense: bool = True
    classify: bool = True

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RALConfig:
        """The inverse of `to_dict`; lists from JSON become tuples.

        Raises:
            TypeError: a key that this version does not know.
        """
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return cls(**plain)


RAL_BASE = RALConfig("ral-base")
RAL_LITE = RALConfig(
    "ral-lite",
    stem_stride=2,
    growth=8,
    lateral=12,
    lateral_kernel=1,
    hidden=(24, 24, 24, 16, 12),
    view_widths=(24, 24, 32, 32, 48),
)
CONFIGS = {config.name: config for config in (RAL_BASE, RAL_LITE)}
