"""The look of a picture: noise, compression and grey map, in named presets that resemble machines."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ral.phantom.artefacts import Artefacts, draw_clutter, draw_edge, draw_gain
from ral.phantom.probe import Probe

Array = np.ndarray

_Range = tuple[float, float]


class Preset(NamedTuple):
    """What a look may draw, (low, high) each."""

    share: float  # of the cines whose look is drawn; 0 for a look that is only had by name
    range_db: _Range  # dynamic range of the compression
    body_grey: _Range  # median grey of a first frame
    gamma: _Range
    s_curve: _Range  # 0 a plain grey map, 1 one that drowns the dark and burns the bright
    axial_mm: _Range  # sigma of the blur along the beam
    lateral_deg: _Range  # sigma of the blur across the beams
    speckle_left: _Range  # what the machine's filter leaves of the speckle
    smooth_px: _Range  # smoothing of the picture, for 256 px
    haze_db: _Range  # side lobes against the echoes they come from
    noise_db: _Range  # electronic noise
    half_deg: _Range  # half the angle of the fan
    text_chance: float = 0.25
    scale_chance: float = 0.15
    ecg_chance: float = 0.15
    bar_chance: float = 0.05  # a bar with the grey map
    artefacts: Artefacts = Artefacts()


_PRESETS = {
    "even": Preset(
        share=0.50,
        range_db=(54, 74),
        body_grey=(76, 136),
        gamma=(0.9, 1.2),
        s_curve=(0, 0.25),
        axial_mm=(0.35, 0.6),
        lateral_deg=(0.45, 0.8),
        speckle_left=(0.5, 0.9),
        smooth_px=(0.3, 0.9),
        haze_db=(-24, -11),
        noise_db=(-46, -28),
        half_deg=(33, 43),
    ),
    "contrast": Preset(
        share=0.12,
        range_db=(42, 58),
        body_grey=(35, 105),
        gamma=(1.0, 1.5),
        s_curve=(0, 0.5),
        axial_mm=(0.35, 0.8),
        lateral_deg=(0.4, 1.0),
        speckle_left=(0.5, 1.0),
        smooth_px=(0.2, 1.0),
        haze_db=(-30, -14),
        noise_db=(-54, -34),
        half_deg=(28, 46),
    ),
    "soft": Preset(
        share=0.10,
        range_db=(50, 68),
        body_grey=(55, 125),
        gamma=(0.9, 1.3),
        s_curve=(0, 0.3),
        axial_mm=(0.5, 0.9),
        lateral_deg=(0.5, 1.0),
        speckle_left=(0.45, 0.8),
        smooth_px=(0.6, 1.4),
        haze_db=(-22, -10),
        noise_db=(-42, -24),
        half_deg=(30, 46),
        artefacts=Artefacts(soft_edge_chance=0.7),
    ),
    "grainy": Preset(
        share=0.11,
        range_db=(48, 64),
        body_grey=(58, 130),
        gamma=(0.8, 1.2),
        s_curve=(0, 0.3),
        axial_mm=(0.3, 0.6),
        lateral_deg=(0.4, 1.0),
        speckle_left=(0.8, 1.0),
        smooth_px=(0.0, 0.3),
        haze_db=(-22, -10),
        noise_db=(-36, -22),
        half_deg=(27, 46),
    ),
    "foggy": Preset(
        share=0.09,
        range_db=(55, 80),
        body_grey=(75, 135),
        gamma=(0.8, 1.1),
        s_curve=(0, 0.2),
        axial_mm=(0.4, 0.8),
        lateral_deg=(0.4, 1.0),
        speckle_left=(0.5, 0.9),
        smooth_px=(0.3, 1.0),
        haze_db=(-16, -8),
        noise_db=(-38, -22),
        half_deg=(32, 44),
        artefacts=Artefacts(near_db=(-15, 6)),
    ),
    "narrow": Preset(
        share=0.08,
        range_db=(44, 62),
        body_grey=(35, 95),
        gamma=(0.9, 1.4),
        s_curve=(0, 0.5),
        axial_mm=(0.35, 0.7),
        lateral_deg=(0.4, 0.8),
        speckle_left=(0.35, 0.8),
        smooth_px=(0.4, 1.2),
        haze_db=(-26, -14),
        noise_db=(-52, -34),
        half_deg=(24, 33),
        scale_chance=0.5,
        artefacts=Artefacts(near_db=(-14, 6), near_mm=(10, 30), side_loss_db=(0, 14)),
    ),
    "vintage": Preset(
        share=0.0,
        range_db=(38, 46),
        body_grey=(34, 62),
        gamma=(0.55, 0.75),
        s_curve=(0.6, 0.9),
        axial_mm=(0.9, 1.3),
        lateral_deg=(1.1, 1.6),
        speckle_left=(1.0, 1.0),
        smooth_px=(0.0, 0.2),
        haze_db=(-32, -26),
        noise_db=(-30, -22),
        half_deg=(48, 53),
        text_chance=1.0,
        scale_chance=1.0,
        ecg_chance=1.0,
        bar_chance=1.0,
        artefacts=Artefacts(
            slope_db=(-14, -6),
            shadows=(2, 4),
            shadow_db=(6, 16),
            side_loss_db=(0, 3),
            ring_db=(4, 12),
            mirror_chance=0.8,
            comet_chance=1.0,
            soft_edge_chance=0.0,
            banding_db=(1.0, 2.0),
        ),
    ),
}
LOOKS = tuple(name for name, preset in _PRESETS.items() if preset.share)
HELD_OUT_LOOKS = tuple(name for name, preset in _PRESETS.items() if not preset.share)
_DRAWN = {name for name in Preset._fields if name not in ("share", "half_deg", "artefacts") and "chance" not in name}


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Drawn once a cine. Maps are (samples, beams) float32 amplitudes or dB as named."""

    range_db: float
    body_grey: float
    gamma: float
    s_curve: float
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


def draw_look_name(rng: np.random.Generator) -> str:
    """One of `LOOKS`; never a held-out one."""
    return str(rng.choice(LOOKS, p=[_PRESETS[name].share for name in LOOKS]))


def preset_of(look: str) -> Preset:
    return _PRESETS[look]


def draw_look(rng: np.random.Generator, probe: Probe, preset: Preset) -> Look:
    drawn = {name: rng.uniform(*limits) for name, limits in preset._asdict().items() if name in _DRAWN}
    return Look(
        **drawn,
        focus_mm=rng.uniform(50, 110),
        coarse=rng.uniform(1.2, 2.2) if rng.random() < 0.15 else 1.0,
        jpeg_quality=int(rng.integers(35, 92)) if rng.random() < 0.3 else None,
        gain_db=draw_gain(rng, probe, preset.artefacts),
        clutter_db=draw_clutter(rng, probe, preset.artefacts),
        edge=draw_edge(rng, probe, preset.artefacts),
    )


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
    level = np.clip((envelope_db + gain_db) / look.range_db, 0, 1) ** look.gamma
    level = level + look.s_curve * (level * level * (3 - 2 * level) - level)
    return (255 * level * look.edge).astype(np.float32)


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
