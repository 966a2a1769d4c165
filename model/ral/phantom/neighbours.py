"""What is drawn once a cine about the heart's other chambers and vessels: how big, where, how well seen."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ral.phantom.heart import Heart

Array = np.ndarray

_HARMONICS = (2, 3, 4, 5)


class Liver(NamedTuple):
    """Liver or lung under the inferior wall and the line of the diaphragm before it."""

    db: float  # against the tissue that would be there
    gap_mm: float  # from the wall to where it begins
    line_at: float  # where the line leaves the wall, share of the long axis
    line_slope: float
    line_db: float  # 0 it is not seen


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Lengths in mm. Sizes of 0 mean that the view or the cut does not show the thing."""

    atrium_mm: tuple[float, float]  # width, length of the left atrium
    atrium_shift_mm: float  # its middle against the middle of the mitral annulus, right is positive
    atrium_shape: Array  # (k, 2) amplitude and phase of the waves that keep it from being an ellipse
    septum_mm: float  # between the atria
    right_mm: float  # width of the right ventricle at its base; in A3C of its outflow part
    right_reach: float  # how far the right ventricle reaches to the apex, share of the length
    right_power: float  # below 1 a round right ventricle, above 1 a pointed one
    right_atrium_mm: tuple[float, float]  # width, length
    right_atrium_shape: Array
    tricuspid_mm: float  # how much nearer to the apex than the mitral hinge the tricuspid one lies
    right_clear: float  # 0 the right heart cannot be told from tissue, 1 its blood is as dark as the left's
    aorta_lean: float  # rad between the aortic root and the long axis
    aorta_share: float  # of the annulus line that is the root's opening
    aorta_mm: float  # by how much half the root's width grows beyond its opening
    sinus_mm: float  # radius of the coronary sinus
    appendage_mm: float  # radius of the left atrial appendage
    soft_mm: float  # width over which blood turns into tissue at the border of a chamber
    liver: Liver | None  # dark tissue beside the inferior wall, where it is seen


def draw_neighbours(rng: np.random.Generator, heart: Heart) -> Neighbours:
    """Draw the neighbours that the view shows; how much of them is seen varies widely."""
    is_a2c = heart.view == "A2C"
    clear = rng.uniform(0.75, 1.0) if rng.random() < 0.7 else rng.uniform(0.45, 0.75)
    outflow_seen = rng.random() < 0.55
    outflow = rng.uniform(5, 20) if outflow_seen else 0.0
    sinus_seen, appendage_seen = rng.random() < 0.5, rng.random() < 0.45
    width = heart.width_mm * rng.uniform(0.72, 1.18)
    return Neighbours(
        atrium_mm=(width, rng.uniform(28, 62)),
        atrium_shift_mm=rng.normal(-4.0 if heart.view == "A4C" else 0.0, 3.0),
        atrium_shape=_waves(rng),
        septum_mm=rng.uniform(2.0, 5.5),
        right_mm={"A2C": 0.0, "A3C": outflow, "A4C": rng.uniform(20, 50)}[heart.view],
        right_reach=rng.uniform(0.55, 0.98),
        right_power=rng.uniform(0.45, 1.0),
        right_atrium_mm=(rng.uniform(28, 54), rng.uniform(30, 58)),
        right_atrium_shape=_waves(rng),
        tricuspid_mm=rng.uniform(1, 9),
        right_clear=clear,
        aorta_lean=rng.uniform(0.35, 1.1),
        aorta_share=rng.uniform(0.40, 0.55),
        aorta_mm=rng.uniform(1.5, 5.5),
        sinus_mm=rng.uniform(2.5, 6) if is_a2c and sinus_seen else 0.0,
        appendage_mm=rng.uniform(5, 11) if is_a2c and appendage_seen else 0.0,
        soft_mm=rng.uniform(0.6, 6.0),
        liver=_liver(rng.spawn(1)[0], heart.view),
    )


def _liver(rng: np.random.Generator, view: str) -> Liver | None:
    """In three or four of ten A2C, so that dark beside the left wall does not always stand for a right ventricle.

    In more of them (.6 was tried) a dark right ventricle is taken for liver, and real A4C for A2C.
    Drawn from a stream of its own: all else about a seed is as it was without.
    """
    if rng.random() > {"A2C": 0.38, "A3C": 0.2, "A4C": 0.0}[view]:
        return None
    line_db = rng.uniform(0, 16) if rng.random() < 0.6 else 0.0
    return Liver(rng.uniform(-26, -8), rng.uniform(0, 10), rng.uniform(-0.3, 0.8), rng.uniform(-0.2, 0.9), line_db)


def _waves(rng: np.random.Generator) -> Array:
    """Amplitude and phase of `_HARMONICS` (4, 2)."""
    amplitude = rng.normal(0, 0.10, len(_HARMONICS)) / np.sqrt(np.array(_HARMONICS) / 2)
    return np.stack((amplitude, rng.uniform(0, 2 * np.pi, len(_HARMONICS))), axis=-1)


def blob(d: Array, u: Array, centre: tuple[float, float], radii: tuple[float, float], shape: Array) -> Array:
    """Rough distance in mm from a wavy, slightly square oval, negative inside; d, u of any shape."""
    across, along = (d - centre[0]) / radii[0], (u - centre[1]) / radii[1]
    phi = np.arctan2(along, across)
    edge = 1 + sum(a * np.cos(k * phi + p) for k, (a, p) in zip(_HARMONICS, shape, strict=True))
    rho = (np.abs(across) ** 2.4 + np.abs(along) ** 2.4) ** (1 / 2.4)
    return (rho - edge) * min(radii)
