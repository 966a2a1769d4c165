"""The numbers of one cine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.contour import DENSE_POINTS
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.measure.cycle import HUMAN, SURE, find_ed_es
from ral.geometry import areas, long_axes, volumes_single_plane_ml

SQUARE = Calibration(1.0, 1.0)
_MOST_UNSURE = 0.25  # of the contours: with more of them left out, ED or ES may be among those
Instants = tuple[int | None, int | None]


class Doubt(Enum):
    """Why ED and ES are known and yet no number can be trusted that is made of both."""

    CUT_OFF = "frames are missing, and no person said that these are ED and ES"
    TURNED = "the cavity is not smaller at ES than at ED"
    UNSURE = "too many contours are unsure, and no person said that these are ED and ES"


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """Areas and lengths of every frame, volumes and EF of the beat; what cannot be known or trusted is None.

    Attributes:
        ed, es: 0-based frames.
        area_px2, length_px: (T,) float64, NaN where there is no contour.
        area_mm2, length_mm: the same in mm, or None without calibration.
        volumes: (T,) by the method of disks in one plane, ml with calibration, else px3 / 1000.
        edv_ml, esv_ml: None without calibration; ef_percent: single plane, needs no calibration but square pixels.
        calibration: the one that was used.
        former: ED and ES as they were before anyone corrected; see `find_ed_es`.
        whole: False where the file was cut off; doubt: why edv_ml, esv_ml and ef_percent are not told, None where
            they are, or where ED or ES is not known at all.
    """

    ed: int | None
    es: int | None
    area_px2: np.ndarray
    length_px: np.ndarray
    area_mm2: np.ndarray | None
    length_mm: np.ndarray | None
    volumes: np.ndarray
    edv_ml: float | None
    esv_ml: float | None
    ef_percent: float | None
    calibration: Calibration | None
    former: Instants = (None, None)
    whole: bool = True
    doubt: Doubt | None = None


def measure(
    contours: np.ndarray,
    calibration: Calibration | None,
    confidence: np.ndarray | None = None,
    ed: int | None = None,
    es: int | None = None,
    former: Instants = (None, None),
    whole: bool = True,
) -> Measurements:
    """Measure the contours (T,N,2) of a cine.

    Args:
        contours: x,y px, first annulus point over the apex to the second; NaN where there is none.
        confidence: (T,), keeps unsure frames from being ED or ES.
        ed, es: frames that a person chose; found where None.
        former: those of the prediction alone, so that a correction moves them only where it clearly should.
        whole: False where the file was cut off, so that the largest or the smallest cavity may be missing.
    """
    return _summary(*_sizes(contours, calibration), calibration, confidence, ed, es, former, whole)


def remeasure(
    known: Measurements,
    t: int,
    contour: np.ndarray,
    confidence: np.ndarray,
    ed: int | None = None,
    es: int | None = None,
    former: Instants | None = None,
) -> Measurements:
    """The numbers with another contour (N,2) in frame `t` alone: fast enough to follow a drag."""
    return remeasure_frames(known, {t: contour}, confidence, ed, es, former)


def remeasure_frames(
    known: Measurements,
    contours: Mapping[int, np.ndarray],
    confidence: np.ndarray,
    ed: int | None = None,
    es: int | None = None,
    former: Instants | None = None,
) -> Measurements:
    """The numbers with other contours (N,2) in some frames; the others are not measured anew.

    `former` takes the place of what was known before anyone corrected, where it is given.
    """
    arrays = [
        known.area_px2,
        known.length_px,
        known.volumes if known.length_mm is None else known.length_mm,
        known.volumes,
    ]
    area_px2, length_px, length_mm, volumes = (a.copy() for a in arrays)
    for t, contour in contours.items():
        area_px2[t], length_px[t], length_mm[t], volumes[t] = (
            size[0] for size in _sizes(contour[None], known.calibration)
        )
    former = former or known.former
    sizes = area_px2, length_px, length_mm, volumes
    return _summary(*sizes, known.calibration, confidence, ed, es, former, known.whole)


def _sizes(
    contours: np.ndarray, calibration: Calibration | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Areas px2, lengths px, lengths mm and volumes of contours (T,N,2), (T,) each, NaN where a contour is NaN."""
    spacing = calibration or SQUARE
    return (
        areas(contours),
        long_axes(contours),
        long_axes(contours, spacing),
        volumes_single_plane_ml(contours, spacing),
    )


