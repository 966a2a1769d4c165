"""What each place sends back: paints body, walls, chambers and vessels of one moment as echogenicity in dB.

Solid tissue is painted first, then each chamber is cut out of it, the left ventricle last: where two overlap,
the ventricle that carries the truth wins.
"""

import numpy as np

from ral.phantom.chambers import Canvas, cut_neighbours
from ral.phantom.heart import Heart, Pose
from ral.phantom.neighbours import Neighbours
from ral.phantom.places import Places, carried
from ral.phantom.tissue import Tissue

Array = np.ndarray


def echogenicity(tissue: Tissue, around: Neighbours, heart: Heart, pose: Pose, places: Places) -> tuple[Array, Array]:
    """Echogenicity in dB against muscle, and where there is blood (bool); both (samples, beams)."""
    patches, clumps = carried(tissue.patches, places), carried(tissue.clumps, places)
    grains = tissue.clump_db * clumps
    db = _body(tissue, places, patches, grains)
    canvas = Canvas(db, np.zeros(db.shape, bool), tissue, around, places)
    cut_neighbours(canvas, heart, pose, clumps)
    db = _muscle(canvas, pose, patches, grains)
    near = tissue.near_loss_db * np.exp(-((places.depth_mm / tissue.near_mm) ** 2))
    db = np.where(canvas.blood, db, db - near)
    cavity = (places.u > 0) & (places.share < 1)
    db = np.where(cavity, tissue.blood_db, db)
    return _inside_cavity(db, cavity, tissue, pose, places, patches), canvas.blood | cavity


def _body(tissue: Tissue, places: Places, patches: Array, grains: Array) -> Array:
    """Everything around the heart: uneven tissue, lung or liver at the sides, pericardium, bright tissue behind."""
    upper, left = places.u > 0, places.d < 0
    outside = places.outside_mm
    away = np.clip((outside - 6) / 25, 0, 1)
    db = tissue.body_db + tissue.body_patch_db * tissue.streaks + 0.6 * grains
    db = db + np.where(left, tissue.side_db[0], tissue.side_db[1]) * away * upper
    depth = places.depth_mm / places.depth_mm.max()
    behind = np.clip((depth - tissue.far_from) / 0.12, 0, 1)
    db = db + tissue.far_db * behind * (1 + 0.4 * tissue.streaks)
    db = db + tissue.strand_db * tissue.strands * np.clip((depth - 0.3) / 0.4, 0, 1)
    near_side = np.where(left, 0.6, 1.0)  # beyond the right wall the line is mostly seen best
    band = np.exp(-(((outside - 1.5) / 2.5) ** 2)) * np.where(upper, near_side, 0.4) * (0.35 + 0.65 * places.facing)
    return db + (tissue.pericardium_db + 2 * patches) * band


def _muscle(canvas: Canvas, pose: Pose, patches: Array, grains: Array) -> Array:
    """The wall of the left ventricle, uneven along its way and brightest in its middle, and the annulus' hinges."""
    tissue, places = canvas.tissue, canvas.places
    ways = np.linspace(-1, 1, len(tissue.wall_db))
    inner = np.interp(places.tau, ways, tissue.inner_db) * np.clip(1 - places.in_wall / 0.5, 0, 1)
    along = np.interp(places.tau, ways, tissue.wall_db) - inner
    core = tissue.core_db * (1 - ((places.in_wall - tissue.core_at) / 0.5) ** 2)
    muscle = tissue.wall_patch_db * patches + tissue.incidence_db * (places.facing - 0.5) + grains + along + core
    wall = (places.in_wall < 1) & (places.u > -4) & ~canvas.blood
    hinge_d = np.where(places.d < 0, pose.endo[0, 0] - 3, pose.endo[-1, 0] + 3)
    hinge = np.exp(-((places.u / 7.0) ** 2) - ((places.d - hinge_d) / 6.0) ** 2)
    return np.where(wall, muscle, canvas.db) + tissue.annulus_db * hinge


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
