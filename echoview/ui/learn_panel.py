"""Fine-tuning, one step visible: what there is to learn from, how it goes, what came of it, adopt or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from echoview.learning import Learning, Stage
from echoview.session import Session
from echoview.ui.theme import current, put_icon, tabular
from echoview.ui.widgets import off, quiet, rule

ROWS = (("corrected", "Corrected frames"), ("held_out", "Held-out patients"), ("guard", "Guard (phantom)"))


class LearnPanel(QWidget):
    """Draws `Learning` and asks it to start, stop, cancel, adopt and roll back.

    Args:
        counts: gives the corrected frames and cines, and the frames in conflict.
        recount: asks for them to be counted anew.
    """

    def __init__(
        self,
        learning: Learning,
        session: Session,
        counts: Callable[[], tuple[int, int, int]],
        recount: Callable[[], None],
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._learning, self._session, self._counts, self._recount = learning, session, counts, recount
        self._losses: list[float] = []
        self._dice: list[tuple[int, float]] = []
        self.data = quiet("")
        self.start = QPushButton(" Fine-tune")
        put_icon(self.start, "graduation-cap", "on_accent")
        self.start.setObjectName("primary")
        self.state = QLabel("")
        self.state.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the training")
        self.curves = _plot("Loss, step by step")
        self._loss_line = self.curves.plot()
        self.scores = _plot("Dice on the corrected frames")
        self._dice_line = self.scores.plot(symbol="o", symbolSize=5, symbolPen=None)
        self.scores.setLimits(yMin=0, yMax=1, minYRange=0.05)  # the axis has no room for more than two decimals
        self._tint()
        self.loss_name, self.dice_name = quiet("loss"), quiet("Dice on the corrected frames")
        self.stop, self.cancel = QPushButton(" Stop"), QPushButton(" Cancel")
        put_icon(self.stop, "square")
        put_icon(self.cancel, "x")
        self.cancel.setToolTip("End at once and keep nothing")
        self.table = QWidget()
        self._cells = self._make_table()
        self.adopt = QPushButton(" Adopt")
        put_icon(self.adopt, "circle-check", "on_accent")
        self.adopt.setObjectName("primary")
        self.adopt.setToolTip("Use the new weights from now on; the old ones are kept")
        self.decline = QPushButton("Not now")
        self.back = QPushButton(" Roll back")
        put_icon(self.back, "rotate-ccw")
        self.in_use = quiet("")
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        for widget in (
            self.data,
            self.start,
            self.state,
            self.bar,
            self.loss_name,
            self.curves,
            self.dice_name,
            self.scores,
        ):
            layout.addWidget(widget)
        for pair in ((self.stop, self.cancel), (self.adopt, self.decline)):
            if pair[0] is self.adopt:
                layout.addWidget(self.table)
            row = QHBoxLayout()
            row.setSpacing(8)
            for button in pair:
                row.addWidget(button, 1)
            layout.addLayout(row)
        for widget in (rule(), self.in_use, self.back):
            layout.addWidget(widget)
        layout.addStretch(1)

    def _connect(self) -> None:
        learning = self._learning
        self.start.clicked.connect(self._start)
        self.stop.clicked.connect(learning.stop)
        self.cancel.clicked.connect(learning.cancel)
        self.adopt.clicked.connect(learning.adopt)
        self.decline.clicked.connect(learning.decline)
        self.back.clicked.connect(learning.roll_back)
        learning.stage_changed.connect(self.refresh)
        learning.event_read.connect(self._event)
        learning.said.connect(self.state.setText)
        self._session.weights_changed.connect(self.refresh)
        self._session.saved_changed.connect(self.refresh)

    def _make_table(self) -> dict[tuple[str, str], QLabel]:
        grid = QGridLayout(self.table)
        grid.setContentsMargins(0, 8, 0, 8)
        grid.setHorizontalSpacing(12)
        for column, head in enumerate(("Dice", "before", "after")):
            grid.addWidget(
                quiet(head, wrap=False),
                0,
                column,
                Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft,
            )
        cells = {}
        for row, (key, name) in enumerate(ROWS, 1):
            grid.addWidget(QLabel(name), row, 0)
            for column, when in enumerate(("before", "after"), 1):
                cell = QLabel("–")
                cell.setFont(tabular(cell.font()))
                grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight)
                cells[key, when] = cell
        grid.setColumnStretch(0, 1)
        return cells

    def showEvent(self, event: Any) -> None:
        self._recount()
        self.refresh()
        super().showEvent(event)

    def refresh(self) -> None:
        learning, stage = self._learning, self._learning.stage
        focused = QApplication.focusWidget()
        had_keyboard = focused is not None and self.isAncestorOf(focused)
        running = stage in (Stage.PREPARING, Stage.TRAINING, Stage.STOPPING)
        if stage is Stage.PREPARING:
            self._losses, self._dice = [], []
            self._draw()
            self.bar.setRange(0, 0)
        self.start.setVisible(not running and stage is not Stage.JUDGING)
        for widget in (self.bar, self.stop, self.cancel):
            widget.setVisible(running)
        not_yet = {Stage.PREPARING: "There is nothing to keep yet.", Stage.STOPPING: "It is stopping."}.get(stage, "")
        off(self.stop, not_yet if stage is not Stage.TRAINING else "", "End early and keep the best so far")
        if running and not self.stop.hasFocus():  # never on Cancel by chance
            (self.stop if stage is Stage.TRAINING and self.isVisible() else self).setFocus()
        drawn = bool(self._losses)
        for widget in (self.loss_name, self.curves, self.dice_name, self.scores):
            widget.setVisible(running or drawn)
        for widget in (self.table, self.adopt, self.decline):
            widget.setVisible(stage is Stage.JUDGING)
        if stage is Stage.JUDGING:
            self._show_report(learning.report)
        if stage is Stage.STOPPING:
            self.state.setText("Stopping; the best so far is kept")
        weights = self._session.weights
        self.in_use.setText(f"In use: {weights.name} {weights.identity[:6]}" if weights else "")
        self.back.setVisible(learning.former is not None and weights is not None and weights.tuned)
        if learning.former is not None:
            self.back.setToolTip(f"Use {learning.former.name} {learning.former.identity[:6]} again")
        if had_keyboard and focused is not None and not focused.isVisible():
            self.setFocus()  # Qt would hand the keyboard to a button of another zone
        if not running and self.isVisible():
            frames, cines, disputed = self._counts()
            self.data.setText(_data_sentence(frames, cines, disputed))
            reason = "" if frames else "Correct the contour of a frame first."
            off(self.start, reason, "Train the whole network on your corrections, in the background")

    def _start(self) -> None:
        self._learning.start()

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "data":
            held = f", {event['held_out']} held out" if event["held_out"] else ""
            frames = f"{event['frames']} {_plural('frame', event['frames'])}"
            waits = f"; {_disputed(self._learning.disputed)} left out" if self._learning.disputed else ""
            self.state.setText(f"Learning from {frames}{held} on {event['device'].upper()}{waits}")
        elif kind == "step":
            self._losses.append(event["loss"])
            self.bar.setRange(0, event["of"])
            self.bar.setValue(event["step"])
            self.loss_name.setText(f"loss   step {event['step']} of {event['of']}")
        elif kind == "validated":
            self._dice.append((event["step"], event["corrected"]))
        if kind in ("step", "validated"):  # both over all steps that there will be
            for plot in (self.curves, self.scores):
                plot.setXRange(0, event["of"])
        self._draw()

    def _draw(self) -> None:
        self._loss_line.setData(range(1, len(self._losses) + 1), self._losses)
        self._dice_line.setData([s for s, _ in self._dice], [d for _, d in self._dice])

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def _tint(self) -> None:
        """The curves in the colours of the theme; what the style sheet reaches changes by itself."""
        tokens = current()
        for plot in (self.curves, self.scores):
            plot.setBackground(tokens.ground)
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(tokens.line)
                plot.getAxis(side).setTextPen(tokens.quiet)
        self._loss_line.setPen(pg.mkPen(tokens.quiet, width=1.5))
        self._dice_line.setPen(pg.mkPen(tokens.human, width=2))
        self._dice_line.setSymbolBrush(tokens.human)

    def _show_report(self, report: dict[str, Any]) -> None:
        why = {"guard": "Stopped where it began to forget. ", "stopped": "Stopped by you. "}.get(report["reason"], "")
        self.state.setText(f"{why}A candidate is ready; it is not in use until you adopt it.")
        for key, _name in ROWS:
            for when in ("before", "after"):
                value = report[when][key]
                self._cells[key, when].setText("–" if value is None else f"{value:.3f}")


def _plot(name: str) -> pg.PlotWidget:
    plot = pg.PlotWidget()
    plot.setAccessibleName(name)
    plot.setFixedHeight(96)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    item = plot.getPlotItem()
    assert item is not None
    item.setContentsMargins(0, 6, 6, 0)  # the uppermost figure is not cut
    plot.getAxis("left").setWidth(48)
    return plot


def _data_sentence(frames: int, cines: int, disputed: int) -> str:
    waits = f" {_disputed(disputed)} left out until somebody decides in REVIEW." if disputed else ""
    if not frames and disputed:
        return f"Nothing to learn from yet.{waits}"
    if not frames:
        return "Nothing to learn from yet. Correct the contour of a frame: drag a point of it onto the wall."
    return (
        f"{frames} corrected {_plural('frame', frames)} in {cines} {_plural('cine', cines)}. The network learns from "
        f"all of them, and rehearses simulated hearts so that it does not forget.{waits}"
    )


def _disputed(count: int) -> str:
    return f"{count} {_plural('frame', count)} in conflict {'is' if count == 1 else 'are'}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
