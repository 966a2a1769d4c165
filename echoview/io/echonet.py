"""What the layout of an EchoNet data set says of a cine: `FileList.csv` beside a folder `Videos`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from echoview.domain.view import View
from echoview.io.views import view_from_text


class Place(NamedTuple):
    """What is known of a cine from where it lies."""

    view: View | None = None
    patient: str = ""


def echonet_place(path: Path) -> Place:
    """View and patient of a video in an EchoNet folder; nothing for any other file."""
    path = path.absolute()
    listed = path.parent.parent / "FileList.csv"
    if path.parent.name != "Videos":
        return Place()
    try:
        with listed.open(newline="", encoding="utf-8", errors="replace") as file:
            columns = set(next(csv.reader([file.readline(4096)]), []))
    except (OSError, csv.Error):
        return Place()
    if {"FileName", "EF", "ESV", "EDV"} <= columns:  # EchoNet-Dynamic: one A4C cine of each patient
        return Place(View.A4C, path.stem)
    if {"FileName", "EF"} <= columns:  # EchoNet-Pediatric: a folder for each view, several cines of a patient
        return Place(view_from_text(listed.parent.name))
    return Place()
