"""The seam of the network: numpy outside, tensors inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ral.checkpoint import Card, load_weights
from ral.config import CONTOUR_POINTS, VIEWS
from ral.geometry import area, largest_component, open_contour, outline, raster
from ral.network import RAL, State
from ral.prepare import Preparation, normalise

_LEAST_AREA = 0.004  # share of the input below which a patch is no ventricle
_SMOOTH = 2.0 / 256  # of the input's side; takes the stairs off: on the inner split HD falls by 2 %, Dice stays


@dataclass(frozen=True, slots=True, eq=False)
class FramePrediction:
    """What the network says of one frame.

    Attributes:
        t: frame, 0-based.
        contour: (N,2) float64 x,y native px, first annulus point over the apex to the second; NaN where empty.
        confidence: 0..1, agreement of the probabilities with the mask they were cut to; 0 where empty.
        view_probabilities: (3,) in the order A2C, A3C, A4C, from all frames so far.
        logits: (S,S) float32 on the input grid.
    """

    t: int
    contour: np.ndarray
    confidence: float
    view_probabilities: np.ndarray
    logits: np.ndarray

    @property
    def empty(self) -> bool:
        return bool(np.isnan(self.contour[0, 0]))

    def mask(self, preparation: Preparation) -> np.ndarray:
        """(H,W) bool on the native grid: the cavity inside the contour."""
        shape = preparation.sector.shape
        return np.zeros(shape, bool) if self.empty else raster(self.contour, (shape[0], shape[1]))


def choose_device(wish: str = "auto") -> str:
    """ "cuda", "mps" or "cpu": the wish, or for "auto" the fastest there is.

    Raises:
        ValueError: the wished device is not in this machine.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return next(name for name, present in there.items() if present)
    if not there.get(wish, False):
        raise ValueError(f"This machine has no {wish!r} device; it has {', '.join(n for n, p in there.items() if p)}.")
    return wish


class Predictor:
    """One set of weights on one device.

    Args:
        weights: folder of the set (see `ral.checkpoint`).
        device: "auto", "cuda", "mps" or "cpu".
        threads: of the processor, for all of torch; 0 leaves torch's own choice.

    Raises:
        CheckpointError: the weights cannot be loaded.
        ValueError: the device is not there.
    """

    def __init__(self, weights: str | Path, device: str = "auto", threads: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.device = choose_device(device)
        self.net, self.card = load_weights(weights, self.device)

    @classmethod
    def of(cls, net: RAL, card: Card, device: str = "cpu") -> Predictor:
        """A predictor around a network that is in memory already."""
        predictor = cls.__new__(cls)
        predictor.device, predictor.net, predictor.card = device, net.eval(), card
        return predictor

    @torch.inference_mode()
    def stream(self, frames: Iterable[np.ndarray], preparation: Preparation) -> Iterator[FramePrediction]:
        """Predict frame after frame, carrying the recurrent state.

        Args:
            frames: native (H,W) or (H,W,3) uint8, in order; consumed one at a time.
            preparation: from `ral.prepare.prepare` on a few frames of the same cine.
        """
        state: State | None = None
        gathered: torch.Tensor | None = None
        for t, frame in enumerate(frames):
            picture = normalise(preparation.picture(frame), preparation.sector_input)
            out = self.net(torch.from_numpy(picture)[None, None, None].to(self.device), state)
            state = out.state
            views = np.full(len(VIEWS), 1 / len(VIEWS))
            if out.view_features is not None:
                seen = out.view_features if gathered is None else torch.cat([gathered, out.view_features], 1)
                gathered = seen
                views = self.net.view_logits(seen).softmax(1)[0].float().cpu().numpy().astype(np.float64)
            yield read_logits(t, out.logits[0, 0].float().cpu().numpy(), views, preparation)


def read_logits(t: int, logits: np.ndarray, views: np.ndarray, preparation: Preparation) -> FramePrediction:
    """(S,S) logits -> contour and confidence; the largest patch alone counts."""
    smooth = cv2.GaussianBlur(logits, (0, 0), _SMOOTH * logits.shape[0])
    patch = largest_component(smooth > 0)
    empty = FramePrediction(t, np.full((CONTOUR_POINTS, 2), np.nan), 0.0, views, logits)
    if patch.mean() < _LEAST_AREA:
        return empty
    near = cv2.dilate(patch.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inner = cv2.erode(patch.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    field = np.where(inner, np.maximum(smooth, 0.5), np.where(near, smooth, -8.0))  # holes filled, other patches gone
    line = outline(np.clip(field, -8.0, 8.0), 0.0)
    if line is None:
        return empty
    contour = preparation.to_native(open_contour(line))
    if not np.isfinite(contour).all() or area(contour) <= 0:
        return empty
    p = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    confidence = 2 * float(p[patch].sum()) / float(p.sum() + patch.sum())
    return FramePrediction(t, contour, confidence, views, logits)
