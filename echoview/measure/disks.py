"""Where the disks lie: the lines that the method of disks adds up, for drawing them over the picture."""

from __future__ import annotations

import numpy as np

from echoview.domain.calibration import Calibration
from ral.geometry import DISKS

SQUARE = Calibration(1.0, 1.0)


def long_axis_line(contour: np.ndarray) -> np.ndarray:
    """From the middle of the annulus to the farthest apical point of an open contour (N,2): (2,2) x,y px."""
    middle = (contour[0] + contour[-1]) / 2
    return np.array([middle, contour[int(np.hypot(*(contour - middle).T).argmax())]])


def disk_lines(contour: np.ndarray, spacing: Calibration = SQUARE, disks: int = DISKS) -> np.ndarray:
    """The diameter of each disk of an open contour (N,2): (M,2,2) x,y px from the base, M <= `disks`.

    At right angles to the long axis in millimetres, so not always in the picture. Where the cavity is folded and a
    level crosses it more than twice, the line goes from the outermost crossing to the other.
    """
    scale = np.asarray(spacing, float)
    points = contour * scale
    base, apex = long_axis_line(points)
    axis = (apex - base) / (np.hypot(*(apex - base)) + 1e-12)
    normal = np.array([-axis[1], axis[0]])
    along, across = (points - base) @ axis, (points - base) @ normal
    lines = []
    for level in (np.arange(disks) + 0.5) / disks * along.max():
        u0, u1 = along, np.roll(along, -1)
        cut = (u0 <= level) != (u1 <= level)
        share = (level - u0[cut]) / (u1[cut] - u0[cut])
        at = across[cut] + share * (np.roll(across, -1)[cut] - across[cut])
        if len(at) >= 2:
            lines.append([base + level * axis + end * normal for end in (at.min(), at.max())])
    return np.array(lines).reshape(-1, 2, 2) / scale
