"""Where each beam sample lies in the heart now, and where that tissue lay at end-diastole."""

from dataclasses import dataclass

import cv2
import numpy as np

from ral.phantom.heart import Pose

Array = np.ndarray

GRAIN_PER_MM = 2.0  # resolution of the noise that moves with the tissue
GRAIN_MM = 280.0  # its width; it repeats beyond
_ANGLES = np.linspace(-np.pi, np.pi, 721)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """All arrays (samples, beams); d, u is the heart frame in mm (see heart.py)."""

    d: Array
    u: Array
    depth_mm: Array  # world z
    share: Array  # radius seen from the annulus over the endocardial radius, below 1 inside the border
    in_wall: Array  # 0 endocardium, 1 epicardium, beyond 1 outside
    outside_mm: Array  # distance from the epicardium, negative inside
    tau: Array  # border parameter of the ray, -1..1
    ref_d: Array  # where this tissue lay at end-diastole
    ref_u: Array
    facing: Array  # 0..1, 1 where the beam meets the wall head-on


def locate(pose: Pose, rest: Pose, x: Array, z: Array) -> Places:
    """Places of the beam samples x, z (samples, beams) world mm; `rest` is the pose at end-diastole."""
    d, u = pose.from_world(x, z)
    angle, radius = np.arctan2(d, u), np.hypot(d, u)
    tau_at, inner_at, outer_at, thick_at = _rays(pose)
    rest_tau, rest_inner, rest_outer, _ = _rays(rest)
    # The same material ray at rest; below the annulus the rays keep their angle.
    upper = np.abs(_ANGLES) < np.pi / 2
    rest_angle_at = np.where(upper, np.interp(tau_at, rest_tau[upper], _ANGLES[upper]), _ANGLES)
    rest_inner_at, rest_outer_at = (np.interp(rest_angle_at, _ANGLES, r) for r in (rest_inner, rest_outer))
    tables = (tau_at, inner_at, outer_at, thick_at, rest_angle_at, rest_inner_at, rest_outer_at)
    tau, inner, outer, thick, rest_angle, inner0, outer0 = (np.interp(angle, _ANGLES, t) for t in tables)
    in_wall = (radius - inner) / (outer - inner)
    walled = np.where(in_wall < 1, inner0 + in_wall * (outer0 - inner0), outer0 + radius - outer)
    rest_radius = np.where(in_wall < 0, radius / inner * inner0, walled)
    outside = (in_wall - 1) * thick
    middle = z.shape[1] // 2
    facing = np.abs(np.gradient(outside, z[1, middle] - z[0, middle], axis=0))
    return Places(
        d=d,
        u=u,
        depth_mm=z,
        share=radius / inner,
        in_wall=in_wall,
        outside_mm=outside,
        tau=tau,
        ref_d=rest_radius * np.sin(rest_angle),
        ref_u=rest_radius * np.cos(rest_angle),
        facing=np.clip(facing, 0, 1),
    )


def _rays(pose: Pose) -> tuple[Array, Array, Array, Array]:
    """Border parameter, inner radius, outer radius and wall thickness for each of `_ANGLES`."""
    tau = np.linspace(-1, 1, len(pose.endo))
    along = np.gradient(pose.endo, axis=0)
    normal = np.stack((-along[:, 1], along[:, 0]), axis=-1)
    normal /= np.hypot(*normal.T)[:, None]
    outer = pose.endo + normal * pose.wall_mm[:, None]
    inner_angle, outer_angle = (
        np.maximum.accumulate(np.arctan2(curve[:, 0], curve[:, 1])) for curve in (pose.endo, outer)
    )
    inner = np.interp(_ANGLES, inner_angle, np.hypot(*pose.endo.T))
    reach = np.interp(_ANGLES, outer_angle, np.hypot(*outer.T))
    thickness = np.interp(_ANGLES, inner_angle, pose.wall_mm)
    return np.interp(_ANGLES, inner_angle, tau), inner, np.maximum(reach, inner + 1.0), thickness


def carried(noise: Array, places: Places) -> Array:
    """Look up noise that is glued to the tissue: (n, n[, k]) float32 at each beam sample."""
    columns = ((places.ref_d + GRAIN_MM / 2) * GRAIN_PER_MM).astype(np.float32)
    rows = ((places.ref_u + GRAIN_MM / 2) * GRAIN_PER_MM).astype(np.float32)
    return cv2.remap(noise, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
