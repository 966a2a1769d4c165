"""Contours on every frame of whole cines, to be looked at, and the share of frames that jump.

Usage: .venv/bin/python scripts/cine_sheets.py OUT --weights FOLDER... --cines FILE...
Writes OUT/<n>-<weights>.png for each cine and set of weights, and OUT/steadiness.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from echoview.io import open_cine
from echoview.services.inference import preparation_of
from ral.evaluation.sheet import named
from ral.evaluation.temporal import temporal_flags
from ral.predict import Predictor
from ral.prepare import luma

TILE, COLUMNS = 176, 10
CONTOUR, FLAG = (224, 200, 69), (95, 159, 255)  # BGR: cyan, orange


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("out", type=Path)
    asked.add_argument("--weights", type=Path, nargs="+", required=True)
    asked.add_argument("--cines", type=Path, nargs="+", required=True)
    asked.add_argument("--threads", type=int, default=1)
    chosen = asked.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for n, path in enumerate(chosen.cines):
        cine = open_cine(path)
        frames = np.stack([cine.frame(t) for t in range(len(cine))])
        spacing = (cine.calibration.x_mm, cine.calibration.y_mm) if cine.calibration else (1.0, 1.0)
        for folder in chosen.weights:
            model = Predictor(folder, "cpu", chosen.threads)
            preparation = preparation_of(cine)
            found = list(model.stream(frames, preparation))
            contours = np.stack([f.contour for f in found])
            flags = temporal_flags(contours, spacing)
            page = sheet(frames, contours, flags["flagged"], preparation.box)
            cv2.imwrite(str(chosen.out / f"{n}-{model.card.name}-{model.card.identity}.png"), page)
            rows.append({
                "cine": n, "frames": len(frames), "weights": model.card.name, "identity": model.card.identity,
                "flagged": sum(flags["flagged"]), "judged": flags["judged"], "bend": flags["bend"],
                "confidence": round(float(np.mean([f.confidence for f in found])), 3),
                **named(found[-1].view_probabilities),
            })  # fmt: skip
            print(json.dumps(rows[-1]))
    (chosen.out / "steadiness.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


def sheet(frames: np.ndarray, contours: np.ndarray, flagged: list[bool], box: tuple[int, int, int, int]) -> np.ndarray:
    """All frames (T,H,W[,3]) as tiles, the contour (T,N,2) px on each, a flagged frame with a border."""
    x0, y0, x1, y1 = box
    scale = TILE / max(x1 - x0, y1 - y0)
    rows = -(-len(frames) // COLUMNS)
    page = np.zeros((rows * TILE, COLUMNS * TILE, 3), np.uint8)
    for t, frame in enumerate(frames):
        crop = luma(frame[y0:y1, x0:x1])
        small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile = np.zeros((TILE, TILE, 3), np.uint8)
        tile[: small.shape[0], : small.shape[1]] = small[..., None]
        if not np.isnan(contours[t, 0, 0]):
            line = np.round(((contours[t] + 0.5 - (x0, y0)) * scale) * 16).astype(np.int32)
            cv2.polylines(tile, [line], True, CONTOUR, 1, cv2.LINE_AA, 4)
        if flagged[t]:
            cv2.rectangle(tile, (0, 0), (TILE - 1, TILE - 1), FLAG, 2)
        cv2.putText(tile, str(t + 1), (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (255, 255, 255), 1, cv2.LINE_AA)
        row, column = divmod(t, COLUMNS)
        page[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = tile
    return page


if __name__ == "__main__":
    main()
