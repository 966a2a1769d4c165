"""What a folder holds and how far its cines are: the study list without a widget and without Qt."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from echoview.domain.calibration import Calibration
from echoview.domain.label import Label
from echoview.domain.review import FIRST, Reader, Reading, ReadKind, Record, reading_due, status_after, waits
from echoview.domain.study import CineFile, Status, status_of
from echoview.domain.view import View
from echoview.errors import CineUnreadable, LibraryError
from echoview.io import find_cines
from echoview.measure import measure
from echoview.measure.measurements import contours_shown
from echoview.services.thumbnails import key_of
from echoview.store import Library, rejected, seal_of
from echoview.store.transfer import histories

BATCH_S = 0.1  # a list that grows ten times a second looks alive and costs little


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What the library holds of a cine; `due` is the reading that this person has to make of it,
    `waits` whether it waits for them at all."""

    label: Label
    frames: int
    record: Record = field(default_factory=Record)
    due: Reading = FIRST
    waits: bool = True

    @property
    def status(self) -> Status:
        """A cine that is read once more looks as if nobody had read it."""
        return Status.NEW if self.due.kind is ReadKind.REPEAT else self.judged

    @property
    def judged(self) -> Status:
        trail = self.record.trail
        seal = seal_of(self.label) if trail.acts else ""
        return status_after(status_of(self.label), self.record, seal, bool(rejected(self.label, trail)))

    @property
    def open_issues(self) -> int:
        """None that a blinded reader must not see."""
        return sum(one.closed is None for one in self.record.trail.comments()) if self.due == FIRST else 0

    @property
    def view(self) -> View | None:
        return self.label.view

    def ef_percent(self, calibration: Calibration | None) -> float | None:
        """EF between the ED and the ES that a person chose; None where one has no contour, or the reader is blinded."""
        label = self.label
        if self.due != FIRST or label.ed not in label.contours or label.es not in label.contours:
            return None
        chosen = Label({t: label.contours[t] for t in (label.ed, label.es) if t is not None})
        contours = contours_shown(self.frames, None, chosen)
        return measure(contours, label.calibration or calibration, None, label.ed, label.es).ef_percent


def cine_paths(folder: Path, _cancelled: Callable[[], bool]) -> Iterator[Path]:
    """The one place that says how a folder is walked."""
    yield from find_cines(folder)


def list_folder(folder: Path, cancelled: Callable[[], bool] = lambda: False) -> Iterator[list[CineFile]]:
    """The cines of a folder and the folders in it, in batches as they are found.

    Raises:
        CineUnreadable: the folder is gone or holds no cine.
    """
    batch: list[CineFile] = []
    found, due = 0, time.monotonic()  # the first cine is shown at once
    for path in cine_paths(folder, cancelled):
        if cancelled():
            return
        one = listed(path, folder)
        if one is None:
            continue
        batch.append(one)
        found += 1
        if time.monotonic() >= due:
            yield batch
            batch, due = [], time.monotonic() + BATCH_S
    if batch:
        yield batch
    if not found and not cancelled():
        raise CineUnreadable(
            "This folder holds no cine.", "Choose a folder with DICOM, AVI, MP4, NIfTI or MetaImage files."
        )


def list_files(paths: tuple[str, ...]) -> list[CineFile]:
    """Those of the files that are still there, in their order."""
    found = [listed(Path(path), None) for path in paths]
    return [one for one in found if one is not None]


def listed(path: Path, folder: Path | None) -> CineFile | None:
    """A row for a file, or None where it is gone; its study is the folder in which it lies."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    parent = path.parent
    study = parent.name if folder is None or parent == folder else parent.relative_to(folder).as_posix()
    return CineFile(str(path), path.name, study or str(parent), facts.st_size, facts.st_mtime_ns)


def standings(
    library: Library | None, secret: bytes, reader: Reader | None = None
) -> tuple[dict[str, Standing], dict[str, Standing]]:
    """What the library holds, by the path where a cine was last seen and by `key_of` its identity.

    Args:
        reader: for whom; what they must not see before they have read it is left out.

    Raises:
        LibraryError: the library cannot be read. A single damaged label is left out.
    """
    by_path: dict[str, Standing] = {}
    by_key: dict[str, Standing] = {}
    now = datetime.now(UTC)
    for history in histories(library) if library is not None else ():
        try:
            standing = Standing(history.label(), history.shape[0], history.record)
            due = reading_due(history.identity, reader or Reader(), standing.record, standing.judged, now)
            waiting = waits(standing.judged, reader or Reader(), standing.record, due)
            standing = replace(standing, due=due, waits=waiting)
        except LibraryError:
            continue  # it is said when the cine is opened
        by_path[history.path] = by_key[key_of(history.identity, secret)] = standing
    return by_path, by_key
