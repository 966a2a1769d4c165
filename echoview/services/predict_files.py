"""`echoview predict`: cines in, files out, no window."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from echoview.domain.cine import Cine
from echoview.domain.prediction import Prediction
from echoview.domain.weights import WeightsSet
from echoview.errors import CineUnreadable, EchoViewError
from echoview.io import list_cines, open_cine
from echoview.io.overlay import OverlayWriter
from echoview.measure import SURE, Measurements, measure
from echoview.measure.measurements import Doubt, mostly_unsure
from echoview.services.inference import Inference, preparation_of, read_past, refuse_withheld

SUFFIXES = (".nii.gz", ".nii", ".dcm", ".dicom", ".mhd", ".mha", ".avi", ".mp4", ".mov", ".m4v")


def output_folder(path: Path, out: Path, taken: set[str]) -> Path:
    """`out/<stem>`; a name that is taken in this run gets -2, -3, ..."""
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    name = name or "cine"
    chosen, n = name, 1
    while chosen.casefold() in taken:
        n += 1
        chosen = f"{name}-{n}"
    taken.add(chosen.casefold())
    return out / chosen


def predict_file(
    path: Path,
    folder: Path,
    inference: Inference,
    weights: WeightsSet,
    device: str,
    secret: bytes | None = None,
) -> dict[str, Any]:
    """Predict one file and write prediction.npz, measurements.json and overlay.mp4 into `folder`.

    Returns:
        What measurements.json holds.

    Raises:
        EchoViewError: the file cannot be opened or predicted, or the folder cannot be written.
    """
    cine = open_cine(path, patient_secret=secret)
    refuse_withheld(cine)
    predictor = inference.predictor(weights, device)
    preparation = preparation_of(cine)
    height, width = cine.size
    masks = np.zeros((len(cine), height, width), bool)
    prediction = Prediction.none_yet(len(cine), weights.name, weights.identity, predictor.device)
    began = time.perf_counter()
    for n, found in enumerate(read_past(cine, predictor, preparation), 1):
        masks[found.t] = found.mask(preparation)
        fps = n / (time.perf_counter() - began)
        prediction = prediction.with_frame(found.t, found.contour, found.confidence, found.view_probabilities, fps)
    whole = not cine.info.missing
    spacing = cine.calibration_around(prediction.contours)
    measured = measure(prediction.contours, spacing, prediction.confidence, whole=whole)
    report = measurements_json(cine, prediction, measured)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            folder / "prediction.npz", masks=masks, contours=prediction.contours, confidence=prediction.confidence,
            view_probabilities=prediction.view_probabilities, times_s=cine.times_s,
        )  # fmt: skip
        (folder / "measurements.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        write_overlay(folder / "overlay.mp4", cine, prediction)
    except OSError as error:
        raise EchoViewError(
            f"The results cannot be written ({error.strerror}).", "Choose another folder with --out."
        ) from error
    return report


def measurements_json(cine: Cine, prediction: Prediction, measured: Measurements) -> dict[str, Any]:
    """The numbers of one cine as plain JSON values; frames are 0-based."""
    spacing = measured.calibration
    return {
        "view": None if prediction.view is None else prediction.view.value,
        "ed_frame": measured.ed,
        "es_frame": measured.es,
        "area_px2": numbers(measured.area_px2),
        "area_mm2": None if measured.area_mm2 is None else numbers(measured.area_mm2),
        "length_px": numbers(measured.length_px),
        "length_mm": None if measured.length_mm is None else numbers(measured.length_mm),
        "edv_ml": number(measured.edv_ml),
        "esv_ml": number(measured.esv_ml),
        "ef_percent": number(measured.ef_percent),
        "spacing_mm": None if spacing is None else [spacing.x_mm, spacing.y_mm],
        "timing_known": cine.info.timing_known,
        "weights": prediction.weights,
        "weights_identity": prediction.weights_identity,
        "device": prediction.device,
        "fps": round(prediction.fps, 1),
        "warnings": warnings_of(cine, prediction, measured),
    }


def warnings_of(cine: Cine, prediction: Prediction, measured: Measurements) -> list[str]:
    """What a reader of the numbers must know, one sentence each."""
    found = [note for note in (cine.info.calibration_note, cine.info.timing_note, *cine.info.notes) if note]
    lost = len(cine.unreadable)
    empty = int(np.isnan(prediction.contours[:, 0, 0]).sum()) - lost
    unsure = int((prediction.confidence < SURE).sum()) - empty - lost
    if lost:
        found.append(f"{lost} of {len(cine)} frames cannot be read.")
    if empty:
        found.append(f"No ventricle was found in {empty} of {len(cine)} frames.")
    if unsure > 0:
        found.append(f"The contour is unsure in {unsure} of {len(cine)} frames.")
    if measured.doubt is not None:
        found.append(f"There is no EF: {measured.doubt.value}.")
    elif measured.ef_percent is None and mostly_unsure(measured.volumes, prediction.confidence):
        found.append(f"There is no EF: {Doubt.UNSURE.value}.")
    elif measured.ef_percent is None:
        found.append("There is no EF: end-diastole and end-systole were not both found.")
    elif measured.calibration is None:
        found.append("EF assumes square pixels, because the pixel size is not known.")
    found.append("Research use only; a single-plane measurement.")
    return found


def write_overlay(path: Path, cine: Cine, prediction: Prediction) -> None:
    """The cine with its dashed contours as MP4 (mp4v), at its own pace."""
    with OverlayWriter(path, cine.size, cine.fps or 25.0) as writer:
        for t in range(len(cine)):
            writer.add(_or_black(cine, t), prediction.contour(t))


def _or_black(cine: Cine, t: int) -> np.ndarray:
    """Frame t, black where it cannot be read, so that the others keep their time."""
    return np.zeros(cine.size, np.uint8) if cine.lost(t) else cine.frame(t)


def number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def numbers(values: Iterable[float]) -> list[float | None]:
    return [number(v) for v in values]


def find_files(given: Path) -> list[Path]:
    """A file itself, or the cines of a folder.

    Raises:
        CineUnreadable: the folder holds none.
    """
    if not given.is_dir():
        return [given]
    found = sorted(one.path for one in list_cines(given, lambda: False))
    if not found:
        raise CineUnreadable(
            "This folder holds no cine.", "Name a folder with DICOM, AVI, MP4, NIfTI or MetaImage files."
        )
    return found
