"""What a network is judged on: one cine (or still) with its reference, from whatever data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ral.config import VIEWS
from ral.datasets.camus import CAMUS_VIEWS, INSTANTS, LabelledCine, read_sequence, read_still
from ral.datasets.look import Change, change_greys
from ral.datasets.pictures import LV_LABEL
from ral.geometry import interface_ends
from ral.prepare import find_sector, luma

ATRIUM_LABEL = 3


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One cine on its native grid.

    Attributes:
        name: tells the cine from all others of the data set; patient: whom it belongs to, as the data set says it.
        frames: (T,H,W) or (T,H,W,3) uint8.
        masks: (T,H,W) bool, the LV cavity; anything where `labelled` is False.
        labelled: (T,) bool.
        spacing_mm: mm per px in x and y.
        view: "A2C", "A3C", "A4C", or None where nobody knows it.
        instants: frame -> "ED" or "ES", of the reference.
        phase: (T,) 0..1 of the beat from ED on, NaN where unknown; None for stills. Where the data set shows only
            ED to ES, 0 is ED and 1 is ES.
        annulus_px: frame -> (2,2) x,y px of the two hinges where they are known; else the reference contour's ends
            stand for them.
        simulated: True for a phantom.
    """

    name: str
    patient: str
    frames: np.ndarray
    masks: np.ndarray
    labelled: np.ndarray
    spacing_mm: tuple[float, float]
    view: str | None
    instants: dict[int, str] = field(default_factory=dict)
    phase: np.ndarray | None = None
    annulus_px: dict[int, np.ndarray] = field(default_factory=dict)
    simulated: bool = False


def camus_stills(folder: str | Path, patients: Iterable[str], view: str = "4CH") -> Iterator[Case]:
    """ED and ES of each patient, each a case of its own: the network sees it as the first frame of a cine.

    Raises:
        FormatError: a file is missing or damaged.
        ValueError: a file without pixel spacing, on which no distance can be measured.
    """
    for patient in patients:
        for instant in INSTANTS:
            still = read_still(folder, patient, view, instant)
            yield _camus(still, f"{patient} {view} {instant}", patient, view, {0: instant}, None)


def camus_sequences(folder: str | Path, patients: Iterable[str], view: str = "4CH") -> Iterator[Case]:
    """The cine of each patient; ED and ES are the labelled frames with the largest and the smallest cavity.

    Raises:
        FormatError: a file is missing or damaged.
        ValueError: a file without pixel spacing.
    """
    for patient in patients:
        cine = read_sequence(folder, patient, view)
        areas = np.where(cine.labelled, (cine.labels == LV_LABEL).sum((1, 2)), -1)
        ed, es = int(areas.argmax()), int(np.where(cine.labelled, areas, areas.max() + 1).argmin())
        phase = (np.arange(len(areas)) - ed) / (es - ed) if es != ed else np.full(len(areas), np.nan)
        inside = np.where((phase >= 0) & (phase <= 1), phase, np.nan)
        yield _camus(cine, f"{patient} {view}", patient, view, {es: "ES", ed: "ED"}, inside)


def in_wild_looks(cases: Iterable[Case], seed: int) -> Iterator[Case]:
    """The same cases in looks that no scanner has (`ral.datasets.look.Change.WILD`), by chance, the same for a seed."""
    rng = np.random.default_rng(seed)
    for case in cases:
        greys = np.stack([luma(frame) for frame in case.frames])
        sector = find_sector(greys)
        height, width = sector.shape
        square = np.zeros((len(greys), max(height, width), max(height, width)), np.float32)
        square[:, :height, :width] = greys / np.float32(255)
        changed = change_greys(square, rng, Change.WILD)[:, :height, :width] * sector
        yield replace(case, frames=np.round(255 * changed).astype(np.uint8))


def phantom_cases(seeds: Iterable[int], frames: int = 30, look: str | None = None) -> Iterator[Case]:
    """Simulated cines of one beat, views in turn.

    Args:
        look: of `ral.phantom.LOOKS` or, never trained on, `ral.phantom.HELD_OUT_LOOKS`; None draws one of the first.
    """
    from ral.phantom import simulate

    for seed in seeds:
        cine = simulate(seed, VIEWS[seed % len(VIEWS)], frames=frames, look=look)
        yield Case(
            f"phantom {seed}", f"phantom {seed}", cine.frames, cine.masks, np.ones(frames, bool),
            (cine.mm_per_px, cine.mm_per_px), cine.view, {cine.ed: "ED", cine.es: "ES"},
            phase=phase_from(cine.ed, frames, frames),
            annulus_px={t: cine.landmarks[t][[0, 2]] for t in range(frames)}, simulated=True,
        )  # fmt: skip


def phase_from(ed: int, frames: int, frames_a_beat: float) -> np.ndarray:
    """(frames,) phase 0..1 of each frame of a cine whose beat starts at frame `ed` and lasts `frames_a_beat`."""
    return ((np.arange(frames) - ed) / frames_a_beat) % 1.0


def _camus(
    cine: LabelledCine, name: str, patient: str, view: str, instants: dict[int, str], phase: np.ndarray | None
) -> Case:
    """A CAMUS cine with the hinges where the labels of ventricle and atrium meet."""
    if cine.spacing_mm is None:
        raise ValueError(f"{patient} has no pixel spacing")
    masks, atria = cine.labels == LV_LABEL, cine.labels == ATRIUM_LABEL
    ends = {t: interface_ends(masks[t], atria[t], cine.spacing_mm) for t in np.flatnonzero(cine.labelled).tolist()}
    return Case(
        name, patient, cine.frames, masks, cine.labelled, cine.spacing_mm, CAMUS_VIEWS[view], instants, phase,
        {t: line for t, line in ends.items() if line is not None},
    )  # fmt: skip
