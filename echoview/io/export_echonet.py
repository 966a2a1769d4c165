"""The layout of EchoNet-Dynamic: `Videos/*.avi`, `FileList.csv`, and chords across the ventricle.

A traced frame has one row for the long axis and then twenty chords from the annulus to the apex. The first chord is the
annulus itself and the last has no length, so that the polygon through their ends is the contour.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from echoview.io.export_item import Outgoing, whole, write_index
from ral.geometry import contour_landmarks

KIND = "echonet"
CHORDS = 20
FILES = ("FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames", "Split")
TRACES = ("FileName", "X1", "Y1", "X2", "Y2", "Frame")


def write_echonet(folder: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> tuple[int, dict[str, str]]:
    """How many cines were written, and what those lack that were not, by name.

    Raises:
        EchoViewError: the folder cannot be written.
    """
    written: list[Outgoing] = []
    left_out: dict[str, str] = {}
    rows: list[list[object]] = []
    traces: list[list[object]] = []
    for item in items:
        if not item.contours:
            left_out[item.name] = "a contour"
            continue
        _write_avi(folder / "Videos" / f"{item.name}.avi", item)
        rows.append(_facts(item))
        for t, contour in sorted(item.contours.items()):
            traces += [[f"{item.name}.avi", *row, t] for row in chords(contour).round(3).tolist()]
        written.append(item)
    _write_csv(folder / "FileList.csv", FILES, rows)
    _write_csv(folder / "VolumeTracings.csv", TRACES, traces)
    write_index(folder, KIND, salt, app_version, written)
    return len(written), left_out


def chords(contour: np.ndarray, count: int = CHORDS) -> np.ndarray:
    """A contour (N,2) as EchoNet traces it: (count+1,4) x1,y1,x2,y2, the long axis first."""
    marks = contour_landmarks(contour)
    middle = (marks.first + marks.second) / 2
    apex_at = int(np.hypot(*(contour - marks.apex).T).argmin())
    axis = (marks.apex - middle) / (np.hypot(*(marks.apex - middle)) + 1e-12)
    length = float((marks.apex - middle) @ axis)
    rows = [np.concatenate([marks.apex, middle]), np.concatenate([marks.first, marks.second])]
    sides = (contour[: apex_at + 1], contour[apex_at:][::-1])  # both from the annulus to the apex
    for level in np.linspace(0, 1, count)[1:-1] * length:
        rows.append(np.concatenate([_at_level(side, middle, axis, level) for side in sides]))
    rows.append(np.concatenate([marks.apex, marks.apex]))
    return np.array(rows)


def _at_level(side: np.ndarray, middle: np.ndarray, axis: np.ndarray, level: float) -> np.ndarray:
    """Where a wall last passes a height above the annulus."""
    along = (side - middle) @ axis
    below = np.flatnonzero((along[:-1] <= level) & (along[1:] > level))
    if not len(below):
        return side[int(np.abs(along - level).argmin())]
    i = int(below[-1])
    share = (level - along[i]) / (along[i + 1] - along[i])
    return side[i] + share * (side[i + 1] - side[i])


def _facts(item: Outgoing) -> list[object]:
    frames, height, width = item.shape
    said = [item.numbers.get(key) for key in ("ef_percent", "esv_ml", "edv_ml")]
    known = ["" if value is None else value for value in said]
    return [item.name, *known, height, width, round(item.fps), frames, "TRAIN"]


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def _write_avi(path: Path, item: Outgoing) -> None:
    """Motion JPEG: every frame stands alone, so none is shifted by another decoder."""
    frames, height, width = item.shape
    with whole(path) as part:
        writer = cv2.VideoWriter(
            str(part), cv2.VideoWriter.fourcc(*"MJPG"), float(np.clip(item.fps, 1, 240)), (width, height)
        )
        if not writer.isOpened():
            raise OSError(5, "no video can be made")
        for t in range(frames):
            frame = item.picture(t)
            writer.write(
                cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_GRAY2BGR if frame.ndim == 2 else cv2.COLOR_RGB2BGR)
            )
        writer.release()
