"""Labels from folders in the layout of CAMUS: our own exports, and the data set as published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from echoview.domain.view import View
from echoview.errors import EchoViewError
from echoview.io.export_camus import NAMES
from echoview.io.import_item import Incoming, Index, contour_of_mask
from ral.formats import FormatError

CAVITY = 1


def read_camus(folder: Path, index: Index | None) -> Iterator[Incoming | str]:
    """One a cine, or a sentence why it cannot be read.

    With an index the labels belong to the cines that were exported. Without one they belong to the files beside them:
    to the sequence where there is one, else to the frames at ED and ES, which are cines of one frame.

    Raises:
        EchoViewError: the folder holds no patient.
    """
    from ral.datasets.pictures import patient_folders

    homes = list(patient_folders(folder))
    if not homes:
        raise EchoViewError("This folder has no patients in the layout of CAMUS.", "Choose the folder above them.")
    for home in homes:
        for view, word in NAMES.items():
            info = home / f"Info_{word}.cfg"
            if not (info.is_file() or any(home.glob(f"{home.name}_{word}_*"))):
                continue
            try:
                if index is not None:
                    yield _ours(folder, home, word, index)
                else:
                    yield from _published(folder, home, view, word)
            except FormatError as error:
                yield str(error)


def _ours(folder: Path, home: Path, word: str, index: Index) -> Incoming:
    from ral.datasets.camus import read_info, read_still

    info = read_info(home / f"Info_{word}.cfg")
    name, contours = info.values.get("Cine", ""), {}
    for instant, t in (("ED", info.ed), ("ES", info.es)):
        mask = read_still(folder, home.name, word, instant).labels[0] == CAVITY
        contour = index.exact_of_mask(name, t, mask) or contour_of_mask(mask)
        if contour is not None:
            contours[t] = contour
    return index.incoming(name, contours)


def _published(folder: Path, home: Path, view: View, word: str) -> Iterator[Incoming]:
    from ral.datasets.camus import INSTANTS, read_info, read_sequence, read_still, sequence_path
    from ral.datasets.pictures import image_path

    name = f"{home.name}_{word}"
    sequence = sequence_path(folder, home.name, word)
    if _complete(sequence):
        cine = read_sequence(folder, home.name, word)
        info = read_info(home / f"Info_{word}.cfg") if (home / f"Info_{word}.cfg").is_file() else None
        found = {int(t): contour_of_mask(cine.labels[t] == CAVITY) for t in np.flatnonzero(cine.labelled)}
        contours = {t: contour for t, contour in found.items() if contour is not None}
        ed, es = (info.ed, info.es) if info is not None else (None, None)
        yield Incoming(name, file=sequence, shape=cine.frames.shape, contours=contours, view=view, ed=ed, es=es)
        return
    for instant in INSTANTS:
        path = image_path(home, f"{name}_{instant}")
        if path.exists():
            still = read_still(folder, home.name, word, instant)
            contour = contour_of_mask(still.labels[0] == CAVITY)
            contours = {} if contour is None else {0: contour}
            yield Incoming(f"{name}_{instant}", file=path, shape=still.frames.shape, contours=contours, view=view)


def _complete(sequence: Path) -> bool:
    """Whether the sequence is there with its pixels: it is often left out of copies."""
    from ral.formats import data_path

    try:
        return sequence.exists() and data_path(sequence).exists()
    except FormatError:
        return False
