"""What the commands share: where data lies, which seeds are for what, how a run tells where it is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ral import recipes
from ral.report.provenance import revision
from ral.report.write import replace_text

TEST_SEEDS = 900_000  # phantom seeds from here on are never trained on and steer nothing
STEERING_SEEDS = TEST_SEEDS // 2  # those from here on steer runs without real data
_events: list[Path] = []  # where `progress` also writes


def data_folder(chosen: argparse.Namespace) -> Path | None:
    """The folder that holds `camus_a4c`: as named, by ECHOVIEW_DATA, or beside the checkout; else None."""
    return Path(chosen.data) if chosen.data else recipes.data_folder()


def camus_folder(chosen: argparse.Namespace) -> Path:
    """The CAMUS folder.

    Raises:
        ValueError: it is not there.
    """
    folder = data_folder(chosen)
    if folder is None or not (folder / "camus_a4c").is_dir():
        raise ValueError("CAMUS was not found; name the folder that holds camus_a4c with --data or ECHOVIEW_DATA.")
    return folder / "camus_a4c"


def use_threads(chosen: argparse.Namespace) -> None:
    if chosen.threads:
        import torch

        torch.set_num_threads(chosen.threads)


def same_as_before(note: Path, asked: dict[str, Any], what: str, there: bool) -> None:
    """Hold what is asked for against what the results in a folder were asked for with: they do not mix.

    Args:
        note: where that is kept, by `note_down`; there: whether the folder holds results.

    Raises:
        ValueError: the folder holds results of something else, or nobody knows of what.
    """
    if not there:
        return
    if not note.exists():
        raise ValueError(f"{note.parent.name!r} holds {what}, and not what they were made with; name another folder.")
    before = json.loads(note.read_text(encoding="utf-8"))
    other = next((name for name, value in asked.items() if before.get(name) != value), None)
    if other is not None:
        raise ValueError(f"{note.parent.name!r} holds {what} of another {other}; name another folder.")


def note_down(note: Path, asked: dict[str, Any]) -> None:
    """Just before the first result is written."""
    note.parent.mkdir(parents=True, exist_ok=True)
    replace_text(note, json.dumps(asked))


def tell(events: Iterable[dict[str, Any]], out: Path) -> None:
    """Write a run's events into `events.jsonl`, the code's revision first, and show how far it is."""
    path = out / "events.jsonl"
    cut_off = path.exists() and not path.read_bytes().endswith(b"\n")  # by a kill in the middle of a line
    with path.open("a", encoding="utf-8") as log:
        log.write("\n" * cut_off)
        for event in chain([{"event": "begin", "revision": revision()}], events):
            log.write(json.dumps(event) + "\n")
            log.flush()
            _show(event)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def revisions(out: Path) -> str:
    """The revisions of the code that a run was made with, each with the step from which on."""
    said: list[str] = []
    step, last = 0, ""
    for event in read_events(out):
        step = event.get("step", step)
        if event["event"] == "begin" and event["revision"] != last:
            last = event["revision"]
            said.append(last if not step else f"{last} (after step {step})")
    return ", ".join(said)


def read_events(out: Path) -> Iterator[dict[str, Any]]:
    """The events of a run; a line that was cut off is left out."""
    path = out / "events.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def write_events_to(path: str | None) -> None:
    """From now on `progress` also writes {"event": "progress", "done", "of", "words"} to a file; None ends it."""
    _events[:] = [Path(path)] if path else []


def progress(done: int, of: int, words: str) -> None:
    """A bar on a terminal, a line elsewhere."""
    for path in _events:
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"event": "progress", "done": done, "of": of, "words": words}) + "\n")
    if sys.stderr.isatty():
        filled = round(30 * done / max(of, 1))
        print(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{of} {words:<40}", end="", file=sys.stderr, flush=True)
    else:
        print(f"{done}/{of} {words}", flush=True)


def _show(event: dict[str, Any]) -> None:
    if event["event"] == "step":
        left = event["seconds"] / event["step"] * (event["steps"] - event["step"])
        progress(event["step"], event["steps"], f"loss {event['loss']:.3f}, about {left / 60:.0f} min left")
    elif event["event"] == "validated":
        progress(event["step"], event["steps"], f"Dice {event['dice']:.4f} at {event['size']} px")
