"""The sizes of the network, as values; loads no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
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
        spatial: False makes the five ConvLSTMs independent; their maps are enlarged, joined and read by the head
            (ablation).
        dense: False replaces a dense block by two plain convolutions of the same width, undilated (ablation).
        classify: False leaves the classification branch out (ablation).
        literal_inputs: feed every map to a ConvLSTM twice, as eq. 2 and 3 are printed; the same class of functions.
        bidirectional: a second stack of ConvLSTMs reads the clip backwards (the paper's own remedy for errors that
            build up along the beat); for cines that are there as a whole.
        deep_supervision: a 1x1 head on every h_k while training (sibling paper).
        pyramid_pooling: averages over 1, 2, 3 and 6 parts of the picture after the last block (sibling paper).
        mask_hint: a second input channel: a corrected mask as +1 inside and -1 outside, 0 where there is none.
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
    spatial: bool = True
    dense: bool = True
    classify: bool = True
    literal_inputs: bool = False
    bidirectional: bool = False
    deep_supervision: bool = False
    pyramid_pooling: bool = False
    mask_hint: bool = False

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


@dataclass(frozen=True, slots=True)
class BaselineConfig:
    """One of the peers: "unet1", "unet2", "unetpp" or "acnn" (see `ral.baselines`)."""

    name: str

    def to_dict(self) -> dict[str, Any]:
        return {"baseline": self.name}


NetConfig = RALConfig | BaselineConfig


def config_from(values: dict[str, Any]) -> NetConfig:
    """The config that `to_dict` of either kind wrote.

    Raises:
        TypeError: a key that this version does not know.
    """
    return BaselineConfig(values["baseline"]) if "baseline" in values else RALConfig.from_dict(values)


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
BASELINES = {name: BaselineConfig(name) for name in ("unet1", "unet2", "unetpp", "acnn")}
CONFIGS: dict[str, NetConfig] = {"ral-base": RAL_BASE, "ral-lite": RAL_LITE, **BASELINES}

# What one flag changes: the ablations of the paper, then what goes beyond it.
ABLATIONS: dict[str, dict[str, Any]] = {
    "no_classification": {"classify": False},
    "no_convblock": {"dense": False},
    "no_temporal": {"temporal": False},
    "no_spatial": {"spatial": False},
    "no_dilation": {"dilations": (1, 1, 1, 1, 1)},
    "literal_inputs": {"literal_inputs": True},
}
EXTENSIONS: dict[str, dict[str, Any]] = {
    "bidirectional": {"bidirectional": True},
    "deep_supervision": {"deep_supervision": True},
    "pyramid_pooling": {"pyramid_pooling": True},
    "mask_hint": {"mask_hint": True},
}


def variant(config: RALConfig, flag: str) -> RALConfig:
    """A config with one flag of `ABLATIONS` or `EXTENSIONS` set, named after it.

    Raises:
        KeyError: no such flag.
    """
    return replace(config, name=f"{config.name}+{flag}", **(ABLATIONS | EXTENSIONS)[flag])
