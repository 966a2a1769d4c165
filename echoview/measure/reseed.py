"""A contour fitted anew to three landmarks: the former one carried over, then laid on what the network saw."""

from __future__ import annotations

import numpy as np

from echoview.domain.prediction import LogitMap
from ral.geometry import contour_landmarks, resample

_REACH = 0.12  # of the long axis: how far a point may go to meet the network's border
_STEPS = 41
_POINTS = 65
_SMOOTH = 3.0  # points along the border
_END_FREE, _APEX_FREE = 5.0, 12.0  # points from a landmark on which the border is free


def warped(points: np.ndarray, first: np.ndarray, apex: np.ndarray, second: np.ndarray) -> np.ndarray:
    """A contour (N,2) moved so that its annulus points and its apex come to lie where they are wanted, (2,) px each.

    One affine map takes three points to three others. Where the former three lie on a line, or the new ones do, there
    is none that keeps a shape: the contour is then moved by the middle of its annulus.
    """
    marks = contour_landmarks(points)
    there = np.array([first, apex, second], float)
    here = np.array([marks.first, marks.apex, marks.second])
    if min(abs(_twice_area(here)), abs(_twice_area(there))) < 1.0:
        return points + (there[[0, 2]].mean(0) - here[[0, 2]].mean(0))
    affine = np.linalg.solve(np.column_stack([here, np.ones(3)]), there)
    return np.column_stack([points, np.ones(len(points))]) @ affine


def snapped(points: np.ndarray, seen: LogitMap, apex: np.ndarray) -> np.ndarray:
    """A contour (N,2) drawn onto the border that the network saw, (65,2); landmarks stay where the person put them.

    `apex` (2,) is where, on the contour: a person's apex need not be the one that its shape would have.

    Each point looks along its normal for the nearest place where the logits leave the cavity. What it finds is
    smoothed along the border; a point that finds nothing goes with its neighbours.
    """
    line = resample(points, _POINTS)
    middle = (line[0] + line[-1]) / 2
    top = int(np.hypot(*(line - apex).T).argmin())
    along = np.gradient(line, axis=0)
    normal = np.column_stack([along[:, 1], -along[:, 0]])
    normal /= np.hypot(*normal.T)[:, None] + 1e-9
    normal *= np.sign(((line - line.mean(0)) * normal).sum() or 1.0)  # outwards
    reach = _REACH * float(np.hypot(*(line[top] - middle)))
    steps = np.linspace(-reach, reach, _STEPS)
    logits = seen.at(line[:, None] + steps[None, :, None] * normal[:, None])
    leaves = (logits[:, :-1] > 0) & (logits[:, 1:] <= 0)
    share = logits[:, :-1] / np.where(leaves, logits[:, :-1] - logits[:, 1:], 1.0)
    at = np.where(leaves, steps[:-1] + share * (steps[1] - steps[0]), np.inf)
    nearest = np.abs(at).argmin(1)
    step = at[np.arange(len(line)), nearest]
    known = np.isfinite(step).astype(float)
    step = _soft(np.where(known > 0, step, 0.0)) / np.maximum(_soft(known), 1e-6) * np.minimum(2 * _soft(known), 1)
    return line + (step * _free(len(line), top))[:, None] * normal


def _free(count: int, apex: int) -> np.ndarray:
    """(count,) 0 at the three landmarks, rising to 1 away from them; slowly at the apex, which must stay round."""
    at = np.arange(count)
    share = np.clip(np.minimum(np.minimum(at, count - 1 - at) / _END_FREE, np.abs(at - apex) / _APEX_FREE), 0, 1)
    return share * share * (3 - 2 * share)


def _soft(values: np.ndarray) -> np.ndarray:
    reach = round(3 * _SMOOTH)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTH) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), "valid")


def _twice_area(three: np.ndarray) -> float:
    (ax, ay), (bx, by) = three[1] - three[0], three[2] - three[0]
    return float(ax * by - ay * bx)
