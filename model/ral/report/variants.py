"""The page of `ral ablate`: what each flag, ablation and baseline changes against the plain network."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from ral.config import ABLATIONS, BASELINES
from ral.report import plots
from ral.report.page import SIMULATED, figure, frame, machine, pairs
from ral.report.provenance import provenance
from ral.report.tables import table
from ral.report.words import NOTHING, number, percent, said

Result = dict[str, Any]  # of one variant and one seed, see `ral.commands.ablate`

_NAMES = {
    "plain": "ral-lite, nothing changed",
    "no_classification": "without the view branch",
    "no_convblock": "two plain convolutions for each dense block",
    "no_temporal": "every frame alone",
    "no_spatial": "ConvLSTMs that do not feed each other",
    "no_dilation": "no dilation",
    "literal_inputs": "inputs of the gates as the paper prints them",
    "no_ema": "without the mean of the weights over the steps",
    "bidirectional": "read forward and backward",
    "deep_supervision": "a loss at every level",
    "pyramid_pooling": "pyramid pooling",
    "mask_hint": "a corrected mask as a hint",
    "frame_by_frame+deep_supervision+pyramid_pooling": "every frame alone, a loss at every level, pyramid pooling",
    "unet1": "U-Net 1",
    "unet2": "U-Net 2",
    "unetpp": "U-Net++",
    "acnn": "ACNN",
}
_SPREAD = "Means over the seeds; in brackets how far the seeds lie apart."
_PATIENTS = {"dice_ed": "Dice ED", "dice_es": "Dice ES", "hd_mm": "HD (mm)"}
_HEARTS = {"phantom_dice": "Dice", "view_right": "Views right", "flagged": "Frames that jump"}


def variants_page(found: Sequence[Result], about: str) -> str:
    """The whole HTML.

    Args:
        found: one for each variant and seed; those of "plain" among them, which the others are held against.
        about: the protocol, in a sentence.
    """
    made = provenance()
    revisions = sorted({r["revision"] for r in found if r.get("revision")})
    simulators = sorted({r["simulator"] for r in found if r.get("simulator")})
    facts = [
        *machine(made),
        ("Trained by code", ", ".join(revisions) or NOTHING),
        ("Simulator", ", ".join(simulators) or NOTHING),
    ]
    parts = [
        ("patients", "Patients", f"<p>{said(about)}</p>" + _patients(found) + _changes(found, _PATIENTS)),
        ("simulated", "Simulated hearts", SIMULATED + _hearts(found) + _changes(found, _HEARTS)),
        ("made", "How this was made", pairs(facts)),
    ]
    return frame("What each part of the network changes", made, parts)


def _patients(found: Sequence[Result]) -> str:
    head = ["Variant", "Seeds", "Steps", "GMAC a frame", *_PATIENTS.values()]
    body = _rows(
        found,
        lambda rows: [
            str(len(rows)), number(_mean(rows, "steps"), 0), number(_mean(rows, "gmac"), 2),
            _cell(rows, "dice_ed", _three), _cell(rows, "dice_es", _three), _cell(rows, "hd_mm", _three),
        ],
    )  # fmt: skip
    return table(head, body, _SPREAD)


def _hearts(found: Sequence[Result]) -> str:
    head = ["Variant", "Seeds", *_HEARTS.values(), "Gained from a hint"]
    body = _rows(
        found,
        lambda rows: [
            str(len(rows)), _cell(rows, "phantom_dice", _three), _cell(rows, "view_right", percent),
            _cell(rows, "flagged", percent), _cell(rows, "hint_gain", _three),
        ],
    )  # fmt: skip
    return table(
        head, body, f"{_SPREAD} The last column: Dice that the neighbours of one corrected frame gain from it."
    )


def _rows(found: Sequence[Result], cells: Callable[[list[Result]], list[str]]) -> list[list[str]]:
    """A heading for each group and a row for each variant that was trained."""
    body: list[list[str]] = []
    for title, names in _groups(found).items():
        body += [[title], *([_name(name), *cells(_of(found, name))] for name in names)]
    return body


def _groups(found: Sequence[Result]) -> dict[str, list[str]]:
    """Title to the variants that there are, in the order of `_NAMES`."""
    groups: dict[str, list[str]] = {}
    there = {r["name"] for r in found}
    for name in [*(n for n in _NAMES if n in there), *sorted(there - set(_NAMES))]:
        groups.setdefault(_group(name), []).append(name)
    return groups


def _group(name: str) -> str:
    if name == "plain":
        return "The network"
    if name in ABLATIONS:
        return "The paper's parts"
    return "Other networks" if name in BASELINES else "Beyond the paper"


def _changes(found: Sequence[Result], keys: dict[str, str]) -> str:
    names = [name for group in _groups(found).values() for name in group if name != "plain"]
    plain = {r["seed"]: r for r in _of(found, "plain")}
    rows = [(_NAMES.get(name, name), [(r, plain[r["seed"]]) for r in _of(found, name) if r["seed"] in plain])
            for name in names]  # fmt: skip
    drawn = plots.changes(rows, keys)
    return figure(drawn, "Each dot a seed: how far the variant lies from the plain network of the same seed.")


def _of(found: Sequence[Result], name: str) -> list[Result]:
    return [r for r in found if r["name"] == name]


def _name(name: str) -> str:
    words = said(_NAMES.get(name, name))
    is_flag = name not in ("plain", *BASELINES) and "+" not in name
    return f'{words} <span class="sd">{said(name)}</span>' if is_flag else words


def _mean(rows: Sequence[Result], key: str) -> float | None:
    known = [r[key] for r in rows if r[key] is not None]
    return statistics.fmean(known) if known else None


def _cell(rows: Sequence[Result], key: str, say: Callable[[float | None], str]) -> str:
    known = [r[key] for r in rows if r[key] is not None]
    apart = f' <span class="sd">({say(max(known) - min(known))})</span>' if len(known) > 1 else ""
    return say(_mean(rows, key)) + apart


def _three(value: float | None) -> str:
    return number(value, 3)
