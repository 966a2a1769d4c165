"""What the open cine and its frames are judged to be: states, verdicts and comments, read and never changed here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.review import FIRST, Act, ActKind, Comment, ReadKind, frame_status, status_after, waits
from echoview.domain.study import Status, status_of, unjudged
from echoview.store import contour_seal, rejected, seal_of
from echoview.workflow import Workflow


class Judged(QObject):
    """Follows from the label, the prediction and what the library knows of the open cine.

    Signals: changed(): a status, a comment or who sits here changed.
    """

    changed = Signal()

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workflow, self._session = workflow, workflow.session
        self._sealed: tuple[Label | None, str] = (None, "")
        session = self._session
        for signal in (session.cine_changed, session.label_changed, session.reviewed):
            signal.connect(self.changed)
        session.prediction_changed.connect(self._predicted)

    @property
    def blinded(self) -> bool:
        """Whether this is a reading that must not be mixed with the first."""
        return self._session.reading != FIRST

    @property
    def status(self) -> Status:
        """Of the open cine, in the reading that is shown."""
        if self.conflicts:
            return Status.IN_CONFLICT
        session = self._session
        whole = session.prediction is not None and session.prediction.complete
        plain = status_of(session.label, whole)
        if session.reading == FIRST:
            trail = session.record.trail
            seal = self._seal(None) if trail.acts else ""
            bad = bool(rejected(session.label, trail))
            return status_after(plain, session.record, seal, bad, unjudged(session.label))
        return Status.SECOND_READ if session.reading.kind is ReadKind.SECOND else plain

    @property
    def conflicts(self) -> int:
        """How much of the first reading two people said otherwise and nobody has decided; none while blinded."""
        return 0 if self.blinded else len(self._session.record.conflicts - self._session.label.settled)

    @property
    def waits(self) -> bool:
        """Whether the open cine waits for whoever sits here, once it is closed."""
        session, reader = self._session, self.workflow.reader
        if self.blinded:
            return session.reading not in session.record.trail.submitted(session.reading.kind)
        return bool(self.conflicts) or waits(self.status, reader, session.record)

    def verdict(self, t: int | None = None) -> Act | None:
        """What was last said of the cine, or of frame t, where it still holds."""
        act = self._session.record.trail.verdict(t, self._session.reading.key)
        if act is None or act.kind is ActKind.WITHDRAW:
            return None
        if act.kind is ActKind.SECOND_READ and t is not None and not self.blinded:
            return act if t in self._session.record.trail.asked() else None
        if act.kind in (ActKind.SECOND_READ, ActKind.SUBMIT):
            return act
        return act if act.seal == self._seal(t) else None

    def frame_status(self, t: int) -> Status:
        session = self._session
        if t in session.disputed:
            return Status.IN_CONFLICT
        plain = _plain_status(session.label.contour(t), session.contour(t) is not None)
        seal = contour_seal(session.label.contour(t))
        return frame_status(plain, session.record.trail, t, session.reading.key, seal)

    @property
    def judged_frames(self) -> dict[int, Status]:
        """Frames that a reviewer rejected, approved or sent to a second reader."""
        key = self._session.reading.key
        trail = self._session.record.trail
        frames = {act.t for act in trail.acts if act.t is not None and act.reading == key}
        found = {t: self.frame_status(t) for t in sorted(frames) if self.verdict(t) is not None}
        return {**dict.fromkeys(trail.asked(), Status.SECOND_READ), **found} if self.blinded else found

    @property
    def comments(self) -> list[Comment]:
        """On the reading that is shown: a blinded reader sees their own alone."""
        return self._session.record.trail.comments(self._session.reading.key)

    def _seal(self, t: int | None) -> str:
        label = self._session.label
        if t is not None:
            return contour_seal(label.contour(t))
        if self._sealed[0] is not label:  # asked for several times after each edit
            self._sealed = label, seal_of(label)
        return self._sealed[1]

    def _predicted(self, t: int) -> None:
        """Frame by frame it changes no status; the whole of it does."""
        prediction = self._session.prediction
        if t < 0 or prediction is None or prediction.complete:
            self.changed.emit()


def _plain_status(own: Contour | None, shown: bool) -> Status:
    """Of one frame, by its contour alone."""
    if own is None:
        return Status.PREDICTED if shown else Status.NEW
    if not all(origin.human for origin in own.origins):
        return Status.IN_CORRECTION
    return Status.CORRECTED if own.edited else Status.APPROVED
