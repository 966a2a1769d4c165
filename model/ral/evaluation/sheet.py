"""One model on one data set: everything that is measured, as plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ral.config import INPUT_SIZE, VIEWS
from ral.datasets.assemble import prepare_cine
from ral.evaluation.cases import Case
from ral.evaluation.clinical import clinical
from ral.evaluation.curves import phase_curves
from ral.evaluation.frames import Row, score_cine
from ral.evaluation.reliability import BINS, confidence_reliability, coverage, pixel_counts, pixel_reliability
from ral.evaluation.steering import steer, steering_table
from ral.evaluation.summary import summaries, view_table
from ral.evaluation.temporal import LIMITS, flags_of_sizes, pooled_flags, temporal_flags
from ral.evaluation.worst import Worst
from ral.prepare import Preparation

if TYPE_CHECKING:
    from ral.predict import FramePrediction

_LEAST_FRAMES = 5  # a shorter cine has no steadiness


class Model(Protocol):
    """Anything that can be judged: `ral.predict.Predictor`, and baselines behind the same door."""

    @property
    def reads_hints(self) -> bool: ...

    def stream(
        self, frames: Iterable[np.ndarray], preparation: Preparation, hints: Mapping[int, np.ndarray] | None = None
    ) -> Iterator[FramePrediction]: ...


def evaluate(
    model: Model,
    cases: Iterable[Case],
    source: str,
    name: str,
    weights: str = "",
    worst: int = 6,
    size: int = INPUT_SIZE,
) -> dict[str, Any]:
    """One model on one data set.

    Args:
        source: the data set and split, as the report shall name them; name: of the model; weights: its identity.
        worst: how many of the worst frames to keep with their pictures.
        size: side of the network's input, px.

    Returns:
        A sheet, plain numbers: {"source", "simulated", "model", "weights", "rows": `score_cine`, "cines": one dict a
        case (case, patient, view, view_found, frames, spacing_mm, temporal found and reference), "summary", "curves",
        "temporal", "clinical", "views", "steering": `steering_table`, "reliability": {"confidence", "pixels",
        "coverage"}, "worst"}. A part that the data does not allow is {}.

    Raises:
        ValueError: no case at all, or simulated and real ones mixed.
    """
    rows: list[Row] = []
    cines: list[dict[str, Any]] = []
    steered: list[dict[str, float]] = []
    pixels, kept, kinds = np.zeros((BINS, 3)), Worst(worst), set()
    for case in cases:
        kinds.add(case.simulated)
        preparation = prepare_cine(case.frames, case.spacing_mm, size)
        found = list(model.stream(case.frames, preparation))
        new = score_cine(found, preparation, case, source)
        rows += new
        cines.append(_cine(found, case, new))
        if model.reads_hints and len(found) >= _LEAST_FRAMES and case.labelled.all():
            steered += steer(model, found, preparation, case)
        for row in new:
            pixels += pixel_counts(found[row["t"]].logits, case.masks[row["t"]], preparation)
            kept.offer(row, case, found[row["t"]].contour, preparation)
    if len(kinds) != 1:
        raise ValueError("There is nothing to judge." if not kinds else "Simulated and real cines need sheets apart.")
    return _of_rows(rows, cines, pixel_reliability(pixels)) | {
        "source": source, "simulated": kinds.pop(), "model": name, "weights": weights,
        "steering": steering_table(steered), "worst": kept.entries(),
    }  # fmt: skip


def pooled(sheets: Sequence[dict[str, Any]], source: str) -> dict[str, Any]:
    """One sheet of what several models of one recipe said, each of its own patients: the folds of a cross-validation.

    What is not kept by frames or cines (pixels, steering) is left out.
    """
    rows, cines = ([part for sheet in sheets for part in sheet[key]] for key in ("rows", "cines"))
    worst = sorted((entry for sheet in sheets for entry in sheet["worst"]), key=lambda entry: entry["dice"])
    return _of_rows(rows, cines, {}) | {
        "source": source, "simulated": sheets[0]["simulated"], "model": sheets[0]["model"], "weights": "",
        "steering": {}, "worst": worst[: max(len(sheet["worst"]) for sheet in sheets)],
    }  # fmt: skip


def _of_rows(rows: list[Row], cines: list[dict[str, Any]], pixels: dict[str, Any]) -> dict[str, Any]:
    """The parts of a sheet that its frames and cines tell."""
    return {
        "rows": rows, "cines": cines, "summary": summaries(rows), "curves": phase_curves(rows),
        "temporal": _steadiness(cines), "clinical": clinical(rows), "views": view_table(cines),
        "reliability": {"confidence": confidence_reliability(rows), "pixels": pixels, "coverage": coverage(rows)},
    }  # fmt: skip


def steadiness(model: Model, frames: np.ndarray, spacing_mm: tuple[float, float] | None = None) -> dict[str, Any]:
    """What can be said of a cine without any label, frames (T,H,W) uint8.

    Returns:
        {"frames", "temporal": `temporal_flags`, "view": the one that is named, or None, "view_share": its share}.
    """
    found = list(model.stream(frames, prepare_cine(frames, spacing_mm)))
    flags = temporal_flags(np.stack([f.contour for f in found]), spacing_mm or (1.0, 1.0))
    return {"frames": len(found), "temporal": flags} | named(found[-1].view_probabilities)


def named(views: np.ndarray) -> dict[str, Any]:
    """The view that the shares (3,) name; equal ones are those of a network that names none."""
    known = float(np.ptp(views)) > 0
    return {
        "view": VIEWS[int(views.argmax())] if known else None,
        "view_share": round(float(views.max()), 4) if known else None,
    }


def _cine(found: Sequence[FramePrediction], case: Case, rows: Sequence[Row]) -> dict[str, Any]:
    temporal: dict[str, Any] = {}
    if len(found) >= _LEAST_FRAMES:
        temporal["found"] = temporal_flags(np.stack([f.contour for f in found]), case.spacing_mm)
        if case.labelled.all():
            temporal["reference"] = flags_of_sizes({k: np.array([r[f"{k}_reference"] for r in rows]) for k in LIMITS})
    return {
        "case": case.name, "patient": case.patient, "view": case.view, "frames": len(found),
        "spacing_mm": [round(float(mm), 4) for mm in case.spacing_mm],
        "view_found": named(found[-1].view_probabilities)["view"], "temporal": temporal,
    }  # fmt: skip


def _steadiness(cines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    parts = {who: [c["temporal"][who] for c in cines if who in c["temporal"]] for who in ("found", "reference")}
    return {who: pooled_flags(flags) for who, flags in parts.items() if flags}
