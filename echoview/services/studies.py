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
from echoview.domain.study import CineFile, Glimpse, Status, status_of, unjudged
from echoview.domain.view import View
from echoview.errors import CineUnreadable, LibraryError
from echoview.io import Listed, list_cines
from echoview.io.listing import look_at
from echoview.measure import measure
from echoview.measure.measurements import contours_shown
from echoview.services.thumbnails import key_of
from echoview.store import Library, rejected, seal_of
from echoview.store.fingerprint import alike
from echoview.store.transfer import histories
from echoview.store.twins import pictures_of

BATCH_S = 0.1  # a list that grows ten times a second looks alive and costs little


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What the library holds of a cine.

    Attributes:
        due: the reading that this person has to make of it; waits: whether it waits for them at all.
        content_key: as `Glimpse`; first: fingerprint of its first frame, "" where none is kept.
        size: height and width of its frames, px.
    """

    label: Label
    frames: int
    record: Record = field(default_factory=Record)
    due: Reading = FIRST
    waits: bool = True
    content_key: str = ""
    first: str = ""
    size: tuple[int, int] = (0, 0)

    def fits(self, glimpse: Glimpse) -> bool:
        """Whether a file with its UID shows its pictures: the same bytes, or the same first frame."""
        if glimpse.content_key == self.content_key:
            return True
        alike_first = alike(self.first, glimpse.first) if self.first else not self.label.empty  # older ones on trust
        return (glimpse.frames, glimpse.size) == (self.frames, self.size) and alike_first

    @property
    def status(self) -> Status:
        """A cine that is read once more looks as if nobody had read it; one with conflicts waits for a decision."""
        if self.due.kind is ReadKind.REPEAT:
            return Status.NEW
        return Status.IN_CONFLICT if self.conflicts else self.judged

    @property
    def conflicts(self) -> int:
        """None that a blinded reader must not know of."""
        return len(self.record.conflicts) if self.due == FIRST else 0

    @property
    def judged(self) -> Status:
        trail = self.record.trail
        seal = seal_of(self.label) if trail.acts else ""
        bad = bool(rejected(self.label, trail))
        return status_after(status_of(self.label), self.record, seal, bad, unjudged(self.label))

    @property
    def open_issues(self) -> int:
        """None that a blinded reader must not see."""
        return sum(one.closed is None for one in self.record.trail.comments()) if self.due == FIRST else 0

    @property
    def undrawn(self) -> bool:
        """Whether what the network drew is all that is shown of it."""
        return self.due == FIRST and not self.label.contours

    @property
    def leaves_ef(self) -> bool:
        """Whether nothing is said that the EF of the prediction hangs on."""
        label = self.label
        said = (label.ed, label.es, label.calibration)
        return self.undrawn and not label.not_traceable and said == (None,) * 3

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


@dataclass(frozen=True, slots=True)
class Batch:
    """Cines that were found since the batch before, and how many files were looked at so far.

    Attributes:
        unread: files, and folders, that could not be read so far.
    """

    cines: list[CineFile]
    seen: int
    unread: tuple[int, int] = (0, 0)


def list_folder(
    folder: Path, cancelled: Callable[[], bool] = lambda: False, secret: bytes | None = None
) -> Iterator[Batch]:
    """The cines of a folder and the folders in it, in batches as they are found; see `list_places`."""
    return list_places((folder,), cancelled, secret)


def list_places(
    places: tuple[Path, ...], cancelled: Callable[[], bool] = lambda: False, secret: bytes | None = None
) -> Iterator[Batch]:
    """The cines of folders and files in batches as they are found; a batch may be empty while none is.

    Raises:
        CineUnreadable: a place is gone or cannot be read, or none holds a cine.
    """
    cines: list[CineFile] = []
    seen = files = folders = found = 0
    due = time.monotonic() + BATCH_S
    for place in places:
        listing = list_cines(place, cancelled, secret=secret)
        folder = listing.folder if listing.folder == place else None
        for listed in listing.steps():
            one = None if listed is None else row_of(listed, folder)
            if one is not None:
                cines.append(one)
                found += 1
            if time.monotonic() >= due or len(cines) == found == 1:  # the first cine is shown at once
                yield Batch(cines, seen + listing.seen, (files + listing.unreadable, folders + listing.closed))
                cines, due = [], time.monotonic() + BATCH_S
        seen += listing.seen
        files, folders = files + listing.unreadable, folders + listing.closed
    yield Batch(cines, seen, (files, folders))
    if not found and not cancelled():
        raise CineUnreadable(
            f"{'This folder holds' if len(places) == 1 else 'These files hold'} no cine"
            + (f"; {not_read(files, folders)}." if files or folders else "."),
            "Choose a folder with DICOM, AVI, MP4, NIfTI or MetaImage files.",
        )


def not_read(files: int, folders: int) -> str:
    """ "2 folders could not be read"; "" where all could."""
    parts = [f"{n} {name}{'s' if n != 1 else ''}" for n, name in ((folders, "folder"), (files, "file")) if n]
    return f"{' and '.join(parts)} could not be read" if parts else ""


def gone(paths: tuple[str, ...]) -> list[str]:
    """Those where nothing is; waits for slow disks."""
    return [path for path in paths if not os.path.exists(path)]


def list_files(paths: tuple[str, ...], secret: bytes | None = None) -> list[CineFile]:
    """Those of the files that are still there, in their order."""
    found = [_row_at(Path(path), secret or b"") for path in paths]
    return [one for one in found if one is not None]


def _row_at(path: Path, secret: bytes) -> CineFile | None:
    """A file that was opened once is a row, whatever became of it, unless it is gone."""
    try:
        listed = look_at(path, secret)
    except CineUnreadable as error:
        listed = Listed(path, "", 0, (0, 0), "", trouble=error.message)
    return row_of(listed or Listed(path, "", 0, (0, 0), ""), None)


def row_of(listed: Listed, folder: Path | None) -> CineFile | None:
    """A row for a file, or None where it is gone."""
    path = listed.path
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    study, heading = _study_of(listed, folder)
    return CineFile(
        str(path), listed.title or path.name, study, facts.st_size, facts.st_mtime_ns,
        heading, listed.view_hint, listed.frames or None, listed.trouble,
        listed.study_date,
    )  # fmt: skip


def _study_of(listed: Listed, folder: Path | None) -> tuple[str, str]:
    """Key and heading of its study: as the file says, else the folder that it lies in."""
    parent = listed.path.parent
    place = parent.name if folder is None or parent == folder else parent.relative_to(folder).as_posix()
    place = place or str(parent)
    if listed.kind == "dicom" and not listed.trouble:
        return listed.study_key, ", ".join(part for part in (listed.patient_label, listed.study_date) if part) or place
    if listed.kind in ("nifti", "metaimage") and listed.patient_key:
        return listed.study_key, listed.patient_key
    return place, ""  # a video names its patient only in data sets that have a single cine of each


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
            every = (one.change for one in (*history.entries, *history.others))
            standing = Standing(
                history.label(), history.shape[0], history.record,
                content_key=key_of(history.content_hash, secret), first=pictures_of(every).get(0, ""),
                size=history.shape[1:],
            )  # fmt: skip
            due = reading_due(history.identity, reader or Reader(), standing.record, standing.judged, now)
            waiting = waits(standing.judged, reader or Reader(), standing.record, due)
            standing = replace(standing, due=due, waits=waiting or bool(standing.record.conflicts))
        except LibraryError:
            continue  # it is said when the cine is opened
        by_path[history.path] = by_key[key_of(history.identity, secret)] = standing
    return by_path, by_key
