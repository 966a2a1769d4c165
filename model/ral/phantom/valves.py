"""Valve leaflets, drawn as polylines in beam samples so that they stay thin."""

import cv2
import numpy as np

from ral.phantom.heart import Heart, Pose
from ral.phantom.probe import Probe
from ral.phantom.tissue import Tissue

Array = np.ndarray


def draw_valves(db: Array, tissue: Tissue, heart: Heart, pose: Pose, probe: Probe) -> Array:
    """Add the leaflets to the echogenicity (samples, beams) in dB."""
    ink = np.zeros(db.shape, np.uint8)
    for curve in _leaflets(heart, pose, tissue):
        points = probe.to_samples(pose.to_world(curve))
        thickness = max(1, round(tissue.leaflet_mm * len(probe.ranges_mm) / probe.depth_mm))
        cv2.polylines(ink, [np.round(points * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, shift=4)
    weight = ink.astype(np.float32) / 255
    level = tissue.leaflet_db + 4.0 * tissue.streaks  # parts of a leaflet shine, parts are lost
    return np.where(weight > 0, np.maximum(db, db + weight * (level - db)), db)


def _leaflets(heart: Heart, pose: Pose, tissue: Tissue) -> list[Array]:
    left, right = pose.endo[0, 0], pose.endo[-1, 0]
    if heart.view == "A3C":
        half = tissue.aorta[1]
        joint = right - 2 * half  # where mitral valve and aortic root meet
        root = _aortic_cusps(joint, right, 1.0 - pose.valve_opening if pose.phase < heart.systole else 0.0)
        return [*_pair(left, joint, pose.valve_opening), *root]
    return _pair(left, right, pose.valve_opening)


def _pair(left: float, right: float, opening: float) -> list[Array]:
    """Two leaflets from their hinges: closed they meet in the middle, open they hang towards the apex."""
    width = right - left
    middle = left + 0.55 * width
    shut_left, shut_right = np.array([middle, 3.0]), np.array([middle, 3.0])
    open_left, open_right = (
        np.array([left + 0.18 * width, 0.55 * width]),
        np.array([right - 0.12 * width, 0.38 * width]),
    )
    curves = []
    for hinge, shut, wide in ((left, shut_left, open_left), (right, shut_right, open_right)):
        tip = (1 - opening) * shut + opening * wide
        start = np.array([hinge, 0.0])
        belly = (
            0.5 * (start + tip) + (1 - opening) * np.array([0.0, 2.5]) + opening * np.array([(middle - hinge) * 0.2, 0])
        )
        t = np.linspace(0, 1, 9)[:, None]
        curves.append((1 - t) ** 2 * start + 2 * t * (1 - t) * belly + t**2 * tip)
    return curves


def _aortic_cusps(left: float, right: float, opening: float) -> list[Array]:
    middle = 0.5 * (left + right)
    tip_left = (1 - opening) * middle + opening * (left + 2)
    tip_right = (1 - opening) * middle + opening * (right - 2)
    return [
        np.array([[left, -1.0], [0.5 * (left + tip_left), -5.0], [tip_left, -7.0]]),
        np.array([[right, -1.0], [0.5 * (right + tip_right), -5.0], [tip_right, -7.0]]),
    ]
