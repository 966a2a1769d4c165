"""Fine-tuning as a person meets it: start, watch, stop, judge, adopt, roll back. No widget in it."""

from __future__ import annotations

import logging
import shutil
import subprocess
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from echoview import paths
from echoview.domain.weights import WeightsSet
from echoview.errors import EchoViewError, TrainingError
from echoview.services import training
from echoview.services.inference import threads_for
from echoview.services.jobs import Job, Lane
from echoview.workflow import Workflow

log = logging.getLogger(__name__)

_POLL_MS = 250
_GRACE_S = 10


class Stage(Enum):
    """Where a run stands."""

    IDLE = "idle"
    PREPARING = "preparing"
    TRAINING = "training"
    STOPPING = "stopping"
    JUDGING = "judging"


class Learning(QObject):
    """One run at a time, in a child process.

    Signals:
        stage_changed(): see `stage`.
        event_read(dict): what the child wrote, see `ral.finetune.finetune`.
        said(str): a sentence for the panel.
    """

    stage_changed = Signal()
    event_read = Signal(object)
    said = Signal(str)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow = workflow
        self.stage = Stage.IDLE
        self.candidate: WeightsSet | None = None
        self.report: dict[str, Any] = {}
        self.disputed = 0  # frames that the run leaves out, for they are in conflict
        self._child: subprocess.Popen[bytes] | None = None
        self._preparing: Job | None = None
        self._folder: Path | None = None
        self._position = 0
        self._failure = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

    def start(self, steps: int | None = None) -> None:
        """Freeze all corrections into a run and train on it, from the shipped weights on."""
        library, weights = self._workflow.library, self._workflow.session.weights
        if self.stage not in (Stage.IDLE, Stage.JUDGING) or weights is None:
            return
        if library is None:
            self._workflow.refused.emit(
                TrainingError("There is no label library to learn from.", "Open a library first.")
            )
            return
        if self._workflow.keeping.saving:  # the newest correction is to be learnt from too
            QTimer.singleShot(_POLL_MS, lambda: self.start(steps))
            return
        self.candidate, self.report, self._failure = None, {}, ""
        self._to(Stage.PREPARING)
        self._preparing = self._workflow.jobs.run(
            Lane.TRAINING, "prepare run", self._prepare, weights, steps,
            on_item=self._prepared, on_done=lambda _: None, on_error=self._refused,
        )  # fmt: skip

    def stop(self) -> None:
        """End early and keep the best so far."""
        if self.stage is Stage.TRAINING and self._folder is not None:
            (self._folder / "stop").touch()
            self._to(Stage.STOPPING)

    def cancel(self) -> None:
        """End at once and keep nothing."""
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        self._timer.stop()
        self._end_child()
        if self._folder is not None and self.stage in (Stage.TRAINING, Stage.STOPPING):
            shutil.rmtree(self._folder, ignore_errors=True)  # it holds pictures of patients
        if self.stage is not Stage.IDLE:
            self.said.emit("Cancelled. The weights in use are unchanged.")
        self._to(Stage.IDLE)

    def adopt(self) -> None:
        """Put the candidate in use and predict with it."""
        if self.candidate is None:
            return
        identity = self.candidate.identity
        self._change(lambda: self._workflow.registry.adopt(identity))
        self.said.emit("Adopted. The new weights are in use; the former ones are kept.")
        self.candidate = None
        self._to(Stage.IDLE)

    def decline(self) -> None:
        """Leave the candidate where it is; it stays in the list of weights."""
        self.said.emit("Not adopted. The candidate stays in the list of weights.")
        self.candidate = None
        self._to(Stage.IDLE)

    def roll_back(self) -> None:
        """Use the former weights again."""
        self._change(self._workflow.registry.roll_back)
        self.said.emit("Rolled back. The former weights are in use again.")
        self.stage_changed.emit()

    @property
    def former(self) -> WeightsSet | None:
        """What rolling back would put in use."""
        return self._workflow.registry.former()

    def _change(self, act: Any) -> None:
        try:
            weights = act()
        except EchoViewError as error:
            self._workflow.refused.emit(error)
            return
        self._workflow.use(weights)
        self._workflow.predicting.show()

    def _prepare(self, weights: WeightsSet, steps: int | None) -> Any:
        library = self._workflow.library
        assert library is not None
        start = self._shipped(weights)
        yield from training.prepare_run(
            library.labelled(),
            start,
            paths.user_data_dir() / "runs",
            self._workflow.settings.device,
            threads_for(self._workflow.settings.threads),
            self._workflow.secret,
            steps,
        )

    def _shipped(self, weights: WeightsSet) -> WeightsSet:
        """The set at the root: going on from tuned weights on the newest cases unlearns the older ones."""
        while weights.parent:
            weights = self._workflow.registry.find(weights.parent)
        return weights

    def _prepared(self, item: Any) -> None:
        if isinstance(item, str):
            self.said.emit(item)
            return
        self._preparing, self.disputed = None, item.disputed
        for sentence in item.missing:
            self.said.emit(sentence)
        try:
            self._child = training.start_child(item.folder)
        except EchoViewError as error:
            self._refused(error)
            return
        self._folder, self._position = item.folder, 0
        self._to(Stage.TRAINING)
        self._timer.start()

    def _poll(self) -> None:
        assert self._folder is not None and self._child is not None
        ended = self._child.poll() is not None  # asked first, so that no event is missed
        events, self._position = training.read_events(self._folder, self._position)
        for event in events:
            if event["event"] == "failed":
                self._failure = event["reason"]
            elif event["event"] == "end":
                self.report = event
            self.event_read.emit(event)
        if ended:
            self._timer.stop()
            self._forget_child()
            self._judge()

    def _judge(self) -> None:
        """The child is gone: with a candidate, or with a reason."""
        if not self.report:
            why = self._failure or "the training process ended unexpectedly"
            self._refused(
                TrainingError(f"Fine-tuning failed: {why}.", "Start it again; the weights in use are unchanged.")
            )
            return
        if self.report["best_step"] == 0:
            self.said.emit("The corrections did not improve the weights; nothing was changed.")
            self._to(Stage.IDLE)
            return
        assert self._folder is not None
        try:
            self.candidate = self._workflow.registry.add_candidate(self._folder / "weights")
        except EchoViewError as error:
            self._refused(error)
            return
        self._to(Stage.JUDGING)

    def _refused(self, error: EchoViewError) -> None:
        self._preparing = None
        self._workflow.refused.emit(error)
        self._to(Stage.IDLE)

    def _end_child(self) -> None:
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._forget_child()

    def _forget_child(self) -> None:
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
        self._child = None

    def _to(self, stage: Stage) -> None:
        self.stage = stage
        self.stage_changed.emit()
