"""A contour carried from frame to frame by dense optical flow: the plain way, to measure others against."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from ral.prepare import luma

_SMOOTH = 2.0  # points along the contour; speckle moves single points astray


def carry(frame: Callable[[int], np.ndarray], contour: np.ndarray, start: int, stop: int) -> Iterator[np.ndarray]:
    """Yields the contour (N,2) px in each frame after `start` up to and with `stop`, forwards or backwards.

    Args:
        frame: gives frame t as (H,W) or (H,W,3) uint8.
        contour: (N,2) px in frame `start`, points close together.

    Reference: Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016, as OpenCV has it.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    direction = 1 if stop > start else -1
    points, before = np.asarray(contour, float), np.ascontiguousarray(luma(frame(start)))
    for t in range(start + direction, stop + direction, direction):
        after = np.ascontiguousarray(luma(frame(t)))
        flow = search.calc(before, after, np.zeros((*before.shape, 2), np.float32))
        points = points + _steady(_at(flow, points))
        before = after
        yield points


def _at(flow: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Flow (H,W,2) at points (N,2), bilinear, the border's beyond it."""
    x, y = points.astype(np.float32).T
    found = cv2.remap(flow, x[:, None], y[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(-1, 2).astype(np.float64)


def _steady(steps: np.ndarray) -> np.ndarray:
    """(N,2) with each point's step shared with its neighbours along the contour."""
    reach = round(3 * _SMOOTH)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTH) ** 2)
    padded = np.pad(steps, ((reach, reach), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(padded[:, i], kernel / kernel.sum(), "valid") for i in (0, 1)])
