"""What the hand does to the contour, between the picture and the workflow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from echoview.correction import Correction
from echoview.domain.calibration import Axes, calibrated
from echoview.domain.contour import Contour
from echoview.domain.prediction import LogitMap
from echoview.measure.effect import effect, moved
from echoview.measure.inspect import Finding
from echoview.measure.measurements import Measurements
from echoview.ui import dialogs
from echoview.ui.cine_view import CineView
from echoview.ui.drafts import Drafts
from echoview.ui.measure_panel import MeasurePanel
from echoview.ui.player import Player
from echoview.ui.readout import Readout
from echoview.ui.tools import Tool
from echoview.workflow import Workflow

_SHORTEST_RULE_PX = 5
_GAVE_WAY = "What was under way here is dropped: another person has saved this frame"


class Correcting(QObject):
    """Shows the contour of the frame, previews a gesture, and asks for the edit."""

    def __init__(self, window: QWidget, workflow: Workflow, player: Player, view: CineView) -> None:
        super().__init__(window)
        self._window, self._workflow, self._player, self._view = window, workflow, player, view
        self._session = workflow.session
        self._measured: Measurements | None = None  # as last shown, to see where ED and ES go
        self._label, self._dropped = self._session.label, False  # as last shown; whether that took the hand off it
        self.flickered = False  # whether the prediction is shown though a person corrected the frame
        self.correction = Correction(workflow, self)
        self.readout, self.drafts = Readout(view), Drafts(self._session, player, view)
        view.hand.editable = self._editable
        view.hand.seen = self._seen

    def does(self) -> dict[str, Callable[[], object]]:
        """What the actions of the tools and of the corrected frame do."""
        correction = self.correction
        taking: dict[str, Callable[[], object]] = {tool.value: partial(self.take, tool) for tool in Tool}
        return taking | {
            "accept_until": lambda: self._to_frame(correction.accept),
            "smooth": lambda: self._to_frame(correction.smooth), "copy_next": self.copy_to_next,
            "not_traceable": lambda: self._to_frame(correction.toggle_traceable),
            "revert_carried": lambda: self._to_frame(correction.revert_around),
            "back_human": lambda: self._to_human(-1), "forward_human": lambda: self._to_human(1),
            "propagate": self.propagate, "next_doubt": self.next_doubt,
        }  # fmt: skip

    def connect_view(self, panel: MeasurePanel, acts: dict[str, QAction]) -> None:
        """Once the panel and the actions are there."""
        self._panel, self._acts = panel, acts
        panel.instants_wanted.connect(lambda ed, es: self.as_annotator(lambda: self._workflow.mark_both(ed, es)))
        self._view.contour_edited.connect(self._edited)
        self._view.contour_previewed.connect(self._previewed)
        self._view.ruled.connect(self._ruled)
        self._view.revert_wanted.connect(acts["revert"].trigger)
        self._player.frame_changed.connect(self._looked)
        self._player.playing_changed.connect(lambda playing: playing or self.show_contour())
        self._session.label_changed.connect(self._tell_moved)
        self._session.label_changed.connect(self._let_go)
        self._session.label_taken.connect(self._give_way)
        for signal in (self._session.cine_changed, self._session.prediction_changed):
            signal.connect(self._remember)
        self.correction.proposed.connect(self._show_proposal)

    def show_contour(self) -> None:
        """The contour of the frame that is shown: a person's, else the predicted one; and what is proposed for it."""
        session, t = self._session, self._player.t
        there = session.cine is not None
        shown = session.contour(t) if there else None
        if self.flickered and shown is not None and session.prediction is not None:
            shown = session.prediction.contour(t)
        if isinstance(shown, Contour):
            self._view.show_contour(shown)
        else:
            self._view.show_points(shown)
        left_out = there and self._player.t in self._session.label.not_traceable
        waits = self.drafts.resume() if there else ""
        self._view.noticed.emit("Not traceable; O takes that back" if left_out else waits)
        self._show_ghost()

    def _show_ghost(self) -> None:
        proposed = self.correction.proposal.get(self._player.t) if self._session.cine is not None else None
        self._view.show_ghost(None if proposed is None else proposed.dense(201))

    def take(self, tool: Tool) -> None:
        """Another tool into the hand; a gesture under way ends."""
        if tool is not Tool.POINT:
            self._player.pause()
        self._view.set_tool(tool)
        self._acts[tool.value].setChecked(True)
        self.show_contour()

    def enter(self) -> None:
        """Enter: what is being drawn becomes the contour, or what is proposed the label."""
        if not self._view.hand.finish_drawing() and self.correction.busy:
            self.as_annotator(self.correction.accept)

    def escape(self) -> bool:
        """Esc: the gesture under way, else what is proposed, else the tool in the hand; False where there is none."""
        if self._view.cancel_gesture() or self.correction.reject():
            return True
        held = not self._acts[Tool.POINT.value].isChecked()
        self.take(Tool.POINT)
        return held

    def flicker(self, on: bool) -> None:
        """Show what the network said instead of the label, or the label again."""
        self.flickered = on
        self.show_contour()

    def as_annotator(self, act: Callable[[], object]) -> None:
        """Do it in the name of whoever corrects; asked once. Not done where another cine was opened meanwhile."""
        cine = self._session.cine
        if not self._workflow.settings.annotator:
            self._player.pause()
            name = dialogs.ask_annotator(self._window)
            if name:
                self._workflow.remember(annotator=name)
            if not name or self._session.cine is not cine:
                self.show_contour()
                self._panel.refresh()
                return
        act()

    def approve(self) -> None:
        """The contour of the frame is right as it is."""
        t = self._player.t
        if self._session.cine is not None and self._session.contour(t) is not None:
            self._player.pause()
            self.as_annotator(lambda: self._workflow.accept(t))

    def revert(self) -> None:
        """The frame shows the prediction again, where it was corrected."""
        t = self._player.t
        if self._session.label.contour(t) is not None:
            self.as_annotator(lambda: self._workflow.revert(t))

    def revert_range(self, span: tuple[int, int] | None) -> None:
        if span is None:
            self._workflow.revert_range(None)  # which is refused, whoever asks
        else:
            self.as_annotator(lambda: self._workflow.revert_range(span))

    def mark(self, mark: Callable[[int], None]) -> None:
        """ED or ES is the frame that is shown."""
        t = self._player.t
        if self._session.cine is not None:
            self.as_annotator(lambda: mark(t))

    def ask_frame_rate(self) -> None:
        """How fast a cine was taken whose file does not say it."""
        cine, said = self._session.cine, self._session.label.frame_rate
        if cine is not None and cine.rate_assumed:
            self._player.pause()
            chosen = dialogs.ask_frame_rate(self._window, cine.fps, said is not None)
            if chosen is not None:
                self.as_annotator(lambda: self._workflow.set_frame_rate(chosen or None))

    def copy_to_next(self) -> None:
        """This frame's contour into the next, and go there."""
        t = self._player.t
        self._player.pause()
        self.as_annotator(lambda: self.correction.copy_to_next(t) and self._player.seek(t + 1))

    def propagate(self) -> None:
        """Ctrl+E: what was corrected, proposed for the other frames."""
        self._player.pause()
        self.correction.propose(self._player.t)

    def next_doubt(self) -> None:
        """N: the least certain arc of the cine that was not looked at yet."""
        doubt = self.correction.next_doubt()
        if doubt is None:
            return
        shown = self._session.editable(doubt.t)  # it may have been carried elsewhere since it was predicted
        line = None if shown is None else shown.dense(201)
        at = doubt.at if line is None else tuple(line[int(np.hypot(*(line - doubt.at).T).argmin())])
        self._look(doubt.t, at, "least certain here")

    def show_finding(self, finding: Finding) -> None:
        self._look(finding.t, finding.at, "here")

    def mend(self, finding: Finding) -> None:
        """The contour in which it was found, anew from the frames around."""
        self.show_finding(finding)
        self.as_annotator(lambda: self.correction.mend(finding.t))

    def _look(self, t: int, at: tuple[float, float] | None, words: str) -> None:
        self._player.pause()
        self._player.seek(t)
        if at is not None:
            height, width = self._view.picture_size
            self._view.tool_item.show_sign(np.clip(at, 0, [width - 1, height - 1]), words)

    def _to_human(self, direction: int) -> None:
        """To the next frame, forwards or backwards, that a person stands behind."""
        t, contours = self._player.t, self._session.label.contours
        ahead = [k for k, contour in contours.items() if contour.human and (k - t) * direction > 0]
        if ahead:
            self._player.pause()
            self._player.seek(min(ahead, key=lambda k: abs(k - t)))

    def _to_frame(self, act: Callable[[int], object]) -> None:
        t = self._player.t
        if self._session.cine is not None:
            self._player.pause()
            self.as_annotator(lambda: act(t))

    def _editable(self) -> Contour | None:
        if self._session.cine is None or self._player.playing or self.flickered:
            return None
        return self._session.editable(self._player.t)

    def _seen(self) -> LogitMap | None:
        prediction = self._session.prediction
        return None if prediction is None else prediction.maps.get(self._player.t)

    def _edited(self, contour: Contour, text: str) -> None:
        t = self._player.t  # a gesture ends when the frame changes, so it is this one's
        self.readout.hide()
        self._session.meter.pulled()
        self.as_annotator(lambda: self._workflow.edit_contour(t, contour, text))
        if self._view.tool in (Tool.DRAW, Tool.RESEED):  # done at once; the others stay in the hand
            self.take(Tool.POINT)

    def _previewed(self, line: np.ndarray | None) -> None:
        self._session.meter.sign()
        if line is None:
            self.readout.hide()
            self.show_contour()
            self._panel.refresh()
            return
        t = self._player.t
        measured = self._session.preview(t, line)
        self._panel.preview(measured)
        shown = None if measured is None else effect(measured, self._session.predicted, t, line)
        self.readout.show_effect(shown, line, moved(self._session.measurements, measured))

    def _remember(self, *_: object) -> None:
        self._measured, self._label = self._session.measurements, self._session.label

    def _tell_moved(self) -> None:
        """A correction made another frame ED or ES: said once, until another frame is shown."""
        label, words = self._session.label, moved(self._measured, self._session.measurements)
        self._measured = self._session.measurements
        if words and (label.ed, label.es) == (None, None):  # else a person chose
            self._view.noticed.emit(words)

    def _let_go(self) -> None:
        """A gesture began on what its frame showed; where that is another now, its end would overwrite it unseen."""
        former, self._label = self._label, self._session.label
        self._dropped = self._view.hand.busy and self._player.t in self._label.frames_unlike(former)
        if self._dropped:
            self._view.cancel_gesture()

    def _give_way(self, frames: set[int]) -> None:
        """Others have saved these frames: what was under way there is dropped, which is said."""
        waited = self.drafts.lost
        self.drafts.forget(frames)
        if self._dropped or waited != self.drafts.lost:
            self._view.noticed.emit(_GAVE_WAY)

    def _looked(self, _t: int) -> None:
        if not self._player.playing:  # a loop also plays for nobody
            self._session.meter.sign()

    def _show_proposal(self) -> None:
        self._show_ghost()
        correction = self.correction
        self._view.proposal_changed.emit(len(correction.proposal), correction.awaited, correction.granted)

    def _ruled(self, dx: float, dy: float) -> None:
        self.take(Tool.POINT)
        if (dx * dx + dy * dy) ** 0.5 < _SHORTEST_RULE_PX:
            return
        length_mm, axes = dialogs.ask_length_mm(self._window, dx, dy)
        told_px = {Axes.BOTH: _SHORTEST_RULE_PX, Axes.ACROSS: dx, Axes.DOWN: dy}[axes]
        if length_mm and told_px >= _SHORTEST_RULE_PX:  # a line across says nothing about down
            made = calibrated(dx, dy, length_mm, self._session.calibration, axes)
            self.as_annotator(lambda: self._workflow.calibrate(made))
