"""Labels that people drew in EchoView: run folders, which the app freezes for fine-tuning, and bundles with frames.

A bundle is one zip file (see the user guide's chapter on exchange): `manifest.json` with the SHA-256 of every other
part, `cines/NAME.json` with what the cine is, its history and, where its frames came along, `outlines`, the traced
border of each labelled frame as (65,2) x,y px; `frames/NAME/0001.png` and on, black outside the sector.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ral.config import VIEWS
from ral.datasets.assemble import WITHHELD, assemble, prepare_cine, view_index
from ral.datasets.care import PARTS, care_of, counts_along
from ral.datasets.clip import Clip
from ral.formats import FormatError
from ral.geometry import raster, resample
from ral.prepare import Preparation

MANIFEST, KIND, VERSION = "manifest.json", "bundle", 1
ACCEPTED, BY_HAND = "accepted", {"accepted", "corrected", "drawn"}
ACCEPTED_WEIGHT = 0.3  # a border that was only nodded at teaches less than one that was drawn
_BORDER_POINTS = 601  # of a line without a gap
REACH = 12
"""Unlabelled frames kept on either side of the labelled ones."""
MOST_BYTES = 2**28
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, KeyError, ValueError, TypeError, AttributeError)


def run_clips(folder: str | Path, held_out: bool | None = None) -> Iterator[Clip]:
    """Clips of a run folder, as `ral.finetune.write_clip` left them; frames that nobody labelled weigh 0.

    Args:
        held_out: True for the patients that fine-tuning keeps apart, False for those it learns from, None for all.

    Raises:
        ValueError: the folder is not a run, or no frame in it is labelled.
    """
    from ral.finetune import read_run  # loads torch, which no other source of clips needs

    _, learn, kept = read_run(Path(folder))
    if held_out is not True:
        yield from learn
    if held_out is not False:
        yield from kept


def is_bundle(path: Path) -> bool:
    """Whether a file is a bundle of EchoView, whatever its name and version."""
    try:
        with zipfile.ZipFile(path) as file:
            return json.loads(_part(file, MANIFEST)).get("echoview") == KIND
    except _BROKEN:
        return False


def bundle_clips(path: str | Path, views_trusted: bool = False) -> Iterator[Clip]:
    """Clips of the cines of a bundle that came with their frames and on which a person labelled a frame.

    Args:
        views_trusted: hand on the view that was named, see `ral.datasets.assemble.view_index`.

    Raises:
        FormatError: the file is no bundle, of a newer version, damaged, or holds no labelled frame with its picture.
    """
    path = Path(path)
    found = False
    try:
        with zipfile.ZipFile(path) as file:
            told = json.loads(_part(file, MANIFEST))
            if told["echoview"] != KIND or told["version"] != VERSION:
                raise FormatError(f"{path.name} is no bundle of EchoView that this version reads.")
            sums = dict(told["files"])
            for name in sorted(name for name in sums if name.startswith("cines/")):
                clip = _clip(file, sums, json.loads(_checked(file, sums, name)), views_trusted)
                found |= clip is not None
                if clip is not None:
                    yield clip
    except FormatError:
        raise
    except _BROKEN as error:
        raise FormatError(f"{path.name} is damaged or no bundle of EchoView.") from error
    if not found:
        raise FormatError(f"{path.name} holds no labelled frame with its picture: export it with frames.")


def _clip(file: zipfile.ZipFile, sums: dict[str, str], cine: dict[str, Any], views_trusted: bool) -> Clip | None:
    newest = _newest(cine["history"])
    trust = {t: _trust(contour["origins"]) for t, contour in newest.items()}
    outlines = {int(t): np.array(line, float) for t, line in cine.get("outlines", {}).items() if trust.get(int(t))}
    if not outlines:
        return None
    name, shape = cine["name"], (int(cine["height"]), int(cine["width"]))
    span = range(max(min(outlines) - REACH, 0), min(max(outlines) + REACH + 1, int(cine["frames"])))
    frames = [_picture(_checked(file, sums, f"frames/{name}/{t + 1:04d}.png"), shape) for t in span]
    spacing = (float(cine["calibration"][0]), float(cine["calibration"][1])) if cine["calibration"] else None
    empty = np.zeros(shape, bool)
    view = cine["view"] if cine["view"] in VIEWS else None
    preparation = prepare_cine(frames, spacing)
    return assemble(
        preparation,
        frames,
        (raster(outlines[t], shape) if t in outlines else empty for t in span),
        view_index(view, views_trusted) if view else WITHHELD,
        KIND,
        str(cine["patient"]),
        np.array([trust[t] if t in outlines else 0.0 for t in span], np.float32),
        np.stack([_care(newest.get(t), outlines.get(t), preparation) for t in span]),
    )


def _newest(history: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Each frame's contour as the history leaves it."""
    newest: dict[int, Any] = {}
    for entry in history:
        newest |= {int(t): contour for t, contour in entry["change"].get("contours", {}).items()}
    return {t: contour for t, contour in newest.items() if contour}


def _trust(origins: list[str]) -> float:
    """How much a contour counts: what no person stands behind counts nothing."""
    told = set(origins)
    return 0.0 if not told & BY_HAND else ACCEPTED_WEIGHT if told == {ACCEPTED} else 1.0


def _care(contour: dict[str, Any] | None, outline: np.ndarray | None, preparation: Preparation) -> np.ndarray:
    """(S,S) uint8, as in fine-tuning: a stretch that was moved counts most, one that was left as predicted least."""
    size = preparation.size
    if contour is None or outline is None or set(contour["origins"]) == {ACCEPTED}:
        return np.full((size, size), PARTS, np.uint8)
    line = resample(outline, _BORDER_POINTS)
    counts = counts_along(line, np.array(contour["handles"], float), contour["origins"])
    return care_of(preparation.to_input(line), counts, size)


def _picture(body: bytes, shape: tuple[int, int]) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape != shape:
        raise ValueError("a frame of another size")
    return picture


def _checked(file: zipfile.ZipFile, sums: dict[str, str], name: str) -> bytes:
    body = _part(file, name)
    if hashlib.sha256(body).hexdigest() != sums[name]:
        raise ValueError(f"{name} was changed")
    return body


def _part(file: zipfile.ZipFile, name: str) -> bytes:
    if file.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} is too large")
    return file.read(name)
