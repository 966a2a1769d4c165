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
from echoview.errors import EchoViewError
from echoview.io import list_cines, open_cine
from echoview.io.export_item import keyed
from echoview.io.import_bundle import Bundle
from echoview.io.import_camus import read_camus
from echoview.io.import_coco import FILE as COCO_FILE
from echoview.io.import_coco import read_coco
from echoview.io.import_echonet import read_echonet
from echoview.io.import_item import Incoming, read_index
from echoview.io.import_masks import read_masks
from echoview.store import Library
from echoview.store.codec import difference, replay
from echoview.store.transfer import Entry, History, cines, merge

READERS = {"camus": read_camus, "echonet": read_echonet, "coco": read_coco, "masks": read_masks}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Came:
    """What an import did; a conflict is a cine's name and what both sides had said of it."""

    cines: int
    revisions: int
    conflicts: tuple[tuple[str, tuple[str, ...]], ...]
    unknown: tuple[str, ...]


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
        by: who imports.
        folders: where the cines may lie that the library does not know yet.
        frames_to: cines that are nowhere, but come with their frames, are written there and labelled.
        theirs: what both sides said otherwise is as they say it; else as we do. Both are in the history.

    Raises:
        EchoViewError: it is no export, or damaged; cines before the damage may have been merged.
    """
    if path.is_file() and path.name != COCO_FILE:
        with Bundle(path) as bundle:
            return _take(bundle, "bundle", bundle.salt, library, by, secret, folders, frames_to, theirs, say)
    folder = path.parent if path.name == COCO_FILE else path
    index = read_index(folder)
    kind = index.kind if index is not None else _kind_of(folder)
    if kind not in READERS:
        raise EchoViewError("This is no export that EchoView reads.", f"It reads {', '.join(('bundle', *READERS))}.")
    items = READERS[kind](folder, index)
    salt = index.salt if index is not None else b""
    return _take(items, kind, salt, library, by, secret, folders, frames_to, theirs, say)


def _kind_of(folder: Path) -> str:
    """The format of a folder without an index of ours, "" for none."""
    if not folder.is_dir():
        raise EchoViewError(f"{folder.name} does not exist.", "Choose a bundle, or the folder of an export.")
    if (folder / COCO_FILE).is_file():
        return "coco"
    if any((home / "VolumeTracings.csv").is_file() for home in (folder, folder / "A4C")):
        return "echonet"
    from ral.datasets.pictures import patient_folders

    return "camus" if any(patient_folders(folder)) else ""


def _take(
    items: Any, kind: str, salt: bytes, library: Library, by: str, secret: bytes, folders: Collection[Path],
    frames_to: Path | None, theirs: bool, say: Say,
) -> Came:  # fmt: skip
    known = _known(library, salt, secret, folders, say) if salt else {}
    now = datetime.now(UTC)
    count = revisions = 0
    conflicts: list[tuple[str, tuple[str, ...]]] = []
    unknown: list[str] = []
    for item in items:
        if isinstance(item, str):
            say(item)
            continue
        try:
            home = _home(item, known, secret)
            if home is None and frames_to is not None and item.frames is not None:
                home, item = _stand_in(item, item.frames(), frames_to, secret)
            if home is None:
                unknown.append(item.name)
                continue
            if item.shape is not None and home.shape != item.shape:
                raise EchoViewError("The cine here has other frames than the one that was labelled.")
            given = _history(item, home, kind, library, by, now)
            if not given.entries:
                continue
            came = merge(library, given, by, __version__, theirs)
        except EchoViewError as error:
            say(f"{item.name} is left out: {error}")
            continue
        count += came.added > 0
        revisions += came.added
        if came.conflicts:
            conflicts.append((item.name, came.conflicts))
    return Came(count, revisions, tuple(conflicts), tuple(unknown))


def _known(
    library: Library, salt: bytes, secret: bytes, folders: Collection[Path], say: Say
) -> dict[str, History]:  # fmt: skip
    """The cines that labels can be given to, by both of their keyed hashes: of the library, and of the folders."""
    found: dict[str, History] = {}
    places = cines(library)
    for folder in folders:
        for path in (one.path for one in list_cines(folder, lambda: False)):
            try:
                places.append(_bare(open_cine(path, patient_secret=secret), path))
            except EchoViewError as error:
                say(f"{path.name} cannot be read: {error.message}")
    for one in places:
        for text in (one.identity, one.content_hash):
            found.setdefault(keyed(text, salt), one)
    return found


def _home(item: Incoming, known: dict[str, History], secret: bytes) -> History | None:
    """The cine that the labels belong to, or None where it is nowhere.

    Raises:
        EchoViewError: its file cannot be read.
    """
    home = known.get(item.uid_key) or known.get(item.content_key)
    if home is None and item.file is not None:
        home = _bare(open_cine(item.file, patient_secret=secret), item.file)
    return home


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
    entries = [
        {**entry, "change": {key: value for key, value in entry["change"].items() if key != "pixels"}}
        for entry in item.entries
    ]
    return _bare(open_cine(path, patient_secret=secret), path), replace(item, entries=tuple(entries))


def _bare(cine: Cine, path: Path) -> History:
    info = cine.info
    return History(
        info.identity, info.content_hash, info.patient_key, str(path.absolute()), (len(cine), *cine.size), ()
    )


def _history(item: Incoming, home: History, kind: str, library: Library, by: str, now: datetime) -> History:
    """The labels as revisions: a bundle's own, or one of what the library does not say alike already."""
    if item.entries:
        return replace(home, entries=tuple(_entry(one) for one in item.entries))
    if any(not 0 <= t < home.shape[0] for t in item.contours):
        raise EchoViewError("A labelled frame is not in the cine.")
    before = library.label(home.identity)
    raw = Label(item.contours, item.view, item.ed, item.es)
    given = replay([difference(Label(), raw)])  # as exact as the library keeps it, so that like meets like
    change = difference(before, replace(given, calibration=before.calibration))
    change = {key: value for key, value in change.items() if value is not None}
    if "contours" in change:
        change["contours"] = {t: value for t, value in change["contours"].items() if value is not None}
    change = {key: value for key, value in change.items() if value != {}}
    entries = (Entry(now, by, __version__, "", f"import {kind}", change),) if change else ()
    return replace(home, entries=entries)


def _entry(told: Any) -> Entry:
    try:
        made_at = datetime.fromisoformat(told["made_at"])
    except ValueError as error:
        raise EchoViewError("A revision of it has no time.") from error
    return Entry(made_at, told["annotator"], told["app_version"], told["weights"], told["tool"], dict(told["change"]))
