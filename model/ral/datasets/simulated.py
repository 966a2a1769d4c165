"""Cines that `ral simulate` wrote: the NPZ files, which alone know the exact contours."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from ral.config import VIEWS
from ral.datasets.assemble import assemble, prepare_cine
from ral.datasets.clip import Clip
from ral.formats import FormatError

_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def simulated_files(folder: Path) -> list[Path]:
    """The NPZ files of `ral simulate` in a folder."""
    return sorted(folder.glob("phantom-*.npz"))


def simulated_clip(path: Path) -> tuple[Clip, float]:
    """A simulated cine as a clip, every frame of it labelled, and the mm of a pixel of the file.

    Raises:
        FormatError: the file is damaged, or no simulated cine.
    """
    try:
        with path.open("rb") as held, np.load(held) as file:  # np.load itself leaves a damaged file open
            frames, masks = file["frames"], file["masks"].astype(bool)
            mm, view = float(file["mm_per_px"]), VIEWS.index(str(file["view"]))
        if frames.shape != masks.shape or frames.dtype != np.uint8 or not masks.any((1, 2)).all():
            raise ValueError
    except _BROKEN as error:
        raise FormatError(f"{path.name} is damaged, or no simulated cine.") from error
    preparation = prepare_cine(frames, (mm, mm))
    return assemble(preparation, frames, masks, view, "phantom", path.stem), mm
