"""What stands side by side: the picture alone, ED and ES, views of the study, or two sets of weights."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.pane import Pane, PaneTitle
from echoview.ui.player import Player
from echoview.ui.side_by_side import SideBySide
from echoview.ui.views_beside import ViewsBeside
from echoview.ui.weights_beside import WeightsBeside
from echoview.ui.worklist_model import WorklistModel
from echoview.workflow import Workflow

if TYPE_CHECKING:
    from echoview.services.frames import FrameFeeder

_NARROW_PX = 320  # three pictures narrower than this stand better as one large and two small ones


class Layout(Enum):
    """The value is the action that puts it on and takes it off."""

    ED_ES = "side_by_side"
    VIEWS = "views_beside"
    WEIGHTS = "weights_beside"


class Layouts(QSplitter):
    """The main picture and what stands beside it; one layout at a time, or none."""

    def __init__(self, workflow: Workflow, player: Player, view: CineView, feeder: FrameFeeder) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.current: Layout | None = None
        self._view = view
        self.title, over_title = PaneTitle(), PaneTitle()
        self.title.hide()
        self.ed_es = SideBySide(workflow, player, view, self.title)
        self.views = ViewsBeside(workflow, player, self.title)
        self.weights = WeightsBeside(workflow, player, view, self.title, over_title)
        self._beside = {Layout.ED_ES: self.ed_es, Layout.VIEWS: self.views, Layout.WEIGHTS: self.weights}
        for widget in (_under((self.title, over_title), view), *self._beside.values()):
            self.addWidget(widget)
            self.setStretchFactor(self.count() - 1, 1)
            self.setCollapsible(self.count() - 1, False)
        self.setHandleWidth(1)
        for signal in (feeder.frame_ready, feeder.frame_failed):
            signal.connect(self.weights.frame_ready)
        view.contrast_changed.connect(self._same_look)

    @property
    def panes(self) -> list[Pane]:
        """All pictures beside the main one, shown or not."""
        return [self.ed_es, *self.views.panes, self.weights]

    def does(self) -> dict[str, Callable[[], object]]:
        return {layout.value: partial(self.toggle, layout) for layout in Layout}

    def give(self, acts: dict[str, QAction], model: WorklistModel, begin_at: Callable[[str, int, bool], None]) -> None:
        """Once the actions and the study list are there; `begin_at`: see `Reading`."""
        self._acts = acts
        self.views.give(model, begin_at)
        acts["hide"].toggled.connect(self._hide_overlay)

    def toggle(self, layout: Layout) -> None:
        """This layout instead of the present one; the picture alone where it is the present one."""
        if self.current is not None:
            self._beside[self.current].end()
        self.current = None if layout is self.current else layout
        for one in Layout:
            self._acts[one.value].setChecked(one is self.current)
        self.title.setVisible(self.current is not None)
        if self.current is not None:
            self._beside[self.current].begin()
        self.same_overlay()
        self._same_look()
        self._share()
        QTimer.singleShot(0, self._share)  # again, once the titles that came or went are laid out

    def same_overlay(self) -> None:
        """What is drawn over the main picture is drawn over the others."""
        for pane in self.panes:
            pane.view.set_overlay(self._view.contour_item.overlay)
        self.weights.line.overlay = self._view.contour_item.overlay

    def end(self) -> None:
        """The window closes."""
        self.views.neighbours.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = Qt.Orientation.Horizontal if self.width() >= 3 * _NARROW_PX else Qt.Orientation.Vertical
        if wide is not self.views.orientation():
            self.views.setOrientation(wide)
            self._share()

    def _share(self) -> None:
        """Pictures of one size; where three of them would be small, the main one is the large one."""
        if self.current is None:
            return
        share = 0.5
        if self.current is Layout.VIEWS and all(self.views.paths):
            share = 0.67 if self.views.orientation() is Qt.Orientation.Horizontal else 0.4
        width = self.width()
        beside = self._beside[self.current]
        self.setSizes(
            [round(width * (1 - share))]
            + [round(width * share) if one is beside else 0 for one in self._beside.values()]
        )  # fmt: skip
        self.views.setSizes([1000, 1000])

    def _same_look(self) -> None:
        if self.current is not None:
            for pane in self.panes:
                pane.view.set_look(self._view.look)

    def _hide_overlay(self, hidden: bool) -> None:
        for pane in self.panes:
            pane.view.hide_overlay(hidden)
        self.weights.hide_line(hidden)


def _under(titles: tuple[PaneTitle, ...], view: CineView) -> QWidget:
    """The picture below its titles."""
    whole = QWidget()
    row = QHBoxLayout()
    row.setSpacing(1)
    for title in titles:
        row.addWidget(title, 1)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(row)
    column.addWidget(view, 1)
    return whole
