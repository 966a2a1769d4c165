"""What the network says of the open cine: looked up, predicted as it comes, given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.domain.prediction import Prediction
from echoview.errors import DeviceError, EchoViewError
from echoview.measure.effort import time_left
from echoview.services.jobs import Job, Lane

if TYPE_CHECKING:
    from echoview.workflow import Workflow


class Predicting(QObject):
    """The prediction of the open cine, one at a time.

    Signals: device_kept(name): the device that was chosen is not there; this one is used.
    """

    device_kept = Signal(str)

    def __init__(self, workflow: Workflow) -> None:
        super().__init__(workflow)
        self._workflow, self._session = workflow, workflow.session
        self._recalling: Job | None = None
        self._predicting: Job | None = None
        self._tried: tuple[str, Cine | None, Prediction | None] | None = None  # what stood before another device

    @property
    def under_way(self) -> bool:
        return self._predicting is not None

    @property
    def awaited(self) -> bool:
        """Whether a prediction of the open cine may still come: it is looked up or under way."""
        return self._recalling is not None or self.under_way

    def show(self) -> None:
        """What is kept of the open cine with the weights in use; where nothing is, predict it."""
        self.cancel()
        cine, weights = self._session.cine, self._session.weights
        if cine is not None and weights is not None and not cine.info.withheld and not self._session.blind:
            if self._session.prediction is not None:
                self._session.set_prediction(None)  # of other weights
            self._recalling = self._workflow.jobs.run(
                Lane.IO, "recall", self._workflow.predictions.recall, cine, weights,
                on_done=lambda known: self._recalled(cine, known),
            )  # fmt: skip

    def _recalled(self, cine: Cine, known: Prediction | None) -> None:
        self._recalling = None
        if known is None:
            self.predict()
        elif cine is self._session.cine:
            self._session.set_prediction(known)

    def predict(self) -> None:
        """Predict the open cine anew with the weights in use; contours appear as they come."""
        self.cancel()
        cine, weights = self._session.cine, self._session.weights
        if cine is None or weights is None:
            return
        if cine.info.withheld or self._session.blind:
            return  # the window shows the reason where the numbers, or the prediction, would be
        self._session.set_prediction(None)
        self._workflow.ahead.give_way()
        self._workflow.progressed.emit("Predicting", 0.0)
        made_anew, device = self._workflow.predictions.made_anew, self._workflow.settings.device
        self._predicting = self._workflow.jobs.run(
            Lane.INFERENCE, "predict", made_anew, cine, weights, device, True,
            on_item=lambda grown: self._predicted(cine, grown),
            on_done=lambda _: self._prediction_ended(),
            on_error=self._prediction_refused,
        )  # fmt: skip

    def _predicted(self, cine: Cine, grown: Prediction) -> None:
        if cine is not self._session.cine:
            return
        self._tried = None  # the device is there
        self._session.set_prediction(grown, grown.done - 1)
        left = time_left((len(cine) - grown.done) / max(grown.fps, 0.1))
        text = f"Predicting frame {grown.done} of {len(cine)}" + (f" · {left}" if left else "")
        self._workflow.progressed.emit(text, grown.done / len(cine))

    def in_background(self, paths: list[str]) -> None:
        """Predict these cines in the background, the open one first of all."""
        if self._session.weights is not None:
            self._workflow.ahead.start(paths, self._session.weights, self._workflow.settings.device)

    def cancel(self) -> None:
        if self._recalling is not None:
            self._recalling.cancel()
            self._recalling = None
        if self._predicting is not None:
            self._predicting.cancel()
            self._prediction_ended()

    def _prediction_ended(self) -> None:
        self._predicting = None
        self._workflow.progressed.emit("", -1.0)
        self._workflow.ahead.go_on()

    def _prediction_refused(self, error: EchoViewError) -> None:
        self._prediction_ended()
        if isinstance(error, DeviceError) and self._workflow.settings.device != "auto":
            self._keep_device()
        self._workflow.refused.emit(error)

    def _keep_device(self) -> None:
        """The device that was tried is not there: the former one, and what it had predicted of this cine."""
        device, cine, prediction = self._tried or ("auto", None, None)
        self._tried = None
        self._workflow.remember(device=device)
        self.device_kept.emit(device)
        if cine is self._session.cine and prediction is not None and prediction.complete:
            self._session.set_prediction(prediction)
        else:
            self.predict()

    def choose_device(self, device: str) -> None:
        """Predict on another device from now on; where it is not there, all stays as it was."""
        self._tried = (self._workflow.settings.device, self._session.cine, self._session.prediction)
        self._workflow.remember(device=device)
        self.predict()
