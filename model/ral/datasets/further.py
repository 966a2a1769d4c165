"""Labelled data to learn from beside the CAMUS A4C and simulated hearts: whatever `ral survey` knows by its files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from ral.datasets.bundle import bundle_clips, run_clips
from ral.datasets.camus import CAMUS_VIEWS, camus_clips, camus_sequence_clips, has_sequence, has_stills
from ral.datasets.clip import Clip
from ral.datasets.echonet import echonet_clips
from ral.datasets.pictures import patient_folders
from ral.datasets.splits import read_splits
from ral.datasets.survey import bundles, kind_of_data

_TEACHING = ("train", "training")  # how the lists of CAMUS call that part
_DYNAMIC, _PEDIATRIC = {"TRAIN"}, {str(fold) for fold in range(8)}  # two folds of ten are kept for judging


def further_clips(folder: str | Path, without: Collection[str] = ()) -> Iterator[Clip]:
    """The clips of a data set of any known kind that may be learnt from; their views are withheld.

    What the data set's own lists keep for judging is left out: of CAMUS all but the training list, where there is one,
    of EchoNet-Dynamic VAL and TEST, of EchoNet-Pediatric the folds 8 and 9, of a run of the window its guard.

    Args:
        without: patients of CAMUS that other lists keep for judging.

    Raises:
        FormatError: a file is missing or damaged.
        ValueError: the folder holds no data set that is known, or TED, or simulated cines.
    """
    folder = Path(folder)
    kind = kind_of_data(folder)
    if kind == "run":
        yield from run_clips(folder, held_out=False)
    elif kind == "bundle":
        for path in bundles(folder):
            yield from bundle_clips(path)
    elif kind == "phantom":
        raise ValueError("Simulated cines are none of --also: a training draws its own, and others judge it.")
    elif kind.startswith("echonet"):
        yield from echonet_clips(folder, _DYNAMIC if kind == "echonet-dynamic" else _PEDIATRIC)
    elif kind == "ted":
        raise ValueError("TED is patients of CAMUS under other numbers: its splits cannot be kept apart from those.")
    else:
        yield from _camus(folder, without)


def _camus(folder: Path, without: Collection[str]) -> Iterator[Clip]:
    """The cine of a view where there is one, which holds ED and ES, else the two stills."""
    lists = read_splits(folder)
    named = next((lists[name] for name in _TEACHING if name in lists), None)
    for patient in named or [home.name for home in patient_folders(folder)]:
        for view in CAMUS_VIEWS if patient not in without else ():
            if has_sequence(folder, patient, view):
                yield from camus_sequence_clips(folder, [patient], view)
            elif has_stills(folder, patient, view):
                yield from camus_clips(folder, [patient], view)
