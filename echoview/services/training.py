"""Fine-tuning: a run folder frozen from the library, and the child process that trains on it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from echoview.domain.cine import Cine
from echoview.domain.contour import Origin
from echoview.domain.label import Label
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError, TrainingError, plain_traceback
from echoview.io import open_cine
from echoview.services.inference import preparation_of
from echoview.store.library import LabelledCine

log = logging.getLogger(__name__)

EVENTS = "events.jsonl"
WATCH = "ECHOVIEW_CHILD"  # set for a child of the window, which ends with it
ACCEPTED_WEIGHT = 0.3  # a prediction that was only nodded at teaches less than one that was moved
_BORDER_POINTS = 601
HOLD_OUT_FROM = 4  # patients from which on every fourth is held out
REACH = 12  # unlabelled frames kept on either side of a labelled one


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run folder and what it holds; `missing` sentences name the cines that could not be read.

    `disputed` frames are left out: two people said otherwise, and nobody has decided.
    """

    folder: Path
    cines: int
    frames: int
    held_out: int
    missing: tuple[str, ...]
    disputed: int = 0


def prepare_run(
    labelled: list[LabelledCine],
    weights: WeightsSet,
    runs: Path,
    device: str,
    threads: int,
    secret: bytes | None,
    steps: int | None = None,
) -> Iterator[Prepared | str]:
    """Freeze the corrections into a run folder; yields a sentence a cine, then the `Prepared`.

    Cines are known by number in it: no name, no path, no identity goes into a run. Patients are split, not frames.

    Raises:
        TrainingError: there is no corrected frame, or the folder cannot be written.
    """
    from ral.finetune import TuneConfig, write_clip

    usable = [one for one in labelled if any(c.edited for c in one.label.contours.values())]
    disputed = sum(one.disputed for one in labelled)
    if not usable and disputed:
        raise TrainingError("Every corrected frame is in conflict.", "Decide in REVIEW whose contour counts.")
    if not usable:
        raise TrainingError("There is nothing to learn from yet.", "Correct the contour of at least one frame first.")
    held_out = held_out_patients([one.patient_key or one.identity for one in usable])
    folder = _new_folder(runs)
    missing: list[str] = []
    counts = {True: 0, False: 0}
    for index, one in enumerate(usable):
        out = (one.patient_key or one.identity) in held_out
        try:
            cine = open_labelled(one, secret)
            label = one.label_on(cine)
            if not label.contours:
                raise TrainingError("its frames are not the pictures that were corrected.")
            clip = clip_of(cine, label)
        except EchoViewError as error:
            missing.append(f"Cine {index + 1} is left out: {error.message}")
            continue
        frames, masks, counted, sector, care = clip
        write_clip(folder / "clips" / f"cine-{index:05d}.npz", frames, masks, counted, sector, out, care)
        counts[out] += int((counted > 0).sum())
        yield f"Prepared cine {index + 1} of {len(usable)}"
    if not counts[False]:
        raise TrainingError("None of the corrected cines can be read.", " ".join(missing))
    steps = steps or int(np.clip(60 + 4 * counts[False], 60, 240))
    shutil.copytree(weights.folder, folder / "start")  # a run is whole in itself, and names no path
    config = TuneConfig(
        "start",
        f"{base_name(weights.name)}-tuned",
        steps,
        seed=len(labelled),
        device=device,
        threads=threads,
    )
    (folder / "run.json").write_text(
        json.dumps({k: getattr(config, k) for k in config.__slots__}, indent=2), encoding="utf-8"
    )
    yield Prepared(folder, len(usable) - len(missing), counts[False], counts[True], tuple(missing), disputed)


def base_name(name: str) -> str:
    """The shipped name that a set was tuned from."""
    return re.sub(r"(-tuned)+$", "", name)


def held_out_patients(patients: list[str]) -> set[str]:
    """About a quarter, once there are four patients; by each one's own hash, so that rounds can be compared."""
    known = set(patients)
    if len(known) < HOLD_OUT_FROM:
        return set()
    first = min(known, key=_digest)
    return {patient for patient in known if _digest(patient)[0] < 64} | {first}


def _digest(patient: str) -> bytes:
    return hashlib.sha256(patient.encode()).digest()


def open_labelled(one: LabelledCine, secret: bytes | None) -> Cine:
    """The cine that a label belongs to, from where it was last seen.

    Raises:
        EchoViewError: it is gone, or another file lies there now.
    """
    cine = open_cine(one.path, patient_secret=secret)
    if one.identity not in (cine.info.identity, cine.info.content_hash) or (len(cine), *cine.size) != one.shape:
        raise TrainingError("another file lies where it was.", "Open the cine again from its new place.")
    return cine


