"""The heart of the phantom: its shape, how it beats, and the exact contour at any moment.

Frames of reference
-------------------
*heart frame* (d, u) in mm: origin in the middle of the annulus, u towards the apex, d right in the picture.
*world frame* (x, z) in mm: origin at the middle of the probe face, x right, z into the body.
The border is star-shaped seen from the annulus, so a place in the heart frame is a ray angle and a radius.
"""

from dataclasses import dataclass, replace

import numpy as np

from ral.geometry import volume_single_plane_ml

Array = np.ndarray

VIEWS = ("A2C", "A3C", "A4C")
TAU = np.linspace(-1.0, 1.0, 129)  # material parameter along the border: -1 first annulus, 0 apex, 1 second annulus
_BULGE = -0.2  # of the half width: how far a dead wall gives way at most


@dataclass(frozen=True, slots=True, eq=False)
class Heart:
    """One drawn heart at end-diastole, and how it moves. Arrays run over the border parameter (129,)."""

    view: str
    length_mm: float
    width_mm: float
    base_angle: float  # ellipse angle (rad) where the annulus cuts it: beyond pi/2 the base narrows
    apex_power: float  # below 1 a blunt apex, above 1 a pointed one
    asymmetry: float
    skew: float  # lean of the long axis against the normal of the annulus
    bend_mm: float
    relief: Array  # (129,) relative irregularity of the border
    wall_mm: Array  # (129,) wall thickness at end-diastole
    regional: Array  # (129,) share of the contraction that a place takes part in, mean about 1
    scar: Array  # (129,) 0..1 where an infarct has left fibrous tissue
    ejection: float  # 0..1, by disks of this view's contour
    long_share: float  # shortening of the long axis as a share of the ejection fraction
    heart_rate_hz: float
    systole: float  # share of the beat
    phase0: float
    tilt: float  # rad, positive leans the apex to the left of the picture
    apex_mm: Array  # (2,) world position of the apex
    sway_mm: Array  # (2,) how far the heart swings in systole
    sway_tilt: float
    breath_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """The heart at one moment. Border curves are in the heart frame, (129, 2) d, u in mm."""

    endo: Array
    wall_mm: Array
    base_mm: Array  # (2,) world position of the annulus middle
    tilt: float
    length_mm: float
    skew: float
    bend_mm: float
    contraction: float  # 0 at end-diastole, 1 at end-systole
    phase: float  # 0..1 of the beat, 0 = end-diastole
    valve_opening: float  # 0 closed, 1 wide open (mitral)

    def to_world(self, points: Array) -> Array:
        """(..., 2) d, u in the heart frame to (..., 2) x, z in mm."""
        d, u = points[..., 0], points[..., 1]
        d = d + lean(u, self.length_mm, self.skew, self.bend_mm)
        s, c = np.sin(self.tilt), np.cos(self.tilt)
        return np.stack((self.base_mm[0] + c * d - s * u, self.base_mm[1] - s * d - c * u), axis=-1)

    def from_world(self, x: Array, z: Array) -> tuple[Array, Array]:
        """World x, z in mm to d, u in the heart frame: the exact inverse of `to_world`."""
        dx, dz = x - self.base_mm[0], z - self.base_mm[1]
        s, c = np.sin(self.tilt), np.cos(self.tilt)
        u = -s * dx - c * dz
        return c * dx - s * dz - lean(u, self.length_mm, self.skew, self.bend_mm), u


def filling(phase: Array | float, systole: float) -> Array:
    """Share of the stroke volume in the ventricle: 1 at ED (phase 0), 0 at ES, back by E wave and A wave."""
    phase = np.mod(phase, 1.0)
    ejecting = 0.5 * (1 + np.cos(np.pi * np.clip(phase / systole, 0, 1)))
    x = np.clip((phase - systole) / (1 - systole), 0, 1)
    e = _ramp(x, 0.08, 0.48)
    a = _ramp(x, 0.72, 1.0)
    return np.where(phase < systole, ejecting, 0.76 * e + 0.24 * a)


def _ramp(x: Array, start: float, end: float) -> Array:
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def valve_opening(phase: float, systole: float) -> float:
    """Mitral opening 0..1: wide in the E wave, half shut in diastasis, again in the A wave."""
    x = (np.mod(phase, 1.0) - systole) / (1 - systole)
    e = np.exp(-(((x - 0.26) / 0.16) ** 2))
    a = 0.7 * np.exp(-(((x - 0.85) / 0.10) ** 2))
    rest = 0.35 * _ramp(np.asarray(x), 0.08, 0.2) * (1 - _ramp(np.asarray(x), 0.92, 1.0))
    return float(np.clip(max(e, a, rest), 0, 1)) if x > 0.04 else 0.0


