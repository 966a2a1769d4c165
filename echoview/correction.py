"""Corrections that reach beyond one frame: carry them on, copy, revert, leave out, inspect; no widget in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour, Origin
from echoview.domain.contour_edit import smoothed
from echoview.domain.label import Label
from echoview.domain.view import View
from echoview.errors import EchoViewError
from echoview.measure import contours_shown
from echoview.measure.inspect import Finding, Severity, inspect
from echoview.measure.propagate import interpolate
from echoview.measure.uncertain import Doubt, doubts
from echoview.services.inference import reads_hints, sector_of
from echoview.services.jobs import Job, Lane
from echoview.services.propagation import Way, proposed
from echoview.workflow import Workflow

_PAUSE_MS = 250  # after the last change, before the contours are inspected


class Correction(QObject):
    """What is proposed for other frames, and what looks wrong with the contours.

    A frame that a person stands behind is a barrier: nothing here overwrites it.

    Attributes:
        way: how corrections are carried; proposal: frame -> contour that waits for Enter or Esc, empty when none does.
        source: the frame from which they were carried; awaited: how many frames the proposal may still grow to, 0 when
            it is complete.
        findings: what the inspector found.

    Signals: proposed(), inspected().
    """

    proposed = Signal()
    inspected = Signal()

    def __init__(self, workflow: Workflow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workflow, self._session = workflow, workflow.session
        self.way = Way.DISPLACEMENT
        self.proposal: dict[int, Contour] = {}
        self.source, self.awaited = 0, 0
        self._carrying: Job | None = None
        self._looking: Job | None = None  # at the frames around the corrected ones, for the next proposal
        self._granted: Callable[[], object] | None = None  # Enter, pressed while the proposal still grew
        self.findings: list[Finding] = []
        self._doubted: list[int] = []
        self._sector: tuple[Cine, np.ndarray | None] | None = None  # where the ultrasound is in the cine last inspected
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._inspect)
        self._session.cine_changed.connect(self._forget)
        self._session.label_changed.connect(self.reject)
        self._session.label_changed.connect(self._get_ready)
        self._session.prediction_changed.connect(lambda t: t < 0 and self.reject())
        self._session.measured.connect(self._pause.start)

    def end(self) -> None:
        """The window closes: no more is inspected."""
        self._pause.stop()

    # ---- carry on

    @property
    def ways(self) -> list[Way]:
        """Those that can be chosen with the weights in use."""
        weights = self._session.weights
        return [way for way in Way if way is not Way.REREAD or (weights is not None and reads_hints(weights))]

    def propose(self, t: int, way: Way | None = None) -> None:
        """Carry the corrected frames to all others; `proposed` says when there is something to look at.

        What reads the frames one after the other, network or flow, lets the proposal grow, and can be stopped midway.
        """
        session, cine = self._session, self._session.cine
        if cine is None:
            return
        self.way = way or self.way
        label = session.label
        human = {k: contour.dense(201) for k, contour in label.contours.items() if contour.human}
        if not human:
            self._refuse("No frame is corrected yet.", "Correct one frame; then its correction can be carried on.")
            return
        if session.prediction is not None and not session.prediction.complete:
            self._refuse("The prediction is not complete yet.", "Propagate when every frame is predicted.")
            return
        base = contours_shown(len(cine), session.prediction, Label())
        chosen = self._possible(base, len(human))
        frames = [k for k in range(len(cine)) if k not in human and k not in label.not_traceable and not cine.lost(k)]
        self.reject()
        self.source = t if t in human else min(human, key=lambda k: abs(k - t))
        self.awaited = len(frames)
        self._workflow.ahead.give_way()
        self._look_no_more()
        self._carrying = self._workflow.jobs.run(
            Lane.INFERENCE, "carry", proposed, chosen, cine, base, human, frames,
            self._workflow.inference, session.weights, self._workflow.settings.device,
            on_item=self._grew, on_done=lambda _: self._carried(), on_error=self._not_carried,
        )  # fmt: skip

    def look_around(self) -> None:
        """The network looks at the frames that it reads first, before it is asked to carry the corrections."""
        session, cine, weights = self._session, self._session.cine, self._session.weights
        human = {t for t, contour in session.label.contours.items() if contour.human}
        whole = session.prediction is not None and session.prediction.complete
        if cine is None or weights is None or not human or not whole or self.busy or Way.REREAD not in self.ways:
            return
        self._look_no_more()
        self._looking = self._workflow.jobs.run(
            Lane.INFERENCE, "look around", self._workflow.inference.look_around,
            cine, weights, human, self._workflow.settings.device,
            on_error=lambda _: None,  # whoever carries the corrections is told
        )  # fmt: skip

    def _get_ready(self) -> None:
        """A correction has ended: if the network shall carry it, it looks around already."""
        if self.way is Way.REREAD:
            self.look_around()

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    @property
    def busy(self) -> bool:
        """Whether something is proposed, or will be."""
        return bool(self.proposal) or self._carrying is not None

    def accept(self, until: int | None = None) -> bool:
        """The proposal becomes the label, in one step: all of it, or from where it came up to a frame.

        While it grows this is kept, and done when it is complete.
        """
        if self._carrying is not None:
            self._granted = partial(self.accept, until)
            self.proposed.emit()
            return True
        if not self.proposal:
            return False
        if until is None:
            taken = dict(self.proposal)
        else:
            first, last = sorted((self.source, until))
            taken = {k: contour for k, contour in self.proposal.items() if first <= k <= last}
        self.proposal = {}
        if taken:
            self._workflow.edit(f"propagate, {_frames(len(taken))}", self._session.label.with_contours(taken))
        self.proposed.emit()
        return True

    def reject(self) -> bool:
        """The proposal goes, and so does the work on it; also when a label changed, for it was made from another."""
        was = self.busy
        if self._carrying is not None:
            self._carrying.cancel()
            self._ended()
        self.proposal, self._granted = {}, None
        if was:
            self.proposed.emit()
        return was

    @property
    def granted(self) -> bool:
        """Whether it will be accepted when it is complete."""
        return self._granted is not None

    def _possible(self, base: np.ndarray, corrected: int) -> Way:
        """The way that was chosen, or one that needs no prediction where there is none."""
        if self.way in (Way.DISPLACEMENT, Way.REREAD) and not np.isfinite(base).any():
            return Way.INTERPOLATION if corrected > 1 else Way.FLOW
        return self.way

    def _grew(self, made: dict[int, Contour | None]) -> None:
        """Not called any more once the cine or the label is another: then the work was cancelled."""
        kept = {**self.proposal, **made}
        self.proposal = {t: contour for t, contour in kept.items() if contour is not None}
        self.proposed.emit()

    def _ended(self) -> None:
        self._carrying, self.awaited = None, 0
        self._workflow.ahead.go_on()

    def _not_carried(self, error: EchoViewError) -> None:
        self._ended()
        self.proposal, self._granted = {}, None
        self.proposed.emit()
        self._workflow.refused.emit(error)

    def _carried(self) -> None:
        self._ended()
        granted, self._granted = self._granted, None
        if self.proposal and granted is not None:
            granted()
            return
        if not self.proposal:
            self._refuse(
                "There is no frame to carry the correction to.",
                "Correct another frame, or choose another way to propagate.",
            )
        self.proposed.emit()

    # ---- one frame, or a few

    def smooth(self, t: int) -> None:
        contour = self._session.editable(t)
        if contour is not None:
            self._workflow.edit_contour(t, smoothed(contour), "smooth")

    def copy_to_next(self, t: int) -> bool:
        """The contour of frame t, as it is, into the next frame; False where that is not possible."""
        session = self._session
        contour = session.editable(t)
        if session.cine is None or contour is None or t + 1 >= len(session.cine):
            return False
        there = session.label.contour(t + 1)
        if there is not None and there.human:
            self._refuse(f"Frame {t + 2} has been corrected already.", "Revert it first to copy over it.")
            return False
        if t + 1 in session.label.not_traceable:
            self._refuse(f"Frame {t + 2} was called not traceable.", "Take that back there (O) to copy onto it.")
            return False
        copied = Contour(contour.handles, (Origin.PROPAGATED,) * len(contour.handles))
        self._workflow.edit(f"copy to frame {t + 2}", session.label.with_contour(t + 1, copied))
        return True

    def carried_around(self, t: int) -> list[int]:
        """The frames around t that no person stands behind and that are not the prediction's any more, rising.

        Frame t itself may be a person's: it is what was carried, and those around it are meant.
        """
        contours = self._session.label.contours

        def loose(k: int) -> bool:
            return k in contours and not contours[k].human

        if t not in contours:
            return []
        first = last = t
        while loose(first - 1):
            first -= 1
        while loose(last + 1):
            last += 1
        return [k for k in range(first, last + 1) if loose(k)]

    def revert_around(self, t: int) -> None:
        """What was carried over into the frames around t goes; they show the prediction again, in one step."""
        label = self._session.label
        gone = self.carried_around(t)
        for t in gone:
            label = label.without_contour(t)
        if gone:
            self._workflow.edit(f"revert, {_frames(len(gone))}", label)

    def mend(self, t: int) -> bool:
        """The contour of frame t anew, straight between the nearest frames around that nothing was found in."""
        session = self._session
        own, faulty = session.label.contour(t), {one.t for one in self.findings if one.severity is Severity.MEND}
        if own is not None and own.human:
            self._refuse(f"Frame {t + 1} was corrected by hand.", "Correct it again, or revert it (R).")
            return False
        frames = range(0 if session.cine is None else len(session.cine))
        sound = {k: held.dense(201) for k in frames if k not in faulty and (held := session.editable(k)) is not None}
        line = interpolate(sound, [t]).get(t)
        if line is None:
            self._refuse(f"Frame {t + 1} has no sound frames on both sides.", "Correct it with a tool, or draw it.")
            return False
        self._workflow.edit_contour(t, Contour.through(line, Origin.INTERPOLATED), "mend from the frames around")
        return True

    def toggle_traceable(self, t: int) -> None:
        """No border can be seen in frame t; or one can after all."""
        label = self._session.label
        so = t not in label.not_traceable
        self._workflow.edit(f"{'not ' if so else ''}traceable, frame {t + 1}", label.with_not_traceable(t, so))

    # ---- where to look

    def next_doubt(self) -> Doubt | None:
        """The least certain arc that was not visited yet; begins anew after the last."""
        session = self._session
        if session.cine is None or session.prediction is None:
            return None
        label, prediction = session.label, session.prediction
        settled = {t for t, contour in label.contours.items() if contour.human} | label.not_traceable
        found = doubts(prediction.contours, prediction.spread_px, settled)
        fresh = [one for one in found if one.t not in self._doubted]
        if not fresh:
            self._doubted, fresh = [], found
        if not fresh:
            return None
        self._doubted.append(fresh[0].t)
        return fresh[0]

    def _inspect(self) -> None:
        session, cine = self._session, self._session.cine
        if cine is None or cine.info.withheld or (session.prediction is not None and not session.prediction.complete):
            return
        measured = session.measurements
        ed, es = (None, None) if measured is None else (measured.ed, measured.es)
        contours = contours_shown(len(cine), session.prediction, session.label)
        self._workflow.jobs.run(
            Lane.LISTING, "inspect", self._look, cine, contours, ed, es, session.view,
            on_done=partial(self._inspected, cine), on_error=lambda _: None,  # an unreadable frame is told elsewhere
        )  # fmt: skip

    def _look(
        self, cine: Cine, contours: np.ndarray, ed: int | None, es: int | None, view: View | None
    ) -> list[Finding]:
        """Runs on the LISTING lane."""
        if self._sector is None or self._sector[0] is not cine:
            self._sector = cine, sector_of(cine)
        return inspect(contours, cine.size, self._sector[1], ed, es, view)

    def _inspected(self, cine: Cine, findings: list[Finding]) -> None:
        if cine is self._session.cine:
            self.findings = findings
            self.inspected.emit()

    def _forget(self) -> None:
        self.findings, self._doubted = [], []
        self._look_no_more()
        self.reject()
        self.inspected.emit()

    def _refuse(self, message: str, hint: str) -> None:
        self._workflow.refused.emit(EchoViewError(message, hint))


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
