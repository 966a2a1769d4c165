"""Labels out of the library: what `echoview export` does. No Qt here."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from echoview import __version__
from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import Act, conflicts_over
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError
from echoview.io import open_cine
from echoview.io.deidentify import deidentified
from echoview.io.export_bundle import write_bundle
from echoview.io.export_camus import write_camus
from echoview.io.export_coco import write_coco
from echoview.io.export_dicom import write_dicom
from echoview.io.export_echonet import write_echonet
from echoview.io.export_item import Outgoing, ViewFrom, keyed, whole_folder
from echoview.io.export_masks import write_masks
from echoview.io.export_measures import write_measures
from echoview.io.export_overlay import write_overlay
from echoview.measure import SURE, Measurements, before_corrections, confidence_shown, contours_shown, measure
from echoview.measure.measurements import mostly_unsure
from echoview.services.blanking import blanked
from echoview.services.inference import Inference
from echoview.store import Library
from echoview.store.transfer import Entry, History, as_change, histories
from echoview.store.twins import belongs

FOLDERS = {
    "camus": write_camus,
    "echonet": write_echonet,
    "coco": write_coco,
    "masks": write_masks,
    "dicom": write_dicom,
}
FORMATS = ("bundle", *FOLDERS, "measures", "overlay")
NEED_FRAMES = ("camus", "echonet", "coco", "dicom", "overlay")


class Opened(Enum):
    """Whether an export opens the cines themselves."""

    NOT = 0  # labels alone
    MAY = 1  # for their pixel size and times, where they are there
    MUST = 2  # for their frames


Predict = Callable[[Cine], Prediction | None]
Say = Callable[[str], None]


def export_to(
    out: Path,
    kind: str,
    library: Library,
    *,
    secret: bytes,
    frames: bool = False,
    only: Collection[str] | None = None,
    predict: Predict | None = None,
    say: Say = lambda sentence: None,
    at: Callable[[int], None] = lambda number: None,
    unsettled: Callable[[str, int], None] = lambda name, conflicts: None,
    unread: Callable[[str, int], None] = lambda name, frames: None,
) -> int:
    """Export the labels of a library; how many cines went out.

    Args:
        out: a file for "bundle" and "measures", else a folder.
        kind: one of FORMATS.
        secret: the desk's own, under which UIDs are hashed where the library has none.
        frames: put de-identified frames into a bundle; the formats of NEED_FRAMES always hold theirs, the others never.
        only: identities of cines, or None for all with labels.
        predict: gives the contours of frames that nobody labelled; they are marked as the network's.
        say: is told which cine is left out, and why.
        at: is told the number of each cine before and after it goes out; what it raises ends the export.
        unsettled: is told which cine goes out with how many conflicts; what is in force goes out.
        unread: is told which cine goes out with how many frames black, because they cannot be read.

    Raises:
        EchoViewError: there is nothing to export, or it cannot be written.
    """
    salt, secret = secrets.token_bytes(32), library.secret_for(secret)
    reasons: list[str] = []

    def tell(sentence: str) -> None:
        reasons.append(sentence)
        say(sentence)

    items = outgoing(library, salt, secret, _opened(kind, frames), only, predict, tell, at)
    first = next(items, None)
    if first is None:
        raise _nothing(reasons)
    items = _telling(itertools.chain([first], items), unsettled, unread)
    if kind == "bundle":
        return write_bundle(out, salt, __version__, items)
    if kind == "measures":
        return write_measures(out, items)
    with whole_folder(out) as part:
        if kind == "overlay":
            return _overlays(part, items)
        count, left_out = FOLDERS[kind](part, salt, __version__, items)
        for name, lacking in left_out.items():
            tell(f"{name} is left out: it lacks {lacking}.")
        if not count:
            raise _nothing(reasons)
        return count


def _telling(
    items: Iterator[Outgoing], unsettled: Callable[[str, int], None], unread: Callable[[str, int], None]
) -> Iterator[Outgoing]:
    for item in items:
        if item.black:
            unread(item.name, len(item.black))
        if item.disputed:
            unsettled(item.name, len(item.disputed))
        yield item


def outgoing(
    library: Library, salt: bytes, secret: bytes, opened: Opened, only: Collection[str] | None = None,
    predict: Predict | None = None, say: Say = lambda sentence: None, at: Callable[[int], None] = lambda number: None,
) -> Iterator[Outgoing]:  # fmt: skip
    """The cines of a library on their way out, numbered; one whose file is gone is told of and left out."""
    patients: dict[str, str] = {}
    number = 0
    for history in histories(library, only):
        label = history.label()
        if label.empty and not history.others:
            continue
        number += 1
        at(number)
        name = f"cine-{number:05d}"
        patient = patients.setdefault(history.patient_key or history.identity, f"patient{len(patients) + 1:04d}")
        try:
            cine = _cine_of(history, secret, opened, predict is not None)
            yield _outgoing(name, patient, history, label, cine, salt, secret, opened is Opened.MUST, predict)
        except EchoViewError as error:
            # A refusal may name the file, and a file's name the patient.
            name_of_file = Path(history.path).name
            said = error.message.replace(name_of_file, "its file") if name_of_file else error.message
            say(f"{name} is left out: {said}")
        at(number)


def _outgoing(
    name: str, patient: str, history: History, label: Label, cine: Cine | None, salt: bytes, secret: bytes,
    frames: bool, predict: Predict | None,
) -> Outgoing:  # fmt: skip
    if cine is not None:
        cine.play_at(label.frame_rate)
    prediction = predict(cine) if predict is not None and cine is not None else None
    lines = contours_shown(history.shape[0], prediction, label)
    contours = {t: line for t, line in enumerate(lines) if not np.isnan(line[0, 0])}
    calibration = label.calibration or (cine.calibration_around(lines) if cine else None)
    measured = _measured(lines, calibration, prediction, label, cine is None or not cine.info.missing)
    view, view_from = _view(label, cine, prediction)
    said = None if view_from is ViewFrom.NETWORK else view  # a guess must not come back as what the file says
    frame = blanked(cine) if frames and cine is not None else None
    used = {entry.weights for entry in history.entries if entry.weights}
    return Outgoing(
        name, patient, keyed(history.identity, salt), keyed(history.content_hash, salt), history.shape, contours,
        frozenset(set(contours) - set(label.contours)), label.contours,
        partial(deidentified, Path(history.path), cine, secret, calibration, said) if cine is not None else None,
        view, view_from,
        measured.ed, measured.es, calibration,
        cine.times_s if cine is not None else None,
        tuple(sorted(used | ({f"{prediction.weights} {prediction.weights_identity}"} if prediction else set()))),
        numbers_of(measured), tuple(_json(entry) for entry in history.entries),
        frame, as_change(label, history.entries),
        tuple(_json(entry) for entry in history.others), tuple(_act_json(act) for act in history.trail.acts),
        tuple(conflicts_over(history.conflicts)), tuple(sorted(cine.unreadable)) if cine is not None and frame else (),
    )  # fmt: skip


def _opened(kind: str, frames: bool) -> Opened:
    if kind in NEED_FRAMES or (frames and kind == "bundle"):
        return Opened.MUST
    return Opened.MAY if kind == "measures" else Opened.NOT


def _cine_of(history: History, secret: bytes, opened: Opened, predicted: bool) -> Cine | None:
    """The cine, where the export wants it.

    Raises:
        EchoViewError: it is gone, and the export cannot do without.
    """
    if opened is Opened.MUST or (predicted and opened is Opened.NOT):
        return reopened(history, secret)
    if opened is Opened.MAY:
        with suppress(EchoViewError):
            return reopened(history, secret)
    return None


def _view(label: Label, cine: Cine | None, prediction: Prediction | None) -> tuple[View | None, ViewFrom | None]:
    """The view, and who says so: a person before the file before the network."""
    if label.view is not None:
        return label.view, ViewFrom.LABEL
    if cine is not None and cine.info.view_hint is not None:
        return cine.info.view_hint, ViewFrom.FILE
    seen = None if prediction is None else prediction.view
    return seen, None if seen is None else ViewFrom.NETWORK


def reopened(history: History, secret: bytes) -> Cine:
    """The cine that a history belongs to, from where it was last seen.

    Raises:
        EchoViewError: it is gone, or another file lies there now.
    """
    try:
        cine = open_cine(history.path, patient_secret=secret)
    except EchoViewError as error:
        raise EchoViewError("its file cannot be read.", "Open it once from its new place.") from error
    changes = (one.change for one in (*history.entries, *history.others))
    ours = belongs(cine, history.identity, history.content_hash, changes)
    if not ours or (len(cine), *cine.size) != history.shape:
        raise EchoViewError("another file lies where it was.", "Open it once from its new place.")
    return cine.known_as(replace(cine.info, identity=history.identity))


def numbers_of(measured: Measurements) -> dict[str, float | None]:
    """What a table holds of a cine, rounded; None where it is not known."""
    edv, esv = measured.edv_ml, measured.esv_ml
    found: dict[str, float | None] = {
        "edv_ml": edv, "esv_ml": esv, "sv_ml": None if edv is None or esv is None else edv - esv,
        "ef_percent": measured.ef_percent,
    }  # fmt: skip
    for name, t in (("ed", measured.ed), ("es", measured.es)):
        for what, values in (("length", measured.length_mm), ("area", measured.area_mm2)):
            unit = "mm" if what == "length" else "mm2"
            found[f"{what}_{name}_{unit}"] = None if t is None or values is None else float(values[t])
    return {key: None if v is None or not np.isfinite(v) else round(v, 2) for key, v in found.items()}


def predicted(inference: Inference, cine: Cine, weights: WeightsSet, device: str) -> Prediction:
    """All frames of a cine at once, for an export without a window.

    Raises:
        EchoViewError: the cine must not be predicted, or the weights cannot be loaded.
    """
    prediction = Prediction.none_yet(len(cine), weights.name, weights.identity, "")
    for found, _, fps, _ in inference.predict(cine, weights, device):
        prediction = prediction.with_frame(found.t, found.contour, found.confidence, found.view_probabilities, fps)
    return prediction


def _measured(
    lines: np.ndarray, calibration: Calibration | None, prediction: Prediction | None, label: Label, whole: bool
) -> Measurements:
    """ED and ES as said or found; where there are too few frames to find them, the largest and the smallest.

    The latter only of a `whole` file, none that was cut off, and of contours that are sure enough.
    """
    confidence = confidence_shown(len(lines), prediction, label)
    former = before_corrections(prediction, label, calibration)
    measured = measure(lines, calibration, confidence, label.ed, label.es, former, whole)
    known = np.flatnonzero(np.isfinite(measured.volumes) & (confidence >= SURE))
    if (measured.ed is not None and measured.es is not None) or len(known) < 2 or not whole:
        return measured
    if mostly_unsure(measured.volumes, confidence):
        return measured
    order = known[np.argsort(measured.volumes[known])]
    ed = int(order[-1]) if measured.ed is None else measured.ed
    es = int(order[0]) if measured.es is None else measured.es
    return measure(lines, calibration, confidence, ed, es)


def _nothing(reasons: Sequence[str]) -> EchoViewError:
    """With the first reason why a cine was left out, if any was."""
    hint = reasons[0] if reasons else "Label a cine first."
    return EchoViewError("There was nothing to export.", hint)


def _overlays(out: Path, items: Iterator[Outgoing]) -> int:
    count = 0
    for item in items:
        write_overlay(out / f"{item.name}.mp4", item)
        count += 1
    return count


def _act_json(act: Act) -> dict[str, Any]:
    """An act as plain JSON; what was written in a comment stays at home, for it may name a patient."""
    told = {key: getattr(act, key) for key in ("uid", "who", "t", "reading", "seal", "about")}
    issue = act.issue.value if act.issue else ""
    return {"made_at": act.made_at.isoformat(), "role": act.role.value, "kind": act.kind.value, "issue": issue, **told}


def _json(entry: Entry) -> dict[str, Any]:
    told = {one.name: getattr(entry, one.name) for one in fields(entry)}
    return {**told, "made_at": entry.made_at.isoformat()}
