"""COCO: one picture a labelled frame, the cavity as a polygon, annulus and apex as key points."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from echoview.io.export_bundle import png
from echoview.io.export_item import Outgoing, whole, write_index
from ral.geometry import area, contour_landmarks

KIND = "coco"
FILE, IMAGES = "annotations.json", "images"
CATEGORY = {
    "id": 1, "name": "left ventricle cavity", "supercategory": "heart",
    "keypoints": ["annulus_first", "apex", "annulus_second"], "skeleton": [],
}  # fmt: skip


def write_coco(folder: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> tuple[int, dict[str, str]]:
    """How many cines were written, and what those lack that were not, by name.

    A polygon starts at the first annulus point and ends at the second: the edge that closes it is the annulus.
    `origins` names for each of its points where it comes from.

    Raises:
        EchoViewError: the folder cannot be written.
    """
    images: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    written: list[Outgoing] = []
    left_out: dict[str, str] = {}
    for item in items:
        if not item.contours:
            left_out[item.name] = "a contour"
            continue
        _, height, width = item.shape
        for t, contour in sorted(item.contours.items()):
            name = f"{item.name}_{t + 1:04d}.png"
            with whole(folder / IMAGES / name) as part:
                part.write_bytes(png(item.picture(t)))
            images.append(
                {
                    "id": len(images) + 1, "file_name": f"{IMAGES}/{name}", "height": height, "width": width,
                    "cine": item.name, "frame": t,
                }
            )  # fmt: skip
            found.append(_annotation(len(images), contour, t in item.predicted, item.origins(t)))
        written.append(item)
    body = {
        "info": {"description": "EchoView labels. Research use only.", "version": "1"},
        "licenses": [], "categories": [CATEGORY], "images": images, "annotations": found,
    }  # fmt: skip
    with whole(folder / FILE) as part:
        part.write_text(json.dumps(body), encoding="utf-8")
    write_index(folder, KIND, salt, app_version, written)
    return len(written), left_out


def _annotation(number: int, contour: np.ndarray, predicted: bool, origins: list[str]) -> dict[str, Any]:
    low, high = contour.min(0), contour.max(0)
    marks = [[round(float(v), 3) for v in point] for point in contour_landmarks(contour)]
    return {
        "id": number, "image_id": number, "category_id": 1, "iscrowd": 0, "predicted": predicted,
        "segmentation": [contour.round(3).ravel().tolist()], "area": round(area(contour), 2),
        "bbox": [*low.round(3).tolist(), *(high - low).round(3).tolist()],
        "keypoints": [value for x, y in marks for value in (x, y, 2)], "num_keypoints": 3,
        "origins": origins,
    }  # fmt: skip
