"""EchoView's own bundle, version 1: one zip with labels, their history and, on request, de-identified frames.

    manifest.json            kind, version, salt, the weights that took part, sha256 of every other file
    cines/cine-00001.json    what the cine is (keyed), its history: a list of revisions as the library keeps them,
                             and, with frames, "outlines": the (65,2) x,y px of each labelled frame, for trainers;
                             "readings": the revisions of second and repeated readings; "acts": what reviewers said
    frames/cine-00001/0001.png   frame 1, black outside the sector

A revision's change may hold the keys below and no others: free text never leaves.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from echoview.io.export_item import Outgoing, head, whole

KIND = "bundle"
MANIFEST, CINES, FRAMES = "manifest.json", "cines", "frames"
CHANGES = ("contours", "view", "ed", "es", "calibration", "frame_rate", "not_traceable", "notes", "settled", "pixels",
           "seen")  # fmt: skip
_WHEN = (1980, 1, 1, 0, 0, 0)  # zip's first day: two exports of one thing are alike
_LEVEL = 1


def write_bundle(path: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> int:
    """Write the bundle in one go; how many cines it holds.

    Raises:
        EchoViewError: it cannot be written; nothing is left behind.
    """
    sums: dict[str, str] = {}
    weights: set[str] = set()
    count = 0
    with whole(path) as part, zipfile.ZipFile(part, "w") as file:
        for item in items:
            body: dict[str, Any] = {**item.about(), "history": [_plain(entry) for entry in item.entries]}
            if item.readings:
                body["readings"] = [_plain(entry) for entry in item.readings]
            if item.acts:
                body["acts"] = list(item.acts)
            if item.frame is not None:
                labelled = sorted(set(item.contours) - item.predicted)
                body["outlines"] = {str(t): item.contours[t].round(2).tolist() for t in labelled}
            _add(file, sums, f"{CINES}/{item.name}.json", json.dumps(body, separators=(",", ":")).encode())
            if item.frame is not None:
                for t in range(item.shape[0]):
                    _add(file, sums, f"{FRAMES}/{item.name}/{t + 1:04d}.png", png(item.picture(t)), packed=True)
            weights |= set(item.weights)
            count += 1
        manifest = {**head(KIND, salt, app_version), "weights": sorted(weights), "files": sums}
        _add(file, {}, MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return count


def png(frame: np.ndarray) -> bytes:
    """(H,W) or (H,W,3) RGB uint8 as PNG."""
    picture = frame if frame.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2BGR)
    done, body = cv2.imencode(".png", picture)
    assert done
    return body.tobytes()


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    change = {key: value for key, value in entry["change"].items() if key in CHANGES}
    return {**entry, "change": change}


def _add(file: zipfile.ZipFile, sums: dict[str, str], name: str, body: bytes, packed: bool = False) -> None:
    info = zipfile.ZipInfo(name, _WHEN)
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    file.writestr(info, body, compresslevel=None if packed else _LEVEL)
    sums[name] = hashlib.sha256(body).hexdigest()
