"""What reviewers do: judge frames and cines, comment, read blinded; no widget in it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from echoview import __version__
from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.review import (
    FIRST,
    Act,
    ActKind,
    Comment,
    Issue,
    Reading,
    ReadKind,
    Record,
    Role,
    Trail,
    why_not,
    why_not_second,
)
from echoview.domain.study import Status, approved, drawn
from echoview.errors import EchoViewError, LibraryError
from echoview.judged import Judged
from echoview.services.history import Entry, history
from echoview.services.jobs import Lane
from echoview.store import Held, new_act, rejected, seal_of
from echoview.workflow import Workflow

_NOBODY = "Say who you are first (REVIEW, at the top)."
_CLOSED = "The label library is not open."


class Reviewing(Judged):
    """Judges the open cine in the name of whoever sits here; every act is kept at once and never changed.

    Signals:
        history_read(list[Entry]): what `read_history` asked for, newest first.
        passed(what, seen): the open cine was approved or submitted though not all its frames were on the screen.
    """

    history_read = Signal(object)
    passed = Signal(str, str)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(workflow, parent)
        self._session.label_edited.connect(self._look_behind_the_veil)

    # ---- who, and what they may do

    def set_reader(self, **known: object) -> None:
        """Another name, role or share, see `settings.Settings`; the study list is looked at anew.

        For another person the open cine is opened anew: it may be theirs to read blinded, and never is the reading
        of whoever sat here before.
        """
        former = self.workflow.settings.annotator
        self.workflow.remember(**known)
        self.workflow.studies.read_standings()
        if self._session.cine is not None and self.workflow.settings.annotator != former:
            self.workflow.open(self._session.path)
        self.changed.emit()

    def why_not(self, kind: ActKind) -> str:
        """Why that cannot be done now, "" where it can: for a button that is off."""
        session, reader = self._session, self.workflow.reader
        if session.cine is None:
            return "No cine is open."
        if self.workflow.library is None:
            return _CLOSED
        if self.workflow.library.read_only or session.locked:
            return session.locked or self.workflow.library.note
        return why_not(kind, reader, session.record, session.reading.key)

    # ---- acts on the cine

    def approve_cine(self) -> bool:
        """ED, ES and every touched frame are right. An annotator, and a blinded reader, submit it with that instead."""
        session = self._session
        submits = self.blinded or self.workflow.reader.role is Role.ANNOTATOR
        kind = ActKind.SUBMIT if submits else ActKind.APPROVE
        if reason := self.why_not(kind):
            self.refuse(reason)
            return False
        if waiting := self.conflicts:
            words = "1 conflict waits" if waiting == 1 else f"{waiting} conflicts wait"
            self.refuse(f"{words} for a decision.", "Decide in REVIEW, then approve the cine.")
            return False
        if bad := rejected(session.label, session.record.trail, session.reading.key):
            self.refuse(f"Frame {bad[0] + 1} is rejected.", "Mend it, or take that back, then approve the cine.")
            return False
        label = self._approved()
        if label is None:
            self.refuse("ED and ES are not both found in this cine.", "Mark them (Shift+D, Shift+S) first.")
            return False
        if session.label.empty or seal_of(label) != seal_of(session.label):
            self.workflow.edit("submit cine" if submits else "approve cine", label)
        if session.locked or session.cine is None:
            return False
        frames, all_frames = len(session.seen), len(session.cine)
        seen = f"{frames} of {all_frames} frames seen"
        if not self.say(kind, text=seen):
            return False
        if frames < all_frames:
            self.passed.emit(self._what_passed("Submitted" if submits else "Approved"), seen)
        return True

    def _what_passed(self, done: str) -> str:
        """Of which cine, and which of its contours a person stands behind now."""
        label = self._session.label
        marked = [f"{name} (frame {t + 1})" for name, t in (("ED", label.ed), ("ES", label.es)) if t is not None]
        more = len(set(label.contours) - {label.ed, label.es})
        marked += [f"{more} more frame{'s' if more > 1 else ''}"] if more else []
        listed = " and ".join(part for part in (", ".join(marked[:-1]), *marked[-1:]) if part)
        return f"{done}: {self._session.name}, {listed}."

    def _approved(self) -> Label | None:
        """The label with ED, ES and all that was touched accepted; None where something is missing.

        A second reader who was asked about single frames need not have found ED and ES.
        """
        session = self._session
        measured = session.measurements
        ed, es = (measured.ed, measured.es) if measured is not None else (None, None)
        contours = [None if t is None else session.editable(t) for t in (ed, es)]
        if ed is not None and es is not None and contours[0] is not None and contours[1] is not None:
            return approved(session.label, (ed, contours[0]), (es, contours[1]))
        asked = session.record.trail.asked() if session.reading.kind is ReadKind.SECOND else []
        if not asked or any(session.label.contour(t) is None for t in asked):
            return None
        return session.label.with_contours({t: one.accepted() for t, one in session.label.contours.items()})

    def reject_cine(self) -> bool:
        return self.say(ActKind.REJECT)

    def send_to_second(self) -> bool:
        """Another person is to read the cine once more, without seeing this reading."""
        return self.say(ActKind.SECOND_READ)

    def withdraw(self, t: int | None = None) -> bool:
        """The last verdict, on the cine or on frame t, does not stand any more."""
        return self.say(ActKind.WITHDRAW, t)

    def show_first(self) -> None:
        """Leave the blinded reading unfinished and look at the first; whoever has seen it cannot read blinded."""
        if self.blinded and self._session.cine is not None and self.say(ActKind.SEEN, reading=FIRST):
            self.open_reading(FIRST)

    def open_reading(self, reading: Reading) -> None:
        """The open cine in another reading of it."""
        self.workflow.open(self._session.path, reading)

    @property
    def why_not_second(self) -> str:
        return why_not_second(self.workflow.reader, self._session.record)

    # ---- acts on a frame

    def approve_frame(self, t: int) -> bool:
        """Accept the contour; one that a person changed, or a reviewer judged, is approved by an act besides."""
        session = self._session
        own = session.label.contour(t)
        judged = self.verdict(t) is not None
        if not self.workflow.accept(t):
            return False
        plain = own is None or not own.edited
        if session.locked or (plain and not judged) or self.frame_status(t) is Status.APPROVED:
            return True
        if self.why_not(ActKind.APPROVE):
            return True  # the contour is accepted, which anybody may do
        return self.say(ActKind.APPROVE, t)

    def reject_frame(self, t: int) -> bool:
        return self.say(ActKind.REJECT, t)

    def send_frame_to_second(self, t: int) -> bool:
        return self.say(ActKind.SECOND_READ, t)

    # ---- comments

    def comment(self, text: str, t: int | None) -> bool:
        """In words, on frame t or on the cine (None)."""
        text = text.strip()
        return bool(text) and self.say(ActKind.COMMENT, t, text=text)

    def raise_issue(self, issue: Issue, t: int | None) -> bool:
        """With one key; said of the same frame already and open still, it is closed."""
        same = [one for one in self.comments if one.act.issue is issue and one.act.t == t and one.closed is None]
        if same:
            return self.resolve(same[-1])
        return self.say(ActKind.COMMENT, t, issue=issue)

    def resolve(self, comment: Comment) -> bool:
        return self.say(ActKind.RESOLVE, comment.act.t, about=comment.act.uid)

    def reopen(self, comment: Comment) -> bool:
        return self.say(ActKind.REOPEN, comment.act.t, about=comment.act.uid)

    # ---- history

    def read_history(self) -> None:
        """Ask for all that was done to the open reading and said of it; `history_read` answers."""
        session, library = self._session, self.workflow.library
        cine = session.cine
        if cine is not None and library is not None:
            self.workflow.jobs.run(
                Lane.SAVING, "history", history, library, cine.info.identity, session.reading.key, session.record.trail,
                on_done=partial(self._take_history, cine),
                on_error=self.workflow.refused.emit,
            )  # fmt: skip

    def bring_back(self, entry: Entry) -> None:
        """The frames of an edit as it left them, as one more edit: nothing goes from the history."""
        session, library = self._session, self.workflow.library
        cine, reading = session.cine, session.reading.key
        if cine is not None and library is not None and entry.frames:
            self.workflow.jobs.run(
                Lane.SAVING, "read a version", library.load, cine, reading, entry.number,
                on_done=partial(self._bring_back, cine, reading, entry), on_error=self.workflow.refused.emit,
            )  # fmt: skip

    def _bring_back(self, cine: Cine, reading: str, entry: Entry, then: Held) -> None:
        session, label = self._session, self._session.label
        if (cine, reading) != (session.cine, session.reading.key):
            return
        if unlike := [t + 1 for t in entry.frames if t in then.aside]:
            self.refuse(f"Frame {unlike[0]} was corrected on another picture.", "That version cannot be drawn here.")
            return
        for t in entry.frames:
            contour = then.label.contour(t)
            label = label.without_contour(t) if contour is None else label.with_contour(t, contour)
            label = label.with_not_traceable(t) if t in then.label.not_traceable else label
        if seal_of(label) == seal_of(session.label):
            self.refuse("That version is what is shown.", "Choose an older one.")
            return
        frames = f"frame {entry.frames[0] + 1}" if len(entry.frames) == 1 else f"{len(entry.frames)} frames"
        self.workflow.edit(f"back to revision {entry.number}, {frames}", label)

    def _take_history(self, cine: Cine, entries: list[Entry]) -> None:
        if cine is self._session.cine:
            self.history_read.emit(entries)

    # ---- inside

    def say(self, kind: ActKind, t: int | None = None, reading: Reading | None = None, **told: object) -> bool:
        """Any act, on the reading that is shown or on another; False where it is refused, which is said."""
        session, library, reader = self._session, self.workflow.library, self.workflow.reader
        cine = session.cine
        if cine is None or library is None:
            self.refuse(_CLOSED if library is None else "No cine is open.")
            return False
        reason = "" if reader.name else _NOBODY
        if reason := reason or (self.why_not(kind) if reading is None else ""):
            self.refuse(reason)
            return False
        of = session.reading if reading is None else reading
        act = new_act(kind, reader.name, reader.role, t=t, reading=of.key, seal=self._seal(t), **told)
        session.set_record(_with_acts(session.record, (*session.record.trail.acts, act)))
        path = str(Path(session.path).absolute())
        self.workflow.jobs.run(
            Lane.SAVING, "say", library.say, cine, path, act, __version__,
            on_done=lambda _: self._read_record(cine), on_error=partial(self._not_said, cine, act),
        )  # fmt: skip
        return True

    def read_record(self) -> None:
        """Ask what others have said of the open cine meanwhile."""
        if self._session.cine is not None:
            self._read_record(self._session.cine)

    def _read_record(self, cine: Cine) -> None:
        """What others have said of the cine meanwhile is shown too."""
        library = self.workflow.library
        if library is not None and self._shown(cine):
            self.workflow.jobs.run(
                Lane.SAVING, "record", library.record, cine.info.identity,
                on_done=partial(self._take_record, cine), on_error=lambda _: None,  # what is known stays
            )  # fmt: skip

    def _take_record(self, cine: Cine, record: Record) -> None:
        if self._shown(cine):
            known = {act.uid for act in record.trail.acts}
            said_since = (act for act in self._session.record.trail.acts if act.uid not in known)
            self._session.set_record(_with_acts(record, (*record.trail.acts, *said_since)))

    def _shown(self, cine: Cine) -> bool:
        """Whether it is open, also where it was opened anew meanwhile."""
        now = self._session.cine
        return now is not None and now.info.identity == cine.info.identity

    def _not_said(self, cine: Cine, act: Act, error: EchoViewError) -> None:
        """It could not be kept: it is not shown any more either."""
        record = self._session.record
        if cine is self._session.cine:
            acts = tuple(one for one in record.trail.acts if one.uid != act.uid)
            self._session.set_record(_with_acts(record, acts))
        self.workflow.refused.emit(LibraryError("What you said of this cine could not be kept.", error.message))

    def _look_behind_the_veil(self, *_: object) -> None:
        """After the save was asked for, which still says that it was made blind."""
        session = self._session
        if session.blind and drawn(session.label):
            session.unveil()
            self.workflow.predicting.predict()

    def refuse(self, message: str, hint: str = "") -> None:
        self.workflow.refused.emit(EchoViewError(message, hint))


def _with_acts(record: Record, acts: tuple[Act, ...]) -> Record:
    return replace(record, trail=Trail(acts))
