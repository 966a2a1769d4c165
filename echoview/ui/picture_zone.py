"""The middle of the window: the picture, what lies over it, and the M-mode below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QWidget

from echoview.ui.calibrating import Calibrating
from echoview.ui.calipers import Calipers
from echoview.ui.cine_view import CineView
from echoview.ui.first_steps import FirstSteps
from echoview.ui.hints import Advice, EmptyHint
from echoview.ui.layouts import Layouts
from echoview.ui.mmode import MMode
from echoview.ui.picture_controls import PictureControls, look_of, names_of, overlay_of
from echoview.ui.player import Player
from echoview.workflow import Workflow

if TYPE_CHECKING:
    from echoview.services.frames import FrameFeeder


class PictureZone(QSplitter):
    """Puts the picture's tools together; `give_tools` once the actions are there."""

    def __init__(self, workflow: Workflow, player: Player, view: CineView, feeder: FrameFeeder) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._workflow, self._player, self._view = workflow, player, view
        self.hint = EmptyHint(view)
        self.advice = Advice(view)
        known = workflow.settings
        self.controls = PictureControls(view, look_of(known.colours, known.smoothing), overlay_of(known.overlay))
        self.controls.chosen.connect(self._keep)
        self.layouts = Layouts(workflow, player, view, feeder)
        self.controls.chosen.connect(self.layouts.same_overlay)
        self.addWidget(self.layouts)
        self.setCollapsible(0, False)
        self.setHandleWidth(1)

    def give_tools(self, acts: dict[str, QAction], as_annotator: Callable[[Callable[[], object]], None]) -> None:
        """The tools that hang on actions; `as_annotator` does something in the name of whoever corrects."""
        workflow, player, view = self._workflow, self._player, self._view
        self.steps = FirstSteps(view, workflow, acts["play"])
        self.calipers = Calipers(workflow, player, view, acts, as_annotator)
        self.mmode = MMode(workflow, player, view, acts["mmode"])
        self.calibrating = Calibrating(workflow, view, as_annotator)
        acts["calibrate"].triggered.connect(self.calibrating.look)
        self.calibrating.used.connect(acts["point"].trigger)
        self.addWidget(self.mmode.strip)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 1)

    def let_controls_lie_over(self, window: QWidget, inspector: QWidget, message: QWidget) -> None:
        """The panel of the picture lies where it hides the least of the pictures and of the inspector."""
        views = [self._view, *(pane.view for pane in self.layouts.panes)]
        self._workflow.session.cine_changed.connect(self.controls.place_again)
        self.controls.lie_over(window, inspector, lambda: views, (message, self.steps, self.advice))

    def finish(self) -> bool:
        """Enter: whether something half measured was there and is done now."""
        return self.calipers.finish()

    def _keep(self) -> None:
        look = self._view.look
        self._workflow.remember(
            colours=look.colours, smoothing=look.smoothing.value, overlay=names_of(self.controls.overlay)
        )
