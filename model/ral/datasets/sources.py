"""Where clips come from: the phantom; CAMUS, for those who look for it here."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from ral.config import INPUT_SIZE, VIEWS
from ral.datasets.assemble import assemble
from ral.datasets.camus import camus_clips, read_camus
from ral.datasets.clip import Clip
from ral.datasets.kept import keep, kept
from ral.datasets.splits import read_split
from ral.phantom import simulate
from ral.prepare import prepare

__all__ = ["camus_clips", "phantom_clips", "read_camus", "read_split"]


def phantom_clips(
    seeds: Iterable[int], frames: int, cache: str | Path | None = None, size: int = INPUT_SIZE
) -> Iterator[Clip]:
    """Simulated cines, views in turn, a part of a beat up to a whole one each.

    Args:
        cache: folder in which each cine is kept once simulated, or None.
    """
    for seed in seeds:
        path = Path(cache) / f"phantom-{simulator_version()}-{seed:06d}-{frames}-{size}.npz" if cache else None
        clip = kept(path, "phantom", str(seed)) if path is not None else None
        if clip is None:
            clip = _simulated(seed, frames, size)
            if path is not None:
                keep(path, clip)
        yield clip


@lru_cache
def simulator_version() -> str:
    """The first 8 hex digits of the SHA-256 of the simulator's sources: another simulator, another cache."""
    folder = Path(inspect.getfile(simulate)).parent
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()[:8]


def _simulated(seed: int, frames: int, size: int) -> Clip:
    beats = float(np.random.default_rng([seed, 7]).uniform(0.3, 1.1))
    cine = simulate(seed, VIEWS[seed % len(VIEWS)], frames=frames, size=size, beats=beats)
    preparation = prepare(list(cine.frames), (cine.mm_per_px, cine.mm_per_px), size=size)
    return assemble(preparation, cine.frames, cine.masks, VIEWS.index(cine.view), "phantom", str(seed))
