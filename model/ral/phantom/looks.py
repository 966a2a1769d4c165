"""The look of a picture: noise, artefacts, compression and grey map, in families that resemble machines."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ral.phantom.probe import Probe
from ral.phantom.tissue import smooth_noise

Array = np.ndarray

_Range = tuple[float, float]


class _Family(NamedTuple):
    """What a family of machines may draw, (low, high) each."""

    range_db: _Range  # dynamic range of the compression
    body_grey: _Range  # median grey of a first frame
    gamma: _Range
    axial_mm: _Range  # sigma of the blur along the beam
    lateral_deg: _Range  # sigma of the blur across the beams
    speckle_left: _Range  # what the machine's filter leaves of the speckle
    smooth_px: _Range  # smoothing of the picture, for 256 px
    haze_db: _Range  # side lobes against the echoes they come from
    noise_db: _Range  # electronic noise


_FAMILIES = {
    "even": _Family(
        (52, 74),
        (70, 150),
        (0.9, 1.2),
        (0.35, 0.7),
        (0.3, 0.75),
        (0.45, 0.9),
        (0.3, 0.9),
        (-19, -9),
        (-42, -24),
    ),
    "contrast": _Family(
        (42, 58),
        (15, 70),
        (1.0, 1.5),
        (0.35, 0.8),
        (0.4, 1.0),
        (0.5, 1.0),
        (0.2, 1.0),
        (-30, -14),
        (-54, -34),
    ),
    "soft": _Family(
        (50, 68),
        (50, 130),
        (0.9, 1.3),
        (0.5, 1.0),
        (0.5, 1.0),
        (0.4, 0.8),
        (0.6, 1.5),
        (-22, -10),
        (-42, -24),
    ),
    "grainy": _Family(
        (48, 64),
        (50, 130),
        (0.8, 1.2),
        (0.3, 0.6),
        (0.4, 1.0),
        (0.8, 1.0),
        (0.0, 0.3),
        (-22, -10),
        (-36, -22),
    ),
    "foggy": _Family(
        (55, 80), (70, 140), (0.8, 1.1), (0.4, 0.9), (0.4, 1.1), (0.4, 0.9), (0.3, 1.2), (-12, -5), (-34, -18)
    ),
}
_FAMILY_SHARES = (0.46, 0.14, 0.16, 0.12, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Drawn once a cine. Maps are (samples, beams) float32 amplitudes or dB as named."""

    family: str
    range_db: float
    body_grey: float
    gamma: float
    axial_mm: float
    lateral_deg: float
    speckle_left: float  # 1 all of it, 0 none
    smooth_px: float
    haze_db: float
    noise_db: float
    focus_mm: float
    gain_db: Array  # attenuation, time gain, rib shadows, drop-out
    clutter_db: Array  # near-field clutter and reverberation that stand still
    edge: Array  # fade towards the sides of the sector, 0..1


def draw_look(rng: np.random.Generator, probe: Probe) -> Look:
    family = str(rng.choice(list(_FAMILIES), p=_FAMILY_SHARES))
    drawn = {name: rng.uniform(*limits) for name, limits in _FAMILIES[family]._asdict().items()}
    return Look(
        **drawn,
        family=family,
        focus_mm=rng.uniform(50, 110),
        gain_db=_gain(rng, probe),
        clutter_db=_clutter(rng, probe),
        edge=_edge(rng, probe),
    )


def _gain(rng: np.random.Generator, probe: Probe) -> Array:
    """Depth gain, uneven gain over the fan, rib and lung shadows, lateral drop-out: dB (samples, beams)."""
    shape = (len(probe.ranges_mm), len(probe.angles))
    depth = (probe.ranges_mm / probe.depth_mm)[:, None]
    angle = probe.angles / probe.half_angle
    curve = rng.uniform(-10, 8) * depth + rng.uniform(-3, 3) * np.sin(
        np.pi * (depth * rng.uniform(1, 2.5) + rng.uniform())
    )
    gain = curve + rng.uniform(1, 4) * smooth_noise(rng, shape, (shape[0] / 6, shape[1] / 6))
    gain = gain - rng.uniform(0, 12) * np.abs(angle) ** rng.uniform(2, 5)
    for _ in range(rng.integers(0, 4)):
        centre, width = rng.uniform(-1.1, 1.1), rng.uniform(0.03, 0.25)
        start = rng.uniform(0, 0.5)
        below = 1 / (1 + np.exp(-(depth - start) / 0.06))
        gain = gain - rng.uniform(2, 20) * below * np.exp(-(((angle - centre) / width) ** 2))
    return gain.astype(np.float32)


