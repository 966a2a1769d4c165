"""The open cine's label kept in the library: saved after every edit, joined with what others saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from echoview import __version__
from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.review import Record
from echoview.errors import EchoViewError
from echoview.measure.effort import moved_mm
from echoview.services.jobs import Lane
from echoview.services.opening import read_again
from echoview.store import Held, Library, Saved, merge, try_library

if TYPE_CHECKING:
    from echoview.workflow import Workflow

Slot = tuple[str, str]  # the identity of a cine and the key of a reading of it: what a label is kept under


class Keeping(QObject):
    """Between the session and the library.

    Signals:
        counted(): `corrected` and `disputed` are up to date.
        joined(): what others saved meanwhile is in the open label now.
        library_changed(): labels are kept in another one.
    """

    counted = Signal()
    joined = Signal()
    library_changed = Signal()

    def __init__(self, workflow: Workflow, library: Library | None) -> None:
        super().__init__(workflow)
        self._workflow, self._session, self.library = workflow, workflow.session, library
        self._pending: dict[Slot, Label] = {}  # corrections that are not saved yet, or could not be
        self._made_on: dict[Slot, Cine] = {}  # the cines that these were made on
        self._saving = 0
        self._counts: dict[str, int] = {}  # edited frames in the library, by the cine's identity
        self._disputed: dict[str, int] = {}  # and frames in conflict
        self._saved: dict[Slot, Held] = {}  # what the library held when last seen; another library has another
        self._edits: dict[Slot, int] = {}  # how often a save was asked for
        self._session.label_edited.connect(self._save)

    def opened(self, slot: Slot, held: Held) -> Label | None:
        """A reading of a cine was read from the library; gives what could not be saved of it and is newer, or None."""
        pending = self._pending.get(slot)
        if pending is None:
            self._saved[slot] = held
        return pending

    @property
    def unsaved(self) -> dict[str, Cine]:
        """By identity, the cines with corrections that are not saved yet."""
        return {identity: cine for (identity, _), cine in self._made_on.items()}

    def outdated(self, library: Library | None, slot: Slot, held: Held, unsaved: Mapping[str, Cine]) -> bool:
        """Whether that was read of another library, or before what was done here since.

        Args:
            unsaved: what was so when the reading began. Another file may have been corrected since under its UID.
        """
        if library is not self.library:
            return True
        if slot not in self._pending:
            return held.revision < self.seen(slot)
        return self.unsaved[slot[0]] is not unsaved.get(slot[0])

    @property
    def corrected(self) -> tuple[int, int]:
        """Frames and cines that a person corrected, in the library and in the open cine, without those in conflict."""
        found = {identity: frames for identity, frames in self._counts.items() if frames}
        cine = self._session.cine
        if cine is not None:
            found[cine.info.identity] = _edited_frames(self._session.label, self._session.disputed)
        return sum(found.values()), sum(1 for frames in found.values() if frames)

    @property
    def disputed(self) -> int:
        """Frames in conflict, in the library and in the open cine: nothing is learnt from them."""
        cine = self._session.cine
        here = {} if cine is None else {cine.info.identity: len(self._session.disputed)}
        return sum({**self._disputed, **here}.values())

    def count(self) -> None:
        """Count the edited frames of the library, off the GUI thread."""
        if self.library is not None:
            self._workflow.jobs.run(
                Lane.TRAINING, "count", self._read_counts, on_done=self._counted, on_error=self._workflow.refused.emit
            )

    def _read_counts(self) -> tuple[dict[str, int], dict[str, int]]:
        assert self.library is not None
        return self.library.corrected(), self.library.disputed()

    def _counted(self, found: tuple[dict[str, int], dict[str, int]]) -> None:
        self._counts, self._disputed = found
        self.counted.emit()

    @property
    def saving(self) -> bool:
        """Whether a save is under way; `session.saved_changed` says when it ended."""
        return self._saving > 0

    @property
    def unsaved_cines(self) -> int:
        """Cines with corrections that could not be saved."""
        return len(self._pending)

    def use_library(self, path: str) -> None:
        """Keep labels in another library from now on; it takes what could not be saved so far."""
        opened, error = try_library(path, self._workflow.secret)
        if opened is None:
            assert error is not None
            self._workflow.refused.emit(error)
            return
        former, self.library = self.library, opened
        self._saved = {}  # saves under way go on with that of the former
        self.library_changed.emit()
        if former is not None:
            if former.read_only:
                self._session.locked = ""
            # After the saves under way; a copy that is only read goes when nobody reads it any more.
            lane = Lane.IO if former.read_only else Lane.SAVING
            self._workflow.jobs.run(lane, "close library", former.close)
        self._workflow.remember(library_url=path)
        self.back_up()
        cine = self._session.cine
        if cine is not None:
            self._workflow.jobs.run(
                Lane.IO, "read labels", read_again, opened, cine, self._session.reading.key,
                on_done=lambda found: self._carry_over(opened, cine, *found), on_error=self._workflow.refused.emit,
            )  # fmt: skip

    def let_go(self) -> Library:
        """Use the library no more, for another file is to take its place; see `take_up`."""
        assert self.library is not None
        former, self.library = self.library, None
        return former

    def take_up(self, library: Library | None) -> None:
        """Go on with what lies in the library's place now; nothing of it was seen yet."""
        self.library, self._saved = library, {}
        self.library_changed.emit()

    def _carry_over(self, library: Library, cine: Cine, held: Held, record: Record) -> None:
        """The open cine's label and what the new library holds of it already become one; ours where both say it."""
        if library is not self.library or cine is not self._session.cine:
            return
        slot = cine.info.identity, self._session.reading.key
        self._saved.setdefault(slot, held)  # an edit since has seen more
        self._session.set_record(record)
        both = merge(Label(), self._session.label, held.label)
        if both.joined:
            self._session.edit("join library", both.label)
        else:
            self.save_again()

    def seen(self, slot: Slot) -> int:
        """The revision up to which this window knows a reading of a cine, 0 where it has not opened it."""
        return self._saved.get(slot, Held(Label())).revision

    def read_again(self) -> None:
        """Somebody has written past this window: what they changed of the open cine joins what is on the screen."""
        cine, library = self._session.cine, self.library
        if cine is not None and library is not None and not self._session.locked:
            slot = cine.info.identity, self._session.reading.key
            self._workflow.jobs.run(
                Lane.IO, "read labels", library.load, cine, slot[1],
                on_done=lambda held: self._look_closer(library, slot, held), on_error=self._workflow.refused.emit,
            )  # fmt: skip

    def _look_closer(self, library: Library, slot: Slot, held: Held) -> None:
        """What was read is compared between two saves: one may have been made meanwhile."""
        if library is self.library:
            self._workflow.jobs.run(
                Lane.SAVING, "compare", self._newer, library, self._saved, slot, held,
                on_done=lambda found: self._join_newer(slot, *found), on_error=self._workflow.refused.emit,
            )  # fmt: skip

    def _newer(
        self, library: Library, seen: dict[Slot, Held], slot: Slot, held: Held
    ) -> tuple[Record, tuple[Label, Saved] | None]:
        """Runs on the SAVING lane: the label as it was last seen and as the library has it, None where it is not newer.

        What is known is left as it is: saves that wait behind this one build on it, see `_join`.
        """
        known, record = seen.get(slot, Held(Label())), library.record(slot[0])
        if held.revision <= known.revision:
            return record, None
        return record, (known.label, Saved(held.revision, held.label))

    def _join_newer(self, slot: Slot, record: Record, found: tuple[Label, Saved] | None) -> None:
        if self._shows(slot):
            self._session.set_record(record)
        if found is not None:
            self._join(slot, *found)
        if not self.saving:
            self._session.set_unsaved(self._session.unsaved)  # the label is another, and none of it is on its way

    def back_up(self) -> None:
        """Copy the library where that is due, off the GUI thread."""
        if self.library is not None:
            self._workflow.jobs.run(
                Lane.TRAINING, "back up", self.library.back_up_if_due, on_error=self._workflow.refused.emit
            )

    def save_again(self) -> None:
        """Try to save what could not be saved."""
        self._save(Label(), self._session.label, "save again")

    def _save(self, before: Label, after: Label, tool: str) -> None:
        """All that the library does not hold yet, so that a failed save is made good by the next."""
        cine = self._session.cine
        if cine is None:
            return
        reader, reading = self._workflow.reader, self._session.reading
        slot = cine.info.identity, reading.key
        self._pending[slot], self._made_on[slot] = after, cine
        edit = self._edits[slot] = self._edits.get(slot, 0) + 1
        if self.library is None:
            self._session.set_unsaved("The label library is not open.")
            return
        self._saving += 1
        weights, path = self._session.weights, str(Path(self._session.path).absolute())
        spent, prediction = self._session.meter.take(), self._session.prediction
        way = moved_mm(before, after, prediction.contour if prediction else lambda t: None, self._session.calibration)
        who = {
            "annotator": reader.name, "app_version": __version__, "tool": tool, "reading": reading.key,
            "role": reader.role.value, "blind": None if self._workflow.review_only else self._session.blind,
            "weights": f"{weights.name} {weights.identity}" if weights else "",
            "seconds": round(spent.seconds, 1), "drags": spent.drags,
            "moved_mm": None if way is None else round(way, 2),
        }  # fmt: skip
        library, seen = self.library, self._saved
        self._workflow.jobs.run(
            Lane.SAVING, "save", self._write, library, seen, cine, path, after, who,
            on_done=lambda saved: self._written(library, slot, edit, after, saved),
            on_error=lambda error: self._not_written(slot, error),
        )  # fmt: skip

    def _write(
        self, library: Library, seen: dict[Slot, Held], cine: Cine, path: str, after: Label, who: dict[str, Any]
    ) -> Saved:
        """Runs on the SAVING lane: one thread, so saves keep their order. Another library may be in use by now."""
        slot = cine.info.identity, who["reading"]
        known = seen.get(slot, Held(Label()))
        saved = library.save(cine, path, known.label, after, base=known.revision, **who)
        seen[slot] = replace(known, label=after, revision=saved.number or known.revision)
        return saved

    def _written(self, library: Library, slot: Slot, edit: int, after: Label, saved: Saved) -> None:
        self._saving -= 1
        last = self._edits[slot] == edit
        if last:
            self._pending.pop(slot, None)
            self._made_on.pop(slot, None)
        if saved.others and library is self.library:
            self._join(slot, after, saved)
        if self._shows(slot):
            if saved.number is not None:
                self._note_down(slot[1])
            if last:
                self._session.set_unsaved("")

    def _note_down(self, reading: str) -> None:
        session = self._session
        session.set_record(
            session.record.with_revision(reading, self._workflow.reader, session.blind, datetime.now(UTC))
        )

    def _shows(self, slot: Slot) -> bool:
        """Whether that reading of the cine is what is open, also where it was opened anew meanwhile."""
        cine = self._session.cine
        return cine is not None and slot == (cine.info.identity, self._session.reading.key)

    def _join(self, slot: Slot, after: Label, saved: Saved) -> None:
        """Others saved while `after` was made: the label gets what they changed, and the person is told."""
        # On the lane, so that saves under way still build on the label without, and later ones on the label with it.
        self._workflow.jobs.run(Lane.SAVING, "join", self._know, self._saved, slot, after, saved)
        if slot in self._pending:
            self._pending[slot] = merge(after, self._pending[slot], saved.label).label
        if self._shows(slot):
            self._session.take(merge(after, self._session.label, saved.label).label)
            self.joined.emit()
        if news := saved.news(self._workflow.settings.annotator):
            self._workflow.refused.emit(news)

    def _know(self, seen: dict[Slot, Held], slot: Slot, after: Label, saved: Saved) -> None:
        known = seen.get(slot, Held(after))
        revision = max(known.revision, saved.number or 0)
        seen[slot] = replace(known, label=merge(after, known.label, saved.label).label, revision=revision)

    def _not_written(self, slot: Slot, error: EchoViewError) -> None:
        self._saving -= 1
        if self._shows(slot):
            self._session.set_unsaved(error.message)
        self._workflow.refused.emit(error)


def _edited_frames(label: Label, but: frozenset[int]) -> int:
    return sum(contour.edited for t, contour in label.contours.items() if t not in but)
