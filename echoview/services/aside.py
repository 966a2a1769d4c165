"""Predictions beside the one of the open cine: a neighbour's, another set's. The open cine's own goes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError
from echoview.measure import Measurements, before_corrections, confidence_shown, contours_shown, measure
from echoview.services.inference import Inference
from echoview.services.jobs import Job, Jobs, Lane
from echoview.services.predictions import Predictions


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What is to be predicted; `label` is measured with it, where it says something."""

    key: str
    cine: Cine
    weights: WeightsSet
    label: Label


class Aside(QObject):
    """Belongs to the GUI thread, works on the inference lane, one wish a job. Nothing is saved.

    Args:
        may_work: whether the lane is free for this; ask again with `go_on`.

    Signals:
        grew(key, Prediction): by a frame; finished(key, Prediction, Measurements); refused(key, EchoViewError).
    """

    grew = Signal(str, object)
    finished = Signal(str, object, object)
    refused = Signal(str, object)

    def __init__(
        self, jobs: Jobs, inference: Inference | Predictions, device: Callable[[], str], may_work: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._jobs, self._inference, self._device, self._may_work = jobs, inference, device, may_work
        self._wishes: list[Wish] = []
        self._job: Job | None = None

    @property
    def wanted(self) -> list[str]:
        """Keys of what is still to be done, the one under way first."""
        return [wish.key for wish in self._wishes]

    def want(self, wish: Wish) -> None:
        """After the others; a wish of the same key is replaced."""
        self.drop(wish.key)
        self._wishes.append(wish)
        self.go_on()

    def drop(self, key: str) -> None:
        """It is not needed any more."""
        if self._wishes and self._wishes[0].key == key:
            self.give_way()
        self._wishes = [wish for wish in self._wishes if wish.key != key]
        self.go_on()

    def clear(self) -> None:
        self.give_way()
        self._wishes = []

    def give_way(self) -> None:
        """The open cine needs the lane: the one under way begins again later."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def go_on(self) -> None:
        """The next one, if the lane is free."""
        if not self._may_work():
            self.give_way()
        elif self._job is None and self._wishes:
            wish = self._wishes[0]
            self._job = self._jobs.run(
                Lane.INFERENCE, "predict aside", predict_and_measure, self._inference, wish, self._device(),
                on_item=lambda grown: self.grew.emit(wish.key, grown),
                on_done=lambda found: self._done(wish, *found),
                on_error=lambda error: self._failed(wish, error),
            )  # fmt: skip

    def _done(self, wish: Wish, prediction: Prediction, measured: Measurements) -> None:
        self._next(wish)
        self.finished.emit(wish.key, prediction, measured)

    def _failed(self, wish: Wish, error: EchoViewError) -> None:
        self._next(wish)
        self.refused.emit(wish.key, error)

    def _next(self, wish: Wish) -> None:
        self._job = None
        self._wishes.remove(wish)
        self.go_on()


def predict_and_measure(inference: Inference | Predictions, wish: Wish, device: str) -> Iterator[Prediction]:
    """Goes through the cine; what it returns is the whole prediction and what is measured of it and the label.

    Raises:
        EchoViewError: the cine must not be predicted, or a frame cannot be read.
    """
    prediction = Prediction.none_yet(len(wish.cine), wish.weights.name, wish.weights.identity, device)
    for prediction in inference.grown(wish.cine, wish.weights, device):
        yield prediction
    return prediction, measured_with(wish.cine, prediction, wish.label)  # type: ignore[return-value]  # of a generator


def measured_with(cine: Cine, prediction: Prediction | None, label: Label) -> Measurements:
    """The numbers of a label and, where it says nothing, of a prediction."""
    frames = len(cine)
    lines, confidence = contours_shown(frames, prediction, label), confidence_shown(frames, prediction, label)
    spacing = label.calibration or cine.calibration_around(lines)
    former = before_corrections(prediction, label, spacing)
    return measure(lines, spacing, confidence, label.ed, label.es, former, not cine.info.missing)
