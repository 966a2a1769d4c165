"""A table of what was measured, a row a cine; units stand in the names of the columns.

`view_from` says who named the view: the label, the file or the network. `conflicts` is how much of the label two
people have said otherwise and nobody has decided: the row is of what is in force.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from echoview.io.export_item import Outgoing, whole

COLUMNS = (
    "cine", "patient", "view", "view_from", "frames", "labelled_frames", "predicted_frames", "ed_frame", "es_frame",
    "edv_ml", "esv_ml", "sv_ml", "ef_percent", "length_ed_mm", "length_es_mm", "area_ed_mm2", "area_es_mm2", "x_mm",
    "y_mm", "method", "weights", "terms", "conflicts",
)  # fmt: skip


def write_measures(path: Path, items: Iterable[Outgoing]) -> int:
    """How many rows; frames count from 1, what is not known is empty.

    Raises:
        EchoViewError: it cannot be written.
    """
    count = 0
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list[str](COLUMNS))
        writer.writeheader()
        for item in items:
            writer.writerow(_row(item))
            count += 1
    return count


def _row(item: Outgoing) -> dict[str, object]:
    spacing = item.calibration
    row = {
        "cine": item.name, "patient": item.patient, "view": item.view.value if item.view else "",
        "view_from": item.view_from.value if item.view_from else "",
        "frames": item.shape[0], "labelled_frames": len(set(item.contours) - item.predicted),
        "predicted_frames": len(item.predicted), "ed_frame": _from_one(item.ed), "es_frame": _from_one(item.es),
        "x_mm": spacing.x_mm if spacing else None, "y_mm": spacing.y_mm if spacing else None,
        "method": "single plane, 20 disks", "weights": " ".join(item.weights), "terms": "research use only",
        "conflicts": len(item.disputed),
        **{key: value for key, value in item.numbers.items() if key in COLUMNS},
    }  # fmt: skip
    return {key: "" if value is None else value for key, value in row.items()}


def _from_one(t: int | None) -> int | None:
    return None if t is None else t + 1
