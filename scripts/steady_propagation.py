"""How steady real cines are once a correction was carried on: share of frames that jump, by each way.

Nobody knows the true contour of these cines. ED and ES of the prediction are corrected alike, a wall pushed out
smoothly, and carried to the other frames; a good way adds no jumps to those that the prediction has.

Usage: python scripts/steady_propagation.py CINE... [--weights ral-lite-camus] [--sheet FILE.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from compare_propagation import Case, Reader, laid

from echoview.io import open_cine
from echoview.paths import resource
from echoview.services.propagation import Way, carried
from ral.datasets.assemble import prepare_cine
from ral.evaluation.temporal import temporal_flags
from ral.geometry import area
from ral.predict import Predictor

PUSHED, AT, WIDE = 0.06, 0.7, 0.12  # of the long axis; where along the contour, and how wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cines", nargs="+", type=Path)
    parser.add_argument("--weights", default="ral-lite-camus")
    parser.add_argument("--sheet", type=Path, help="where a picture of the carried contours goes")
    chosen = parser.parse_args()
    predictor = Predictor(resource(f"weights/{chosen.weights}"), "cpu", threads=1)
    sheets = []
    for path in chosen.cines:
        cine = open_cine(path, patient_secret=b"scripts only")
        frames = np.stack([grey(cine.frame(t)) for t in range(len(cine))])
        found, lines = steadiness(path.stem, frames, predictor)
        print(f"{path.stem}: " + ", ".join(f"{way} {share}" for way, share in found.items()))
        sheets.append(sheet(frames, lines))
    if chosen.sheet:
        wide = max(one.shape[1] for one in sheets)
        cv2.imwrite(str(chosen.sheet), np.vstack([np.pad(s, ((0, 0), (0, wide - s.shape[1]), (0, 0))) for s in sheets]))


def grey(frame: np.ndarray) -> np.ndarray:
    return frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)


def steadiness(name: str, frames: np.ndarray, predictor: Predictor) -> tuple[dict[str, str], np.ndarray]:
    """Flagged of judged frames by each way, and the contours (T,N,2) px as displacement carries them."""
    preparation = prepare_cine(frames, None)
    base = np.stack([found.contour for found in predictor.stream(iter(frames), preparation)])
    sizes = np.array([area(line) if np.isfinite(line).all() else np.nan for line in base])
    human = {int(t): pushed(base[t]) for t in (np.nanargmax(sizes), np.nanargmin(sizes))}
    case = Case(name, frames, np.zeros(frames.shape, bool), [], 1.0)
    read = Reader(case, predictor, preparation)
    every = range(len(base))
    carries = {"frame by frame": lambda human: {}, "read again, both ways": read.both_ways}
    for way in (Way.INTERPOLATION, Way.DISPLACEMENT, Way.FLOW):
        carries[way.name.lower()] = lambda human, way=way: carried(way, base, human, every, lambda t: frames[t])
    after = {way: laid(base, carry, human) for way, carry in carries.items()}
    return {way: flagged(lines) for way, lines in {"prediction": base, **after}.items()}, after["displacement"]


def pushed(line: np.ndarray) -> np.ndarray:
    """A contour (N,2) with one wall further out, by a smooth bump."""
    along = np.gradient(line, axis=0)
    normal = np.column_stack([along[:, 1], -along[:, 0]]) / (np.hypot(*along.T)[:, None] + 1e-9)
    if ((line + normal - line.mean(0)) ** 2).sum() < ((line - line.mean(0)) ** 2).sum():
        normal = -normal
    share = np.linspace(0, 1, len(line))
    long = np.hypot(*(line[[0, -1]].mean(0) - line[len(line) // 2]))
    return line + (PUSHED * long * np.exp(-(((share - AT) / WIDE) ** 2)))[:, None] * normal


def flagged(lines: np.ndarray) -> str:
    found = temporal_flags(lines)
    return f"{sum(found['flagged'])} of {found['judged']}"


def sheet(frames: np.ndarray, lines: np.ndarray, count: int = 8, side: int = 240) -> np.ndarray:
    """Frames spread over the cine with their contours."""
    pictures = []
    for t in np.linspace(0, len(frames) - 1, count).round().astype(int):
        picture = cv2.cvtColor(frames[t], cv2.COLOR_GRAY2BGR)
        if np.isfinite(lines[t]).all():
            cv2.polylines(picture, [np.round(lines[t]).astype(np.int32)], False, (248, 155, 185), 2, cv2.LINE_AA)
        pictures.append(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))
    return np.hstack(pictures)


if __name__ == "__main__":
    main()
