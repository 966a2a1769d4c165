"""Small data sets, written as their publishers write them, and the real ones where they lie."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from ral.formats import write_nifti

DATA = Path(os.environ.get("ECHOVIEW_DATA") or Path(__file__).parents[3] / "shared" / "data")
SPACING = (0.5, 0.5)


def draw_heart(share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A heart `share` of the way from ED (0) to ES (1): picture (120,100) uint8 in a fan, labels (120,100) 0..3."""
    labels = np.zeros((120, 100), np.uint8)
    base = round(84 - 10 * share)
    cv2.ellipse(labels, (50, base), (24 - round(2 * share), base - 20), 0, 180, 360, 2, -1)
    cv2.ellipse(labels, (50, base), (18 - round(6 * share), base - 30), 0, 180, 360, 1, -1)
    labels[base + 1 : 106, 34:67] = 3
    fan = np.zeros_like(labels)
    cv2.fillPoly(fan, [np.array([[46, 2], [54, 2], [98, 90], [80, 116], [20, 116], [2, 90]])], 1)
    labels *= fan
    grey = np.random.default_rng(seed).normal(0, 6, labels.shape) + np.array([90, 40, 160, 45])[labels]
    return (np.clip(grey, 12, 255) * fan).astype(np.uint8), labels


def write_image(path: Path, frames: np.ndarray, spacing: tuple[float, float] = SPACING) -> None:
    """(T,H,W) or (H,W) uint8 as NIfTI or, for a name without suffix ending in .mhd, as header and raw."""
    if path.suffix != ".mhd":
        write_nifti(path, frames, spacing)
        return
    stack = frames.reshape(-1, *frames.shape[-2:])
    count, height, width = stack.shape
    path.write_text(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n"
        f"ElementSpacing = {spacing[0]} {spacing[1]} 1\nDimSize = {width} {height} {count}\n"
        f"ElementNumberOfChannels = 1\nElementType = MET_UCHAR\nElementDataFile = {path.stem}.raw\n"
    )
    path.with_suffix(".raw").write_bytes(stack.tobytes())


def write_patient(
    folder: Path, patient: str = "patient0001", view: str = "4CH", suffix: str = ".nii.gz",
    ed: int = 1, es: int = 5, count: int = 5, sequence: str = "half_sequence", labelled: bool = True,
) -> Path:  # fmt: skip
    """One CAMUS patient: stills, sequence (from ED to ES, or back where `ed` > `es`) and `Info_*.cfg`."""
    home = folder / patient
    home.mkdir(parents=True, exist_ok=True)
    shares = np.interp(np.arange(1, count + 1), *zip(*sorted([(ed, 0.0), (es, 1.0)]), strict=True))
    cine = [draw_heart(share, seed) for seed, share in enumerate(shares)]
    frames, labels = (np.stack(part) for part in zip(*cine, strict=True))
    for instant, number in (("ED", ed), ("ES", es)):
        write_image(home / f"{patient}_{view}_{instant}{suffix}", frames[number - 1])
        write_image(home / f"{patient}_{view}_{instant}_gt{suffix}", labels[number - 1])
    write_image(home / f"{patient}_{view}_{sequence}{suffix}", frames)
    if labelled:
        write_image(home / f"{patient}_{view}_{sequence}_gt{suffix}", labels)
    (home / f"Info_{view}.cfg").write_text(
        f"ED: {ed}\nES: {es}\nNbFrame: {count}\nSex: F\nAge: 56\nImageQuality: Good\nLVef: 63.2\n"
    )
    return home


@pytest.fixture
def heart() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return draw_heart


@pytest.fixture
def image() -> Callable[..., None]:
    return write_image


@pytest.fixture
def patient() -> Callable[..., Path]:
    return write_patient


@pytest.fixture
def real() -> Callable[[str], Path]:
    """The folder of a real data set; skips where it is absent."""

    def find(name: str) -> Path:
        if not (DATA / name).is_dir():
            pytest.skip(f"no {name} in {DATA.name} (set ECHOVIEW_DATA)")
        return DATA / name

    return find
