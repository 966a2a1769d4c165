"""The layout of CAMUS: for each patient and view the frames at ED and ES, their masks, and `Info_*.cfg`.

The mask knows the cavity alone (1); wall and atrium, which EchoView does not draw, are background.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from echoview.domain.view import View
from echoview.io.export_item import Outgoing, whole, write_index
from ral.formats import write_nifti
from ral.geometry import raster

KIND = "camus"
NAMES = {View.A2C: "2CH", View.A3C: "3CH", View.A4C: "4CH"}


def write_camus(folder: Path, salt: bytes, app_version: str, items: Iterable[Outgoing]) -> tuple[int, dict[str, str]]:
    """One cine a patient and view; how many were written, and what the others lack, by name.

    A second cine of the same patient and view becomes a patient of its own in the files, not in the index.

    Raises:
        EchoViewError: the folder cannot be written.
    """
    written: list[Outgoing] = []
    left_out: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for item in items:
        if lacking := _lacking(item):
            left_out[item.name] = lacking
            continue
        assert item.view is not None
        view = NAMES[item.view]
        patient, n = item.patient, 1
        while (patient, view) in taken:
            n += 1
            patient = f"{item.patient}-{n}"
        taken.add((patient, view))
        _write(folder / patient, f"{patient}_{view}", view, item)
        written.append(item)
    write_index(folder, KIND, salt, app_version, written)
    return len(written), left_out


def _lacking(item: Outgoing) -> str:
    """What a patient of CAMUS has and this cine has not, "" when nothing."""
    missing = [name for name, t in (("ED", item.ed), ("ES", item.es)) if t not in item.contours]
    if not missing and item.ed == item.es:
        missing = ["an ES that is not its ED"]
    missing += ["the view"] if item.view is None else []
    return " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)


def _write(home: Path, stem: str, view: str, item: Outgoing) -> None:
    assert item.ed is not None and item.es is not None
    _, height, width = item.shape
    for instant, t in (("ED", item.ed), ("ES", item.es)):
        frame = item.picture(t)
        grey = frame if frame.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
        mask = raster(item.contours[t], (height, width)).astype(np.uint8)
        for name, picture in ((f"{stem}_{instant}", grey), (f"{stem}_{instant}_gt", mask)):
            with whole(home / f"{name}.nii.gz") as part:
                write_nifti(part, picture, item.calibration)
    values = {
        "ED": item.ed + 1, "ES": item.es + 1, "NbFrame": item.shape[0], "Cine": item.name,
        "FrameRate": round(item.fps, 3), "LVedv": item.numbers.get("edv_ml"), "LVesv": item.numbers.get("esv_ml"),
        "LVef": item.numbers.get("ef_percent"),
    }  # fmt: skip
    lines = [f"{key}: {value}" for key, value in values.items() if value is not None]
    with whole(home / f"Info_{view}.cfg") as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
