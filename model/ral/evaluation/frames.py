"""The rows: what is measured on each labelled frame of a cine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ral.evaluation.cases import Case
from ral.evaluation.reliability import border_ratios
from ral.geometry import (
    Landmarks,
    area,
    boundary_distances_mm,
    contour_landmarks,
    dice,
    disks_of,
    largest_component,
    open_contour,
    outline,
)

if TYPE_CHECKING:
    from ral.predict import FramePrediction
    from ral.prepare import Preparation

Row = dict[str, Any]
METRICS = ("dice", "accuracy", "hd_mm", "hd95_mm", "mad_mm", "annulus_mm", "apex_mm")
HIGHER_IS_BETTER = {"dice", "accuracy"}
_NAN = float("nan")


def score_cine(found: Sequence[FramePrediction], preparation: Preparation, case: Case, source: str = "") -> list[Row]:
    """One row for each labelled frame of a cine.

    Args:
        found: a prediction for every frame of the case.
        source: name of the data set, which the rows carry.

    Returns:
        Rows with who and when (source, case, patient, view, t, instant, phase), `empty`, `confidence`, the metrics
        (dice, accuracy; hd_mm, hd95_mm, mad_mm, annulus_mm, apex_mm), area_mm2, length_mm and base_mm of the
        prediction and, as ..._reference, of the reference; at ED and ES also both `disks`. An empty prediction has
        Dice 0 and NaN wherever there is nothing to measure.

    Raises:
        ValueError: predictions and frames differ in number, or a labelled frame has no cavity.
    """
    if len(found) != len(case.frames):
        raise ValueError(f"{case.name} has {len(case.frames)} frames, but {len(found)} were predicted")
    rows = []
    for t in np.flatnonzero(case.labelled).tolist():
        truth = largest_component(case.masks[t])
        line = outline(truth)
        if line is None:
            raise ValueError(f"{case.name} frame {t} is labelled and has no cavity")
        reference = open_contour(line * case.spacing_mm) / case.spacing_mm
        who = {"source": source, "case": case.name, "patient": case.patient, "view": case.view, "t": t}
        when = {"instant": case.instants.get(t, ""), "phase": None if case.phase is None else float(case.phase[t])}
        sizes = _sizes(found[t].contour, case.spacing_mm)
        sizes |= {f"{key}_reference": value for key, value in _sizes(reference, case.spacing_mm).items()}
        rows.append(
            who
            | when
            | {"empty": found[t].empty, "confidence": float(found[t].confidence)}
            | score_masks(found[t].mask(preparation), case.masks[t], case.spacing_mm)
            | _landmark_errors(found[t].contour, reference, case, t)
            | sizes
            | ({"disks": _disks(found[t].contour, reference, case.spacing_mm)} if t in case.instants else {})
            | border_ratios(found[t], reference)
        )
    return rows


def score_masks(found: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float]) -> dict[str, float]:
    """Dice, accuracy (TP + TN) / N and boundary distances of two masks (H,W) bool on the native grid.

    Of the found mask the largest patch counts, with its holes filled. Distances are NaN where a mask is empty.
    """
    patch = largest_component(found)
    hd, hd95, mad = boundary_distances_mm(patch, reference, spacing_mm)
    return {
        "dice": dice(patch, reference), "accuracy": float((patch == reference).mean()),
        "hd_mm": hd, "hd95_mm": hd95, "mad_mm": mad,
    }  # fmt: skip


def landmarks_mm(contour: np.ndarray, spacing_mm: tuple[float, float]) -> Landmarks:
    """Annulus points and apex of a contour (N,2) px, in mm: on unequal pixels the farthest point is another one."""
    return contour_landmarks(contour * np.asarray(spacing_mm))


def _landmark_errors(contour: np.ndarray, reference: np.ndarray, case: Case, t: int) -> dict[str, float]:
    """Mean distance of the two annulus points, and distance of the apex, from the reference's; mm."""
    if np.isnan(contour[0, 0]):
        return {"annulus_mm": _NAN, "apex_mm": _NAN}
    mine, truth = landmarks_mm(contour, case.spacing_mm), landmarks_mm(reference, case.spacing_mm)
    hinges = case.annulus_px[t] * np.asarray(case.spacing_mm) if t in case.annulus_px else (truth.first, truth.second)
    ends = [np.hypot(*(a - b)) for a, b in zip((mine.first, mine.second), hinges, strict=True)]
    return {"annulus_mm": float(np.mean(ends)), "apex_mm": float(np.hypot(*(mine.apex - truth.apex)))}


def _sizes(contour: np.ndarray, spacing_mm: tuple[float, float]) -> dict[str, float]:
    measured = sizes_of(contour[None], spacing_mm)
    return {key: float(values[0]) for key, values in measured.items()}


def sizes_of(contours: np.ndarray, spacing_mm: tuple[float, float]) -> dict[str, np.ndarray]:
    """Area, long axis and annulus width of contours (T,N,2) px: {"area_mm2", "length_mm", "base_mm"}, (T,) each.

    NaN where a contour is empty.
    """
    sizes = {key: np.full(len(contours), _NAN) for key in ("area_mm2", "length_mm", "base_mm")}
    for t, contour in enumerate(contours * np.asarray(spacing_mm)):
        if np.isnan(contour[0, 0]):
            continue
        marks = contour_landmarks(contour)
        sizes["area_mm2"][t] = area(contour)
        sizes["length_mm"][t] = np.hypot(*(marks.apex - (marks.first + marks.second) / 2))
        sizes["base_mm"][t] = np.hypot(*(marks.second - marks.first))
    return sizes


def _disks(contour: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float]) -> dict[str, Any]:
    """{"found": None where empty, "reference": ...}, each {"widths_mm": 20 numbers, "length_mm": number}."""

    def plain(line: np.ndarray) -> dict[str, Any]:
        disks = disks_of(line, spacing_mm)
        return {"widths_mm": [round(float(w), 4) for w in disks.widths_mm], "length_mm": round(disks.length_mm, 4)}

    return {"found": None if np.isnan(contour[0, 0]) else plain(contour), "reference": plain(reference)}
