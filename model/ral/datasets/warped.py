"""Real texture in motion: the beat between the two labelled frames of a CAMUS patient, drawn by `ral.datasets.motion`.

Frames and masks at ED and at ES are the published ones; those between follow the same displacement, so that every
mask fits its picture. What is not followed (right heart, papillary muscles, valve leaflets) fades from one to the
other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ral.config import INPUT_SIZE
from ral.datasets.assemble import WITHHELD
from ral.datasets.camus import LabelledCine, camus_files, read_still
from ral.datasets.clip import Clip
from ral.datasets.findings import SAME_SPACING
from ral.datasets.fingerprint import fingerprint
from ral.datasets.kept import keep, kept
from ral.datasets.motion import Moment, Motion, beat_shares
from ral.datasets.pictures import ATRIUM_LABEL, LV_LABEL, MYOCARDIUM_LABEL
from ral.formats import FormatError
from ral.prepare import Preparation, prepare

LEAST_AGREEMENT = 0.97
"""Dice of the cavity moved from ED to ES with the one drawn there, below which a patient is left out."""
_RECIPE = 1  # part of the cached name: raise it when the same files give another clip

log = logging.getLogger(__name__)


def warped_clips(
    folder: str | Path,
    patients: Iterable[str],
    frames: int = 10,
    view: str = "4CH",
    whole: bool = False,
    cache: str | Path | None = None,
    size: int = INPUT_SIZE,
) -> Iterator[Clip]:
    """One clip a patient, from ED to ES; the view is withheld. Patients whose motion fails are left out and logged.

    Args:
        frames: of a clip, two or more, three or more for a whole beat.
        view: "2CH" or "4CH".
        whole: go on through filling to the next ED.
        cache: folder in which each clip is kept once made, or None.

    Raises:
        FormatError: a file is missing or damaged.
        ValueError: too few frames.
    """
    if frames < (3 if whole else 2):
        raise ValueError(f"{frames} frames show no beat.")
    for patient in patients:
        name = f"{patient}_{view}_{'beat' if whole else 'systole'}"
        path = None
        if cache is not None:
            mark = fingerprint(folder, camus_files(folder, [patient], view))[:12]
            path = Path(cache) / f"warped-{_RECIPE}-{name}-{frames}-{size}-{mark}.npz"
        clip = kept(path, "warped", name) if path is not None else None
        if clip is None:
            try:
                motion = patient_motion(folder, patient, view, size)
                _check(motion)
            except FormatError:
                raise
            except ValueError as reason:
                log.warning("%s is left out: %s", name, reason)
                continue
            clip = _clip(motion, beat_shares(frames, whole), name)
            if path is not None:
                keep(path, clip)
        yield clip


def patient_motion(folder: str | Path, patient: str, view: str = "4CH", size: int = INPUT_SIZE) -> Motion:
    """The motion between the two labelled frames of a patient, on the input grid.

    Raises:
        FormatError: a file is missing or damaged, or ED and ES are not of one size or pixel size.
        ValueError: a frame shows no ventricle with its wall.
    """
    ed, es = (read_still(folder, patient, view, instant) for instant in ("ED", "ES"))
    if ed.frames.shape != es.frames.shape:
        raise FormatError(f"ED and ES of {patient}_{view} are not of one size.")
    sizes = [still.spacing_mm for still in (ed, es) if still.spacing_mm is not None]
    if len(sizes) == 1 or (sizes and np.ptp(np.log(sizes), axis=0).max() > SAME_SPACING):
        raise FormatError(f"ED and ES of {patient}_{view} are not of one pixel size.")
    preparation = prepare([ed.frames[0], es.frames[0]], ed.spacing_mm, size=size)
    return Motion(_moment(ed, preparation), _moment(es, preparation), preparation.sector_input)


def _moment(still: LabelledCine, preparation: Preparation) -> Moment:
    labels = still.labels[0]
    return Moment(
        preparation.picture(still.frames[0]),
        preparation.mask(labels == LV_LABEL),
        preparation.mask((labels == LV_LABEL) | (labels == MYOCARDIUM_LABEL)),
        preparation.mask(labels == ATRIUM_LABEL),
    )


def _check(motion: Motion) -> None:
    if motion.agreement() < LEAST_AGREEMENT:
        raise ValueError("the cavity moved to end-systole is not the one drawn there.")
    if motion.folds():
        raise ValueError("the displacement folds.")


def _clip(motion: Motion, shares: np.ndarray, name: str) -> Clip:
    pictures, cavities = zip(*(motion.at(float(share)) for share in shares), strict=True)
    return Clip(
        np.stack(pictures), np.stack(cavities), np.ones(len(shares), np.float32), motion.sector,
        WITHHELD, "warped", name,
    )  # fmt: skip