def pose_at(heart: Heart, phase: float, drift: float = 0.0) -> Pose:
    """The heart at `phase` beats after ED; the radial squeeze is solved so that the volume is the wanted one.

    `drift` in -1..1 is the place in the breath.
    """
    contraction = 1.0 - float(filling(phase, heart.systole))
    long_factor = 1.0 - heart.long_share * heart.ejection * contraction * 1.6
    endo = _border(heart, long_factor, _solve_squeeze(heart, long_factor, contraction) if contraction > 0 else 0.0)
    pose = Pose(
        endo=endo,
        wall_mm=_thickened(heart, endo, long_factor),
        base_mm=np.zeros(2),
        tilt=heart.tilt + heart.sway_tilt * contraction,
        length_mm=heart.length_mm * long_factor,
        skew=heart.skew,
        bend_mm=heart.bend_mm,
        contraction=contraction,
        phase=float(np.mod(phase, 1.0)),
        valve_opening=valve_opening(phase, heart.systole),
    )
    apex = heart.apex_mm + contraction * heart.sway_mm
    apex = apex + drift * heart.breath_mm * np.array([0.5, 1.0])
    # The apex hardly moves: the base comes down to it.
    return replace(pose, base_mm=apex - pose.to_world(np.array([0.0, pose.length_mm])))


def _border(heart: Heart, long_factor: float, squeeze: float) -> Array:
    """Endocardial border (129, 2) d, u in mm: a cut ellipse with relief, shortened and squeezed."""
    theta = heart.base_angle * TAU
    cos, sin = np.cos(theta), np.sin(theta)
    cut = np.cos(heart.base_angle)
    top = np.where(cos > 0, np.abs(cos) ** heart.apex_power, cos)
    u = heart.length_mm * (top - cut) / (1 - cut)
    d = 0.5 * heart.width_mm * sin * (1 + heart.asymmetry * sin)
    grow = 1 + heart.relief  # radial, so the annulus stays a straight line
    d = d * grow * (1 - np.clip(squeeze * heart.regional, _BULGE, 0.85))
    return np.stack((d, u * grow * long_factor), axis=-1)


def _solve_squeeze(heart: Heart, long_factor: float, contraction: float) -> float:
    """The squeeze at which the disks hold the wanted volume: false position, halving the end that stays."""
    wanted = _volume_ml(heart, 1.0, 0.0) * (1 - heart.ejection * contraction)
    low, high = -0.3, 0.95
    over, under = (_volume_ml(heart, long_factor, s) - wanted for s in (low, high))
    if under > 0:  # a large infarct leaves too little muscle for so large an ejection
        return high
    kept = 0
    for _ in range(30):
        middle = low + (high - low) * over / (over - under)
        excess = _volume_ml(heart, long_factor, middle) - wanted
        if abs(excess) < 1e-4 * wanted:
            break
        if excess > 0:
            low, over, under, kept = middle, excess, under * (0.5 if kept == 1 else 1.0), 1
        else:
            high, under, over, kept = middle, excess, over * (0.5 if kept == -1 else 1.0), -1
    return middle


def _volume_ml(heart: Heart, long_factor: float, squeeze: float) -> float:
    """The method of disks on the border as the picture will show it, lean and bend included."""
    border = _border(heart, long_factor, squeeze)
    length = heart.length_mm * long_factor
    border[:, 0] += lean(border[:, 1], length, heart.skew, heart.bend_mm)
    return volume_single_plane_ml(border, (1.0, 1.0))


def lean(u: Array, length_mm: float, skew: float, bend_mm: float) -> Array:
    """How far in mm the axis has moved sideways at height u."""
    along = np.clip(u / length_mm, 0.0, 1.0)
    return skew * u + bend_mm * np.sin(np.pi * along) ** 2


def _thickened(heart: Heart, endo: Array, long_factor: float) -> Array:
    """Wall thickness (129,) in mm: the ring of muscle keeps its area, more when it also gets shorter."""
    rest = np.abs(_border(heart, 1.0, 0.0)[:, 0])
    ring = ((rest + heart.wall_mm) ** 2 - rest**2) / long_factor
    now = np.abs(endo[:, 0])
    return np.sqrt(ring + now**2) - now
