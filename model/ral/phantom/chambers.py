"""Cuts the chambers and vessels around the left ventricle out of the tissue, each with its lining.

A canvas holds the echogenicity that is being painted. The order matters: what is cut later lies in front.
"""

from dataclasses import dataclass

import numpy as np

from ral.phantom.heart import Heart, Pose
from ral.phantom.neighbours import Liver, Neighbours, blob
from ral.phantom.places import Places
from ral.phantom.tissue import Tissue

Array = np.ndarray

_ATRIAL_WALL_MM = 3.0
_RIGHT_WALL_MM = 4.5
_FAR_MM = 99.0  # a distance at which nothing is cut


@dataclass(slots=True, eq=False)
class Canvas:
    """Echogenicity in dB against muscle, and where there is blood; both (samples, beams), painted in place."""

    db: Array
    blood: Array
    tissue: Tissue
    around: Neighbours
    places: Places

    def cut(self, distance: Array, wall_mm: float, wall_db: Array, clear: float = 1.0) -> None:
        """Cut out a chamber (distance in mm, negative inside) and line it; `clear` 0..1 is how dark it gets."""
        lining = (distance > 0) & (distance < wall_mm) & ~self.blood
        self.db[lining] = np.maximum(self.db, self.db + clear * (wall_db - self.db))[lining]
        share = clear * np.clip(0.5 - distance / self.around.soft_mm, 0, 1)
        self.db += share * np.minimum(self.tissue.blood_db - self.db, 0)
        self.blood |= distance <= 0


def cut_neighbours(canvas: Canvas, heart: Heart, pose: Pose, clumps: Array) -> None:
    """All chambers but the left ventricle, as the view shows them; `clumps` (samples, beams) are trabeculae."""
    if heart.view == "A4C":
        _right_atrium(canvas, pose)
        _right_ventricle(canvas, pose, clumps, side=-1.0)
    if canvas.around.liver:
        _paint_liver(canvas, pose, canvas.around.liver)
    if heart.view == "A3C" and canvas.around.right_mm:
        _right_ventricle(canvas, pose, clumps, side=1.0)
    _left_atrium(canvas, heart, pose)
    if heart.view == "A3C":
        _aortic_root(canvas, pose)
    if heart.view == "A2C":
        _groove(canvas, pose)


def mitral_end(pose: Pose, around: Neighbours, view: str) -> float:
    """Where on the annulus line (d in mm) the mitral valve ends: in A3C the rest belongs to the aortic root."""
    left, right = pose.endo[0, 0], pose.endo[-1, 0]
    return right - around.aorta_share * (right - left) if view == "A3C" else right


def tricuspid_hinges(pose: Pose, around: Neighbours) -> tuple[Array, Array]:
    """Septal and lateral hinge of the tricuspid valve, (2,) d, u each, in A4C."""
    septal = pose.endo[0, 0] - pose.wall_mm[0]
    return (
        np.array([septal, around.tricuspid_mm]),
        np.array([septal - 0.95 * _right_width(pose, around), around.tricuspid_mm - 2]),
    )


def _right_width(pose: Pose, around: Neighbours) -> float:
    return around.right_mm * (1 - 0.28 * pose.contraction)


def _left_atrium(canvas: Canvas, heart: Heart, pose: Pose) -> None:
    """Below the annulus; fills while the ventricle empties. In A3C it makes room for the aortic root."""
    around, places, tissue = canvas.around, canvas.places, canvas.tissue
    grow = 1 + 0.12 * pose.contraction
    left, end = pose.endo[0, 0], mitral_end(pose, around, heart.view)
    fits = 1.35 * (end - left) if heart.view == "A3C" else around.atrium_mm[0]
    width, length = grow * fits, grow * around.atrium_mm[1]
    centre = (0.5 * (left + end) + around.atrium_shift_mm, 1 - length / 2)
    distance = blob(places.d, places.u, centre, (width / 2, length / 2 + 2), around.atrium_shape)
    wall = tissue.incidence_db * (places.facing - 0.6) - 1 + 3 * tissue.streaks
    canvas.cut(np.maximum(distance, places.u), _ATRIAL_WALL_MM, np.where(places.u < 0, wall, canvas.db))


def right_ventricle(places: Places, pose: Pose, around: Neighbours, side: float) -> Array:
    """Distance in mm from the right ventricle (samples, beams), negative inside, far where no part of it can be.

    It is a crescent on the septum: left (side -1) in A4C, right in A3C, where it is the outflow part.
    """
    along = _along(places, pose, around)
    lumpy = 1 + 0.08 * np.sin(9 * along + 6 * around.right_reach)
    edge = _right_width(pose, around) * np.clip(1 - along, 0, 1) ** around.right_power * lumpy
    base = around.tricuspid_mm if side < 0 else 2.0
    here = (places.d * side > 0) & (places.u > base)
    return np.where(here, np.maximum(-places.outside_mm, places.outside_mm - edge), _FAR_MM)


def _along(places: Places, pose: Pose, around: Neighbours) -> Array:
    """How far up the right ventricle a place lies: 0 at its base, 1 at its tip."""
    return places.u / (around.right_reach * pose.length_mm)


