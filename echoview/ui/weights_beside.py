"""Another set of weights on the open cine: its contours beside the picture or over it, its EF, its curve."""

from __future__ import annotations

from enum import Enum

import numpy as np
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from echoview.domain.cine import Cine
from echoview.domain.weights import WeightsSet
from echoview.measure.measurements import Doubt
from echoview.other_weights import OtherWeights
from echoview.ui.cine_view import CineView
from echoview.ui.contour_item import ContourItem
from echoview.ui.pane import Pane, PaneTitle
from echoview.ui.player import Player
from echoview.ui.top_bar import describe
from echoview.ui.widgets import ProgressLine
from echoview.workflow import Workflow


class Where(Enum):
    """Where the contours of the other set are drawn."""

    BESIDE = "Side by side"
    OVER = "Over the picture"


class WeightsBeside(Pane):
    """The same frame with the other set's contour.

    Args:
        title: of the main picture; over_title: stands beside it while both contours are in one picture.

    Signals:
        curve_changed((T,) areas px2 or None): for the timeline.
    """

    curve_changed = Signal(object)

    def __init__(
        self, workflow: Workflow, player: Player, view: CineView, title: PaneTitle, over_title: PaneTitle
    ) -> None:
        super().__init__("The prediction of the other weights")
        self._session, self._player, self._main = workflow.session, player, view
        self._title, self._over_title = title, over_title
        self.other = OtherWeights(workflow, self)
        self.where = Where.BESIDE
        self._on = False
        self._last: WeightsSet | None = None
        self.progress = ProgressLine("Cancel the prediction of the other weights")
        self.progress.cancelled.connect(self.other.cancel)
        self.other.progressed.connect(self.progress.show_progress)
        self.line = ContourItem()
        self.line.setZValue(9)  # below the contour that can be corrected
        self.line.hide()
        view.box.addItem(self.line, ignoreBounds=True)
        for one in (self.title, over_title):
            one.show_sample(True)
            one.give_menu(self._fill, "Choose other weights, and where they are drawn")
            one.ef.setToolTip("In brackets: more or less than the set in use, in percentage points")
        self.hide()
        over_title.hide()
        session = self._session
        session.cine_changed.connect(self._another_cine)
        for signal in (session.measured, session.label_changed, player.frame_changed):
            signal.connect(self.refresh)
        session.weights_changed.connect(self._other_in_use)
        self.other.changed.connect(self._grew)
        view.box.sigRangeChanged.connect(self._same_zoom)

    def begin(self) -> None:
        """Compare with the set that was compared last, else with the first that is there."""
        self._on = True
        self._title.show_sample(False)
        sets, last = self.other.sets, self.other.weights or self._last
        chosen = next((one for one in sets if last is not None and one.identity == last.identity), None)
        self._lay_out()
        self._another_cine()
        self.other.compare(chosen or next(iter(sets), None))

    def end(self) -> None:
        self._on = False
        self._last = self.other.weights
        self.other.compare(None)
        self._title.show_sample(None)
        self._lay_out()
        self.curve_changed.emit(None)

    def choose(self, weights: WeightsSet) -> None:
        """Compare with this set."""
        self.other.compare(weights)

    def put(self, where: Where) -> None:
        """Beside the picture or over it."""
        self.where = where
        self._lay_out()
        self._another_cine()

    def hide_line(self, hidden: bool) -> None:
        """With the other contours of the main picture."""
        self.line.setVisible(self._on and self.where is Where.OVER and not hidden)

    def frame_ready(self, cine: Cine, t: int, *_: object) -> None:
        """The main picture got its frame, or never will; so do we."""
        if cine is self._session.cine and t == self._player.t:
            self.refresh()

    def refresh(self, *_: object) -> None:
        """The frame where the player stands."""
        cine, t = self._session.cine, self._player.t
        if not self._on or cine is None or t >= len(cine):
            return
        prediction = self.other.prediction
        points = None if prediction is None else prediction.contour(t)
        picture = cine.cached(t)
        if self.where is Where.OVER:
            self.line.show_other(points)
        elif picture is not None:
            self.view.set_frame(picture)
            self.view.contour_item.show_other(points)
        elif cine.lost(t):
            self.view.show_lost(t)
            self.view.contour_item.show_other(None)
        self._say(t)

    def _say(self, t: int) -> None:
        session, other = self._session, self.other
        assert session.cine is not None
        where = f"frame {t + 1} / {len(session.cine)}"
        ours, theirs = session.predicted, other.measured
        ef = None if ours is None else ours.ef_percent
        corrected = session.label.contour(t) is not None
        self._title.say(
            session.weights.name if session.weights else "No weights", ef,
            f"{where}  ·  corrected: / shows the prediction" if corrected else where,
        )  # fmt: skip
        title = self._over_title if self.where is Where.OVER else self.title
        if other.weights is None:
            title.say("No other weights", None, "Only one set of weights is installed.")
        elif other.stopped:
            title.say(other.weights.name, None, "cancelled: choose it again to go on")
        elif theirs is None:
            done = 0 if other.prediction is None else other.prediction.done
            title.say(other.weights.name, None, where, f"predicting {done} / {len(session.cine)}")
        else:
            change = other.difference
            area = theirs.area_px2[t] / ours.area_px2[t] - 1 if ours is not None else np.nan
            told = f"  ·  area {_signed(100 * area)} %" if np.isfinite(area) else ""
            points = "" if change is None else f"({_signed(change)})"
            points = "too many contours are unsure" if theirs.doubt is Doubt.UNSURE else points
            title.say(other.weights.name, theirs.ef_percent, where + told, points)

    def _lay_out(self) -> None:
        over = self.where is Where.OVER
        self.setVisible(self._on and not over)
        self._over_title.setVisible(self._on and over)
        self.hide_line(self._main.overlay_hidden)

    def _another_cine(self) -> None:
        cine = self._session.cine
        if not self._on:
            return
        height, width = cine.size if cine else (0, 0)
        self.line.set_bounds(QRectF(0, 0, width, height))
        self.line.show_other(None)
        self.show_size(cine.size if cine else None, self._session.calibration)
        self.unsetCursor()
        self._same_zoom()
        self._grew(-1)

    def _grew(self, t: int) -> None:
        if t in (-1, self._player.t):
            self.refresh()
        elif self._on:
            self._say(self._player.t)
        if self._on and t == -1:
            self.curve_changed.emit(None if self.other.measured is None else self.other.measured.area_px2)

    def _other_in_use(self) -> None:
        """The set in use is another: it cannot be compared with itself."""
        if self._on:
            self.begin()

    def refit(self) -> None:
        """The part of the picture that the main one shows."""
        self._same_zoom()

    def _same_zoom(self, *_: object) -> None:
        if self.isVisible():
            self.view.set_spacing(self._session.calibration)
            self.view.box.setRange(self._main.box.viewRect(), padding=0)

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for one in self.other.sets:
            action = menu.addAction(describe(one))
            action.setCheckable(True)
            action.setChecked(self.other.weights is not None and one.identity == self.other.weights.identity)
            action.triggered.connect(lambda _=False, w=one: self.choose(w))
        menu.addSeparator()
        group = QActionGroup(menu)
        for where in Where:
            action = menu.addAction(where.value)
            action.setCheckable(True)
            action.setChecked(where is self.where)
            action.triggered.connect(lambda _=False, w=where: self.put(w))
            group.addAction(action)


def _signed(number: float) -> str:
    """A whole number with its sign; no sign on nought."""
    return f"{number:+.0f}".replace("-", "−") if round(number) else "0"
