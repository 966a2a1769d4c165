"""Labels from a COCO file: our own exports exactly, others by the outline of their left ventricle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from echoview.domain.contour import Contour, Origin
from echoview.errors import EchoViewError
from echoview.io.export_coco import CATEGORY, FILE
from echoview.io.import_item import Incoming, Index, contour_of, damaged, read_json

_LEFT_VENTRICLE = re.compile(r"left[ _-]?ventric|^lv|endocard", re.IGNORECASE)
_NOT_CAVITY = re.compile(r"myocard|wall|epicard", re.IGNORECASE)


def read_coco(folder: Path, index: Index | None) -> Iterator[Incoming]:
    """One a cine; without an index one a picture, which is a cine of one frame.

    Raises:
        EchoViewError: the file is missing or damaged, or names no left ventricle.
    """
    body = read_json(folder / FILE)
    try:
        wanted = _category(body["categories"])
        pictures = {image["id"]: image for image in body["images"]}
        found: dict[str, dict[int, Contour]] = {}
        for one in body["annotations"]:
            if one["category_id"] != wanted or one.get("predicted"):
                continue
            image = pictures[one["image_id"]]
            name = image["cine"] if index is not None else str(image["file_name"])
            t = int(image["frame"]) if index is not None else 0
            contour = _contour(one, name, t, index)
            if contour is not None:
                found.setdefault(name, {})[t] = contour
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise damaged(FILE) from error
    for name, contours in found.items():
        if index is not None:
            yield index.incoming(name, contours)
        else:
            yield Incoming(Path(name).name, file=_inside(folder, name), contours=contours)


def _category(categories: list[dict[str, Any]]) -> int:
    """The cavity of the left ventricle; where there is one category only, that one."""
    named = [c for c in categories if _LEFT_VENTRICLE.search(c["name"]) and not _NOT_CAVITY.search(c["name"])]
    chosen = named or (categories if len(categories) == 1 else [])
    if not chosen:
        raise EchoViewError("No category of this COCO file is the left ventricle.", f"Call it “{CATEGORY['name']}”.")
    return chosen[0]["id"]


def _contour(one: dict[str, Any], name: str, t: int, index: Index | None) -> Contour | None:
    """Ours starts and ends at its annulus key points; of any other the annulus is looked for."""
    parts = one["segmentation"]
    if not isinstance(parts, list) or not parts:
        return None  # a run-length mask
    points = max((np.array(part, float).reshape(-1, 2) for part in parts), key=len)
    exact = index.exact(name, t, lambda line: np.array_equal(line.round(3), points)) if index is not None else None
    if exact is not None:
        return exact
    marks = np.array(one.get("keypoints") or [np.nan] * 9, float).reshape(-1, 3)[:, :2]
    if len(marks) == 3 and np.allclose(points[0], marks[0]) and np.allclose(points[-1], marks[2]):
        return Contour.through(points, Origin.DRAWN)
    return contour_of(points)


def _inside(folder: Path, name: str) -> Path:
    """A file of the data set, and none elsewhere on the disk."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise damaged(FILE)
    return path
