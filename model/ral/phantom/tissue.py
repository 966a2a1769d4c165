"""What is drawn once a cine about tissue: how bright it is, how big the heart's neighbours are, its noise."""

from dataclasses import dataclass

import cv2
import numpy as np

from ral.phantom.heart import Heart
from ral.phantom.places import GRAIN_MM, GRAIN_PER_MM
from ral.phantom.probe import Probe

Array = np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Tissue:
    """Levels are dB against healthy muscle; noise maps (n, n) lie in the end-diastolic heart frame."""

    speckle: Array  # (n, n, 2) float32, real and imaginary
    patches: Array  # (n, n) float32 smooth, unit spread: broken walls and bright patches
    clumps: Array  # (n, n) float32 fine, 0 or more: bright grains of fibrous tissue
    streaks: Array  # (samples, beams) float32 smooth, unit spread: tissue that stays where it is
    wall_db: Array  # (129,) along the border: a bright septum, a lateral wall that drops out
    inner_db: Array  # (129,) how much weaker than the rest the innermost layer is: the border is not sharp
    wall_patch_db: float
    clump_db: float
    incidence_db: float  # what a wall gains where the beam meets it head-on
    near_loss_db: float  # the apex and what lies above it are seen badly
    near_mm: float  # down to about this depth
    far_db: float  # bright tissue behind the heart
    far_from: float  # where that begins, share of the depth
    body_db: float
    body_patch_db: float
    side_db: tuple[float, float]  # what is lost (lung) or gained (liver, diaphragm) beside the heart, left and right
    strands: Array  # (samples, beams) float32 0..1: thin bright layers, stretched across the beams
    strand_db: float
    core_db: float  # how much brighter the middle of the wall is than its two faces
    core_at: float  # where that middle lies, 0 endocardium, 1 epicardium
    pericardium_db: float
    annulus_db: float
    leaflet_db: float
    leaflet_mm: float
    blood_db: float
    trabeculae: float  # 0..1
    knots: Array  # (k, 4) papillary muscles and chordae: border parameter, radius share, size mm, dB


def draw_tissue(rng: np.random.Generator, heart: Heart, probe: Probe) -> Tissue:
    """Draw levels and neighbours; wide ranges around what CAMUS shows."""
    n = int(GRAIN_MM * GRAIN_PER_MM)
    grain = rng.uniform(0.6, 1.5) * GRAIN_PER_MM
    patch = rng.uniform(3, 9) * GRAIN_PER_MM
    beams = (len(probe.ranges_mm), len(probe.angles))
    per_mm = beams[0] / probe.depth_mm
    streak = (rng.uniform(2, 7) * per_mm, beams[1] * rng.uniform(0.05, 0.16))
    layers = smooth_noise(rng, beams, (rng.uniform(3, 8) * per_mm, beams[1] * rng.uniform(0.06, 0.2)))
    return Tissue(
        speckle=rng.standard_normal((n, n, 2), dtype=np.float32),
        patches=smooth_noise(rng, (n, n), (patch, patch)),
        clumps=np.clip(smooth_noise(rng, (n, n), (grain, grain)) - 0.5, 0, 3),
        streaks=smooth_noise(rng, beams, streak),
        wall_db=_wall_levels(rng) + rng.uniform(-2, 7) * heart.scar,
        inner_db=_inner_levels(rng),
        wall_patch_db=rng.uniform(2, 6.5),
        clump_db=rng.uniform(0, 9),
        incidence_db=rng.uniform(0, 8),
        near_loss_db=rng.uniform(0, 18),
        near_mm=rng.uniform(25, 75),
        far_db=rng.uniform(0, 14),
        far_from=rng.uniform(0.5, 0.8),
        body_db=rng.uniform(-9, 4),
        body_patch_db=rng.uniform(3, 7),
        side_db=_sides(rng, heart.view),
        strands=np.exp(-((layers / rng.uniform(0.15, 0.5)) ** 2)),
        strand_db=rng.uniform(0, 12),
        core_db=rng.uniform(0, 9),
        core_at=rng.uniform(0.35, 0.75),
        pericardium_db=rng.uniform(2, 15),
        annulus_db=rng.uniform(0, 12),
        leaflet_db=rng.uniform(0, 14),
        leaflet_mm=rng.uniform(1.2, 3.2),
        blood_db=rng.uniform(-30, -15),
        trabeculae=rng.uniform(0, 1),
        knots=np.concatenate((_papillary(rng, heart), _chordae(rng))),
    )


def _sides(rng: np.random.Generator, view: str) -> tuple[float, float]:
    """Left and right of the heart: diaphragm and liver left in A2C and A3C, lung right, most so in A2C."""
    left = (-10, 6) if view == "A4C" else (-5, 11)
    right = (-16, 4) if view == "A2C" else (-8, 9)
    return rng.uniform(*left), rng.uniform(*right)


def _wall_levels(rng: np.random.Generator) -> Array:
    """Level of the wall in dB along the border (129,): the beam mostly sees the left wall better."""
    tau = np.linspace(-1, 1, 129)
    uneven = np.interp(tau, np.linspace(-1, 1, 9), rng.normal(0, 3, 9))
    left_gain = rng.uniform(0, 6) * (tau < 0)
    right_loss = rng.uniform(0, 11) * np.clip((tau + 0.1) / 0.6, 0, 1)
    apex_loss = rng.uniform(1, 17) * np.exp(-((tau / 0.25) ** 2))
    return uneven + left_gain - right_loss - apex_loss


def _inner_levels(rng: np.random.Generator) -> Array:
    """How much weaker the innermost layer is, dB along the border (129,): most at the apex, some on the right wall.

    Never so weak that it looks like blood: a border is drawn where the compact muscle begins (ASE/EACVI 2015), so a
    layer that looks like the cavity belongs to it, and no reader could know how thick it is.
    """
    tau = np.linspace(-1, 1, 129)
    apex = rng.uniform(0, 6) * np.exp(-((tau / 0.3) ** 2))
    return np.maximum(apex, rng.uniform(0, 4) * np.clip((tau + 0.1) / 0.6, 0, 1))


def _papillary(rng: np.random.Generator, heart: Heart) -> Array:
    """Zero to two papillary muscles (k, 4), on the wall where the view cuts them."""
    count = int(rng.integers(0, 3))
    side = {"A2C": rng.choice((-1, 1), count), "A3C": np.full(count, -1), "A4C": np.full(count, 1)}[heart.view]
    return np.stack(
        (
            side * rng.uniform(0.25, 0.6, count),
            rng.uniform(0.72, 0.92, count),
            rng.uniform(3, 6, count),
            rng.uniform(-14, 2, count),
        ),
        axis=-1,
    )


def _chordae(rng: np.random.Generator) -> Array:
    """Small bright specks inside the cavity (k, 4): chordae, false tendons, cut trabeculae."""
    count = int(rng.integers(0, 12)) if rng.random() < 0.6 else 0
    return np.stack(
        (
            rng.uniform(-0.7, 0.7, count),
            rng.uniform(0.45, 0.97, count),
            rng.uniform(0.8, 2.2, count),
            rng.uniform(-8, 5, count),
        ),
        axis=-1,
    )


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma: tuple[float, float]) -> Array:
    """Gaussian noise blurred by sigma (rows, columns), zero mean and unit spread, float32."""
    white = rng.standard_normal(shape, dtype=np.float32)
    noise = cv2.GaussianBlur(white, (0, 0), sigmaX=sigma[1], sigmaY=sigma[0])
    return (noise - noise.mean()) / noise.std()
