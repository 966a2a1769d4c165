"""Labels from masks that EchoView exported: exactly from the NPZ files, by their outline from the PNG files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from echoview.domain.contour import Contour, Origin
from echoview.errors import EchoViewError
from echoview.io.import_item import Incoming, Index, contour_of_mask, damaged


def read_masks(folder: Path, index: Index | None) -> Iterator[Incoming]:
    """One a cine of the index. Masks that were edited elsewhere are read where the NPZ of their cine was removed.

    Raises:
        EchoViewError: there is no index, or a file is damaged.
    """
    if index is None:
        raise EchoViewError(
            "These masks do not say which cine they belong to.", "Import the whole folder that EchoView exported."
        )
    for name in index.about:
        if Path(name).name != name:
            raise damaged("echoview.json")
        packed = folder / f"{name}.npz"
        contours = _from_npz(packed, index) if packed.is_file() else _from_png(folder / name, index)
        yield index.incoming(name, contours)


def _from_npz(path: Path, index: Index) -> dict[int, Contour]:
    try:
        with np.load(path, allow_pickle=False) as file:
            frames, lines, predicted = file["frames"], file["contours"], file["predicted"]
        return {
            int(t): index.exact(path.stem, int(t), partial(np.array_equal, line)) or Contour.through(line, Origin.DRAWN)
            for t, line, by_network in zip(frames, lines, predicted, strict=True)
            if not by_network
        }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise damaged(path.name) from error


def _from_png(folder: Path, index: Index) -> dict[int, Contour]:
    contours = {}
    for path in sorted(folder.glob("*.png")):
        mask = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)  # any path
        if mask is None or not path.stem.isdecimal():
            raise damaged(path.name)
        t = int(path.stem) - 1
        contour = index.exact_of_mask(folder.name, t, mask > 127) or contour_of_mask(mask > 127)
        if contour is not None:
            contours[t] = contour
    return contours
