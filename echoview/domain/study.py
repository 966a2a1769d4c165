"""A row of the study list: which cine, what it looks like, and how far a person has come with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.view import View

_INSTANT = re.compile(r"(?:^|[-_. ])(ED|ES)(?:\.[\w.]*)?$", re.IGNORECASE)  # CAMUS: patient0001_4CH_ED.nii.gz


class Status(Enum):
    """How far a cine is; the order of the members is the order of work."""

    NEW = "new"
    PREDICTED = "predicted"
    IN_CORRECTION = "in correction"
    FRAMES_APPROVED = "frames approved"
    CORRECTED = "corrected"
    IN_CONFLICT = "conflict"
    REJECTED = "rejected"
    SECOND_READ = "second read"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class CineFile:
    """A file that holds a cine.

    Attributes:
        name: that of the file, or where that says nothing what the header counts it as.
        study: what is the same for the cines of one study: a keyed hash, or the folder where files name no study.
        modified_ns: the file's time.
        heading: how the study is called on the screen, "" = as `study`. It may name the patient: never log it.
        view, frames: as the header says, None where it does not.
        trouble: why the header cannot be read, "" where it can.
        date: of the study, YYYY-MM-DD, "" where the file names none.
    """

    path: str
    name: str
    study: str
    size: int
    modified_ns: int
    heading: str = ""
    view: View | None = None
    frames: int | None = None
    trouble: str = ""
    date: str = ""

    @property
    def alone(self) -> str:
        """Its name where no heading and no badge stand by; never the patient's."""
        if self.path.endswith(self.name):
            return self.name
        return ", ".join(part for part in (self.date, self.view.value if self.view else "", self.name) if part)


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What one glimpse of the file told.

    Attributes:
        identity_key, content_key: keyed hashes of the cine's identity and of the file's content, see
            `services.thumbnails.key_of`.
        first: fingerprint of the first frame, see `store.fingerprint`.
        size: height and width of a frame, px.
        picture: (S,S) uint8, the sector of the first frame, black around it.
        view: what the file says, or None.
    """

    identity_key: str
    content_key: str
    first: str
    frames: int
    size: tuple[int, int]
    view: View | None
    calibration: Calibration | None
    picture: np.ndarray


def instant_named(path: str) -> str:
    """The instant that the name of a single picture's file ends with, "ED" or "ES"; "" where it says none."""
    found = _INSTANT.search(path.replace("\\", "/").rsplit("/", 1)[-1])
    return found[1].upper() if found else ""


def words_of(status: Status, conflicts: int = 0) -> str:
    """The status as a row says it; of what waits for a decision how much there is."""
    return f"{conflicts} conflicts" if status is Status.IN_CONFLICT and conflicts > 1 else status.value


def status_of(label: Label, predicted: bool = False) -> Status:
    """The status that a label alone stands for; `review.status_after` adds what reviewers said.

    Approved: ED and ES are said, and a person stands behind every point of both. Corrected: a person stands behind all
    frames that were touched. Frames approved: that, and none is other than it was predicted. In correction: some frame
    still has points that nobody set or accepted, or something else is said of the cine (ED, ES, the view, the pixel
    size, what cannot be traced) and nothing is drawn yet.
    """
    if not label.contours and not replace(label, notes=()).empty:
        return Status.IN_CORRECTION
    if not label.contours:
        return Status.PREDICTED if predicted else Status.NEW
    if not all(_stood_behind(label, t) for t in label.contours):
        return Status.IN_CORRECTION
    whole = _stood_behind(label, label.ed) and _stood_behind(label, label.es)
    return Status.APPROVED if whole else unjudged(label)


def unjudged(label: Label) -> Status:
    """What a cine counts as whose touched frames a person stands behind, as long as the cine itself is not approved."""
    edited = any(contour.edited for contour in label.contours.values())
    return Status.CORRECTED if edited else Status.FRAMES_APPROVED


def approved(label: Label, ed: tuple[int, Contour], es: tuple[int, Contour]) -> Label:
    """The label after a person approved the cine: ED and ES with their contours, and every frame touched so far."""
    touched = {**label.contours, **dict((ed, es))}
    accepted = {t: contour.accepted() for t, contour in touched.items()}
    return replace(label, contours=accepted, ed=ed[0], es=es[0])


def drawn(label: Label) -> bool:
    """Whether a person has said ED and ES and traced both, not merely accepted them."""
    traced = [label.contour(t) for t in (label.ed, label.es) if t is not None]
    return len(traced) == 2 and all(contour is not None and contour.edited for contour in traced)


def _stood_behind(label: Label, t: int | None) -> bool:
    contour = None if t is None else label.contour(t)
    return contour is not None and all(origin.human for origin in contour.origins)
