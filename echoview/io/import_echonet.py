"""Labels from folders in the layout of EchoNet-Dynamic or -Pediatric: our own exports, and the data sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from echoview.domain.contour import Contour
from echoview.domain.view import View
from echoview.errors import EchoViewError
from echoview.io.export_echonet import chords
from echoview.io.import_item import Incoming, Index, contour_of
from ral.formats import FormatError


def read_echonet(folder: Path, index: Index | None) -> Iterator[Incoming]:
    """One a traced cine. Without an index the labels belong to the videos of the folder, which are A4C.

    Raises:
        EchoViewError: the lists are missing or damaged.
    """
    from ral.datasets.echonet import ed_and_es, read_tracings, video_path, view_folder

    try:
        home = view_folder(folder)
        traces = read_tracings(home)
    except FormatError as error:
        raise EchoViewError(str(error), "Choose a folder in the layout of EchoNet.") from error
    for name, polygons in traces.items():
        found = {t: _exact(name, t, polygon, index) or contour_of(polygon) for t, polygon in polygons.items()}
        contours = {t: contour for t, contour in found.items() if contour is not None}
        if index is not None:
            yield index.incoming(name, contours)
            continue
        ed, es = ed_and_es(polygons) if len(contours) > 1 else (None, None)
        yield Incoming(name, file=video_path(home, name), contours=contours, view=View.A4C, ed=ed, es=es)


def _exact(name: str, t: int, polygon: np.ndarray, index: Index | None) -> Contour | None:
    """The contour as it was exported, where its chords are still the same."""
    from ral.datasets.echonet import polygon_of_chords

    def written(line: np.ndarray) -> bool:
        chorded = polygon_of_chords(chords(line).round(3))
        return chorded.shape == polygon.shape and np.allclose(chorded, polygon, rtol=0, atol=1e-6)

    return None if index is None else index.exact(name, t, written)
