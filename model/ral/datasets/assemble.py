"""From native frames and masks to a `Clip`: every real data set goes through here, and so through `ral.prepare`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ral.config import INPUT_SIZE, VIEWS
from ral.datasets.clip import Clip
from ral.prepare import Preparation, prepare

WITHHELD = -1
LOOKED_AT = 8  # frames that `prepare` sees of a cine


def assemble(
    preparation: Preparation,
    frames: Iterable[np.ndarray],
    masks: Iterable[np.ndarray],
    view: int,
    source: str,
    name: str,
    weights: np.ndarray | None = None,
    care: np.ndarray | None = None,
) -> Clip:
    """Native frames (T of (H,W) uint8) and masks (T of (H,W) bool) -> a clip; all weights 1 unless given (T,).

    `care` as of `ral.datasets.clip.Clip`, on the prepared grid.
    """
    pictures = np.stack([preparation.picture(frame) for frame in frames])
    return Clip(
        pictures,
        np.stack([preparation.mask(mask) for mask in masks]),
        np.ones(len(pictures), np.float32) if weights is None else np.asarray(weights, np.float32),
        preparation.sector_input,
        view,
        source,
        name,
        care,
    )


def prepare_cine(
    frames: Sequence[np.ndarray] | np.ndarray, spacing_mm: tuple[float, float] | None, size: int = INPUT_SIZE
) -> Preparation:
    """`prepare` on frames spread over a whole cine, native (H,W) uint8 each."""
    at = np.unique(np.linspace(0, len(frames) - 1, LOOKED_AT).round().astype(int))
    return prepare([frames[t] for t in at], spacing_mm, size=size)


def view_index(view: str, trusted: bool) -> int:
    """The view's index, or -1 where it is withheld.

    Nearly all real labelled frames are A4C, so beside simulated A2C and A3C a view head would learn that "real" means
    A4C. Trust the view only where the domain does not give it away.
    """
    return VIEWS.index(view) if trusted else WITHHELD
