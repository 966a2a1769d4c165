"""Labels from a folder of de-identified DICOM: of the cines that they were made on, else of those in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from echoview.io.import_item import Incoming, Index
from echoview.io.import_masks import read_masks


def read_dicom(folder: Path, index: Index | None) -> Iterator[Incoming]:
    """One a cine of the index.

    Raises:
        EchoViewError: there is no index, or a file is damaged.
    """
    for item in read_masks(folder, index):
        file = folder / f"{item.name}.dcm"
        yield replace(item, file=file if file.is_file() else None)
