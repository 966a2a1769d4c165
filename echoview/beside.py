"""What stands beside the open cine: other cines of its study, and what other weights say of it; no widget in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.review import is_blind
from echoview.domain.study import drawn
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.measure import Measurements, confidence_shown
from echoview.measure.phase import Beats, beats_of
from echoview.services.ahead import told_of
from echoview.services.aside import Aside, Wish, measured_with
from echoview.services.frames import FrameFeeder
from echoview.services.jobs import Lane
from echoview.services.opening import read
from echoview.workflow import Workflow

_GONE = "The file cannot be read any more."
_CACHE_BYTES = 64 * 2**20  # of decoded frames, for each cine beside the open one


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A cine beside the open one; None where it is not known yet, `trouble` where it never will be.

    `hidden`: whoever reads it must not see what the network says.
    """

    path: str
    cine: Cine | None = None
    label: Label = field(default_factory=Label)
    prediction: Prediction | None = None
    measured: Measurements | None = None
    beats: Beats | None = None
    trouble: str = ""
    hidden: bool = False

    @property
    def view(self) -> View | None:
        """What the person said, else the file, else the network."""
        said = self.label.view or (self.cine.info.view_hint if self.cine else None)
        if said is None and self.prediction is not None and self.prediction.done:
            return self.prediction.view
        return said

    @property
    def calibration(self) -> Calibration | None:
        """What the person measured, else the file's."""
        return self.label.calibration or (self.cine.calibration if self.cine else None)

    def with_beats(self) -> Neighbour:
        """From its contours only when all are there."""
        if self.cine is None:
            return self
        confidence = confidence_shown(len(self.cine), self.prediction, self.label)
        return replace(self, beats=beats_of(self.cine.info, self.measured, confidence))

    def contour(self, t: int) -> Contour | np.ndarray | None:
        """The person's, else the predicted points (65,2), else None."""
        own = self.label.contour(t)
        if own is not None or t in self.label.not_traceable:
            return own
        return None if self.prediction is None else self.prediction.contour(t)


class Background(QObject):
    """An `Aside` that looks again whether the lane is free whenever the open cine's prediction begins or ends."""

    def __init__(self, workflow: Workflow, parent: QObject) -> None:
        super().__init__(parent)
        self.aside = Aside(
            workflow.jobs,
            workflow.predictions,
            lambda: workflow.settings.device,
            lambda: not workflow.predicting.under_way,
            self,
        )
        self._soon = QTimer(self)  # the workflow says that it begins shortly before it does
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.aside.go_on)
        workflow.progressed.connect(lambda *_: self._soon.start())  # a signal's number would be its milliseconds
        workflow.session.prediction_changed.connect(lambda _: self._soon.start())


