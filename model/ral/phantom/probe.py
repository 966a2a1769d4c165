"""The probe of the phantom: the fan of beams, its blur, and the way from beam samples to picture pixels."""

from dataclasses import dataclass

import cv2
import numpy as np

Array = np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A fan of beams and where the picture puts it.

    Beam arrays are (samples, beams): row = depth from the face, column = angle from left to right.
    """

    depth_mm: float
    half_angle: float
    face_radius_mm: float  # the fan's tip lies this far above the face: 0 phased array, more for a cut-off tip
    ranges_mm: Array  # (samples,) depth below the face along the beam
    angles: Array  # (beams,)
    size: int
    mm_per_px: float
    origin_px: Array  # (2,) picture place of world (0, 0), the middle of the face
    round_top: bool

    def world(self) -> tuple[Array, Array]:
        """World x, z in mm of each beam sample, two (samples, beams) arrays."""
        radius = self.ranges_mm[:, None] + self.face_radius_mm
        return radius * np.sin(self.angles), radius * np.cos(self.angles) - self.face_radius_mm

    def to_samples(self, points_mm: Array) -> Array:
        """World points (..., 2) to beam sample column and row (..., 2), fractional."""
        x, z = points_mm[..., 0], points_mm[..., 1] + self.face_radius_mm
        row = (np.hypot(x, z) - self.face_radius_mm) / self.depth_mm * (len(self.ranges_mm) - 1)
        column = (np.arctan2(x, z) + self.half_angle) / (2 * self.half_angle) * (len(self.angles) - 1)
        return np.stack((column, row), axis=-1)

    def to_px(self, points_mm: Array) -> Array:
        """World points (..., 2) x, z in mm to picture x, y in px."""
        return points_mm / self.mm_per_px + self.origin_px

    def pixel_maps(self) -> tuple[Array, Array, Array]:
        """For `cv2.remap`: sample column and row of each pixel (float32); the sector (bool); (size, size)."""
        y, x = np.mgrid[: self.size, : self.size].astype(np.float64)
        points = (np.stack((x, y), axis=-1) - self.origin_px) * self.mm_per_px
        maps = self.to_samples(points)
        inside = (maps >= 0).all(-1) & (maps[..., 0] <= len(self.angles) - 1)
        inside &= maps[..., 1] <= len(self.ranges_mm) - 1
        if not self.round_top:
            inside &= points[..., 1] >= 0
        return maps[..., 0].astype(np.float32), maps[..., 1].astype(np.float32), inside


def draw_probe(rng: np.random.Generator, size: int, reach_mm: float, half_deg: tuple[float, float]) -> Probe:
    """Draw depth and fan; `reach_mm` is how deep the heart reaches, which the depth mostly includes.

    `half_deg` is the range of half the fan's angle.
    """
    depth = float(np.clip(max(rng.normal(146, 22), reach_mm + rng.uniform(10, 36)), 90, 230))
    half = float(np.deg2rad(rng.uniform(*half_deg)))
    face = float(rng.choice((0.0, rng.uniform(3, 12), rng.uniform(12, 45)), p=(0.72, 0.18, 0.10)))
    radius = depth + face
    width = 2 * radius * np.sin(half)
    top = -face * (1 - np.cos(half))  # the curved face rises above its middle at the sides, never below
    margins = rng.uniform(0.0, 0.05, 2) if rng.random() < 0.7 else rng.uniform(0.02, 0.18, 2)
    mm_per_px = max(width * (1 + margins[0]), (depth - top) * (1 + margins[1])) / size
    slack_x, slack_y = size - width / mm_per_px, size - (depth - top) / mm_per_px
    origin = np.array(
        [
            (size - 1) / 2 + slack_x * rng.uniform(-0.3, 0.3),
            -top / mm_per_px + slack_y * rng.uniform(0, 1) - 0.5,
        ]
    )
    return Probe(
        depth_mm=depth,
        half_angle=half,
        face_radius_mm=face,
        ranges_mm=np.linspace(0, depth, max(int(1.25 * size), 96)),
        angles=np.linspace(-half, half, max(int(0.66 * size), 64)),
        size=size,
        mm_per_px=float(mm_per_px),
        origin_px=origin,
        round_top=bool(rng.random() < 0.8),
    )


def blur_beams(field: Array, probe: Probe, axial_mm: float, lateral_deg: float, focus_mm: float) -> Array:
    """Point-spread of the beam on a complex field (samples, beams).

    The axial width is constant in mm; the lateral one is narrowest in angle at the focus: a narrow and a wide
    blur are mixed by depth.
    """
    axial = max(axial_mm / (probe.depth_mm / len(probe.ranges_mm)), 0.4)
    lateral = max(np.deg2rad(lateral_deg) / (2 * probe.half_angle / len(probe.angles)), 0.4)
    planes = np.stack((np.real(field), np.imag(field)), axis=-1).astype(np.float32)
    narrow = cv2.GaussianBlur(planes, (0, 0), sigmaX=lateral, sigmaY=axial)
    wide = cv2.GaussianBlur(planes, (0, 0), sigmaX=2.6 * lateral, sigmaY=axial)
    depth = probe.ranges_mm[:, None]
    mix = np.where(depth < focus_mm, 1 - depth / focus_mm, 0.35 * np.minimum(depth / focus_mm - 1, 1))
    mix = mix[..., None].astype(np.float32)
    # Each blur lowers the power of speckle by its area; scaling keeps the grey of the two alike.
    gain = np.sqrt(4 * np.pi * axial * lateral)
    mixed = gain * ((1 - mix) * narrow + mix * 1.6 * wide)
    return mixed[..., 0] + 1j * mixed[..., 1]


def scan_convert(beams: Array, maps: tuple[Array, Array, Array]) -> Array:
    """Beam samples (samples, beams) to the picture (size, size) float32, zero outside the sector."""
    columns, rows, sector = maps
    return cv2.remap(beams.astype(np.float32), columns, rows, cv2.INTER_LINEAR) * sector
