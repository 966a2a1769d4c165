"""Survey of EchoNet-Dynamic and EchoNet-Pediatric."""

from __future__ import annotations

from pathlib import Path

import cv2

from ral.datasets.echonet import (
    FILE_LIST,
    TRACINGS,
    Traces,
    read_file_list,
    read_tracings,
    video_path,
    view_folder,
)  # fmt: skip
from ral.datasets.findings import Findings
from ral.formats import FormatError
from ral.geometry import area


def look(found: Findings) -> None:
    """Every cine of the list: its video, its size, its tracings."""
    home = view_folder(found.folder)
    if (found.folder / "PSAX").is_dir():
        found.wrong(found.folder / "PSAX", "PSAX is a short-axis view and is left out.")
    listed = _read(found, home / FILE_LIST, read_file_list) or {}
    traces: Traces = _read(found, home / TRACINGS, read_tracings) or {}
    for name, row in listed.items():
        found.patients.append(name)
        split = row.get("Split") or "none"
        found.splits[split] = found.splits.get(split, 0) + 1
        frames = _video(found, video_path(home, name), row)
        if frames is None:
            continue
        if _tracing(found, home / TRACINGS, name, traces.get(name, {}), frames):
            found.sequences["A4C"] += 1
            found.labelled_frames += len(traces[name])
    for name in sorted(set(traces) - set(listed)):
        found.wrong(home / TRACINGS, f"{TRACINGS} traces {name}, which {FILE_LIST} does not name.")


def _read(found: Findings, path: Path, read):
    try:
        rows = read(path.parent)
    except FormatError as error:
        found.wrong(path, str(error))
        return None
    found.saw(path)
    return rows


def _video(found: Findings, path: Path, row: dict[str, str]) -> int | None:
    """Frames that the video's header promises, or None with a problem noted."""
    if not path.is_file():
        found.wrong(path, f"{path.name} does not exist.")
        return None
    capture = cv2.VideoCapture(str(path))
    there, frame = capture.read()
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    if not there:
        found.wrong(path, f"No frame of {path.name} can be decoded.")
        return None
    found.saw(path)
    size = f"{frame.shape[1]}×{frame.shape[0]}"
    promised = f"{row.get('FrameWidth') or frame.shape[1]}×{row.get('FrameHeight') or frame.shape[0]}"
    if size != promised:
        found.wrong(path, f"{path.name} is {size} px, but {FILE_LIST} says {promised}.")
    return count


def _tracing(found: Findings, path: Path, name: str, polygons: dict, frames: int) -> bool:
    """Whether the tracing of a cine is sound; what is not is noted."""
    if not polygons:
        found.wrong(path, f"{path.name} holds no tracing of {name}.")
        return False
    for t, polygon in polygons.items():
        if not 0 <= t < frames:
            found.wrong(path, f"{path.name} traces frame {t} of {name}, which has {frames} frames.")
            return False
        if area(polygon) < 1:
            found.wrong(path, f"{path.name} holds an empty tracing on frame {t} of {name}.")
            return False
    return True
