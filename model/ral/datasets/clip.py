"""A clip of training data, and its augmentation: one geometry for all its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ral.datasets.care import PARTS
from ral.datasets.look import Change, change_greys
from ral.prepare import normalise

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Prepared frames with their masks.

    Attributes:
        frames: (T,S,S) uint8 grey, as `ral.prepare.Preparation.picture` gives them.
        masks: (T,S,S) bool, the LV cavity; anything where the weight is 0.
        weights: (T,) float32, how much the frame's label counts; 0 = no label.
        sector: (S,S) uint8, 1 inside the ultrasound sector.
        view: index into `ral.config.VIEWS`, or -1 where it must not be learnt from (see `camus_clips`).
        source: the data set, and `name` the patient or seed, for reports.
        care: (T,S,S) uint8, how much each pixel counts in hundredths (see `ral.datasets.care`), None = all alike.
    """

    frames: np.ndarray
    masks: np.ndarray
    weights: np.ndarray
    sector: np.ndarray
    view: int
    source: str
    name: str
    care: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An augmented clip as the network reads it: frames (T,s,s) float32 z-scores, masks and care (T,s,s) float32."""

    frames: np.ndarray
    masks: np.ndarray
    weights: np.ndarray
    view: int
    care: np.ndarray | None = None


def augment(
    clip: Clip, rng: np.random.Generator, size: int, style: Clip | None = None, change: Change = Change.USUAL
) -> Sample:
    """Draw a random picture of a clip at `size` px.

    Args:
        style: a clip whose grey levels this one takes on, wholly or in part, or None.
        change: how far place and greys are changed.
    """
    frames = clip.frames if style is None else restyle(clip, style, float(rng.uniform(0.3, 1.0)))
    geometry = _calm_geometry(rng) if change is Change.CALM else _draw_geometry(rng)
    matrix = _matrix(geometry, clip.frames.shape[-1], size)
    pixels = np.stack([_warp(f, matrix, size, cv2.INTER_LINEAR) for f in frames])
    moved = np.stack([_warp(m.astype(np.uint8) * 255, matrix, size, cv2.INTER_LINEAR) for m in clip.masks])
    sector = _warp(clip.sector, matrix, size, cv2.INTER_NEAREST)
    pixels = change_greys(pixels.astype(np.float32) / 255.0, rng, change)
    normal = np.stack([normalise(p * sector, sector) for p in pixels])
    care = None
    if clip.care is not None:
        care = np.stack([_warp(c, matrix, size, cv2.INTER_NEAREST) for c in clip.care]).astype(np.float32) / PARTS
    return Sample(normal, (moved >= 128).astype(np.float32), clip.weights.astype(np.float32), clip.view, care)


def restyle(clip: Clip, style: Clip, share: float) -> np.ndarray:
    """The frames of a clip with the grey levels of another, by matching what is darker than how much.

    A simulated heart so takes on the greys of a real frame, whatever its own view is, which tells nothing of it.

    Args:
        share: 0 leaves the frames as they are, 1 gives them the other's grey levels.

    Returns:
        (T,S,S) uint8.
    """
    levels = np.arange(256)
    own = np.cumsum(np.bincount(clip.frames[:, clip.sector > 0].ravel(), minlength=256)).astype(float)
    wanted = np.cumsum(np.bincount(style.frames[:, style.sector > 0].ravel(), minlength=256)).astype(float)
    if own[-1] == 0 or wanted[-1] == 0:
        return clip.frames
    matched = np.interp(own / own[-1], wanted / wanted[-1], levels)
    table = np.clip(np.round((1 - share) * levels + share * matched), 0, 255).astype(np.uint8)
    return table[clip.frames]


def plain(clip: Clip, size: int) -> Sample:
    """A clip without augmentation, resized to `size`: what validation reads."""
    side = clip.frames.shape[-1]
    how = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
    fit = [f if side == size else cv2.resize(f, (size, size), interpolation=how) for f in clip.frames]
    masks = [_shrunk(m, size) for m in clip.masks]
    sector = _shrunk(clip.sector, size)
    return Sample(
        np.stack([normalise(f, sector) for f in fit]),
        np.stack(masks).astype(np.float32),
        clip.weights,
        clip.view,
    )


def _shrunk(mask: np.ndarray, size: int) -> np.ndarray:
    """A mask as large as the resized picture: a pixel counts where half of it is covered; (S,S) -> (s,s) uint8."""
    if mask.shape[-1] == size:
        return mask.astype(np.uint8)
    return (cv2.resize(mask.astype(np.uint8) * 255, (size, size), interpolation=cv2.INTER_AREA) >= 128).astype(np.uint8)


def collate(samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
    """Samples of equal length -> frames (B,T,1,s,s), masks (B,T,s,s), weights (B,T), views (B,).

    Where a sample has it, also care (B,T,s,s), 1 for those that have none.
    """
    import torch

    cared = {}
    if any(s.care is not None for s in samples):
        all_alike = np.ones_like(samples[0].masks)
        cared["care"] = torch.from_numpy(np.stack([all_alike if s.care is None else s.care for s in samples]))
    return cared | {
        "frames": torch.from_numpy(np.stack([s.frames for s in samples]))[:, :, None],
        "masks": torch.from_numpy(np.stack([s.masks for s in samples])),
        "weights": torch.from_numpy(np.stack([s.weights for s in samples])),
        "views": torch.tensor([s.view for s in samples], dtype=torch.int64),
    }


def _draw_geometry(rng: np.random.Generator) -> np.ndarray:
    """angle (degrees, about the probe), zoom, aspect, shift x and y (% of the side), mirror, perspective x and y.

    Half of the draws are mild: most cines are held as the training data was, some are not.
    """
    reach = 0.4 if rng.random() < 0.5 else 1.0
    return np.array([
        reach * rng.uniform(-15, 15), np.exp(reach * rng.uniform(-0.2, 0.2)), np.exp(reach * rng.uniform(-0.15, 0.15)),
        reach * rng.uniform(-8, 8), reach * rng.uniform(-8, 8), float(rng.random() < 0.1),
        *(reach * rng.uniform(-0.1, 0.1, 2) if rng.random() < 0.3 else (0.0, 0.0)),
    ])  # fmt: skip


def _calm_geometry(rng: np.random.Generator) -> np.ndarray:
    """As `_draw_geometry`, within its mild half, without mirror and perspective."""
    turn, zoom, aspect, x, y = rng.uniform(-1, 1, 5)
    return np.array([6 * turn, np.exp(0.08 * zoom), np.exp(0.06 * aspect), 3 * x, 3 * y, 0.0, 0.0, 0.0])


def _matrix(geometry: np.ndarray, side: int, size: int) -> np.ndarray:
    angle, zoom, aspect, shift_x, shift_y, mirror, lean_x, lean_y = geometry
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    centre = np.array([[1, 0, -side / 2 + 0.5], [0, 1, -side * 0.2], [0, 0, 1]], float)  # turn near the probe
    centre[:2] /= side
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    stretch = np.diag([zoom * aspect * (-1 if mirror else 1), zoom / aspect, 1.0])
    lean = np.array([[1, 0, 0], [0, 1, 0], [lean_x, lean_y, 1]])
    # zooming from the probe would push the ventricle out of the picture: shift half of it back
    place = np.array([[1, 0, shift_x / 100], [0, 1, shift_y / 100 - 0.3 * (zoom / aspect - 1)], [0, 0, 1]])
    back = np.array([[size, 0, size / 2 - 0.5], [0, size, size * 0.2], [0, 0, 1]], float)
    return back @ place @ lean @ turn @ stretch @ centre


def _warp(picture: np.ndarray, matrix: np.ndarray, size: int, how: int) -> np.ndarray:
    if how == cv2.INTER_LINEAR and size * 2 <= picture.shape[-1]:  # halving first keeps speckle from aliasing
        half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return cv2.warpPerspective(
            half, matrix @ np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]]), (size, size), flags=how
        )
    return cv2.warpPerspective(picture, matrix, (size, size), flags=how)
