"""Valve leaflets, drawn as polylines in beam samples so that they stay thin."""

import cv2
import numpy as np

from ral.phantom.chambers import mitral_end, tricuspid_hinges
from ral.phantom.heart import Heart, Pose
from ral.phantom.neighbours import Neighbours
from ral.phantom.probe import Probe
from ral.phantom.tissue import Tissue

Array = np.ndarray


def draw_valves(db: Array, tissue: Tissue, around: Neighbours, heart: Heart, pose: Pose, probe: Probe) -> Array:
    """Add the leaflets to the echogenicity (samples, beams) in dB."""
    ink = np.zeros(db.shape, np.uint8)
    thickness = max(1, round(tissue.leaflet_mm * len(probe.ranges_mm) / probe.depth_mm))
    for curve, bright in _leaflets(heart, pose, around):
        points = np.round(probe.to_samples(pose.to_world(curve)) * 16).astype(np.int32)
        cv2.polylines(ink, [points], False, round(255 * bright), thickness, cv2.LINE_AA, shift=4)
    weight = ink.astype(np.float32) / 255
    level = tissue.leaflet_db + 4.0 * tissue.streaks  # parts of a leaflet shine, parts are lost
    return np.where(weight > 0, np.maximum(db, db + weight * (level - db)), db)


def _leaflets(heart: Heart, pose: Pose, around: Neighbours) -> list[tuple[Array, float]]:
    """Each leaflet's line (k, 2) d, u in mm, and how well it is seen, 0..1."""
    left, right = pose.endo[[0, -1]] * (1.0, 0.0)
    joint = np.array([mitral_end(pose, around, heart.view), 0.0])
    lines = [(line, 1.0) for line in _pair(left, joint, pose.valve_opening)]
    if heart.view == "A3C":
        opening = 1.0 - pose.valve_opening if pose.phase < heart.systole else 0.0
        lines += [(line, 1.0) for line in _aortic_cusps(joint[0], right[0], around.aorta_lean, opening)]
    if heart.view == "A4C":
        septal, lateral = tricuspid_hinges(pose, around)
        lines += [(line, 0.8 * around.right_clear) for line in _pair(lateral, septal, pose.valve_opening)]
    return lines


def _pair(left: Array, right: Array, opening: float) -> list[Array]:
    """Two leaflets from their hinges (2,) d, u: closed they meet in the middle, open they hang to the apex."""
    width = right[0] - left[0]
    middle = left + 0.55 * (right - left)
    shut = middle + np.array([0.0, 3.0])
    wide_left = left + width * np.array([0.18, 0.55])
    wide_right = right + width * np.array([-0.12, 0.38])
    curves = []
    for hinge, wide in ((left, wide_left), (right, wide_right)):
        tip = (1 - opening) * shut + opening * wide
        bulge = (opening * 0.2 * (middle - hinge)[0], (1 - opening) * 2.5)
        belly = 0.5 * (hinge + tip) + bulge
        t = np.linspace(0, 1, 9)[:, None]
        curves.append((1 - t) ** 2 * hinge + 2 * t * (1 - t) * belly + t**2 * tip)
    return curves


def _aortic_cusps(left: float, right: float, lean: float, opening: float) -> list[Array]:
    """Two cusps from the ends of the root's opening: shut they meet in the root, open they lie along its walls."""
    axis = np.array([np.sin(lean), -np.cos(lean)])
    middle = np.array([0.5 * (left + right), 0.0]) + 7 * axis
    curves = []
    for hinge_d in (left, right):
        hinge = np.array([hinge_d, -1.0])
        tip = (1 - opening) * middle + opening * (hinge + 12 * axis)
        curves.append(np.stack((hinge, 0.5 * (hinge + tip) + 2 * axis, tip)))
    return curves
