"""Masks: a PNG a labelled frame (255 = cavity), and an NPZ a cine with masks, contours,
the origin of each of their points, and frame times."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from echoview.io.export_bundle import png
from echoview.io.export_item import Outgoing, whole, write_index
from ral.geometry import raster

KIND = "masks"


def write_masks(folder: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> tuple[int, dict[str, str]]:
    """How many cines were written, and what those lack that were not, by name. No frames are needed.

    Raises:
        EchoViewError: the folder cannot be written.
    """
    written: list[Outgoing] = []
    left_out: dict[str, str] = {}
    for item in items:
        if not item.contours:
            left_out[item.name] = "a contour"
            continue
        _, height, width = item.shape
        frames = sorted(item.contours)
        for t in frames:
            mask = raster(item.contours[t], (height, width))
            with whole(folder / item.name / f"{t + 1:04d}.png") as part:
                part.write_bytes(png(mask.astype(np.uint8) * 255))
        write_npz(folder / f"{item.name}.npz", item)
        written.append(item)
    write_index(folder, KIND, salt, app_version, written)
    return len(written), left_out


def write_npz(path: Path, item: Outgoing) -> None:
    """The contours of a cine, at least one, with their masks and origins.

    Raises:
        EchoViewError: it cannot be written.
    """
    frames = sorted(item.contours)
    spacing = [np.nan, np.nan] if item.calibration is None else list(item.calibration)
    with whole(path) as part, part.open("wb") as file:
        np.savez_compressed(
            file, masks=np.stack([raster(item.contours[t], item.shape[1:]) for t in frames]),
            frames=np.array(frames), contours=np.stack([item.contours[t] for t in frames]),
            predicted=np.array([t in item.predicted for t in frames]),
            origins=np.array([item.origins(t) for t in frames]), spacing_mm=np.array(spacing, float),
            times_s=np.zeros(0) if item.times_s is None else item.times_s,
        )  # fmt: skip
