"""Writes a report and the JSON beside it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ral.report.page import page
from ral.report.provenance import provenance


def write(path_html: str | Path, result: dict[str, Any]) -> Path:
    """Write one HTML file that needs nothing else, and a JSON of the same name with all numbers.

    Args:
        path_html: where to; the JSON takes its place with ".json".
        result: {"title"; "sheets": of `ral.evaluate.evaluate`, models of one data set follow each other}, and, where
            there are any: "seed"; "data": {source: fingerprint}; "commands": {identity: what made it}; "comparisons":
            of `ral.report.compare`; "training": [{"name", "events": the dicts of a run's events.jsonl}]; "unlabelled":
            [{"cine", "model"} and what `ral.evaluation.sheet.steadiness` gives]. The revision of the code and the
            machine are added here.

    Returns:
        The path of the JSON; what is no number in it (the distance to an empty prediction) is null.
    """
    path = Path(path_html)
    report = _plain({"provenance": provenance()} | result)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, page(report))
    for sheet in report["sheets"]:
        for entry in sheet["worst"]:
            del entry["png"]
    beside = path.with_suffix(".json")
    replace_text(beside, json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return beside


def _plain(value: Any) -> Any:
    """A copy that JSON can hold: NaN and infinity become None."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def replace_text(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
