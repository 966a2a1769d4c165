"""Grey pictures and their label pictures from NIfTI and MetaImage files, checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ral.formats import FormatError, Spacing, read_image

LV_LABEL, MYOCARDIUM_LABEL, ATRIUM_LABEL = 1, 2, 3
"""Label values of CAMUS and TED; 0 is background."""
PATIENT_ROOMS = ("", "database_nifti", "database", "training", "testing")
"""Folders inside a data set in which its publishers, over the years, have put the patients' folders."""
SUFFIXES = (".nii.gz", ".nii", ".mhd", ".mha")


def patient_folders(folder: str | Path) -> Iterator[Path]:
    """Folders called `patient...` of a data set, by name."""
    found = [home for room in PATIENT_ROOMS for home in Path(folder, room).glob("patient*") if home.is_dir()]
    yield from sorted(found, key=lambda home: home.name)


def patient_folder(folder: str | Path, patient: str) -> Path:
    """Where one patient's files lie; `folder`/`patient` when nowhere."""
    tried = [Path(folder, room, patient) for room in PATIENT_ROOMS]
    return next((home for home in tried if home.is_dir()), tried[0])


def image_path(home: Path, stem: str) -> Path:
    """The image file of that name under whichever suffix it has; where there is none, as its neighbours are named."""
    for path in (home / f"{stem}{suffix}" for suffix in SUFFIXES):
        if path.exists():
            return path
    usual = next((suffix for suffix in SUFFIXES if any(home.glob(f"*{suffix}"))), ".mhd")
    return home / f"{stem}{usual}"


def read_pictures(path: str | Path) -> tuple[np.ndarray, Spacing | None]:
    """Frames (T,H,W) uint8 as displayed and spacing (x_mm, y_mm) or None.

    Raises:
        FormatError: the file is missing or damaged, or its values are no grey levels 0..255.
    """
    frames, spacing = read_image(path)
    return _bytes(frames, Path(path), "grey levels", 255), spacing


def read_labels(path: str | Path, shape: tuple[int, ...]) -> np.ndarray:
    """Label pictures (T,H,W) uint8, values 0..3, of frames that have this `shape` (T,H,W).

    Raises:
        FormatError: the file is missing or damaged, of another shape, or holds a label that nobody explains.
    """
    labels, _ = read_image(path)
    if labels.shape != tuple(shape):
        raise FormatError(f"{Path(path).name} is {_size(labels.shape)}, but its picture is {_size(shape)}.")
    return _bytes(labels, Path(path), "labels", ATRIUM_LABEL)


def _bytes(values: np.ndarray, path: Path, what: str, most: int) -> np.ndarray:
    if not (values.min() >= 0 and values.max() <= most):  # so put, values that are no numbers fail as well
        raise FormatError(f"{path.name} holds values that are no {what} of 0 to {most}.")
    return values if values.dtype == np.uint8 else np.rint(values).astype(np.uint8)


def _size(shape: tuple[int, ...]) -> str:
    frames, height, width = shape
    return f"{width}×{height} px with {frames} frame{'s' if frames > 1 else ''}"
