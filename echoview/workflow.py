"""What a person does with EchoView, step by step, with no widget in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from echoview import settings
from echoview.domain.calibration import Calibration, plausible
from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import Guard, Reader, Reading, Role, is_blind
from echoview.domain.study import CineFile, drawn
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError, LabelError
from echoview.keeping import Keeping
from echoview.predicting import Predicting
from echoview.services.ahead import Ahead
from echoview.services.inference import Inference
from echoview.services.jobs import Job, Jobs, Lane
from echoview.services.opening import Opened, find
from echoview.services.predictions import Known, Predictions
from echoview.services.study_feed import StudyFeed
from echoview.services.training import base_name
from echoview.session import Session
from echoview.settings import Settings
from echoview.store import Library, Registry

log = logging.getLogger(__name__)


class Workflow(QObject):
    """Open and edit; `predicting` and `keeping` do the rest, fine-tuning is in `learning.Learning`.

    Signals:
        refused(error): an EchoViewError that a person must read.
        progressed(text, share): work under way, share 0..1, or -1 when it ended.
        terms_due(weights): terms that this person has not seen yet.

    Attributes:
        recall: what is known already of a cine that opens, a whole prediction with these weights, or None.
    """

    refused = Signal(object)
    progressed = Signal(str, float)
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
        self.session, self.jobs, self.registry = session, jobs, registry
        self.settings = known
        self.review_only = review_only
        self.keeping, self.predicting = Keeping(self, library), Predicting(self)
        self._inference = Inference(known.threads)
        self.predictions = Predictions(self._inference, self.secret)
        self.studies = StudyFeed(jobs, lambda: self.library, self.secret, self, lambda: self.reader, self._kept)
        self.ahead = Ahead(jobs, self.predictions, lambda: self.library, self.secret, self, lambda: self.reader)
        self.studies.found.connect(self._found)
        self.studies.ended.connect(self._list_ended)
        self.recall: Callable[[Cine, WeightsSet], Prediction | None] = lambda _cine, _weights: None
        self._first_wanted = False  # of the folder that is being listed
        self._opening: Job | None = None

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
    def library(self) -> Library | None:
        """The one that labels are kept in, None where it could not be opened."""
        return self.keeping.library

    def _kept(self, content_key: str, frames: int) -> Known | None:
        """For the rows of the study list; called from their lane. Nothing where some cines are traced blind."""
        weights = self.session.weights
        if weights is None or self.reader.guard.blind:
            return None
        return self.predictions.known(content_key, frames, weights.identity)

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
        self.predicting.show()

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
        if self._opening is not None:
            self._opening.cancel()
        self.progressed.emit("Opening", 0.0)
        library, unsaved = self.library, self.keeping.unsaved
        self._opening = self.jobs.run(
            Lane.IO,
            "open",
            find,
            path,
            library,
            self.secret,
            self.reader,
            reading,
            unsaved,
            on_done=lambda found: self._was_read(path, reading, library, unsaved, found),
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

    def _was_read(
        self, path: Path, wanted: Reading | None, library: Library | None, unsaved: dict[str, Cine],
        found: Opened | Path,
    ) -> None:  # fmt: skip
        """A folder is listed; a cine opens, unless its label was made anew while it was read: then once more."""
        if isinstance(found, Path):
            self._opening = None
            self.progressed.emit("", -1.0)
            self._first_wanted = True
            self.studies.list_folder(found)
            return
        slot = found.cine.info.identity, found.reading.key
        if found.error is None and self.keeping.outdated(library, slot, found.held, unsaved):
            self.open(path, wanted)
        else:
            self._opened(path, found)

    def _opened(self, path: Path, found: Opened) -> None:
        self._opening = None
        self.progressed.emit("", -1.0)
        self.predicting.cancel()
        cine, held, reading, record, error = found
        slot = cine.info.identity, reading.key
        pending = self.keeping.opened(slot, held)
        label = held.label if pending is None else pending
        read_only = self.library.note if self.library is not None and self.library.read_only else ""
        blind = not self.review_only and is_blind(slot[0], self.reader, reading, record, drawn(label))
        self.session.open(cine, str(path), label, error.message if error else read_only, reading, record, blind)
        self.remember(recent=self.settings.with_recent(path.absolute()).recent)
        if error is not None:
            self.refused.emit(error)
        if held.note:
            self.refused.emit(EchoViewError(held.note, "They are kept in the library; nothing was changed."))
        if pending is not None and not self.keeping.saving:
            self.keeping.save_again()
        self.progressed.emit("", -1.0)
        known = self.recall(cine, self.session.weights) if self.session.weights is not None and not blind else None
        if known is None:
            self.predicting.show()
        else:
            self.session.set_prediction(known)

    def _not_opened(self, error: EchoViewError) -> None:
        self._opening = None
        self.progressed.emit("", -1.0)
        self.refused.emit(error)

    # ---- edit

    def edit(self, text: str, after: Label) -> None:
        """One undo step on the open cine; refused where its labels cannot be trusted."""
        if self.session.locked:
            self.refused.emit(LabelError(self.session.locked, "This cine cannot be corrected."))
            self.session.label_changed.emit()  # what was previewed goes back
            return
        before = self.session.label
        unseen = [t for t in after.contours if self.session.lost(t) and after.contour(t) is not before.contour(t)]
        if unseen:
            frame = f"Frame {unseen[0] + 1} cannot be read."
            self.refused.emit(EchoViewError(frame, "No contour can be drawn on it."))
            self.session.label_changed.emit()
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

    def set_frame_rate(self, rate_hz: float | None) -> None:
        """Of a file that gives no frame times; None goes back to what is assumed."""
        cine = self.session.cine
        if cine is not None and cine.rate_assumed and rate_hz != self.session.label.frame_rate:
            self.edit("frame rate", self.session.label.with_frame_rate(rate_hz))

    def calibrate(self, calibration: Calibration | None) -> None:
        """None goes back to what the file says; a size that no echo picture has is refused."""
        if calibration is not None and not plausible(calibration):
            size = f"{calibration.x_mm:.3g} × {calibration.y_mm:.3g} mm"
            self.refused.emit(EchoViewError(f"No echo picture has pixels of {size}.", "Draw the line again."))
            return
        self.edit("calibrate", self.session.label.with_calibration(calibration))
