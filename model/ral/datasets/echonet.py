"""EchoNet-Dynamic and EchoNet-Pediatric: A4C cines of 112×112 px with the ventricle traced at ED and ES.

Both: `FileList.csv` (FileName, EF, ..., Split), `Videos/*.avi`, `VolumeTracings.csv`; no pixel size anywhere.
Dynamic traces by chords (FileName, X1, Y1, X2, Y2, Frame), Pediatric by closed polygons (FileName, X, Y, Frame, where
"No Systolic" and "No Diastolic" stand for a missing one) and keeps its views in `A4C/` and `PSAX/`. PSAX is left out:
it is no apical view, and RAL is for those alone. Frames count from 0.
References: Ouyang et al., Nature 580, 2020, doi 10.1038/s41586-020-2145-8; Reddy et al., JASE 36(5), 2023.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

import cv2
import numpy as np

from ral.datasets.assemble import assemble, prepare_cine, view_index
from ral.datasets.clip import Clip
from ral.formats import FormatError
from ral.geometry import area, raster

FILE_LIST, TRACINGS, VIDEOS = "FileList.csv", "VolumeTracings.csv", "Videos"
REACH = 12
"""Unlabelled frames kept on either side of the traced ones."""

Traces = dict[str, dict[int, np.ndarray]]


def view_folder(folder: str | Path) -> Path:
    """The folder that holds the A4C lists: `folder` itself or, for Pediatric, its `A4C`.

    Raises:
        FormatError: it is the PSAX part, or holds no lists.
    """
    folder = Path(folder)
    if folder.resolve().name.upper() == "PSAX":
        raise FormatError("PSAX is a short-axis view, which is not read: name the A4C folder.")
    for home in (folder, folder / "A4C"):
        if (home / FILE_LIST).is_file():
            return home
    raise FormatError(f"There is no {FILE_LIST} in {folder.resolve().name}.")


def read_file_list(home: Path) -> dict[str, dict[str, str]]:
    """Rows of `FileList.csv` by cine name without suffix.

    Raises:
        FormatError: the list is missing, empty or has no column FileName.
    """
    rows = _rows(home / FILE_LIST, {"FileName"})
    return {stem(row["FileName"]): row for row in rows}


def read_tracings(home: Path) -> Traces:
    """Closed polygons (N,2) x,y px by cine name and frame, from `VolumeTracings.csv` of either data set.

    A frame of fewer than three points is no tracing and is left out.

    Raises:
        FormatError: the file is missing, of another kind, or holds a value that is no number.
    """
    path = home / TRACINGS
    rows = _rows(path, {"FileName", "Frame"})
    columns = ("X1", "Y1", "X2", "Y2") if "X1" in rows[0] else ("X", "Y")
    points: dict[str, dict[int, list[list[float]]]] = {}
    for number, row in enumerate(rows, start=2):
        try:
            if row["Frame"].startswith("No "):
                continue
            frame = int(float(row["Frame"]))
            point = [float(row[column]) for column in columns]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise FormatError(f"Line {number} of {path.name} is damaged.") from None
        points.setdefault(stem(row["FileName"]), {}).setdefault(frame, []).append(point)
    traces: Traces = {}
    for name, frames in points.items():
        rows_of = {t: np.array(given) for t, given in sorted(frames.items())}
        polygons = {t: given if len(columns) == 2 else polygon_of_chords(given) for t, given in rows_of.items()}
        traces[name] = {t: polygon for t, polygon in polygons.items() if len(polygon) >= 3}
    return traces


def polygon_of_chords(chords: np.ndarray) -> np.ndarray:
    """Chords (N,4) x1,y1,x2,y2 across the ventricle -> the polygon (2N-2,2) through their ends.

    The first row is the long axis and no chord: down the one side, up the other, over the rest.
    """
    return np.vstack([chords[1:, :2], chords[:0:-1, 2:]])


def ed_and_es(polygons: dict[int, np.ndarray]) -> tuple[int, int]:
    """Frames of the largest and of the smallest traced area; the order in the file says nothing reliable."""
    areas = {t: area(polygon) for t, polygon in polygons.items()}
    return max(areas, key=areas.__getitem__), min(areas, key=areas.__getitem__)


def read_video(path: Path) -> np.ndarray:
    """All frames of a video as grey (T,H,W) uint8.

    Raises:
        FormatError: the file is missing or a DICOM, of which opencv would take some frames for all, or clearly fewer
            frames can be decoded than it says to hold.
    """
    if not path.is_file():
        raise FormatError(f"{path.name} does not exist.")
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:] == b"DICM":
        raise FormatError(f"{path.name} is a DICOM, which only the application reads (echoview predict).")
    capture = cv2.VideoCapture(str(path))
    said = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))  # negative where the container does not know
    frames = []
    while True:
        there, frame = capture.read()
        if not there:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame)
    capture.release()
    if not frames:
        raise FormatError(f"No frame of {path.name} can be decoded.")
    if len(frames) < 0.98 * said - 1:  # some containers only know how long they last
        raise FormatError(f"Only {len(frames)} of the {said} frames of {path.name} can be decoded.")
    return np.stack(frames)


def echonet_clips(
    folder: str | Path, splits: Collection[str] | None = None, trust_view: bool = False, reach: int = REACH
) -> Iterator[Clip]:
    """Each traced cine as a clip around its traced frames; the others weigh 0. The view is withheld unless trusted.

    Cines without a tracing are left out; `survey` names them.

    Args:
        splits: values of the column Split to read (Dynamic: TRAIN, VAL, TEST; Pediatric: 0..9), or None for all.
        reach: unlabelled frames kept before the first and after the last traced one.

    Raises:
        FormatError: a file is missing or damaged, or a traced frame lies outside its cine.
    """
    home = view_folder(folder)
    traces = read_tracings(home)
    source = kind_of_folder(home)
    for name, row in read_file_list(home).items():
        if traces.get(name) and (splits is None or row.get("Split") in splits):
            yield _clip(video_path(home, name), traces[name], view_index("A4C", trust_view), source, name, reach)


def _clip(path: Path, polygons: dict[int, np.ndarray], view: int, source: str, name: str, reach: int) -> Clip:
    frames = read_video(path)
    if min(polygons) < 0 or max(polygons) >= len(frames):
        raise FormatError(f"{path.name} holds {len(frames)} frames, but frame {max(polygons)} of it is traced.")
    first, last = max(min(polygons) - reach, 0), min(max(polygons) + reach, len(frames) - 1)
    masks, weights = np.zeros(frames.shape, bool), np.zeros(len(frames), np.float32)
    for t, polygon in polygons.items():
        masks[t] = raster(polygon, frames.shape[1:])
        weights[t] = 1.0
    part = slice(first, last + 1)
    return assemble(prepare_cine(frames, None), frames[part], masks[part], view, source, name, weights[part])


def kind_of_folder(home: Path) -> str:
    """ "echonet-dynamic" or "echonet-pediatric", by the columns of the tracings.

    Raises:
        FormatError: there are no tracings.
    """
    try:
        with (home / TRACINGS).open(encoding="utf-8-sig") as file:
            return "echonet-dynamic" if "X1" in file.readline().split(",") else "echonet-pediatric"
    except (OSError, UnicodeDecodeError):
        raise FormatError(f"{TRACINGS} cannot be read.") from None


def video_path(home: Path, name: str) -> Path:
    return home / VIDEOS / f"{name}.avi"


def stem(file_name: str) -> str:
    """The lists name cines with and without suffix."""
    return file_name.strip().removesuffix(".avi")


def _rows(path: Path, columns: set[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise FormatError(f"{path.name} cannot be read.") from None
    if not rows or not columns <= rows[0].keys():
        raise FormatError(f"{path.name} is empty or lacks the columns {', '.join(sorted(columns))}.")
    return rows
