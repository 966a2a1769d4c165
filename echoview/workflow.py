"""What a person does with EchoView, step by step, with no widget in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from echoview import __version__, settings
from echoview.domain.calibration import Calibration, plausible
from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import Guard, Reader, Reading, Record, Role, is_blind
from echoview.domain.study import CineFile, drawn
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.errors import DeviceError, EchoViewError, LibraryError
from echoview.measure.effort import moved_mm, time_left
from echoview.services.ahead import Ahead
from echoview.services.inference import Inference
from echoview.services.jobs import Job, Jobs, Lane
from echoview.services.opening import Opened, read, read_again
from echoview.services.predictions import Known, Predictions
from echoview.services.study_feed import StudyFeed
from echoview.services.training import base_name
from echoview.session import Session
from echoview.settings import Settings
from echoview.store import Held, Library, Registry, Saved, merge, try_library

log = logging.getLogger(__name__)

Slot = tuple[str, str]  # the identity of a cine and the key of a reading of it: what a label is kept under


class Workflow(QObject):
    """Open, predict, edit, save; fine-tuning is in `learning.Learning`.

    Signals:
        refused(error): an EchoViewError that a person must read.
        progressed(text, share): work under way, share 0..1, or -1 when it ended.
        counted(): `corrected` is up to date.
        joined(): what others saved meanwhile is in the open label now.
        library_changed(): labels are kept in another one.
        device_kept(name): the device that was chosen is not there; this one is used.
        terms_due(weights): terms that this person has not seen yet.

    Attributes:
        recall: what is known already of a cine that opens, a whole prediction with these weights, or None.
    """

    refused = Signal(object)
    progressed = Signal(str, float)
    counted = Signal()
    joined = Signal()
    library_changed = Signal()
    device_kept = Signal(str)
    terms_due = Signal(object)

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        registry: Registry,
        library: Library | None,
        known: Settings,
        parent: QObject | None = None,
        review_only: bool = False,
    ) -> None:
        """`review_only`: no weights are put in use and nothing is predicted, so that torch is never loaded."""
        super().__init__(parent)
        self.session, self.jobs, self.registry, self.library = session, jobs, registry, library
        self.settings = known
        self.review_only = review_only
        self._inference = Inference(known.threads)
        self.predictions = Predictions(self._inference, self.secret)
        self.studies = StudyFeed(jobs, lambda: self.library, self.secret, self, lambda: self.reader, self._kept)
        self.ahead = Ahead(jobs, self.predictions, lambda: self.library, self.secret, self, lambda: self.reader)
        self.studies.found.connect(self._found)
        self.studies.ended.connect(self._list_ended)
        self.recall: Callable[[Cine, WeightsSet], Prediction | None] = lambda _cine, _weights: None
        self._first_wanted = False  # of the folder that is being listed
        self._opening: Job | None = None
        self._predicting: Job | None = None
        self._pending: dict[Slot, Label] = {}  # corrections that could not be saved
        self._recalling: Job | None = None
        self._saving = 0
        self._tried: tuple[str, Cine | None, Prediction | None] | None = None  # what stood before another device
        self._counts: dict[str, int] = {}  # edited frames in the library, by the cine's identity
        self._disputed: dict[str, int] = {}  # and frames in conflict
        self._saved: dict[Slot, Held] = {}  # what the library held when last seen
        self._edits: dict[Slot, int] = {}  # how often a save was asked for
        session.label_edited.connect(self._save)

    @property
    def secret(self) -> bytes:
        return bytes.fromhex(self.settings.patient_secret)

    @property
    def reader(self) -> Reader:
        """Whoever sits here, in the role and with the shares that are set."""
        known = self.settings
        role = next((role for role in Role if role.value == known.role), Role.ANNOTATOR)
        guard = Guard(known.blind_share, known.repeat_share, known.repeat_days, self.secret)
        return Reader(known.annotator, role, guard, known.second_blind)

    @property
    def inference(self) -> Inference:
        """The network at work; only to be used on the INFERENCE lane."""
        return self._inference

    @property
    def predicting(self) -> bool:
        return self._predicting is not None

    def remember(self, **changes: object) -> None:
        """Change settings and keep them; a failure is logged, for no setting is worth a dialog."""
        self.settings = replace(self.settings, **changes)
        try:
            settings.save(self.settings)
        except EchoViewError as error:
            log.warning("settings not kept: %s", type(error).__name__)

    # ---- weights

    def use_active_weights(self) -> None:
        """Put the chosen or adopted set in use and say its terms once."""
        if self.review_only:
            return
        try:
            self.use(self.registry.active())
        except EchoViewError as error:
            self.refused.emit(error)

    def choose_weights(self, identity: str) -> None:
        """Use another set, now and at the next start, and predict anew."""
        try:
            self.use(self.registry.adopt(identity))
        except EchoViewError as error:
            self.refused.emit(error)
            return
        self.show_prediction()

    def terms_seen(self, weights: WeightsSet) -> None:
        """The person has read the terms; sets fine-tuned from this one carry the same."""
        name = base_name(weights.name)
        if name not in self.settings.terms_shown:
            self.remember(terms_shown=(*self.settings.terms_shown, name))

    def use(self, weights: WeightsSet) -> None:
        """The set in use is this one now."""
        self.ahead.stop()
        self.session.set_weights(weights)
        if weights.research_only and base_name(weights.name) not in self.settings.terms_shown:
            self.terms_due.emit(weights)

    # ---- open

    def open(self, path: str | Path, reading: Reading | None = None) -> None:
        """Open a cine, or list a folder's cines and open the first.

        Args:
            reading: whose label is shown and corrected; None = the one that is this person's to make.
        """
        path = Path(path)
        if path.name.upper() == "DICOMDIR" and path.is_file():
            path = path.parent  # an index of the folder that it lies in
        if self._opening is not None:
            self._opening.cancel()
        if path.is_dir():
            self._first_wanted = True
            self.studies.list_folder(path)
            return
        self.progressed.emit("Opening", 0.0)
        self._opening = self.jobs.run(
            Lane.IO,
            "open",
            read,
            path,
            self.library,
            self.secret,
            self.reader,
            reading,
            on_done=lambda found: self._opened(path, found),
            on_error=self._not_opened,
        )

    def open_all(self, paths: list[Path]) -> None:
        """List these files and folders together and open the first cine."""
        if len(paths) == 1:
            self.open(paths[0])
            return
        self._first_wanted = True
        self.studies.list_places(tuple(paths), f"{len(paths)} files and folders")

    def _found(self, found: list[CineFile]) -> None:
        """The first cine of a folder opens while the others are still being listed."""
        first = next((one.path for one in found if not one.trouble), None)
        if self._first_wanted and first is not None:
            self._first_wanted = False
            self.open(first)

    def _list_ended(self, error: EchoViewError | None) -> None:
        self._first_wanted = False
        if error is not None:
            self._not_opened(error)

    def _opened(self, path: Path, found: Opened) -> None:
        self._opening = None
        self.progressed.emit("", -1.0)
        self.cancel_prediction()
        cine, held, reading, record, error = found
        slot = cine.info.identity, reading.key
        pending = self._pending.get(slot)  # newer than what was read
        if pending is None:
            self._saved[slot] = held
        label = held.label if pending is None else pending
        read_only = self.library.note if self.library is not None and self.library.read_only else ""
        blind = not self.review_only and is_blind(slot[0], self.reader, reading, record, drawn(label))
        self.session.open(cine, str(path), label, error.message if error else read_only, reading, record, blind)
        self.remember(recent=self.settings.with_recent(path.absolute()).recent)
        if error is not None:
            self.refused.emit(error)
        if held.note:
            self.refused.emit(EchoViewError(held.note, "They are kept in the library; nothing was changed."))
        if pending is not None and not self.saving:
            self.save_again()
        self.progressed.emit("", -1.0)
        known = self.recall(cine, self.session.weights) if self.session.weights is not None and not blind else None
        if known is None:
            self.show_prediction()
        else:
            self.session.set_prediction(known)

    def _not_opened(self, error: EchoViewError) -> None:
        self._opening = None
        self.progressed.emit("", -1.0)
        self.refused.emit(error)

    # ---- predict

    def show_prediction(self) -> None:
        """What is kept of the open cine with the weights in use; where nothing is, predict it."""
        self.cancel_prediction()
        cine, weights = self.session.cine, self.session.weights
        if cine is not None and weights is not None and not cine.info.withheld and not self.session.blind:
            if self.session.prediction is not None:
                self.session.set_prediction(None)  # of other weights
            self._recalling = self.jobs.run(
                Lane.IO, "recall", self.predictions.recall, cine, weights,
                on_done=lambda known: self._recalled(cine, known),
            )  # fmt: skip

    def _recalled(self, cine: Cine, known: Prediction | None) -> None:
        self._recalling = None
        if known is None:
            self.predict()
        elif cine is self.session.cine:
            self.session.set_prediction(known)

    def _kept(self, content_key: str, frames: int) -> Known | None:
        """For the rows of the study list; called from their lane. Nothing where some cines are traced blind."""
        weights = self.session.weights
        if weights is None or self.reader.guard.blind:
            return None
        return self.predictions.known(content_key, frames, weights.identity)

    def predict(self) -> None:
        """Predict the open cine anew with the weights in use; contours appear as they come."""
        self.cancel_prediction()
        cine, weights = self.session.cine, self.session.weights
        if cine is None or weights is None:
            return
        if cine.info.withheld or self.session.blind:
            return  # the window shows the reason where the numbers, or the prediction, would be
        self.session.set_prediction(None)
        self.ahead.give_way()
        self.progressed.emit("Predicting", 0.0)
        self._predicting = self.jobs.run(
            Lane.INFERENCE, "predict", self.predictions.made_anew, cine, weights, self.settings.device,
            on_item=lambda grown: self._predicted(cine, grown),
            on_done=lambda _: self._prediction_ended(),
            on_error=self._prediction_refused,
        )  # fmt: skip

    def _predicted(self, cine: Cine, grown: Prediction) -> None:
        if cine is not self.session.cine:
            return
        self._tried = None  # the device is there
        self.session.set_prediction(grown, grown.done - 1)
        left = time_left((len(cine) - grown.done) / max(grown.fps, 0.1))
        text = f"Predicting frame {grown.done} of {len(cine)}" + (f" · {left}" if left else "")
        self.progressed.emit(text, grown.done / len(cine))

    def predict_ahead(self, paths: list[str]) -> None:
        """Predict these cines in the background, the open one first of all."""
        if self.session.weights is not None:
            self.ahead.start(paths, self.session.weights, self.settings.device)

    def cancel_prediction(self) -> None:
        if self._recalling is not None:
            self._recalling.cancel()
            self._recalling = None
        if self._predicting is not None:
            self._predicting.cancel()
            self._prediction_ended()

    def _prediction_ended(self) -> None:
        self._predicting = None
        self.progressed.emit("", -1.0)
        self.ahead.go_on()

    def _prediction_refused(self, error: EchoViewError) -> None:
        self._prediction_ended()
        if isinstance(error, DeviceError) and self.settings.device != "auto":
            self._keep_device()
        self.refused.emit(error)

    def _keep_device(self) -> None:
        """The device that was tried is not there: the former one, and what it had predicted of this cine."""
        device, cine, prediction = self._tried or ("auto", None, None)
        self._tried = None
        self.remember(device=device)
        self.device_kept.emit(device)
        if cine is self.session.cine and prediction is not None and prediction.complete:
            self.session.set_prediction(prediction)
        else:
            self.predict()

    def choose_device(self, device: str) -> None:
        """Predict on another device from now on; where it is not there, all stays as it was."""
        self._tried = (self.settings.device, self.session.cine, self.session.prediction)
        self.remember(device=device)
        self.predict()

    # ---- edit

    def edit(self, text: str, after: Label) -> None:
        """One undo step on the open cine; refused where its labels cannot be trusted."""
        if self.session.locked:
            self.refused.emit(LibraryError(self.session.locked, "This cine cannot be corrected."))
            self.session.label_changed.emit()  # what was previewed goes back
            return
        self.session.edit(text, after)

    def edit_contour(self, t: int, contour: Contour, text: str) -> None:
        self.edit(f"{text}, frame {t + 1}", self.session.label.with_contour(t, contour))

    def accept(self, t: int) -> bool:
        """The person agrees with the contour of frame t; False where there is none."""
        contour = self.session.editable(t)
        if contour is None:
            return False
        if not all(origin.human for origin in contour.origins):  # else it is a person's already: no step to undo
            self.edit_contour(t, contour.accepted(), "approve")
        return True

    def revert(self, t: int) -> None:
        """Frame t shows the prediction again; the correction stays in the history."""
        if self.session.label.contour(t) is not None:
            self.edit(f"revert, frame {t + 1}", self.session.label.without_contour(t))

    def revert_range(self, span: tuple[int, int] | None) -> None:
        """All frames of a marked span show the prediction again, a person's too, in one step."""
        label = self.session.label
        if span is None:
            self.refused.emit(EchoViewError("No range is marked.", "Shift+drag along the timeline marks one."))
            return
        for t in [t for t in label.contours if span[0] <= t <= span[1]]:
            label = label.without_contour(t)
        if label is not self.session.label:
            self.edit(f"revert, frames {span[0] + 1} to {span[1] + 1}", label)

    def overrule_view(self, view: View | None) -> None:
        if view is not self.session.label.view:
            self.edit(f"view {view.value if view else 'from the network'}", self.session.label.with_view(view))

    def mark_ed(self, t: int | None) -> None:
        self.edit("mark ED", self.session.label.with_ed(t))

    def mark_es(self, t: int | None) -> None:
        self.edit("mark ES", self.session.label.with_es(t))

    def mark_both(self, ed: int, es: int) -> None:
        """These frames are ED and ES, in one step."""
        self.edit("mark ED and ES", self.session.label.with_ed(ed).with_es(es))

    def calibrate(self, calibration: Calibration | None) -> None:
        """None goes back to what the file says; a size that no echo picture has is refused."""
        if calibration is not None and not plausible(calibration):
            size = f"{calibration.x_mm:.3g} × {calibration.y_mm:.3g} mm"
            self.refused.emit(EchoViewError(f"No echo picture has pixels of {size}.", "Draw the line again."))
            return
        self.edit("calibrate", self.session.label.with_calibration(calibration))

    @property
    def corrected(self) -> tuple[int, int]:
        """Frames and cines that a person corrected, in the library and in the open cine, without those in conflict."""
        found = {identity: frames for identity, frames in self._counts.items() if frames}
        cine = self.session.cine
        if cine is not None:
            found[cine.info.identity] = _edited_frames(self.session.label, self.session.disputed)
        return sum(found.values()), sum(1 for frames in found.values() if frames)

    @property
    def disputed(self) -> int:
        """Frames in conflict, in the library and in the open cine: nothing is learnt from them."""
        cine = self.session.cine
        here = {} if cine is None else {cine.info.identity: len(self.session.disputed)}
        return sum({**self._disputed, **here}.values())

    def count_corrected(self) -> None:
        """Count the edited frames of the library, off the GUI thread."""
        if self.library is not None:
            self.jobs.run(Lane.TRAINING, "count", self._count, on_done=self._counted, on_error=self.refused.emit)

    def _count(self) -> tuple[dict[str, int], dict[str, int]]:
        assert self.library is not None
        return self.library.corrected(), self.library.disputed()

    def _counted(self, found: tuple[dict[str, int], dict[str, int]]) -> None:
        self._counts, self._disputed = found
        self.counted.emit()

    # ---- save

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
        opened, error = try_library(path, self.secret)
        if opened is None:
            assert error is not None
            self.refused.emit(error)
            return
        former, self.library = self.library, opened
        self.library_changed.emit()
        if former is not None:
            if former.read_only:
                self.session.locked = ""
            self.jobs.run(Lane.IO, "close library", former.close)  # after the saves under way
        self._saved.clear()  # the new one holds nothing yet that was seen of the former
        self.remember(library_url=path)
        self.back_up_library()
        cine = self.session.cine
        if cine is not None:
            self.jobs.run(
                Lane.IO, "read labels", read_again, opened, cine, self.session.reading.key,
                on_done=lambda found: self._carry_over(cine, *found), on_error=self.refused.emit,
            )  # fmt: skip

    def _carry_over(self, cine: Cine, held: Held, record: Record) -> None:
        """The open cine's label and what the new library holds of it already become one; ours where both say it."""
        if cine is not self.session.cine:
            return
        self._saved.setdefault((cine.info.identity, self.session.reading.key), held)  # an edit since has seen more
        self.session.set_record(record)
        both = merge(Label(), self.session.label, held.label)
        if both.joined:
            self.session.edit("join library", both.label)
        else:
            self.save_again()

    def seen(self, slot: Slot) -> int:
        """The revision up to which this window knows a reading of a cine, 0 where it has not opened it."""
        return self._saved.get(slot, Held(Label())).revision

    def read_again(self) -> None:
        """Somebody has written past this window: what they changed of the open cine joins what is on the screen."""
        cine, library = self.session.cine, self.library
        if cine is not None and library is not None and not self.session.locked:
            slot = cine.info.identity, self.session.reading.key
            self.jobs.run(
                Lane.IO, "read labels", self._newer, library, cine, slot,
                on_done=lambda found: self._join_newer(cine, slot, *found), on_error=self.refused.emit,
            )  # fmt: skip

    def _newer(self, library: Library, cine: Cine, slot: Slot) -> tuple[Record, tuple[Label, Saved] | None]:
        """Runs on the IO lane: the label as it was last seen and as the library has it now, None where nothing is new.

        What is known is left as it is: saves that wait behind this one build on it, see `_join`.
        """
        known, (held, record) = self._saved.get(slot, Held(Label())), read_again(library, cine, slot[1])
        if library is not self.library or held.revision == known.revision:
            return record, None
        return record, (known.label, Saved(held.revision, held.label))

    def _join_newer(self, cine: Cine, slot: Slot, record: Record, found: tuple[Label, Saved] | None) -> None:
        if self._shows(cine, slot):
            self.session.set_record(record)
        if found is not None:
            self._join(cine, slot, *found)
        if not self.saving:
            self.session.set_unsaved(self.session.unsaved)  # the label is another, and none of it is on its way

    def back_up_library(self) -> None:
        """Copy the library where that is due, off the GUI thread."""
        if self.library is not None:
            self.jobs.run(Lane.TRAINING, "back up", self.library.back_up_if_due, on_error=self.refused.emit)

    def save_again(self) -> None:
        """Try to save what could not be saved."""
        self._save(Label(), self.session.label, "save again")

    def _save(self, before: Label, after: Label, tool: str) -> None:
        """All that the library does not hold yet, so that a failed save is made good by the next."""
        cine = self.session.cine
        if cine is None:
            return
        reader, reading = self.reader, self.session.reading
        slot = cine.info.identity, reading.key
        self._pending[slot] = after
        edit = self._edits[slot] = self._edits.get(slot, 0) + 1
        if self.library is None:
            self.session.set_unsaved("The label library is not open.")
            return
        self._saving += 1
        weights, path = self.session.weights, str(Path(self.session.path).absolute())
        spent, prediction = self.session.meter.take(), self.session.prediction
        way = moved_mm(before, after, prediction.contour if prediction else lambda t: None, self.session.calibration)
        who = {
            "annotator": reader.name, "app_version": __version__, "tool": tool, "reading": reading.key,
            "role": reader.role.value, "blind": None if self.review_only else self.session.blind,
            "weights": f"{weights.name} {weights.identity}" if weights else "",
            "seconds": round(spent.seconds, 1), "drags": spent.drags,
            "moved_mm": None if way is None else round(way, 2),
        }  # fmt: skip
        self.jobs.run(
            Lane.IO, "save", self._write, self.library, cine, path, after, who,
            on_done=lambda saved: self._written(cine, slot, edit, after, saved),
            on_error=lambda error: self._not_written(cine, error),
        )  # fmt: skip

    def _write(self, library: Library, cine: Cine, path: str, after: Label, who: dict[str, Any]) -> Saved:
        """Runs on the IO lane: one thread, so saves keep their order."""
        current = library is self.library  # else another was chosen while this waited
        slot = cine.info.identity, who["reading"]
        known = self._saved.get(slot, Held(Label())) if current else Held(Label())
        saved = library.save(cine, path, known.label, after, base=known.revision, **who)
        if current:
            self._saved[slot] = replace(known, label=after, revision=saved.number or known.revision)
        return saved

    def _written(self, cine: Cine, slot: Slot, edit: int, after: Label, saved: Saved) -> None:
        self._saving -= 1
        if self._edits[slot] == edit:
            self._pending.pop(slot, None)
        if saved.others:
            self._join(cine, slot, after, saved)
        if self._shows(cine, slot):
            self.session.set_unsaved("")
            if saved.number is not None:
                self._note_down(slot[1])

    def _note_down(self, reading: str) -> None:
        session = self.session
        session.set_record(session.record.with_revision(reading, self.reader, session.blind, datetime.now(UTC)))

    def _shows(self, cine: Cine, slot: Slot) -> bool:
        """Whether that reading of the cine is what is open."""
        return cine is self.session.cine and slot[1] == self.session.reading.key

    def _join(self, cine: Cine, slot: Slot, after: Label, saved: Saved) -> None:
        """Others saved while `after` was made: the label gets what they changed, and the person is told."""
        # On the lane, so that saves under way still build on the label without, and later ones on the label with it.
        self.jobs.run(Lane.IO, "join", self._know, slot, after, saved)
        if slot in self._pending:
            self._pending[slot] = merge(after, self._pending[slot], saved.label).label
        if self._shows(cine, slot):
            self.session.take(merge(after, self.session.label, saved.label).label)
            self.joined.emit()
        if news := saved.news(self.settings.annotator):
            self.refused.emit(news)

    def _know(self, slot: Slot, after: Label, saved: Saved) -> None:
        known = self._saved.get(slot, Held(after))
        revision = max(known.revision, saved.number or 0)
        self._saved[slot] = replace(known, label=merge(after, known.label, saved.label).label, revision=revision)

    def _not_written(self, cine: Cine, error: EchoViewError) -> None:
        self._saving -= 1
        if cine is self.session.cine:
            self.session.set_unsaved(error.message)
        self.refused.emit(error)


def _edited_frames(label: Label, but: frozenset[int]) -> int:
    return sum(contour.edited for t, contour in label.contours.items() if t not in but)
