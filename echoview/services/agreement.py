"""How well the readings in a library agree: pairs of readings of one cine, and a table of them. No Qt here."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from echoview.domain.calibration import Calibration
from echoview.domain.label import Label
from echoview.domain.review import Reading, ReadKind
from echoview.errors import EchoViewError, LibraryError
from echoview.io.export_item import whole
from echoview.measure.agreement import Kind, Pair, frames_agreement
from echoview.services.exporting import reopened
from echoview.services.studies import Standing
from echoview.store import Library
from echoview.store.transfer import Entry, History, histories, label_after

COLUMNS = (
    "cine", "comparison", "first_reader", "second_reader", "frames", "dice", "hausdorff_mm", "mean_distance_mm",
    "ef_first_percent", "ef_second_percent", "ef_difference",
)  # fmt: skip
_DENSE = 201
_ADJUDICATED = "adjudicate"  # how the revisions begin with which a lead has chosen, see `deciding`


def pairs(library: Library, secret: bytes, stopped: Callable[[], bool] = lambda: False) -> Iterator[tuple[Pair, str]]:
    """Each pair of readings of a library, and the path of its cine, which must not leave.

    Second and repeated readings that were submitted are compared with the first as it was before anyone chose between
    them; what was traced blind is compared with what its reader made of it with the prediction in sight.

    Raises:
        LibraryError: the library cannot be read. A cine whose labels are damaged is left out.
    """
    for number, history in enumerate(histories(library), 1):
        if stopped():
            return
        try:
            found = list(_of(history))
        except LibraryError:
            continue
        if found:
            calibration = _calibration(history, secret)
            for kind, first, second, one, two in found:
                yield _pair(number, kind, (first, second), (one, two), history, calibration), history.path


def write_table(out: Path, compared: Sequence[Pair]) -> None:
    """As CSV, a row a pair; no patient, no path, no date in it.

    Raises:
        EchoViewError: it cannot be written; nothing is left behind.
    """
    with whole(out) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in compared:
            means = [frame.mean_mm for frame in one.frames if frame.mean_mm is not None]
            mean = sum(means) / len(means) if means else None
            numbers = (one.dice, one.hausdorff_mm, mean, one.ef_first, one.ef_second, one.ef_difference)
            said = ("" if value is None else round(value, 3) for value in numbers)
            writer.writerow([f"cine-{one.number:05d}", one.kind.value, one.first, one.second, len(one.frames), *said])


def _of(history: History) -> Iterator[tuple[Kind, str, str, Label, Label]]:
    """(kind, who, who, label, label) of each pair of a cine."""
    first = _before_choice(history.entries)
    for reading in map(Reading.of, dict.fromkeys(entry.reading for entry in history.others)):
        own = tuple(entry for entry in history.others if entry.reading == reading.key)
        yield from _blind_and_after(own)
        if reading in history.trail.submitted(reading.kind):
            kind = Kind.REPEAT if reading.kind is ReadKind.REPEAT else Kind.SECOND
            yield kind, _readers(first), reading.reader, label_after(first), label_after(own)
    yield from _blind_and_after(first)


def _blind_and_after(entries: tuple[Entry, ...]) -> Iterator[tuple[Kind, str, str, Label, Label]]:
    """What was traced blind, and what the same readers made of it when they saw the prediction."""
    blind = [at for at, entry in enumerate(entries) if entry.blind]
    if blind and any(entry.blind is False for entry in entries[blind[-1] + 1 :]):
        before = entries[: blind[-1] + 1]
        yield Kind.BLIND, _readers(before), _readers(entries), label_after(before), label_after(entries)


def _pair(
    number: int, kind: Kind, who: tuple[str, str], labels: tuple[Label, Label], history: History,
    calibration: Calibration | None,
) -> Pair:  # fmt: skip
    frames, height, width = history.shape
    spacing = labels[0].calibration or calibration
    one, two = ({t: contour.dense(_DENSE) for t, contour in label.contours.items()} for label in labels)
    ef_one, ef_two = (Standing(label, frames).ef_percent(spacing) for label in labels)
    return Pair(number, kind, *who, tuple(frames_agreement(one, two, (height, width), spacing)), ef_one, ef_two)


def _before_choice(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    chosen = next((at for at, entry in enumerate(entries) if entry.tool.startswith(_ADJUDICATED)), len(entries))
    return entries[:chosen]


def _readers(entries: tuple[Entry, ...]) -> str:
    return " and ".join(dict.fromkeys(entry.annotator for entry in entries if entry.annotator))


def _calibration(history: History, secret: bytes) -> Calibration | None:
    """The file's own, where it still lies where it was."""
    try:
        return reopened(history, secret).calibration
    except EchoViewError:
        return None
