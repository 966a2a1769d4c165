"""What goes wrong between heart and picture: uneven gain, shadows, drop-out, clutter, reverberation, ragged edges."""

from typing import NamedTuple

import numpy as np

from ral.phantom.probe import Probe
from ral.phantom.tissue import smooth_noise

Array = np.ndarray

_Range = tuple[float, float]


class Artefacts(NamedTuple):
    """How often and how strongly a look suffers from what; (low, high) each."""

    slope_db: _Range = (-10, 8)  # gain from the face to the bottom of the picture
    shadows: tuple[int, int] = (0, 3)  # how many
    shadow_db: _Range = (2, 20)
    side_loss_db: _Range = (0, 12)  # drop-out towards the sides
    gaps: tuple[int, int] = (0, 2)  # how many walls are lost in a patch
    near_db: _Range = (-25, 2)  # clutter below the face, against muscle
    near_mm: _Range = (8, 55)
    ring_db: _Range = (-18, 8)  # the face rings: the first of the lines below it
    mirror_chance: float = 0.2  # a strong reflector repeats itself deeper
    comet_chance: float = 0.0  # bright tails below the lung's surface
    soft_edge_chance: float = 0.35
    banding_db: _Range = (0, 0)  # steps in gain where transmit zones meet


def draw_gain(rng: np.random.Generator, probe: Probe, kind: Artefacts) -> Array:
    """Depth gain, uneven gain over the fan, shadows, gaps, lateral drop-out: dB (samples, beams)."""
    shape = (len(probe.ranges_mm), len(probe.angles))
    depth = (probe.ranges_mm / probe.depth_mm)[:, None]
    angle = probe.angles / probe.half_angle
    waves, start = rng.uniform(1, 2.5), rng.uniform()
    curve = rng.uniform(*kind.slope_db) * depth + rng.uniform(-3, 3) * np.sin(np.pi * (depth * waves + start))
    gain = curve + rng.uniform(1, 4) * smooth_noise(rng, shape, (shape[0] / 6, shape[1] / 6))
    gain = gain - rng.uniform(*kind.side_loss_db) * np.abs(angle) ** rng.uniform(2, 5)
    gain = gain + rng.uniform(*kind.banding_db) * np.sign(np.sin(2 * np.pi * (3 * depth + start)))
    for _ in range(rng.integers(kind.shadows[0], kind.shadows[1] + 1)):
        centre, width = rng.uniform(-1.1, 1.1), rng.uniform(0.03, 0.25)
        below = 1 / (1 + np.exp(-(depth - rng.uniform(0, 0.5)) / 0.06))
        gain = gain - rng.uniform(*kind.shadow_db) * below * np.exp(-(((angle - centre) / width) ** 2))
    for _ in range(rng.integers(kind.gaps[0], kind.gaps[1] + 1)):
        at, centre = rng.uniform(0.15, 0.7), rng.uniform(-0.8, 0.8)
        size, width = rng.uniform(0.05, 0.2), rng.uniform(0.08, 0.3)
        gain = gain - rng.uniform(4, 16) * np.exp(-(((depth - at) / size) ** 2) - ((angle - centre) / width) ** 2)
    return gain.astype(np.float32)


def draw_clutter(rng: np.random.Generator, probe: Probe, kind: Artefacts) -> Array:
    """Near-field clutter and reverberation that stand still, dB (samples, beams), about -60 where there is none."""
    depth = probe.ranges_mm[:, None]
    angle = probe.angles / probe.half_angle
    level, reach = 10 ** (rng.uniform(*kind.near_db) / 10), rng.uniform(*kind.near_mm)
    power = level * np.exp(-((depth / reach) ** 2)) * np.ones_like(angle)
    step, first_db = rng.uniform(5, 14), rng.uniform(*kind.ring_db)
    for k in range(1, int(rng.integers(2, 6))):
        power = power + 10 ** ((first_db - 5 * k) / 10) * np.exp(-(((depth - k * step) / 1.2) ** 2))
    if rng.random() < kind.mirror_chance:
        for _ in range(rng.integers(1, 4)):
            centre, width, at = rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.4), rng.uniform(30, 120)
            arc = np.exp(-(((depth - at) / 2.0) ** 2) - ((angle - centre) / width) ** 2)
            power = power + 10 ** (rng.uniform(-14, 0) / 10) * arc
    if rng.random() < kind.comet_chance:
        centre, start = rng.choice((-1, 1)) * rng.uniform(0.5, 0.95), rng.uniform(15, 60)
        tail = np.exp(-np.clip(depth - start, 0, None) / 35) * (depth > start)
        power = power + 10 ** (rng.uniform(-8, 2) / 10) * tail * np.exp(-(((angle - centre) / 0.06) ** 2))
    return (10 * np.log10(power + 1e-6)).astype(np.float32)


def draw_edge(rng: np.random.Generator, probe: Probe, kind: Artefacts) -> Array:
    """Fade at the sides: a soft, slightly ragged border instead of a ruled line, 0..1 (samples, beams)."""
    soft = rng.random() < kind.soft_edge_chance
    width = np.deg2rad(rng.uniform(2, 14) if soft else rng.uniform(0.3, 2.0))
    inset = (probe.half_angle - np.abs(probe.angles))[None, :]
    ragged = smooth_noise(rng, (len(probe.ranges_mm), 2), (len(probe.ranges_mm) / 12, 0.01))
    side = np.where(probe.angles[None, :] < 0, ragged[:, :1], ragged[:, 1:])
    return (np.clip(inset / width + 0.25 * side * (inset < 2 * width), 0, 1) ** 0.7).astype(np.float32)