def clip_of(cine: Cine, label: Label) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Prepared frames (T,S,S) uint8, masks (T,S,S) bool, weights (T,), sector (S,S) around the labelled frames, care.

    Only frames that a person stands behind count; a contour that was carried over from another frame teaches nothing.
    Within a frame that somebody corrected, care (T,S,S) uint8 says that the moved stretches of the border count most,
    and those that were left as the network drew them least.
    """
    from ral.datasets.care import PARTS, care_of, counts_along
    from ral.geometry import raster

    by_hand = {t: contour for t, contour in label.contours.items() if contour.human}
    wanted = sorted(by_hand)
    first, last = max(wanted[0] - REACH, 0), min(wanted[-1] + REACH, len(cine) - 1)
    preparation = preparation_of(cine)
    size = preparation.size
    frames = np.stack([preparation.picture(cine.frame(t)) for t in range(first, last + 1)])
    masks = np.zeros((len(frames), size, size), bool)
    weights = np.zeros(len(frames), np.float32)
    care = np.full((len(frames), size, size), PARTS, np.uint8)
    for t, contour in by_hand.items():
        native = contour.dense(_BORDER_POINTS)
        line = preparation.to_input(native)
        masks[t - first] = raster(line, (size, size))
        only_accepted = all(o is Origin.ACCEPTED for o in contour.origins)
        weights[t - first] = ACCEPTED_WEIGHT if only_accepted else 1.0
        if not only_accepted:
            counts = counts_along(native, contour.handles, [origin.value for origin in contour.origins])
            care[t - first] = care_of(line, counts, size)
    return frames, masks, weights, preparation.sector_input, care


def child_command(folder: Path) -> list[str]:
    """How this program starts itself to train: a frozen one is its own interpreter."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "echoview"]
    return [*program, "train", str(folder)]


def start_child(folder: Path) -> subprocess.Popen[bytes]:
    """Train in a process of its own: its crash, memory and interpreter lock stay out of the viewer.

    Raises:
        TrainingError: it cannot be started.
    """
    no_console = 0x08000000 if sys.platform == "win32" else 0
    try:
        with (folder / "child.log").open("wb") as output:
            return subprocess.Popen(
                child_command(folder),
                stdin=subprocess.PIPE,  # closed when this process ends, however it ends: see `_end_with_parent`
                stdout=output,
                stderr=subprocess.STDOUT,
                creationflags=no_console,
                env={**os.environ, WATCH: "1"},
            )
    except OSError as error:
        raise TrainingError(f"Fine-tuning cannot be started ({error.strerror}).", "Start it again.") from error


def run_child(folder: Path) -> int:
    """What the child does: train, and append each event to events.jsonl; returns the exit code."""
    from ral.finetune import finetune

    if os.environ.get(WATCH):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)  # the viewer comes first
    try:
        with (folder / EVENTS).open("a", encoding="utf-8") as log_file:
            try:
                for event in finetune(folder):
                    log_file.write(json.dumps(event) + "\n")
                    log_file.flush()
            except Exception as error:  # whatever it is, the window must hear of it
                known = isinstance(error, ValueError) and str(error)  # ours are; others may quote what they read
                reason = str(error).splitlines()[0] if known else type(error).__name__
                log_file.write(json.dumps({"event": "failed", "reason": reason}) + "\n")
                print(plain_traceback(error), file=sys.stderr)
                raise TrainingError(f"Fine-tuning failed: {reason}", "See child.log in the run folder.") from None
    except OSError as error:
        raise TrainingError(
            f"The run folder cannot be used ({error.strerror}).", "Name a run folder that can be written."
        ) from error
    return 0


def _end_with_parent() -> None:
    """Wait until the other end of standard input is gone: nobody would take the result any more.

    Not through `sys.stdin`: a process that ends while a thread reads from it aborts.
    """
    while os.read(0, 1):
        pass
    os._exit(3)


def read_events(folder: Path, position: int) -> tuple[list[dict[str, Any]], int]:
    """Events written since byte `position`, and the new position; a line still being written waits."""
    try:
        with (folder / EVENTS).open("rb") as file:
            file.seek(position)
            text = file.read()
    except FileNotFoundError:
        return [], position
    whole = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], position + len(whole)


def _new_folder(runs: Path) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for n in range(100):
        folder = runs / (stamp if n == 0 else f"{stamp}-{n}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise TrainingError(
                f"The run folder cannot be made ({error.strerror}).", "Free some disk space."
            ) from error
        return folder
    raise TrainingError("The run folder cannot be made.", "Try again in a second.")