def _right_ventricle(canvas: Canvas, pose: Pose, clumps: Array, side: float) -> None:
    """Cut out with its free wall and coarse trabeculae."""
    around, places, tissue = canvas.around, canvas.places, canvas.tissue
    along, distance = _along(places, pose, around), right_ventricle(places, pose, around, side)
    free_wall = np.where(places.outside_mm > 0, -1.0 + 4 * tissue.streaks, canvas.db)
    canvas.cut(distance, _RIGHT_WALL_MM, free_wall, around.right_clear)
    coarse = 0.9 * tissue.trabeculae * np.clip(clumps, 0, 1) * np.clip(0.3 + along, 0, 1)
    canvas.db -= np.where(distance <= 0, coarse * np.minimum(canvas.db + 2, 0), 0)


def _right_atrium(canvas: Canvas, pose: Pose) -> None:
    """Below the tricuspid valve, parted from the left atrium by the thin septum between the two."""
    around, places = canvas.around, canvas.places
    grow = 1 + 0.10 * pose.contraction
    width, length = grow * around.right_atrium_mm[0], grow * around.right_atrium_mm[1]
    middle = 0.5 * (pose.endo[0, 0] + pose.endo[-1, 0])
    septum = middle + around.atrium_shift_mm - 0.5 * around.atrium_mm[0] - around.septum_mm
    centre = (septum - width / 2, around.tricuspid_mm - length / 2)
    distance = blob(places.d, places.u, centre, (width / 2, length / 2 + 3), around.right_atrium_shape)
    distance = np.maximum(distance, places.u - around.tricuspid_mm)
    beside = np.where(places.u > -4, 1.0 - places.outside_mm, -_FAR_MM)  # it must not eat the septum's base
    wall = -2.0 + 4 * canvas.tissue.streaks
    canvas.cut(np.maximum(distance, beside), _ATRIAL_WALL_MM, wall, around.right_clear)


def aortic_root(places: Places, pose: Pose, around: Neighbours) -> tuple[Array, Array]:
    """The tube that leaves the right part of the annulus line in A3C, wider at the sinuses.

    Returns:
        (samples, beams) each: distance in mm, negative inside; and mm across the tube, negative towards the atrium.
    """
    right = pose.endo[-1, 0]
    cos, sin = np.cos(around.aorta_lean), np.sin(around.aorta_lean)
    half = 0.5 * cos * (right - mitral_end(pose, around, "A3C"))
    across = (places.d - right) * cos + places.u * sin + half
    along = (places.d - right) * sin - places.u * cos
    # Beyond the opening the root widens, most at the sinuses.
    wide = half + around.aorta_mm * np.clip(along / 8, 0, 1) * (1 + 0.6 * np.exp(-(((along - 11) / 7) ** 2)))
    return np.maximum(np.maximum(np.abs(across) - wide, places.u), along - 65), across


def _aortic_root(canvas: Canvas, pose: Pose) -> None:
    """Cut out with its wall, which parts it from the atrium."""
    places, tissue = canvas.places, canvas.tissue
    distance, _ = aortic_root(places, pose, canvas.around)
    wall = np.where(places.u < 0, 2 + 0.5 * tissue.annulus_db + 3 * places.facing + 2 * tissue.streaks, canvas.db)
    canvas.blood &= distance > 3
    canvas.cut(distance, 2.5, wall)


def _paint_liver(canvas: Canvas, pose: Pose, liver: Liver) -> None:
    """Even, dark tissue without walls left of the inferior wall, at times with the line of the diaphragm."""
    places = canvas.places
    here = np.clip((places.outside_mm - liver.gap_mm) / 3, 0, 1) * (places.d < 0)
    off_mm = places.u - liver.line_at * pose.length_mm - liver.line_slope * (places.d - pose.endo[0, 0])
    reach = np.clip(places.outside_mm / 8, 0, 1) * np.exp(-((places.outside_mm / 35) ** 4))
    canvas.db += here * (liver.db + liver.line_db * reach * np.exp(-((off_mm / 1.5) ** 2)))


def _groove(canvas: Canvas, pose: Pose) -> None:
    """A2C: the coronary sinus in the groove under the inferior wall, the appendage under the anterior one."""
    around, places = canvas.around, canvas.places
    left, right = pose.endo[0, 0], pose.endo[-1, 0]
    if around.sinus_mm:
        distance = np.hypot(places.d - left + around.sinus_mm + 3, places.u + around.sinus_mm) - around.sinus_mm
        canvas.cut(distance, 1.5, 1.0 + 2 * canvas.tissue.streaks)
    if around.appendage_mm:
        radii = (1.3 * around.appendage_mm, around.appendage_mm)
        centre = (right + 0.5 * around.appendage_mm, -2 - around.appendage_mm)
        distance = blob(places.d, places.u, centre, radii, around.right_atrium_shape)
        canvas.cut(np.maximum(distance, places.u + 1), 2.0, -1.0 + 3 * canvas.tissue.streaks)
