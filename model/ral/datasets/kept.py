"""Clips kept on disk once they are made; masks take one bit a pixel."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from ral.datasets.clip import Clip


def keep(path: Path, clip: Clip) -> None:
    """Write a clip so that a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part-{os.getpid()}.npz")  # two trainings may fill one folder at once
    np.savez_compressed(
        part,
        frames=clip.frames,
        masks=np.packbits(clip.masks, axis=-1),
        weights=clip.weights,
        sector=clip.sector,
        view=clip.view,
    )
    part.replace(path)


def kept(path: Path, source: str, name: str) -> Clip | None:
    """The clip in a file of `keep`, or None where there is none that can be read: it is made anew then."""
    try:
        with path.open("rb") as held, np.load(held) as file:  # np.load itself leaves a damaged file open
            frames = file["frames"]
            masks = np.unpackbits(file["masks"], axis=-1, count=frames.shape[-1]).astype(bool)
            return Clip(frames, masks, file["weights"], file["sector"], int(file["view"]), source, name)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