class Neighbours(QObject):
    """Cines of the same study: opened, decoded and predicted in the background, held while they are shown.

    Signals:
        changed(path): more is known of it; frame_ready(path, t): that frame of it can be drawn.
    """

    changed = Signal(str)
    frame_ready = Signal(str, int)

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow, self._session = workflow, workflow.session
        self._aside = Background(workflow, self).aside
        self._known: dict[str, Neighbour] = {}
        self._feeders: dict[str, FrameFeeder] = {}
        self._idle: list[FrameFeeder] = []
        self._open: Neighbour | None = None  # as it was last; the next cine makes it a neighbour
        workflow.recall = self._recall
        self._aside.grew.connect(self._grew)
        self._aside.finished.connect(self._finished)
        self._aside.refused.connect(lambda path, error: self._put(path, trouble=str(error)))
        session = self._session
        session.measured.connect(self._remember)
        session.label_changed.connect(self._remember)
        session.weights_changed.connect(self._predict_anew)

    def get(self, path: str) -> Neighbour:
        return self._known.get(path) or Neighbour(path)

    @property
    def open_beats(self) -> Beats | None:
        """Of the open cine."""
        if self._open is not None and self._open.beats is None:
            self._open = self._open.with_beats()
        return self._open.beats if self._open is not None else None

    def show(self, paths: Sequence[str]) -> None:
        """Hold these from now on and let go of the others."""
        for path in [known for known in self._known if known not in paths and known != self._session.path]:
            self._forget(path)
        for path in paths:
            if path not in self._known:
                self._known[path] = Neighbour(path)
                self._workflow.jobs.run(
                    Lane.IO, "open beside", self._read, path,
                    on_done=partial(self._opened, path),
                    on_error=lambda error, p=path: self._put(p, trouble=str(error)),
                )  # fmt: skip
            else:
                self._predict(path)

    def want(self, path: str, t: int) -> None:
        """Frame t of a neighbour is to be shown, and probably those of its beat that come next."""
        known = self._known.get(path)
        if known is None or known.cine is None:
            return
        if path not in self._feeders:
            feeder = self._feeders[path] = self._idle.pop() if self._idle else self._new_feeder()
        else:
            feeder = self._feeders[path]
        feeder.want(known.cine, t, known.beats.span_at(t) if known.beats is not None else None)

    def end(self) -> None:
        """The window closes."""
        self._aside.clear()
        for feeder in (*self._feeders.values(), *self._idle):
            feeder.end()
        self._feeders, self._idle = {}, []

    # ---- the open cine

    def _remember(self) -> None:
        """The open cine as it is now; when another has taken its place, it may be shown beside that one."""
        session, before = self._session, self._open
        if session.cine is None:
            return
        whole = session.prediction is not None and session.prediction.complete
        self._open = Neighbour(
            session.path, session.cine, session.label,
            session.prediction if whole else None,
            session.measurements if whole or session.label.contours else None, hidden=session.blind,
        )  # fmt: skip
        if before is not None and before.cine is not session.cine and before.path != session.path and self._known:
            assert before.cine is not None
            before.cine.keep_at_most(_CACHE_BYTES)
            self._known[before.path] = before.with_beats()

    def _recall(self, cine: Cine, weights: WeightsSet) -> Prediction | None:
        """A neighbour was opened: it need not be predicted again."""
        path = next((p for p, n in self._known.items() if n.cine and n.cine.info.identity == cine.info.identity), "")
        found = self.get(path).prediction
        if path == self._session.path:
            self._forget(path)
        return found if found is not None and found.complete and found.weights_identity == weights.identity else None

    # ---- the others

    def _read(self, path: str) -> tuple[Cine, Label, bool]:
        """Off the GUI thread: the label of the reading that is due, and whether the prediction must not be seen.

        A damaged library is told of when this cine is opened.
        """
        workflow = self._workflow
        found = read(Path(path), workflow.library, workflow.secret, workflow.reader, None)
        cine, label = found.cine, found.held.label
        cine.keep_at_most(_CACHE_BYTES)
        cine.play_at(label.frame_rate)
        hidden = is_blind(cine.info.identity, workflow.reader, found.reading, found.record, drawn(label))
        return cine, label, hidden and not workflow.review_only

    def _opened(self, path: str, found: tuple[Cine, Label, bool]) -> None:
        cine, label, hidden = found
        measured = measured_with(cine, None, label) if label.contours and not hidden else None
        self._put(path, cine=cine, label=label, measured=measured, hidden=hidden)
        self._predict(path)

    def _predict(self, path: str) -> None:
        known, weights = self._known[path], self._session.weights
        there = known.prediction is not None and known.prediction.complete
        if known.cine is None or weights is None or there or path in self._aside.wanted:
            return
        if known.cine.info.withheld:
            self._put(path, trouble=known.cine.info.withheld)
        elif known.hidden:
            self._put(path, trouble="This cine is traced without the prediction.")
        else:
            self._aside.want(Wish(path, known.cine, weights, known.label))

    def _predict_anew(self) -> None:
        self._aside.clear()
        for path in list(self._known):
            self._put(path, prediction=None, measured=None)
            self._predict(path)

    def _grew(self, path: str, prediction: Prediction) -> None:
        self._put(path, prediction=prediction)

    def _finished(self, path: str, prediction: Prediction, measured: Measurements) -> None:
        self._put(path, prediction=prediction, measured=measured)
        known = self._known.get(path)
        if known is not None and known.cine is not None:
            self._workflow.ahead.told.emit(path, told_of(known.cine, known.label, prediction, measured))

    def _put(self, path: str, **more: object) -> None:
        if path in self._known:
            known = replace(self._known[path], **more)  # type: ignore[arg-type]  # fields of Neighbour
            self._known[path] = known.with_beats() if "measured" in more else known
            self.changed.emit(path)

    def _forget(self, path: str) -> None:
        self._aside.drop(path)
        self._known.pop(path)
        feeder = self._feeders.pop(path, None)
        if feeder is not None:
            feeder.rest()
            self._idle.append(feeder)

    def _new_feeder(self) -> FrameFeeder:
        feeder = FrameFeeder(self)
        feeder.frame_ready.connect(self._frame_ready)
        feeder.frame_failed.connect(self._frame_failed)
        feeder.gone.connect(self._gone)
        return feeder

    def _path_of(self, cine: Cine) -> str:
        return next((path for path, known in self._known.items() if known.cine is cine), "")

    def _frame_ready(self, cine: Cine, t: int) -> None:
        if path := self._path_of(cine):
            if self._known[path].trouble == _GONE:
                self._put(path, trouble="")  # its disk is there again
            self.frame_ready.emit(path, t)

    def _frame_failed(self, cine: Cine, _t: int, _sentence: str) -> None:
        """It is damaged, which the cine knows; the others go on."""
        if path := self._path_of(cine):
            self.changed.emit(path)

    def _gone(self, cine: Cine) -> None:
        if path := self._path_of(cine):
            self._put(path, trouble=_GONE)
