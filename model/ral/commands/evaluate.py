"""`ral evaluate`, `compare` and `calibrate`: sheets of sets of weights, side by side on one page."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ral.checkpoint import read_card, write_card
from ral.commands.common import (
    STEERING_SEEDS,
    TEST_SEEDS,
    camus_folder,
    progress,
    read_events,
    use_threads,
)
from ral.config import VIEWS
from ral.report.provenance import code_version
from ral.report.write import replace_text

if TYPE_CHECKING:
    from ral.evaluation.cases import Case
    from ral.predict import Predictor

PHANTOM_FRAMES = 30
Source = tuple[str, Callable[[], Iterator["Case"]], int, str]  # its name, cases, how many there are, fingerprint


def evaluate(chosen: argparse.Namespace) -> int:
    """Judge sets of weights; writes a report, and with --card their figures into their cards."""
    use_threads(chosen)
    unlabelled = _unlabelled(chosen)
    sheets, _ = _judged(chosen)
    if chosen.card:
        for folder in chosen.weights:
            _note_in_card(Path(folder), sheets)
    _write(chosen, sheets, [], unlabelled)
    return 0


def compare(chosen: argparse.Namespace) -> int:
    """Judge two sets of weights on the same data, frame by frame against each other."""
    from ral.report import compare as pair

    use_threads(chosen)
    chosen.weights = [chosen.before, chosen.after]
    unlabelled = _unlabelled(chosen)
    sheets, sources = _judged(chosen)
    pairs = []
    for source in sources:
        before, after = (s for s in sheets if s["source"] == source)
        pairs.append(pair(before, after, chosen.seed))
        change = pairs[-1]["metrics"]["dice"]
        print(
            f"{source}: Dice {change['difference']:+.4f} ({change['low']:+.4f} to {change['high']:+.4f}), "
            f"better on {change['wins']} frames, worse on {change['losses']}, p {change['p']}"
        )
    _write(chosen, sheets, pairs, unlabelled)
    return 0


def calibrate(chosen: argparse.Namespace) -> int:
    """Fit confidence and spread on data that steers, and write that into the card.

    The confidence is fitted on the same pictures in looks that no scanner has besides: there the network fails, too.
    """
    from ral.evaluate import camus_stills, in_wild_looks, phantom_cases
    from ral.evaluate import evaluate as judge
    from ral.evaluation.reliability import fit_calibration
    from ral.predict import Predictor

    use_threads(chosen)
    model = Predictor(chosen.weights, chosen.device, calibrated=False)
    if model.card.research_only:
        from ral.datasets import read_split

        camus = camus_folder(chosen)
        cases = list(camus_stills(camus, read_split(camus / "split_inner.txt")))
    else:
        cases = list(phantom_cases(range(STEERING_SEEDS, STEERING_SEEDS + chosen.phantoms), 8))
    plain, wild = (
        judge(model, told, "steering", model.card.name, worst=0)["rows"]
        for told in (
            _counted(iter(cases), len(cases), "as they are"),
            _counted(in_wild_looks(cases, chosen.seed), len(cases), "in wild looks"),
        )
    )
    fit = fit_calibration(plain, wild)
    write_card(chosen.weights, replace(model.card, calibration=fit))
    print(json.dumps(fit))
    return 0


def _judged(chosen: argparse.Namespace) -> tuple[list[dict[str, Any]], list[str]]:
    """A sheet for each data set and set of weights; those made before of the same by the same lie beside the report.

    Raises:
        ValueError: there is nothing to judge on.
    """
    from ral.evaluate import evaluate as judge
    from ral.predict import Predictor

    sources = list(_sources(chosen))
    if not sources and not chosen.cines:
        raise ValueError("There is nothing to judge on: name a split, a number of simulated cines, or cines.")
    models = [Predictor(folder, chosen.device, calibrated=not chosen.uncalibrated) for folder in chosen.weights]
    kept = Path(chosen.out).with_suffix(".sheets") if chosen.out else None
    sheets = []
    for source, cases, count, mark in sources:
        for model in models:
            path = kept / _sheet_name(model, source, mark) if kept else None
            if path is not None and path.exists():
                sheets.append(json.loads(path.read_text(encoding="utf-8")))
            else:
                told = _counted(cases(), count, f"{model.card.name} on {source}")
                sheets.append(judge(model, told, source, model.card.name, model.card.identity))
                _keep(path, sheets[-1])
            _say(model, sheets[-1])
    return sheets, [source for source, *_ in sources]


def _sheet_name(model: Predictor, source: str, mark: str) -> str:
    """Another name for other weights, another calibration, other data or other code."""
    name = f"{model.card.name}-{model.card.identity}-{source}".replace(" ", "_").replace("/", "_")
    of = json.dumps([model.calibration, mark, code_version()], sort_keys=True)
    return f"{name}-{hashlib.sha256(of.encode()).hexdigest()[:12]}.json"


def _counted(cases: Iterator[Case], count: int, words: str) -> Iterator[Case]:
    for n, case in enumerate(cases):
        progress(n, count, words)
        yield case
    progress(count, count, words)


def _keep(path: Path | None, sheet: dict[str, Any]) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(sheet))


def _sources(chosen: argparse.Namespace) -> Iterator[Source]:
    """What there is to judge on, real data first."""
    from ral.datasets import fingerprint, read_split
    from ral.datasets.camus import camus_files
    from ral.datasets.sources import simulator_version
    from ral.evaluate import camus_stills, phantom_cases
    from ral.phantom import HELD_OUT_LOOKS

    if chosen.split != "none":
        camus = camus_folder(chosen)
        yield from _camus_sources(camus, chosen.split, read_split(camus / f"split_{chosen.split}.txt"))
        both = camus.parent / "camus_mhd"
        if both.is_dir():
            patients = sorted(p.name for p in both.iterdir() if p.is_dir())
            mark = fingerprint(both, camus_files(both, patients, "2CH"))
            known = set(read_split(camus / "split_train.txt")) & set(patients)
            name = f"CAMUS A2C as published; of {len(known)} of the {len(patients)} the A4C is in the train split"
            yield name, lambda: camus_stills(both, patients, "2CH"), 2 * len(patients), mark
    if chosen.phantoms:
        seeds = range(TEST_SEEDS, TEST_SEEDS + chosen.phantoms)
        mark = f"seeds {seeds.start} to {seeds.stop - 1} of simulator {simulator_version()}, {PHANTOM_FRAMES} frames"
        yield "simulated hearts, test seeds", lambda: phantom_cases(seeds, PHANTOM_FRAMES), len(seeds), mark
        for look in HELD_OUT_LOOKS:
            name = f"simulated hearts, look {look!r} never trained on"
            yield name, lambda look=look: phantom_cases(seeds, PHANTOM_FRAMES, look), len(seeds), mark


def _camus_sources(camus: Path, name: str, split: list[str]) -> Iterator[Source]:
    """The stills of a split, of both views where all patients have both, which gives biplane volumes; then the cines
    of those who have any, from the first frame to the last."""
    from ral.datasets import fingerprint
    from ral.datasets.camus import CAMUS_VIEWS, camus_files, has_sequence, has_stills
    from ral.evaluate import camus_sequences, camus_stills

    views = [view for view in CAMUS_VIEWS if view == "4CH" or all(has_stills(camus, p, view) for p in split)]
    views.sort(reverse=True)  # A4C is what there always is

    def stills() -> Iterator[Case]:
        return chain.from_iterable(camus_stills(camus, [patient], view) for patient in split for view in views)

    mark = fingerprint(camus, chain.from_iterable(camus_files(camus, split, view) for view in views))
    named = " and ".join(CAMUS_VIEWS[view] for view in views)
    yield f"CAMUS {named}, {name} split", stills, 2 * len(views) * len(split), mark
    for view in views:
        cines = [patient for patient in split if has_sequence(camus, patient, view)]
        if cines:
            mark = fingerprint(camus, camus_files(camus, cines, view, sequences=True))
            source = f"CAMUS {CAMUS_VIEWS[view]}, {name} split, whole sequences"
            yield source, lambda view=view, cines=cines: camus_sequences(camus, cines, view), len(cines), mark


def _say(model: Predictor, sheet: dict[str, Any]) -> None:
    from ral.evaluate import card_figures

    print(f"{model.card.name} on {sheet['source']}: {json.dumps(card_figures(sheet))}")


def _note_in_card(folder: Path, sheets: list[dict[str, Any]]) -> None:
    """What was judged now; what the card says of other data stands, for training writes a card without figures."""
    from ral.evaluate import card_figures

    card = read_card(folder)
    metrics = {s["source"]: card_figures(s) for s in sheets if s["weights"] == card.identity}
    write_card(folder, replace(card, metrics=card.metrics | metrics))


def _write(
    chosen: argparse.Namespace,
    sheets: list[dict[str, Any]],
    comparisons: list[dict[str, Any]],
    unlabelled: tuple[list[dict[str, Any]], dict[str, str]],
) -> None:
    if not chosen.out:
        return
    from ral.report import write

    cards = [read_card(folder) for folder in chosen.weights]
    training = [{"name": Path(run).name, "events": list(read_events(Path(run)))} for run in chosen.runs]
    write(
        chosen.out,
        {
            "title": ", ".join(dict.fromkeys(card.name for card in cards)), "sheets": sheets, "seed": chosen.seed,
            "commands": {card.identity: card.command for card in cards if card.command},
            "data": {source: mark for source, _, _, mark in _sources(chosen)} | unlabelled[1],
            "training": [run for run in training if run["events"]], "unlabelled": unlabelled[0],
            "comparisons": comparisons,
        },
    )  # fmt: skip
    print(f"wrote {Path(chosen.out).name}")


def _with_view(words: str) -> tuple[Path, str | None]:
    """FILE or FILE=VIEW."""
    file, equals, view = words.rpartition("=")
    return (Path(file), view) if equals and view in VIEWS else (Path(words), None)


def _unlabelled(chosen: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What every set of weights says of the cines without labels, and those cines' fingerprints.

    They are numbered as they were named: a file's name may be a patient's. Where a view stands behind it (FILE=A3C), it
    is the one that should be named.
    """
    from ral.datasets import fingerprint
    from ral.datasets.echonet import read_video
    from ral.evaluate import steadiness
    from ral.predict import Predictor

    found, marks = [], {}
    models = [Predictor(folder, chosen.device) for folder in chosen.weights] if chosen.cines else []
    for n, (path, view_true) in enumerate(map(_with_view, chosen.cines), 1):
        frames, name = read_video(path), f"cine {n}"
        marks[name] = fingerprint(path.parent, [path.name])
        for model in models:
            found.append({"cine": name, "model": f"{model.card.name} {model.card.identity[:6]}", "true": view_true})
            found[-1] |= steadiness(model, frames)
            temporal, view = found[-1]["temporal"], found[-1]["view"]
            jumping = f"{sum(temporal['flagged'])} of {temporal['judged']} frames jump"
            print(f"{found[-1]['model']} on {name}: {jumping}, view {view}")
    return found, marks
