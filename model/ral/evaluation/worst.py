"""The frames that went worst, with what a person needs to see why."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np

from ral.evaluation.cases import Case
from ral.evaluation.frames import Row
from ral.geometry import largest_component, outline, resample
from ral.prepare import Preparation, luma

_SIDE = 280  # px of the longer side of a kept picture
_POINTS = 120  # on the reference's closed outline


class Worst:
    """Keeps the frames of lowest Dice, one a cine: else a single bad cine would fill the list.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._kept: dict[str, dict[str, Any]] = {}

    def offer(self, row: Row, case: Case, contour: np.ndarray, preparation: Preparation) -> None:
        """Look at one frame; `contour` (N,2) native px, NaN where empty."""
        mine = self._kept.get(case.name)
        bar = max((e["dice"] for e in self._kept.values()), default=1.0) if len(self._kept) >= self.count else 2.0
        if row["dice"] >= (bar if mine is None else mine["dice"]):
            return
        self._kept[case.name] = _entry(row, case, contour, preparation)
        if len(self._kept) > self.count:
            del self._kept[max(self._kept, key=lambda name: self._kept[name]["dice"])]

    def entries(self) -> list[dict[str, Any]]:
        """Worst first: {"case", "view", "t", "instant", "dice", "hd_mm", "confidence", "frames": of the case, "width",
        "height", "found": [[x, y], ...] (empty where nothing was found), "reference": closed line, both in px of the
        picture, "png": base64}."""
        return sorted(self._kept.values(), key=lambda entry: entry["dice"])


def _entry(row: Row, case: Case, contour: np.ndarray, preparation: Preparation) -> dict[str, Any]:
    x0, y0, x1, y1 = preparation.box
    wide, high = (x1 - x0) * case.spacing_mm[0], (y1 - y0) * case.spacing_mm[1]
    scale = _SIDE / max(wide, high)  # px of the picture per mm: pixels become square
    width, height = max(round(wide * scale), 1), max(round(high * scale), 1)
    zoom = np.array([width / (x1 - x0), height / (y1 - y0)])
    crop = luma(case.frames[row["t"]][y0:y1, x0:x1])
    done, png = cv2.imencode(".png", cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA))
    assert done
    line = outline(largest_component(case.masks[row["t"]]))

    def shown(points: np.ndarray | None) -> list[list[float]]:
        if points is None or np.isnan(points[0, 0]):
            return []
        return np.round((points + 0.5 - (x0, y0)) * zoom, 1).tolist()

    return {key: row[key] for key in ("case", "view", "t", "instant", "dice", "hd_mm", "confidence")} | {
        "frames": len(case.frames),
        "width": width, "height": height, "found": shown(contour),
        "reference": shown(None if line is None else resample(line, _POINTS, closed=True)),
        "png": base64.b64encode(png.tobytes()).decode("ascii"),
    }  # fmt: skip
