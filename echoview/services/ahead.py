"""Predicts the cines of the study list one after another while the lane is free; what a person opens goes first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import Reader
from echoview.domain.study import Status, status_of
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError
from echoview.io import open_cine
from echoview.measure import Measurements
from echoview.services.aside import measured_with
from echoview.services.jobs import Job, Jobs, Lane
from echoview.services.predictions import Predictions
from echoview.store import Library

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a prediction says of a cine in a row: see `worklist_model.Row`."""

    status: Status
    view: View | None
    share: float | None
    ef_percent: float | None
    frames: int


class Ahead(QObject):
    """Belongs to the GUI thread, works on the inference lane, one cine a job.

    Signals:
        told(path, Told): a cine is done.
        moved_on(): see `left`.
    """

    told = Signal(str, object)
    moved_on = Signal()

    def __init__(
        self, jobs: Jobs, predictions: Predictions, library: Callable[[], Library | None], secret: bytes,
        parent: QObject | None = None, reader: Callable[[], Reader] = Reader,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._jobs, self._predictions, self._library, self._secret = jobs, predictions, library, secret
        self._reader = reader
        self._paths: list[str] = []
        self._weights: WeightsSet | None = None
        self._device = "auto"
        self._job: Job | None = None
        self._waiting = False  # while the open cine is predicted

    @property
    def left(self) -> int:
        """Cines that are still to be done."""
        return len(self._paths)

    def start(self, paths: Iterable[str], weights: WeightsSet, device: str) -> None:
        """These cines, in this order, instead of what was still to be done."""
        self.stop()
        self._paths, self._weights, self._device = list(paths), weights, device
        self._go_on()
        self.moved_on.emit()

    def stop(self) -> None:
        """Nothing more; what is done stays."""
        self._paths = []
        self._drop()
        self.moved_on.emit()

    def give_way(self) -> None:
        """The open cine needs the lane: the one under way begins again later."""
        self._waiting = True
        self._drop()

    def go_on(self) -> None:
        """The lane is free again."""
        self._waiting = False
        self._go_on()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _go_on(self) -> None:
        if self._job is None and self._paths and not self._waiting:
            path = self._paths[0]
            self._job = self._jobs.run(
                Lane.INFERENCE, "predict ahead", self._predict, path, self._weights, self._device,
                on_done=lambda told: self._done(path, told), on_error=self._refused,
            )  # fmt: skip

    def _done(self, path: str, told: Told | None) -> None:
        self._next()
        if told is not None:
            self.told.emit(path, told)

    def _refused(self, error: EchoViewError) -> None:
        log.info("a cine ahead is passed over: %s", type(error).__name__)  # its row says why when it is opened
        self._next()

    def _next(self) -> None:
        self._job = None
        self._paths = self._paths[1:]
        self._go_on()
        self.moved_on.emit()

    def _predict(self, path: str, weights: WeightsSet, device: str) -> Iterator[Prediction]:
        """Runs on the lane; yields after every frame, so that it can be cancelled there."""
        cine = open_cine(path, patient_secret=self._secret)
        library = self._library()
        cine = cine if library is None else library.told_apart(cine)
        label = Label() if library is None else library.label(cine.info.identity)
        reader, identity = self._reader(), cine.info.identity
        if reader.guard.is_repeated(identity, reader.name) if label.contours else reader.guard.is_blind(identity):
            return None  # whoever traces it blinded must not read its EF in the list
        prediction = Prediction.none_yet(len(cine), weights.name, weights.identity, device)
        for prediction in self._predictions.grown(cine, weights, device):
            yield prediction
        return told_of(cine, label, prediction, measured_with(cine, prediction, label))  # type: ignore[return-value]


def told_of(cine: Cine, label: Label, prediction: Prediction, measured: Measurements) -> Told:
    """The row of a cine that was predicted from beginning to end."""
    said = label.view or cine.info.view_hint
    share = None if said is not None else prediction.view_share
    return Told(status_of(label, True), said or prediction.view, share, measured.ef_percent, len(cine))