def _summary(
    area_px2: np.ndarray, length_px: np.ndarray, length_mm: np.ndarray, volumes: np.ndarray,
    calibration: Calibration | None, confidence: np.ndarray | None, ed: int | None, es: int | None, former: Instants,
    whole: bool,
) -> Measurements:  # fmt: skip
    said = ed is not None and es is not None
    found_ed, found_es = find_ed_es(volumes, confidence, former)
    ed, es = found_ed if ed is None else ed, found_es if es is None else es
    edv = None if ed is None or np.isnan(volumes[ed]) else float(volumes[ed])
    esv = None if es is None or np.isnan(volumes[es]) else float(volumes[es])
    ef = doubt = None
    if edv and esv is not None and ed != es:  # one frame is not a beat
        doubt = _doubt(edv, esv, said, whole, confidence, volumes)
        ef = 100.0 * (edv - esv) / edv
    if doubt is not None:
        edv = esv = ef = None
    return Measurements(
        ed, es, area_px2, length_px,
        None if calibration is None else area_px2 * calibration.x_mm * calibration.y_mm,
        None if calibration is None else length_mm,
        volumes,
        None if calibration is None else edv, None if calibration is None else esv, ef, calibration, former,
        whole, doubt,
    )  # fmt: skip


def _doubt(
    edv: float, esv: float, said: bool, whole: bool, confidence: np.ndarray | None, volumes: np.ndarray
) -> Doubt | None:
    """`said`: a person chose both ED and ES."""
    if not (whole or said):
        return Doubt.CUT_OFF
    if esv >= edv:
        return Doubt.TURNED
    if said or confidence is None:
        return None
    return Doubt.UNSURE if mostly_unsure(volumes, confidence) else None


def mostly_unsure(volumes: np.ndarray, confidence: np.ndarray) -> bool:
    """Whether so many of the contours are unsure that ED or ES may be among those; (T,) each, NaN without a contour."""
    there = np.isfinite(volumes)
    return bool(there.any()) and float(np.mean(np.asarray(confidence)[there] < SURE)) > _MOST_UNSURE


def before_corrections(prediction: Prediction | None, label: Label, calibration: Calibration | None) -> Instants:
    """ED and ES of a prediction, where no person said what they are; None where nothing is predicted."""
    if prediction is None:
        return None, None
    alone = measure(prediction.contours, calibration, prediction.confidence, label.ed, label.es)
    return alone.ed, alone.es


def contours_shown(frames: int, prediction: Prediction | None, label: Label) -> np.ndarray:
    """The contour that stands for each frame, the person's or else the predicted one: (frames,65,2), NaN where none."""
    contours = np.full((frames, DENSE_POINTS, 2), np.nan) if prediction is None else prediction.contours.copy()
    contours[list(label.not_traceable)] = np.nan
    for t, contour in label.contours.items():
        contours[t] = contour.dense()
    return contours


def confidence_shown(frames: int, prediction: Prediction | None, label: Label) -> np.ndarray:
    """How sure each frame's contour is: (frames,), 1 where a person spoke, 0 where there is none.

    A contour that was carried over from a corrected frame is as sure as its prediction, and sure enough to count.
    """
    confidence = np.zeros(frames) if prediction is None else prediction.confidence.copy()
    confidence[list(label.not_traceable)] = 0.0
    for t, contour in label.contours.items():
        confidence[t] = HUMAN if contour.human else min(max(confidence[t], SURE), 0.999 * HUMAN)
    return confidence
