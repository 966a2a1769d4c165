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
        range_db=(52, 74),
        body_grey=(50, 145),
        gamma=(0.9, 1.2),
        axial_mm=(0.35, 0.7),
        lateral_deg=(0.3, 0.75),
        speckle_left=(0.45, 0.9),
        smooth_px=(0.3, 0.9),
        haze_db=(-19, -9),
        noise_db=(-42, -24),
    ),
    "contrast": _Family(
        range_db=(42, 58),
        body_grey=(15, 70),
        gamma=(1.0, 1.5),
        axial_mm=(0.35, 0.8),
        lateral_deg=(0.4, 1.0),
        speckle_left=(0.5, 1.0),
        smooth_px=(0.2, 1.0),
        haze_db=(-30, -14),
        noise_db=(-54, -34),
    ),
    "soft": _Family(
        range_db=(50, 68),
        body_grey=(40, 120),
        gamma=(0.9, 1.3),
        axial_mm=(0.5, 1.0),
        lateral_deg=(0.5, 1.0),
        speckle_left=(0.4, 0.8),
        smooth_px=(0.6, 1.5),
        haze_db=(-22, -10),
        noise_db=(-42, -24),
    ),
    "grainy": _Family(
        range_db=(48, 64),
        body_grey=(40, 120),
        gamma=(0.8, 1.2),
        axial_mm=(0.3, 0.6),
        lateral_deg=(0.4, 1.0),
        speckle_left=(0.8, 1.0),
        smooth_px=(0.0, 0.3),
        haze_db=(-22, -10),
        noise_db=(-36, -22),
    ),
    "foggy": _Family(
        range_db=(55, 80),
        body_grey=(60, 135),
        gamma=(0.8, 1.1),
        axial_mm=(0.4, 0.9),
        lateral_deg=(0.4, 1.1),
        speckle_left=(0.4, 0.9),
        smooth_px=(0.3, 1.2),
        haze_db=(-12, -5),
        noise_db=(-34, -18),
    ),
}
_FAMILY_SHARES = (0.46, 0.14, 0.16, 0.12, 0.12)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Drawn once a cine. Maps are (samples, beams) float32 amplitudes or dB as named."""

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
    coarse: float  # the file held the picture this many times smaller, 1 = as it is
    jpeg_quality: int | None  # the file was lossy
    gain_db: Array  # attenuation, time gain, rib shadows, drop-out
    clutter_db: Array  # near-field clutter and reverberation that stand still
    edge: Array  # fade towards the sides of the sector, 0..1


def draw_look(rng: np.random.Generator, probe: Probe) -> Look:
    family = str(rng.choice(list(_FAMILIES), p=_FAMILY_SHARES))
    drawn = {name: rng.uniform(*limits) for name, limits in _FAMILIES[family]._asdict().items()}
    return Look(
        **drawn,
        focus_mm=rng.uniform(50, 110),
        coarse=rng.uniform(1.2, 2.2) if rng.random() < 0.15 else 1.0,
        jpeg_quality=int(rng.integers(35, 92)) if rng.random() < 0.3 else None,
        gain_db=_gain(rng, probe),
        clutter_db=_clutter(rng, probe),
        edge=_edge(rng, probe),
    )


def _gain(rng: np.random.Generator, probe: Probe) -> Array:
    """Depth gain, uneven gain over the fan, rib and lung shadows, lateral drop-out: dB (samples, beams)."""
    shape = (len(probe.ranges_mm), len(probe.angles))
    depth = (probe.ranges_mm / probe.depth_mm)[:, None]
    angle = probe.angles / probe.half_angle
    slope, sway, waves, start = rng.uniform(-10, 8), rng.uniform(-3, 3), rng.uniform(1, 2.5), rng.uniform()
    curve = slope * depth + sway * np.sin(np.pi * (depth * waves + start))
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
    level, reach = 10 ** (rng.uniform(-25, 2) / 10), rng.uniform(8, 55)
    power = level * np.exp(-((depth / reach) ** 2)) * np.ones_like(angle)
    step, first_db = rng.uniform(5, 14), rng.uniform(-18, 8)
    for k in range(1, int(rng.integers(2, 6))):
        power = power + 10 ** ((first_db - 5 * k) / 10) * np.exp(-(((depth - k * step) / 1.2) ** 2))
    if rng.random() < 0.2:  # a strong reflector repeats itself deeper
        for _ in range(rng.integers(1, 4)):
            centre, width, at = rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.4), rng.uniform(30, 120)
            arc = np.exp(-(((depth - at) / 2.0) ** 2) - ((angle - centre) / width) ** 2)
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


def recorded(picture: Array, look: Look) -> Array:
    """Filter, small file, lossy coding: a picture (size, size) float32 0..255 to uint8."""
    size = picture.shape[0]
    sigma = look.smooth_px * size / 256
    if sigma > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    if look.coarse > 1:
        small = cv2.resize(picture, None, fx=1 / look.coarse, fy=1 / look.coarse, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    grey = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    if look.jpeg_quality is None:
        return grey
    _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
