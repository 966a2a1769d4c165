"""What each place sends back: paints body, walls, chambers and vessels of one moment as echogenicity in dB.

Solid tissue is painted first, then each chamber is cut out of it, the left ventricle last: where two overlap,
the ventricle that carries the truth wins.
"""

import numpy as np

from ral.phantom.heart import Heart, Pose
from ral.phantom.places import Places, carried
from ral.phantom.tissue import Tissue

Array = np.ndarray

_NOTHING = -60.0  # dB, a level that any tissue outshines
_ATRIAL_WALL_MM = 3.0
_RIGHT_WALL_MM = 4.5


def echogenicity(tissue: Tissue, heart: Heart, pose: Pose, places: Places) -> tuple[Array, Array]:
    """Echogenicity in dB against muscle, and where there is blood (bool); both (samples, beams)."""
    patches, clumps = carried(tissue.patches, places), carried(tissue.clumps, places)
    grains = tissue.clump_db * clumps
    db = _body(tissue, places, patches, grains)
    blood = np.zeros(db.shape, bool)
    if heart.view != "A2C":
        db, blood = _right_ventricle(db, blood, tissue, heart, pose, places, clumps)
    if heart.view == "A4C":
        db, blood = _right_atrium(db, blood, tissue, pose, places)
    db, blood = _left_atrium(db, blood, tissue, heart, pose, places)
    if heart.view == "A3C":
        db, blood = _aortic_root(db, blood, tissue, pose, places)
    db = _muscle(db, blood, tissue, pose, places, patches, grains)
    near = tissue.near_loss_db * np.exp(-((places.depth_mm / tissue.near_mm) ** 2))
    db = np.where(blood, db, db - near)
    cavity = (places.u > 0) & (places.share < 1)
    db = np.where(cavity, tissue.blood_db, db)
    return _inside_cavity(db, cavity, tissue, pose, places, patches), blood | cavity


def _body(tissue: Tissue, places: Places, patches: Array, grains: Array) -> Array:
    """Everything around the heart: uneven tissue, lung at the sides, pericardium, bright tissue behind."""
    upper = places.u > 0
    outside = places.outside_mm
    db = tissue.body_db + tissue.body_patch_db * tissue.streaks + 0.6 * grains
    db = db - tissue.lung_loss_db * np.clip((outside - 8) / 25, 0, 1) * upper
    behind = np.clip((places.depth_mm / places.depth_mm.max() - 0.68) / 0.12, 0, 1)
    db = db + tissue.far_db * behind * (1 + 0.4 * tissue.streaks)
    band = np.exp(-(((outside - 1.5) / 2.5) ** 2)) * np.where(upper, 1.0, 0.4) * (0.35 + 0.65 * places.facing)
    return db + (tissue.pericardium_db + 2 * patches) * band


def _muscle(
    db: Array, blood: Array, tissue: Tissue, pose: Pose, places: Places, patches: Array, grains: Array
) -> Array:
    """The wall of the left ventricle, uneven along its way, and the bright fibrous hinges of the annulus."""
    along = np.interp(places.tau, np.linspace(-1, 1, len(tissue.wall_db)), tissue.wall_db)
    muscle = tissue.wall_patch_db * patches + tissue.incidence_db * (places.facing - 0.5) + grains + along
    wall = (places.in_wall < 1) & (places.u > -4) & ~blood
    hinge_d = np.where(places.d < 0, pose.endo[0, 0] - 3, pose.endo[-1, 0] + 3)
    hinge = np.exp(-((places.u / 7.0) ** 2) - ((places.d - hinge_d) / 6.0) ** 2)
    return np.where(wall, muscle, db) + tissue.annulus_db * hinge


def _inside_cavity(db: Array, cavity: Array, tissue: Tissue, pose: Pose, places: Places, patches: Array) -> Array:
    """Trabeculae, papillary muscles, chordae: inside the mask, yet not blood."""
    fringe = np.clip((places.share - 0.84) / 0.16, 0, 1) * np.exp(-((places.tau / 0.6) ** 2))
    rough = 0.8 * tissue.trabeculae * fringe * (patches > 0.2)
    db = np.where(cavity, db + rough * (-4 - tissue.blood_db), db)
    for tau, share, size, level in tissue.knots:
        at = round((tau + 1) / 2 * (len(pose.endo) - 1))
        centre = share * pose.endo[at]
        box = (np.abs(places.d - centre[0]) < 2 * size) & (np.abs(places.u - centre[1]) < 3 * size) & cavity
        reach = ((places.d[box] - centre[0]) / size) ** 2 + ((places.u[box] - centre[1]) / (1.6 * size)) ** 2
        db[box] = np.maximum(db[box], db[box] + np.exp(-(reach**2)) * (level - db[box]))
    return db


