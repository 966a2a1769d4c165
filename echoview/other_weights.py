"""What another set of weights says of the open cine, beside what the set in use says. Nothing of it is saved."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from echoview.beside import Background
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError
from echoview.measure import Measurements
from echoview.services.aside import Wish, measured_with
from echoview.services.jobs import Lane
from echoview.workflow import Workflow


class OtherWeights(QObject):
    """Predicts in the background and keeps what was found while the cine is open.

    Attributes:
        weights: the other set, or None while nobody compares.
        prediction, measured: what it says; None until it is known. The numbers use the ED, the ES and the calibration
            that the label names, as those of the set in use do.
        stopped: whether a person cancelled it.

    Signals:
        changed(t): its prediction grew by frame t; -1 = all is another.
        progressed(text, share): share 0..1, -1 when nothing runs.
    """

    changed = Signal(int)
    progressed = Signal(str, float)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow, self._session = workflow, workflow.session
        self._aside = Background(workflow, self).aside
        self.weights: WeightsSet | None = None
        self.prediction: Prediction | None = None
        self.measured: Measurements | None = None
        self.stopped = False
        self._kept: dict[str, Prediction] = {}  # of the open cine, by the set's identity
        self._said = (None, None, None)
        self._aside.grew.connect(self._grew)
        self._aside.finished.connect(self._finished)
        self._aside.refused.connect(self._refused)
        self._session.cine_changed.connect(self._another_cine)
        self._session.label_changed.connect(self._measure_if_said)

    @property
    def sets(self) -> list[WeightsSet]:
        """Those that can be compared with the one in use."""
        used = self._session.weights
        return [one for one in self._workflow.registry.sets() if used is None or one.identity != used.identity]

    @property
    def difference(self) -> float | None:
        """EF of the other set minus EF of the one in use, percentage points; of predictions, not of corrections."""
        ours = self._session.predicted
        if self.measured is None or ours is None or None in (self.measured.ef_percent, ours.ef_percent):
            return None
        return self.measured.ef_percent - ours.ef_percent  # type: ignore[operator]  # neither is None

    def compare(self, weights: WeightsSet | None) -> None:
        """With this set from now on, also on the cines that are opened next; None ends it."""
        self._aside.clear()
        self.weights, self.prediction, self.measured, self.stopped = weights, None, None, False
        self.progressed.emit("", -1.0)
        cine = self._session.cine
        hidden = self._session.blind or self._workflow.review_only
        if weights is not None and cine is not None and not cine.info.withheld and not hidden:
            known = self._kept.get(weights.identity)
            if known is not None:
                self._take(known)
            else:
                self.progressed.emit(f"Waiting to predict with {weights.name}", 0.0)
                self._aside.want(Wish(weights.identity, cine, weights, self._marks()))
        self.changed.emit(-1)

    def cancel(self) -> None:
        """No more is predicted; `compare` begins again."""
        self._aside.clear()
        self.stopped, self.prediction, self.measured = True, None, None
        self.progressed.emit("", -1.0)
        self.changed.emit(-1)

    def _grew(self, identity: str, prediction: Prediction) -> None:
        assert self.weights is not None and identity == self.weights.identity
        self.prediction = prediction
        frames = len(prediction.contours)
        self.progressed.emit(f"{self.weights.name}: frame {prediction.done} of {frames}", prediction.done / frames)
        self.changed.emit(prediction.done - 1)

    def _finished(self, identity: str, prediction: Prediction, measured: Measurements) -> None:
        self._kept[identity] = self.prediction = prediction
        self.measured = measured
        self.progressed.emit("", -1.0)
        self.changed.emit(-1)

    def _refused(self, _identity: str, error: EchoViewError) -> None:
        self.cancel()
        self._workflow.refused.emit(error)

    def _another_cine(self) -> None:
        self._kept = {}
        if self.weights is not None:
            self.compare(self.weights)

    def _marks(self) -> Label:
        """What the label says that the numbers of a prediction go by."""
        label = self._session.label
        self._said = (label.ed, label.es, label.calibration)
        return Label(ed=label.ed, es=label.es, calibration=label.calibration)

    def _measure_if_said(self) -> None:
        label = self._session.label
        if self.measured is not None and self.prediction is not None and self._said != (
            label.ed, label.es, label.calibration
        ):  # fmt: skip
            self._take(self.prediction)

    def _take(self, prediction: Prediction) -> None:
        """Measure a whole prediction, off the GUI thread."""
        self.prediction = prediction
        cine = self._session.cine
        self._workflow.jobs.run(
            Lane.READING, "measure", measured_with, cine, prediction, self._marks(),
            on_done=lambda measured: self._measured(prediction, measured),
        )  # fmt: skip

    def _measured(self, prediction: Prediction, measured: Measurements) -> None:
        if prediction is self.prediction:
            self.measured = measured
            self.changed.emit(-1)
