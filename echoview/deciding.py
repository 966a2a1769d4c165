"""Two versions, one decision: what two people said at once, and what two readers read; no widget in it.

Every decision is an edit of the first reading: one undo step, one revision with who and when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.review import FIRST, ActKind, Reading, ReadKind
from echoview.domain.view import View
from echoview.measure.agreement import FrameAgreement, frames_agreement
from echoview.reviewing import Reviewing
from echoview.services.jobs import Lane
from echoview.store import Conflicted, Key, Library, Version, in_words, taking

_DENSE = 201
_LONGEST = 30  # letters of a name in the name of a revision


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two versions: its name on the screen, when it was made, and a label that says nothing but what it says."""

    name: str
    made_at: datetime | None
    label: Label

    @property
    def contour(self) -> Contour | None:
        """Of a frame; None where it was taken back or cannot be traced."""
        return next(iter(self.label.contours.values()), None)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What waits for a decision, or a frame of two readings.

    Attributes:
        key: frame, 0-based, or "view", "ed", "es", "calibration" or "frame_rate"; sides: the two versions, that in
            force first.
        conflict: where two people said it at once, else None.
    """

    key: Key
    sides: tuple[Side, Side]
    conflict: Conflicted | None = None

    @property
    def t(self) -> int | None:
        """The frame to look at: for ED and ES the one in force; None where any will do."""
        ed_es = {"ed": self.sides[0].label.ed, "es": self.sides[0].label.es}
        return self.key if isinstance(self.key, int) else ed_es.get(self.key)

    @property
    def where(self) -> str:
        """What it is about, in words: "frame 3", "the view", "ED"."""
        return in_words([self.key])

    def words(self, side: Side) -> str:
        """What a side says: "A4C", "frame 12", "0.310 mm/px", "traced"; of what it took back that nothing is said."""
        label = side.label
        said = getattr(label, self.key) if isinstance(self.key, str) else label.contour(self.key)
        if self.key in label.not_traceable:
            return "not traceable"
        if said is None:
            return "not said" if isinstance(self.key, str) else "without a contour"
        if isinstance(said, View):
            return said.value
        if isinstance(said, Calibration):
            across, down = f"{said.x_mm:.3f}", f"{said.y_mm:.3f}"
            return f"{across} mm/px" if across == down else f"{across} × {down} mm/px"
        if isinstance(said, float):
            return f"{said:g} frames a second"
        return f"frame {said + 1}" if isinstance(said, int) else "traced"


class Deciding(QObject):
    """Finds what is to be decided in the open cine, and decides it.

    Attributes:
        conflicts: what two said at once; readings: frames of the other reading that is looked at.
        other: that reading, or None; agreement: of its frames with the first's, by frame, as far as it is known.

    Signals: changed().
    """

    changed = Signal()

    def __init__(self, reviewing: Reviewing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reviewing, self._workflow, self._session = reviewing, reviewing.workflow, reviewing.workflow.session
        self.conflicts: list[Choice] = []
        self.readings: list[Choice] = []
        self.other: Reading | None = None
        self.agreement: dict[int, FrameAgreement] = {}
        self._found: list[Conflicted] = []
        self._pointed: Key | None = None  # the conflict that somebody has chosen from the list
        self._settled: frozenset[str] = frozenset()  # when the library was last asked
        self._label = Label()  # of the other reading
        session = self._session
        session.cine_changed.connect(self._another_cine)
        session.saved_changed.connect(self._saved)
        session.label_changed.connect(self._refresh)
        self._workflow.keeping.joined.connect(self.look)

    # ---- what there is

    @property
    def submitted(self) -> list[Reading]:
        """Readings beside the first that their readers have ended; none while this is one of them."""
        if self._reviewing.blinded:
            return []
        trail = self._session.record.trail
        return [*trail.submitted(ReadKind.SECOND), *trail.submitted(ReadKind.REPEAT)]

    def look(self) -> None:
        """Ask the library for what two have said at once."""
        cine, library = self._session.cine, self._workflow.library
        if cine is None or library is None or self._reviewing.blinded:
            return
        if self._session.locked and not library.read_only:
            return  # its label cannot be trusted
        self._settled = self._session.label.settled
        self._workflow.jobs.run(
            Lane.SAVING, "conflicts", library.conflicts, cine,
            on_done=lambda found: self._take(cine, found), on_error=lambda _: None,  # opening the cine says it
        )  # fmt: skip

    def compare(self, reading: Reading | None) -> None:
        """Lay another reading over this one; None takes it away."""
        cine, library = self._session.cine, self._workflow.library
        if reading is None or cine is None or library is None:
            self._show(None, Label())
            return
        self._workflow.jobs.run(
            Lane.IO, "other reading", _load, library, cine, reading,
            on_done=lambda label: self._loaded(cine, reading, label),
            on_error=self._workflow.refused.emit,
        )  # fmt: skip

    def at(self, t: int) -> Choice | None:
        """What there is to decide in frame t: a conflict before two readings."""
        return next((one for one in (*self.conflicts, *self.readings) if one.key == t), None)

    def point_at(self, choice: Choice) -> None:
        """This is to be decided next, whatever else waits in the frame on the screen."""
        self._pointed = choice.key
        self.changed.emit()

    def current(self, t: int) -> Choice | None:
        """What the buttons decide while frame t is on the screen: what was pointed at, that frame, or the rest."""
        said = [one for one in self.conflicts if isinstance(one.key, str)]
        pointed = next((one for one in said if one.key == self._pointed), None)
        return pointed or self.at(t) or next(iter(said), None)

    # ---- deciding

    def choose(self, choice: Choice, side: Side) -> None:
        """This version is in force from now on."""
        label = self._session.label
        if choice.conflict is not None:
            after = taking(label, side.label, [choice.key]).with_settled(choice.conflict.choice)
            self._workflow.edit(f"take {side.name}, {choice.where}", after)
        elif not (reason := self._reviewing.why_not(ActKind.ADJUDICATE)):
            self._adjudicate_frame(choice, side)
        else:
            self._reviewing.refuse(reason)

    def _adjudicate_frame(self, choice: Choice, side: Side) -> None:
        assert isinstance(choice.key, int)  # readings are compared frame by frame
        same = side is choice.sides[0]
        if not same:
            text = f"adjudicate {side.name}, {choice.where}"
            self._workflow.edit(text, _with(self._session.label, choice.key, side.contour))
        self._decided(same, choice.key)
        if choice.key in self._session.record.trail.asked():
            self._reviewing.approve_frame(choice.key)

    def keep_newest(self) -> None:
        """All conflicts at once: what is in force stays, in one undo step."""
        label = self._session.label
        for choice in self.conflicts:
            assert choice.conflict is not None
            label = label.with_settled(choice.conflict.choice)
        if self.conflicts:
            self._workflow.edit(f"keep the newest of {len(self.conflicts)} conflicts", label)

    def adjudicate(self, other: bool) -> None:
        """The whole cine as the first reading has it, or as the other; then it is approved."""
        if self.other is None:
            return
        if reason := self._reviewing.why_not(ActKind.ADJUDICATE):
            self._reviewing.refuse(reason)
            return
        if other:
            theirs = self._label
            label = self._session.label
            left_out = theirs.not_traceable | (label.not_traceable - set(theirs.contours))
            taken = label.with_contours(theirs.contours)
            taken = Label(
                taken.contours, theirs.view or label.view, theirs.ed, theirs.es, label.calibration, left_out,
                label.notes, label.settled, label.frame_rate,
            )  # fmt: skip
            self._workflow.edit(f"adjudicate {_name(self.other)}", taken)
        self._decided(not other, None)
        self._reviewing.approve_cine()

    def _decided(self, first: bool, t: int | None) -> None:
        self._reviewing.say(ActKind.ADJUDICATE, t, FIRST if first else self.other)

    # ---- inside

    def _take(self, cine: Cine, found: list[Conflicted]) -> None:
        if cine is self._session.cine:
            self._found = found
            waiting, record = frozenset(one.choice for one in found), self._session.record
            if waiting != record.conflicts:
                self._session.set_record(replace(record, conflicts=waiting))
            self._refresh()

    def _saved(self) -> None:
        """A decision was taken back: what it was about is a conflict again."""
        if self._settled - self._session.label.settled:
            self.look()

    def _another_cine(self) -> None:
        self._found, self._pointed = [], None
        self._show(None, Label())
        self.look()

    def _loaded(self, cine: Cine, reading: Reading, label: Label) -> None:
        if cine is self._session.cine:
            self._show(reading, label)

    def _show(self, reading: Reading | None, label: Label) -> None:
        self.other, self._label = reading, label
        self._refresh()

    def _refresh(self) -> None:
        label = self._session.label
        self.conflicts = [self._conflict(one) for one in self._found if one.choice not in label.settled]
        self.readings = [] if self.other is None else list(self._both())
        if self.readings and self._session.cine is not None:
            self._workflow.jobs.run(
                Lane.LISTING, "compare", _compared, self.readings, self._session.cine.size, self._session.calibration,
                on_done=self._compared, on_error=lambda _: None,  # the contours are drawn all the same
            )  # fmt: skip
        self.changed.emit()

    def _compared(self, found: list[FrameAgreement]) -> None:
        self.agreement = {one.t: one for one in found}
        self.changed.emit()

    def _conflict(self, one: Conflicted) -> Choice:
        me = self._workflow.settings.annotator
        newer, older = _side(one.newer, me), _side(one.older, me)
        if newer.name == older.name:  # two windows of one person
            older = replace(older, name=f"{older.name} before")
        return Choice(one.key, (newer, older), one)

    def _both(self) -> Iterable[Choice]:
        """Every frame that either reading has traced."""
        assert self.other is not None
        ours, theirs = self._session.label, self._label
        for t in sorted({*ours.contours, *theirs.contours}):
            first, second = (_with(Label(), t, label.contour(t)) for label in (ours, theirs))
            yield Choice(t, (Side("first reading", None, first), Side(_name(self.other), None, second)))


def _side(version: Version, me: str) -> Side:
    name = version.revision.annotator[:_LONGEST] or "another window"
    return Side("mine" if name == me else name, version.revision.made_at, version.label)


def _name(reading: Reading) -> str:
    return f"{reading.reader[:_LONGEST]}, {reading.kind.value} reading"


def _with(label: Label, t: int, contour: Contour | None) -> Label:
    return label.without_contour(t) if contour is None else label.with_contour(t, contour)


def _compared(choices: list[Choice], size: tuple[int, int], calibration: Calibration | None) -> list[FrameAgreement]:
    """Runs on the LISTING lane."""
    first, second = (
        {
            one.key: contour.dense(_DENSE)
            for one in choices
            if isinstance(one.key, int) and (contour := one.sides[side].contour) is not None
        }
        for side in (0, 1)
    )
    return frames_agreement(first, second, size, calibration)


def _load(library: Library, cine: Cine, reading: Reading) -> Label:
    return library.load(cine, reading.key).label
