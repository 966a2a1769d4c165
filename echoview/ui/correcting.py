"""What the hand does to the contour, between the picture and the workflow."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from echoview.domain.calibration import Axes, calibrated
from echoview.domain.contour import Contour
from echoview.ui import dialogs
from echoview.ui.cine_view import CineView, Tool
from echoview.ui.measure_panel import MeasurePanel
from echoview.ui.player import Player
from echoview.workflow import Workflow

_SHORTEST_RULE_PX = 5


class Correcting(QObject):
    """Shows the contour of the frame, previews a gesture, and asks the workflow for the edit."""

    def __init__(self, window: QWidget, workflow: Workflow, player: Player, view: CineView) -> None:
        super().__init__(window)
        self._window, self._workflow, self._player, self._view = window, workflow, player, view
        self._session = workflow.session
        self.flickered = False  # whether the prediction is shown though a person corrected the frame
        view.editable = self._editable

    def connect_view(self, panel: MeasurePanel, acts: dict[str, QAction]) -> None:
        """Once the panel and the actions are there."""
        self._panel, self._acts = panel, acts
        self._view.contour_edited.connect(self._edited)
        self._view.contour_previewed.connect(self._previewed)
        self._view.ruled.connect(self._ruled)

    def show_contour(self) -> None:
        """The contour of the frame that is shown: a person's, else the predicted one."""
        session, t = self._session, self._player.t
        shown = None if session.cine is None else session.contour(t)
        if self.flickered and shown is not None and session.prediction is not None:
            shown = session.prediction.contour(t)
        if isinstance(shown, Contour):
            self._view.show_contour(shown)
        else:
            self._view.show_points(shown)

    def take(self, tool: Tool) -> None:
        """Another tool into the hand; a gesture under way ends."""
        if tool is not Tool.POINT:
            self._player.pause()
        self._view.set_tool(tool)
        self._acts[tool.value].setChecked(True)
        self.show_contour()

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

    def mark(self, mark: Callable[[int], None]) -> None:
        """ED or ES is the frame that is shown."""
        t = self._player.t
        if self._session.cine is not None:
            self.as_annotator(lambda: mark(t))

    def _editable(self) -> Contour | None:
        if self._session.cine is None or self._player.playing or self.flickered:
            return None
        return self._session.editable(self._player.t)

    def _edited(self, contour: Contour, text: str) -> None:
        t = self._player.t  # a gesture ends when the frame changes, so it is this one's
        self.as_annotator(lambda: self._workflow.edit_contour(t, contour, text))
        self.take(Tool.POINT)

    def _previewed(self, contour: Contour | None) -> None:
        if contour is None:
            self.show_contour()
            self._panel.refresh()
        else:
            self._panel.preview(self._session.preview(self._player.t, contour))

    def _ruled(self, dx: float, dy: float) -> None:
        self.take(Tool.POINT)
        if (dx * dx + dy * dy) ** 0.5 < _SHORTEST_RULE_PX:
            return
        length_mm, axes = dialogs.ask_length_mm(self._window, dx, dy)
        told_px = {Axes.BOTH: _SHORTEST_RULE_PX, Axes.ACROSS: dx, Axes.DOWN: dy}[axes]
        if length_mm and told_px >= _SHORTEST_RULE_PX:  # a line across says nothing about down
            made = calibrated(dx, dy, length_mm, self._session.calibration, axes)
            self.as_annotator(lambda: self._workflow.calibrate(made))
