"""Draws a heart for a patient: sizes, ejection and heart rate as the pathology has them, and what is wrong where.

Sizes follow what CAMUS shows (ED + ES of its train patients), spread a little wider.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ral.phantom.heart import TAU, Heart

Array = np.ndarray

PATHOLOGIES = ("normal", "dilated", "hypertrophic", "akinesia", "dyskinesia", "foreshortened")
EF_RANGE = (0.15, 0.75)
HEART_RATE_BPM = (45, 130)
_SHARES = (0.40, 0.22, 0.12, 0.12, 0.06, 0.08)


class _Sizes(NamedTuple):
    """Mean length and wall at end-diastole in mm, mean width over length, and the range of the ejection, 0..1."""

    length_mm: float
    aspect: float
    wall_mm: float
    ejection: tuple[float, float]


_SIZES = {
    "normal": _Sizes(79, 0.55, 9.5, (0.30, EF_RANGE[1])),
    "dilated": _Sizes(89, 0.66, 8.0, (EF_RANGE[0], 0.45)),
    "hypertrophic": _Sizes(77, 0.51, 14.5, (0.40, EF_RANGE[1])),
    "akinesia": _Sizes(83, 0.59, 9.0, (0.20, 0.50)),
    "dyskinesia": _Sizes(85, 0.61, 8.5, (EF_RANGE[0], 0.40)),
    "foreshortened": _Sizes(80, 0.56, 9.5, (0.30, 0.70)),
}
# True lean of the long axis to the left of the picture, and of the annulus' normal against it; degrees and tangent.
_LEAN = {"A2C": (4.0, -0.04), "A3C": (13.0, 0.0), "A4C": (10.0, -0.10)}


def draw_pathology(rng: np.random.Generator) -> str:
    return str(rng.choice(PATHOLOGIES, p=_SHARES))


def draw_heart(rng: np.random.Generator, view: str, pathology: str) -> Heart:
    """Draw a heart with one of `PATHOLOGIES`."""
    sizes = _SIZES[pathology]
    length = np.clip(rng.normal(sizes.length_mm, 9), 56, 114)
    aspect = np.clip(rng.normal(sizes.aspect, 0.065), 0.38, 0.85)
    wall = np.clip(rng.normal(sizes.wall_mm, 1.6), 5.5, 20)
    rate = rng.uniform(*HEART_RATE_BPM) / 60
    lean, skewed = _LEAN[view]
    true_tilt, skew = np.deg2rad(rng.normal(lean, 8)), rng.normal(skewed, 0.08)
    heart = Heart(
        view=view,
        length_mm=length,
        width_mm=length * aspect * (1.06 if view == "A3C" else 1.0),  # the outflow tract is part of this cut
        base_angle=np.deg2rad(rng.uniform(96, 116) if view == "A3C" else rng.uniform(105, 138)),
        apex_power=rng.uniform(0.8, 1.25),
        asymmetry=rng.normal(0, 0.10),
        skew=skew,
        bend_mm=rng.normal(0, 2.0),
        relief=_curve(rng, 8, rng.uniform(0.005, 0.03)) * (1 - 0.6 * np.exp(-((TAU / 0.2) ** 2))),
        wall_mm=wall * _wall_profile(rng),
        regional=np.clip(1 + _curve(rng, 14, rng.uniform(0, 0.25)), 0.1, 1.8),
        scar=np.zeros(TAU.size),
        ejection=rng.uniform(*sizes.ejection),
        long_share=rng.uniform(0.15, 0.32),
        heart_rate_hz=rate,
        systole=np.clip(0.28 + 0.10 * rate + rng.normal(0, 0.02), 0.28, 0.55),
        phase0=0.0 if rng.random() < 0.4 else rng.uniform(0, 1),
        tilt=true_tilt + np.arctan(skew),
        apex_mm=np.array([rng.normal(-1, 7.5) - 10 * np.sin(true_tilt), rng.uniform(14, 46)]),
        sway_mm=rng.normal(0, 1.5, 2),
        sway_tilt=np.deg2rad(rng.normal(0, 2)),
        breath_mm=rng.normal(0, 1.5),
    )
    if pathology in ("akinesia", "dyskinesia"):
        return _infarcted(rng, heart, bulging=pathology == "dyskinesia")
    return _foreshortened(rng, heart) if pathology == "foreshortened" else heart


def _infarcted(rng: np.random.Generator, heart: Heart, bulging: bool) -> Heart:
    """One territory thins and stands still, or moves outwards in systole; the rest does the work."""
    side = int(rng.choice((0, -1, 1)))  # the apex, the left wall, the right wall
    centre = side * rng.uniform(0.35, 0.8) if side else rng.normal(0, 0.1)
    # On a side wall all down to the annulus is lost: a base that went on squeezing below would tie off a neck.
    away = np.clip(side * (centre - TAU), 0, None) if side else TAU - centre
    scar = np.exp(-((away / rng.uniform(0.22, 0.38)) ** 4))
    lost = rng.uniform(1.25, 1.6) if bulging else rng.uniform(0.85, 1.0)
    return replace(
        heart,
        regional=heart.regional * (1 - lost * scar),
        wall_mm=heart.wall_mm * (1 - rng.uniform(0.1, 0.45) * scar),
        scar=scar,
        long_share=heart.long_share * (0.9 if side else 0.6),
    )


def _foreshortened(rng: np.random.Generator, heart: Heart) -> Heart:
    """The cut misses the apex: a short, round ventricle whose false apex is thick and comes down in systole."""
    return replace(
        heart,
        length_mm=heart.length_mm * rng.uniform(0.72, 0.86),
        apex_power=rng.uniform(0.70, 0.85),
        wall_mm=heart.wall_mm * (1 + rng.uniform(0.3, 0.8) * np.exp(-((TAU / 0.3) ** 2))),
        sway_mm=heart.sway_mm + np.array([0.0, rng.uniform(3, 8)]),
    )


def _curve(rng: np.random.Generator, smooth: float, amount: float) -> Array:
    """Smooth noise over the border, zero mean, (129,)."""
    noise = gaussian_filter1d(rng.standard_normal(TAU.size + 80), smooth)[40:-40]
    return amount * (noise - noise.mean()) / (noise.std() + 1e-9)


def _wall_profile(rng: np.random.Generator) -> Array:
    """Relative wall thickness (129,): mostly thinner at the apex, a septum that may bulge, uneven elsewhere."""
    apex = 1 - rng.uniform(-0.2, 0.45) * np.exp(-((TAU / 0.18) ** 2))
    bulge = 1 + rng.uniform(0, 0.45) * np.exp(-(((TAU + rng.choice((-1, 1)) * 0.75) / 0.25) ** 2))
    return apex * bulge * (1 + _curve(rng, 12, 0.07))
