"""What is open now: one typed state that the window draws; every change is a past-tense signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import FIRST, Reading, Record, conflicts_over
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.measure import Measurements, confidence_shown, contours_shown, measure, remeasure, remeasure_frames
from echoview.measure.effort import Meter
from echoview.measure.measurements import Instants

Numbers = tuple[Prediction | None, Measurements | None]  # what was measured, and with which prediction


class Session(QObject):
    """The open cine, its prediction, its label and the weights in use.

    `unsaved` says why the last correction is not in the library, `locked` why the cine must not be corrected; both
    are "" where all is well. `meter` counts what the corrections of the open cine cost. `reading` says whose label it
    is, `record` what reviewers said of the cine, `blind` that the prediction stays hidden. `seen` holds the frames that
    were on the screen since it was opened.

    Signals:
        cine_changed(): another cine, or none; prediction and label are new too.
        prediction_changed(t): frame t was predicted; -1 = all of it is new.
        label_changed(), measured(): the label, the numbers.
        label_taken(frames): these are shown now as another window saved them.
        label_edited(before, after, tool): for whoever saves.
        weights_changed(), saved_changed().
        retimed(): the frames have other times, as the label says.
        reviewed(): `record` or `blind` changed.
    """

    cine_changed = Signal()
    prediction_changed = Signal(int)
    label_changed = Signal()
    label_taken = Signal(object)
    label_edited = Signal(object, object, str)
    measured = Signal()
    weights_changed = Signal()
    saved_changed = Signal()
    retimed = Signal()
    reviewed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.cine: Cine | None = None
        self.path = ""
        self.prediction: Prediction | None = None
        self.predicted: Measurements | None = None
        self.measurements: Measurements | None = None
        self.weights: WeightsSet | None = None
        self.unsaved = ""
        self.locked = ""
        self.meter = Meter()
        self.reading = FIRST
        self.record = Record()
        self.blind = False
        self.seen: set[int] = set()
        self._label = Label()

    @property
    def label(self) -> Label:
        return self._label

    @property
    def name(self) -> str:
        """What the open cine is called on the screen."""
        title = "" if self.cine is None else self.cine.info.title
        return title or self.path.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def view(self) -> View | None:
        """What the person said, else the file, else the network."""
        said = self.label.view or (self.cine.info.view_hint if self.cine else None)
        if said is None and self.prediction is not None and self.prediction.done:
            return self.prediction.view
        return said

    @property
    def calibration(self) -> Calibration | None:
        """What the person measured, else the file's: of several pictures in the frame that with the contours."""
        if self.measurements is not None:
            return self.label.calibration or self.measurements.calibration
        return self.label.calibration or (self.cine.calibration if self.cine else None)

    def calibration_of(self, points: Sequence[tuple[float, float]]) -> Calibration | None:
        """As `calibration`, of the picture in the frame that these points (x,y px) lie in."""
        return self.label.calibration or (self.cine.calibration_of(points) if self.cine else None)

    def open(
        self, cine: Cine | None, path: str, label: Label, locked: str = "", reading: Reading = FIRST,
        record: Record | None = None, blind: bool = False,
    ) -> None:  # fmt: skip
        """Show another cine with the label that the library holds for it; `locked`: why it must not be edited."""
        self.locked, self.reading, self.record, self.blind = locked, reading, record or Record(), blind
        self.cine, self.path, self._label = cine, path, label
        if cine is not None:
            cine.play_at(label.frame_rate)
        self.prediction = self.predicted = None
        self.meter.restart()
        self.seen = set()
        self.undo_stack.clear()
        self.set_unsaved("")
        self._measure()
        self.cine_changed.emit()

    def set_record(self, record: Record) -> None:
        """More was said of the open cine."""
        self.record = record
        self.reviewed.emit()

    def unveil(self) -> None:
        """The prediction need not be hidden any more."""
        self.blind = False
        self.reviewed.emit()

    def set_weights(self, weights: WeightsSet) -> None:
        self.weights = weights
        self.weights_changed.emit()

    def set_prediction(self, prediction: Prediction | None, t: int = -1) -> None:
        """The prediction grew by frame t, or is another one (-1)."""
        self.prediction = prediction
        known = self.predicted if self.measurements is not None else None
        if prediction is None or t < 0 or known is None or self._elsewhere(known, prediction.contours[t]):
            self._measure()
        else:
            self._measure_frame(prediction, t)
        self.prediction_changed.emit(t)

    @property
    def disputed(self) -> frozenset[int]:
        """Frames that two people have said otherwise and nobody has decided; none in a reading of one's own."""
        waiting = frozenset() if self.reading != FIRST else self.record.conflicts - self.label.settled
        return frozenset(t for t in conflicts_over(waiting) if isinstance(t, int))

    def lost(self, t: int) -> bool:
        """Whether frame t of the open cine cannot be read: nothing may be drawn on it."""
        return self.cine is not None and self.cine.lost(t)

    def contour(self, t: int) -> Contour | np.ndarray | None:
        """What frame t shows: the person's contour, else the predicted points (65,2), else None."""
        if self.lost(t):
            return None
        own = self.label.contour(t)
        if own is not None:
            return own
        if t in self.label.not_traceable:
            return None
        return None if self.prediction is None else self.prediction.contour(t)

    def editable(self, t: int) -> Contour | None:
        """The contour of frame t with handles, made from the prediction where no person was there yet."""
        shown = self.contour(t)
        return Contour.through(shown, Origin.PREDICTED) if isinstance(shown, np.ndarray) else shown

    def edit(self, text: str, after: Label) -> None:
        """One undo step; `text` names it in the menu and in the history."""
        self.undo_stack.push(_EditLabel(self, self._label, after, text))

    def take(self, label: Label) -> None:
        """What another window saved has joined; the undo steps hold labels without it, and are dropped."""
        changed = label.frames_unlike(self._label)
        self._put(label)
        self.undo_stack.clear()
        self._measure()
        self.label_changed.emit()
        self.label_taken.emit(changed)

    def preview(self, t: int, contour: Contour | np.ndarray) -> Measurements | None:
        """The numbers as they would be with this contour, or line (N,2) px, in frame t; for use during a drag."""
        if self.cine is None or self.measurements is None:
            return None
        confidence = confidence_shown(len(self.cine), self.prediction, self.label)
        confidence[t] = 1.0
        points = contour.dense() if isinstance(contour, Contour) else contour
        return remeasure(self.measurements, t, points, confidence, self.label.ed, self.label.es)

    def set_unsaved(self, reason: str) -> None:
        """Why the last correction is not in the library, "" when it is."""
        self.unsaved = reason
        self.saved_changed.emit()

    def replace_label(self, before: Label, after: Label, tool: str, known: Numbers | None) -> None:
        """A step of `undo_stack`; `known`: what was measured with `after` already, and with which prediction."""
        self._put(after)
        said = (before.ed, before.es, before.calibration) != (after.ed, after.es, after.calibration)
        if said or self.measurements is None:
            self._measure()
        elif known is not None and known[0] is self.prediction:
            self.measurements = known[1]
            self.measured.emit()
        else:
            self._measure_again(after.frames_unlike(before))
        self.label_changed.emit()
        self.label_edited.emit(before, after, tool)

    def _put(self, label: Label) -> None:
        former, self._label = self._label, label
        if self.cine is not None and former.frame_rate != label.frame_rate:
            self.cine.play_at(label.frame_rate)
            self.retimed.emit()

    def _measure(self) -> None:
        nothing = self.cine is None or (self.prediction is None and self.label.empty)
        self.predicted = None if nothing or self.prediction is None else self._measured(
            Label(ed=self.label.ed, es=self.label.es, calibration=self.label.calibration)
        )  # fmt: skip
        former = (None, None) if self.predicted is None else (self.predicted.ed, self.predicted.es)
        if self.predicted is not None and not self.label.contours and not self.label.not_traceable:
            said = self.label.ed, self.label.es  # the contours are the predicted ones: they need not be measured twice
            confidence = confidence_shown(len(self.predicted.volumes), self.prediction, self.label)
            self.measurements = remeasure_frames(self.predicted, {}, confidence, *said, former)
        else:
            self.measurements = None if nothing else self._measured(self.label, former)
        self.measured.emit()

    def _measure_frame(self, prediction: Prediction, t: int) -> None:
        """The network has come to frame t: only that frame is measured anew."""
        assert self.cine is not None and self.measurements is not None and self.predicted is not None
        said = self.label.ed, self.label.es
        self.predicted = remeasure(self.predicted, t, prediction.contours[t], prediction.confidence, *said)
        former = self.predicted.ed, self.predicted.es
        confidence = confidence_shown(len(self.cine), prediction, self.label)
        shown = self.label.contour(t) is None and t not in self.label.not_traceable
        changed = {t: prediction.contours[t]} if shown else {}
        self.measurements = remeasure_frames(self.measurements, changed, confidence, *said, former)
        self.measured.emit()

    def _measure_again(self, frames: set[int]) -> None:
        """Only these frames have another contour: the others need not be measured anew."""
        assert self.cine is not None and self.measurements is not None
        confidence = confidence_shown(len(self.cine), self.prediction, self.label)
        changed = {}
        for t in frames:
            shown = self.contour(t)
            nothing = np.full((3, 2), np.nan)
            changed[t] = shown.dense() if isinstance(shown, Contour) else nothing if shown is None else shown
        if any(self._elsewhere(self.measurements, line) for line in changed.values()):
            self._measure()
            return
        self.measurements = remeasure_frames(self.measurements, changed, confidence, self.label.ed, self.label.es)
        self.measured.emit()

    def _elsewhere(self, known: Measurements, contour: np.ndarray) -> bool:
        """Whether a contour (N,2) may lie in another picture of the frame than what is measured, with other pixels."""
        if self.cine is None or self.cine.one_size or self.label.calibration is not None:
            return False
        return known.calibration is None or known.calibration != self.cine.calibration_around(contour)

    def _measured(self, label: Label, former: Instants = (None, None)) -> Measurements:
        assert self.cine is not None
        frames = len(self.cine)
        contours = contours_shown(frames, self.prediction, label)
        confidence = confidence_shown(frames, self.prediction, label)
        spacing, whole = label.calibration or self.cine.calibration_around(contours), not self.cine.info.missing
        return measure(contours, spacing, confidence, label.ed, label.es, former, whole)


class _EditLabel(QUndoCommand):
    """From one label to the next and back; the first push runs redo. The numbers of either are measured once."""

    def __init__(self, session: Session, before: Label, after: Label, text: str) -> None:
        super().__init__(text)
        self._session, self._before, self._after = session, before, after
        self._measured: dict[int, Numbers] = {}

    def redo(self) -> None:
        self._go(self._before, self._after, self.text())

    def undo(self) -> None:
        self._go(self._after, self._before, f"undo {self.text()}")

    def _go(self, before: Label, after: Label, tool: str) -> None:
        session = self._session
        self._measured[id(before)] = session.prediction, session.measurements
        session.replace_label(before, after, tool, self._measured.get(id(after)))
