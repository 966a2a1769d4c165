"""Anatomical M-mode: what lies along a line of the picture, frame after frame."""

from __future__ import annotations

import numpy as np


def line_positions(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Points at steps of one px from `start` to `end`, both included: (N,2) x,y px, N >= 2."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    return np.linspace(start, end, max(round(length) + 1, 2))


def along_line(frame: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Brightness (N,) uint8 of a frame (H,W) or (H,W,3) uint8 at the positions (N,2) x,y px, bilinear; 0 outside."""
    height, width = frame.shape[:2]
    x, y = positions[:, 0], positions[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x0 = np.clip(np.floor(x).astype(int), 0, max(width - 2, 0))
    y0 = np.clip(np.floor(y).astype(int), 0, max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    across, down = x - x0, y - y0
    corners = [_grey(frame[j, i]) for j, i in ((y0, x0), (y0, x1), (y1, x0), (y1, x1))]
    upper = corners[0] * (1 - across) + corners[1] * across
    lower = corners[2] * (1 - across) + corners[3] * across
    return np.where(inside, upper * (1 - down) + lower * down, 0).round().astype(np.uint8)


def _grey(pixels: np.ndarray) -> np.ndarray:
    """(N,) or (N,3) -> (N,) float; the luma of ITU-R BT.601 for colours."""
    return pixels @ np.array([0.299, 0.587, 0.114]) if pixels.ndim == 2 else pixels.astype(float)