def _ellipse(places: Places, centre: tuple[float, float], radii: tuple[float, float]) -> Array:
    """Rough distance in mm from a slightly square ellipse, negative inside."""
    across = np.abs((places.d - centre[0]) / radii[0]) ** 2.4
    along = np.abs((places.u - centre[1]) / radii[1]) ** 2.4
    return ((across + along) ** (1 / 2.4) - 1) * min(radii)


def _cut(
    db: Array, blood: Array, distance: Array, tissue: Tissue, wall_mm: float, wall_db: Array
) -> tuple[Array, Array]:
    """Cut a chamber (distance <= 0) out of the tissue and line it with a wall."""
    lining = (distance > 0) & (distance < wall_mm) & ~blood
    db = np.where(lining, np.maximum(db, wall_db), db)
    inside = distance <= 0
    return np.where(inside, tissue.blood_db, db), blood | inside


def _left_atrium(
    db: Array, blood: Array, tissue: Tissue, heart: Heart, pose: Pose, places: Places
) -> tuple[Array, Array]:
    """Below the annulus; fills while the ventricle empties. In A3C it makes room for the aortic root."""
    beside_aorta = heart.view == "A3C"
    grow = 1 + 0.12 * pose.contraction
    width = tissue.atrium_mm[0] * grow * (0.8 if beside_aorta else 1.0)
    length = tissue.atrium_mm[1] * grow
    centre = (-0.25 * heart.width_mm if beside_aorta else 0.0, 1 - length / 2)
    distance = np.maximum(_ellipse(places, centre, (width / 2, length / 2 + 2)), places.u)
    wall = tissue.incidence_db * (places.facing - 0.6) - 1 + 3 * tissue.streaks
    return _cut(db, blood, distance, tissue, _ATRIAL_WALL_MM, np.where(places.u < 0, wall, _NOTHING))


def _right_ventricle(
    db: Array, blood: Array, tissue: Tissue, heart: Heart, pose: Pose, places: Places, clumps: Array
) -> tuple[Array, Array]:
    """A trabeculated crescent on the septum: left in A4C, in A3C a narrow one (the outflow part) right."""
    side, share = (-1.0, 1.0) if heart.view == "A4C" else (1.0, 0.45)
    width = share * tissue.right_mm[0] * (1 - 0.3 * pose.contraction)
    along = places.u / (tissue.right_reach * pose.length_mm)
    lumpy = 1 + 0.12 * np.sin(9 * along + 6 * tissue.right_reach)
    edge = width * np.clip(1 - along, 0, 1) ** 0.6 * lumpy
    here = (places.d * side > 0) & (places.u > 2)
    distance = np.where(here, np.maximum(-places.outside_mm, places.outside_mm - edge), 99.0)
    free_wall = np.where(places.outside_mm > edge, -1.0 + 3 * tissue.streaks, _NOTHING)
    db, blood = _cut(db, blood, distance, tissue, _RIGHT_WALL_MM, free_wall)
    coarse = tissue.trabeculae * np.clip(clumps, 0, 1) * np.clip(0.3 + along, 0, 1)
    return np.where(distance <= 0, db - 0.9 * coarse * (tissue.blood_db + 2), db), blood


def _right_atrium(db: Array, blood: Array, tissue: Tissue, pose: Pose, places: Places) -> tuple[Array, Array]:
    width = tissue.right_mm[1]
    septum = pose.endo[0, 0] - 5
    distance = _ellipse(places, (septum - width / 2, -0.45 * width), (width / 2, width / 2))
    distance = np.maximum(distance, places.u - 1)
    return _cut(db, blood, distance, tissue, _ATRIAL_WALL_MM, -2.0 + 3 * tissue.streaks)


def _aortic_root(db: Array, blood: Array, tissue: Tissue, pose: Pose, places: Places) -> tuple[Array, Array]:
    """The tube that leaves the right part of the annulus line in A3C. Beyond the line: not cavity."""
    lean, half = tissue.aorta
    start = pose.endo[-1, 0] - half
    across = (places.d - start) * np.cos(lean) + places.u * np.sin(lean)
    distance = np.maximum(np.maximum(np.abs(across) - half, places.u), -places.u - 60)
    wall = np.where(places.u < 0, tissue.annulus_db * 0.5 + 2.0 * places.facing, _NOTHING)
    return _cut(db, blood & ~(distance <= 3), distance, tissue, 2.5, wall)
