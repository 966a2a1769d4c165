"""Labels into the library from bundles and other formats: what `echoview import` does. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from echoview import __version__
from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.review import Act, ActKind, Issue, Role, Trail
from echoview.errors import EchoViewError
from echoview.io import list_cines, open_cine
from echoview.io.export_item import INDEX, keyed
from echoview.io.import_bundle import Bundle, is_bundle
from echoview.io.import_camus import read_camus
from echoview.io.import_coco import FILE as COCO_FILE
from echoview.io.import_coco import read_coco
from echoview.io.import_dicom import read_dicom
from echoview.io.import_echonet import read_echonet
from echoview.io.import_item import Incoming, damaged, read_index
from echoview.io.import_masks import read_masks
from echoview.store import Library
from echoview.store import merge as merge_labels
from echoview.store.codec import NO_CHANGE, difference, frames_of, items_of, replay, seen_in
from echoview.store.transfer import Entry, History, cines, merge

_TRACINGS = "VolumeTracings.csv"
_OF_FOLDERS = (COCO_FILE, INDEX, _TRACINGS)  # a file of these names stands for the folder that it lies in
_READS = "EchoView reads bundles (.zip), and folders with CAMUS, EchoNet, COCO, or its own masks or DICOM."
_OF_PICTURES = ("pixels", "seen")  # fingerprints in a change
READERS = {"camus": read_camus, "echonet": read_echonet, "coco": read_coco, "masks": read_masks, "dicom": read_dicom}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Came:
    """What an import did; a conflict is a cine's name and what both sides had said of it; acts are of reviewers.

    Attributes:
        places: where each cine in conflict lies here, as far as it is known.
    """

    cines: int
    revisions: int
    conflicts: tuple[tuple[str, tuple[str, ...]], ...]
    unknown: tuple[str, ...]
    acts: int = 0
    places: tuple[str, ...] = ()


def import_from(
    path: Path,
    library: Library,
    *,
    by: str,
    secret: bytes,
    folders: Collection[Path] = (),
    frames_to: Path | None = None,
    theirs: bool = False,
    say: Say = lambda sentence: None,
) -> Came:
    """Merge labels from a bundle or an export folder into a library; nothing that was there is lost.

    Args:
        by: who imports; secret: the desk's own, for patients where the library has none.
        folders: where the cines may lie that the library does not know yet.
        frames_to: cines that are nowhere, but come with their frames, are written there and labelled.
        theirs: what both sides said otherwise is as they say it; else as we do. Both are in the history.

    Raises:
        EchoViewError: it is no export, or damaged; cines before the damage may have been merged.
    """
    secret = library.secret_for(secret)
    if path.is_file() and is_bundle(path):
        with Bundle(path) as bundle:
            return _take(bundle, "bundle", bundle.salt, library, by, secret, folders, frames_to, theirs, say)
    if path.is_file() and path.name not in _OF_FOLDERS:
        raise EchoViewError(f"Labels cannot be read from {path.name}.", _READS)
    folder = path.parent if path.is_file() else path
    index = read_index(folder)
    kind = index.kind if index is not None else _kind_of(folder)
    if kind not in READERS:
        raise EchoViewError(f"The folder {folder.name} is no export that EchoView reads.", _READS)
    items = READERS[kind](folder, index)
    salt = index.salt if index is not None else b""
    return _take(items, kind, salt, library, by, secret, folders, frames_to, theirs, say)


def _kind_of(folder: Path) -> str:
    """The format of a folder without an index of ours, "" for none."""
    if not folder.is_dir():
        raise EchoViewError(f"{folder.name} does not exist.", _READS)
    if (folder / COCO_FILE).is_file():
        return "coco"
    if any((home / _TRACINGS).is_file() for home in (folder, folder / "A4C")):
        return "echonet"
    from ral.datasets.pictures import patient_folders

    return "camus" if any(patient_folders(folder)) else ""


def _take(
    items: Any, kind: str, salt: bytes, library: Library, by: str, secret: bytes, folders: Collection[Path],
    frames_to: Path | None, theirs: bool, say: Say,
) -> Came:  # fmt: skip
    known = _known(library, salt, secret, folders, say) if salt else {}
    now = datetime.now(UTC)
    count = revisions = acts = 0
    conflicts: list[tuple[str, tuple[str, ...]]] = []
    unknown: list[str] = []
    places: list[str] = []
    for item in items:
        if isinstance(item, str):
            say(item)
            continue
        try:
            home, item = _home(item, known, library, secret)
            if home is None and frames_to is not None and item.frames is not None:
                home, item = _stand_in(item, item.frames(), frames_to, secret)
            if home is None:
                unknown.append(item.name)
                continue
            if item.shape is not None and home.shape != item.shape:
                raise EchoViewError("The cine here has other frames than the one that was labelled.")
            given = _history(item, home, kind, library, by, now)
            if not (given.entries or given.others or given.trail.acts):
                continue
            came = merge(library, given, by, __version__, theirs)
        except EchoViewError as error:
            say(f"{item.name} is left out: {error}")
            continue
        count += came.added > 0 or came.acts > 0
        revisions += came.added
        acts += came.acts
        if came.conflicts:
            conflicts.append((item.name, came.conflicts))
            places.append(home.path)
    return Came(count, revisions, tuple(conflicts), tuple(unknown), acts, tuple(places))


def _known(
    library: Library, salt: bytes, secret: bytes, folders: Collection[Path], say: Say
) -> dict[str, History]:  # fmt: skip
    """The cines that labels can be given to, by both of their keyed hashes: of the library, and of the folders."""
    found: dict[str, History] = {}
    places = cines(library)
    for folder in folders:
        for path in (one.path for one in list_cines(folder, lambda: False)):
            try:
                places.append(_bare(library.told_apart(open_cine(path, patient_secret=secret)), path))
            except EchoViewError as error:
                say(f"{path.name} cannot be read: {error.message}")
    for one in places:
        for text in (one.identity, one.content_hash):
            found.setdefault(keyed(text, salt), one)
    return found


def _home(
    item: Incoming, known: dict[str, History], library: Library, secret: bytes
) -> tuple[History | None, Incoming]:
    """The cine that the labels belong to, or None where it is nowhere; they keep their `file` where it is that one.

    Raises:
        EchoViewError: its file cannot be read.
    """
    home = known.get(item.uid_key) or known.get(item.content_key)
    if home is not None or item.file is None:
        return home, replace(item, file=None)
    return _bare(library.told_apart(open_cine(item.file, patient_secret=secret)), item.file), item


def _stand_in(item: Incoming, frames: list[np.ndarray], folder: Path, secret: bytes) -> tuple[History, Incoming]:
    """The frames that came with the labels as a cine of its own, and the labels as they fit to it.

    Fingerprints of the frames are of those before they were blanked, and would not fit.
    """
    from ral.formats import write_nifti

    path = folder / f"{item.content_key[:16]}.nii.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_nifti(path, np.stack(frames), item.calibration)
    except OSError as error:
        raise EchoViewError(f"Its frames cannot be written ({error.strerror}).", "Choose another folder.") from error
    entries, readings = (
        tuple(
            {**entry, "change": {key: value for key, value in entry["change"].items() if key not in _OF_PICTURES}}
            for entry in some
        )
        for some in (item.entries, item.readings)
    )
    return _bare(open_cine(path, patient_secret=secret), path), replace(item, entries=entries, readings=readings)


def _bare(cine: Cine, path: Path) -> History:
    info = cine.info
    return History(
        info.identity, info.content_hash, info.patient_key, str(path.absolute()), (len(cine), *cine.size), ()
    )


def _history(item: Incoming, home: History, kind: str, library: Library, by: str, now: datetime) -> History:
    """The labels as revisions: a bundle's own, or one of what the library does not say alike already."""
    if item.entries or item.readings or item.acts:
        return replace(
            home, entries=tuple(_entry(one) for one in item.entries),
            others=tuple(_entry(one) for one in item.readings if one["reading"]),
            trail=Trail(tuple(act for act in map(_act, item.acts) if act is not None)),
        )  # fmt: skip
    if any(not 0 <= t < home.shape[0] for t in item.contours):
        raise EchoViewError("A labelled frame is not in the cine.")
    before = library.label(home.identity)
    raw = {**item.said, **difference(Label(), Label(item.contours, item.view, item.ed, item.es))}
    try:
        given = replay([raw])  # as exact as the library keeps it, so that like meets like
    except NO_CHANGE as error:
        raise damaged(INDEX) from error
    over = difference(before, merge_labels(Label(), given, before).label)
    change = {key: value for key, value in over.items() if key in raw}  # what the format carries, and nothing else
    seen_there = raw.get("pixels", {}) if item.file is None else {}  # of the cine that is here, not of a blanked copy
    pixels = {t: seen for t, seen in seen_there.items() if int(t) in frames_of(change)}
    change |= {"pixels": pixels} if pixels else {}
    change |= seen_in(change, [items_of(raw)]) if item.file is None else {}
    entries = (Entry(now, by, __version__, "", f"import {kind}", change),) if change else ()
    return replace(home, entries=entries)


def _entry(told: Any) -> Entry:
    try:
        made_at = datetime.fromisoformat(told["made_at"])
    except ValueError as error:
        raise EchoViewError("A revision of it has no time.") from error
    return Entry(**{**told, "made_at": made_at})


def _act(told: Any) -> Act | None:
    """None for one of a kind that only a newer version knows."""
    try:
        return Act(
            told["uid"], datetime.fromisoformat(told["made_at"]).astimezone(UTC), told["who"], Role(told["role"]),
            ActKind(told["kind"]), told["t"], told["reading"], told["seal"],
            Issue(told["issue"]) if told["issue"] else None, "", told["about"],
        )  # fmt: skip
    except ValueError:
        return None