def _clutter(rng: np.random.Generator, probe: Probe) -> Array:
    """Near-field clutter and reverberation arcs, dB (samples, beams), about -60 where there is none."""
    depth = probe.ranges_mm[:, None]
    angle = probe.angles / probe.half_angle
    power = (
        10 ** (rng.uniform(-25, 2) / 10) * np.exp(-((depth / rng.uniform(8, 35)) ** 2)) * np.ones_like(angle)
    )
    step = rng.uniform(5, 14)
    level = rng.uniform(-18, 8)
    for k in range(1, int(rng.integers(2, 6))):
        power = power + 10 ** ((level - 5 * k) / 10) * np.exp(-(((depth - k * step) / 1.2) ** 2))
    for _ in range(
        rng.integers(0, 4) if rng.random() < 0.35 else 0
    ):  # a strong reflector repeats itself deeper
        centre, width = rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.4)
        arc = np.exp(-(((depth - rng.uniform(30, 120)) / 2.0) ** 2)) * np.exp(
            -(((angle - centre) / width) ** 2)
        )
        power = power + 10 ** (rng.uniform(-14, 0) / 10) * arc
    return (10 * np.log10(power + 1e-6)).astype(np.float32)


def _edge(rng: np.random.Generator, probe: Probe) -> Array:
    """Fade at the sides: a soft, slightly ragged border instead of a ruled line, 0..1 (samples, beams)."""
    width = np.deg2rad(rng.uniform(0.3, 2.0) if rng.random() < 0.65 else rng.uniform(2, 14))
    inset = (probe.half_angle - np.abs(probe.angles))[None, :]
    ragged = smooth_noise(rng, (len(probe.ranges_mm), 2), (len(probe.ranges_mm) / 12, 0.01))
    side = np.where(probe.angles[None, :] < 0, ragged[:, :1], ragged[:, 1:])
    return (np.clip(inset / width + 0.25 * side * (inset < 2 * width), 0, 1) ** 0.7).astype(np.float32)


def noise_like(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Complex Gaussian noise of unit power, (rows, columns) complex64."""
    planes = rng.standard_normal((*shape, 2), dtype=np.float32)
    return (planes[..., 0] + 1j * planes[..., 1]) * np.float32(np.sqrt(0.5))


def haze(echo_db: Array, look: Look) -> Array:
    """Side lobes and multiple paths: a wide smear of bright echoes along the arcs, amplitude."""
    amplitude = 10 ** (np.clip(echo_db, -60, 25) / 20)
    rows, columns = amplitude.shape
    smear = cv2.GaussianBlur(amplitude.astype(np.float32), (0, 0), sigmaX=columns / 9, sigmaY=rows / 30)
    return smear * 10 ** (look.haze_db / 20)


def to_grey(envelope_db: Array, look: Look, gain_db: float) -> Array:
    """Log-compressed envelope (samples, beams) dB to grey 0..255 float32, part of its speckle taken out."""
    smooth = cv2.GaussianBlur(envelope_db, (0, 0), sigmaX=1.8, sigmaY=2.5)
    envelope_db = smooth + look.speckle_left * (envelope_db - smooth)
    level = np.clip((envelope_db + gain_db) / look.range_db, 0, 1)
    return (255 * level**look.gamma * look.edge).astype(np.float32)


def wanted_gain(envelope_db: Array, look: Look) -> float:
    """The gain in dB that brings the median of a first frame to the grey that was drawn for it."""
    level = (look.body_grey / 255) ** (1 / look.gamma)
    return float(level * look.range_db - np.median(envelope_db))
