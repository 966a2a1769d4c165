"""Where clips come from: CAMUS and the phantom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ral.config import INPUT_SIZE, VIEWS
from ral.datasets.clip import Clip
from ral.formats import read_image
from ral.phantom import simulate
from ral.prepare import Preparation, prepare

LV_LABEL = 1


def read_split(path: str | Path) -> list[str]:
    """Patients of a split file, one a line."""
    return Path(path).read_text(encoding="utf-8").split()


def read_camus(
    folder: str | Path, patient: str, view: str, instant: str
) -> tuple[np.ndarray, np.ndarray, tuple[float, float] | None]:
    """One CAMUS frame as published: picture (H,W) uint8, cavity (H,W) bool, spacing mm in x and y.

    Args:
        view: "2CH" or "4CH"; instant: "ED" or "ES".

    Raises:
        FormatError: a file is missing or damaged.
    """
    stem = Path(folder) / patient / f"{patient}_{view}_{instant}"
    suffix = ".nii.gz" if stem.with_name(stem.name + ".nii.gz").exists() else ".mhd"
    frames, spacing = read_image(f"{stem}{suffix}")
    labels, _ = read_image(f"{stem}_gt{suffix}")
    return frames[0].astype(np.uint8), labels[0] == LV_LABEL, spacing


def camus_clips(folder: str | Path, patients: Iterable[str], view: str = "4CH") -> Iterator[Clip]:
    """ED and ES of each patient as clips of one frame.

    Their view is withheld (-1): nearly all real labelled frames are A4C, so beside simulated A2C and A3C a view
    head would learn that "real" means A4C.
    """
    for patient in patients:
        for instant in ("ED", "ES"):
            picture, cavity, spacing = read_camus(folder, patient, view, instant)
            preparation = prepare([picture], spacing)
            yield _clip(preparation, [picture], [cavity], -1, "camus", f"{patient}_{view}_{instant}")


def phantom_clips(
    seeds: Iterable[int], frames: int, cache: str | Path | None = None, size: int = INPUT_SIZE
) -> Iterator[Clip]:
    """Simulated cines, views in turn, a part of a beat up to a whole one each.

    Args:
        cache: folder in which each cine is kept once simulated, or None.
    """
    for seed in seeds:
        kept = Path(cache) / f"phantom-{seed:06d}-{frames}-{size}.npz" if cache else None
        if kept is not None and kept.exists():
            with np.load(kept) as file:
                yield _unpack(file, seed)
            continue
        clip = _simulated(seed, frames, size)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part.npz")
            np.savez_compressed(
                part,
                frames=clip.frames,
                masks=np.packbits(clip.masks, axis=-1),
                sector=clip.sector,
                view=clip.view,
            )
            part.replace(kept)
        yield clip


def _simulated(seed: int, frames: int, size: int) -> Clip:
    beats = float(np.random.default_rng([seed, 7]).uniform(0.3, 1.1))
    cine = simulate(seed, VIEWS[seed % len(VIEWS)], frames=frames, size=size, beats=beats)
    preparation = prepare(list(cine.frames), (cine.mm_per_px, cine.mm_per_px), size=size)
    return _clip(preparation, cine.frames, cine.masks, VIEWS.index(cine.view), "phantom", str(seed))


def _unpack(file: np.lib.npyio.NpzFile, seed: int) -> Clip:
    frames = file["frames"]
    masks = np.unpackbits(file["masks"], axis=-1, count=frames.shape[-1]).astype(bool)
    return Clip(
        frames,
        masks,
        np.ones(len(frames), np.float32),
        file["sector"],
        int(file["view"]),
        "phantom",
        str(seed),
    )


def _clip(
    p: Preparation,
    frames: Iterable[np.ndarray],
    masks: Iterable[np.ndarray],
    view: int,
    source: str,
    name: str,
) -> Clip:
    pictures = np.stack([p.picture(f) for f in frames])
    return Clip(
        pictures,
        np.stack([p.mask(m) for m in masks]),
        np.ones(len(pictures), np.float32),
        p.sector_input,
        view,
        source,
        name,
    )
