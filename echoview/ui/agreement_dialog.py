"""How well the readings in the library agree: figures, a plot, a row a cine; all of it can be exported."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from echoview.comparing import Comparing
from echoview.errors import EchoViewError
from echoview.measure.agreement import Kind, Pair, summary
from echoview.ui.bland_altman import BlandAltman
from echoview.ui.theme import tabular
from echoview.ui.widgets import Figure, off, quiet

_HEADS = ("Cine", "First", "Second", "Frames", "Dice", "HD mm", "EF first", "EF second", "Δ EF")
_NAMES = (1, 2)  # columns of words
_NOTHING = {
    Kind.SECOND: "No second reading was submitted yet. Send a cine to a second reader (Shift+W); whoever has not seen"
    " it reads it blinded when they open it.",
    Kind.REPEAT: "No repeated reading was submitted yet. Set a share of cines that are read once more (REVIEW, your"
    " name).",
    Kind.BLIND: "No cine was traced blind and gone over with the prediction in sight. Set a share of cines that are"
    " traced blind (REVIEW, your name).",
}


class AgreementDialog(QDialog):
    """Signals: opened(path): a cine is to be shown."""

    opened = Signal(str)

    def __init__(self, parent: QWidget, comparing: Comparing) -> None:
        super().__init__(parent)
        self._comparing = comparing
        self.setWindowTitle("Agreement of readings")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which readings")
        for kind in Kind:
            self.kind.addItem(kind.value.capitalize(), kind)
        self.kind.currentIndexChanged.connect(self.refresh)
        self.cines, self.frames = Figure("Cines", ""), Figure("Frames of both", "")
        self.dice, self.far = Figure("Dice, mean", ""), Figure("Hausdorff, mean", "mm")
        self.bias, self.limits = Figure("EF bias", ""), QLabel()
        self.icc = Figure("ICC(2,1) of EF", "")
        self.limits.setFont(tabular(self.limits.font()))
        self.limits.setObjectName("quiet")
        self.limits.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.plot = BlandAltman()
        self.empty = quiet("")  # in the plot's place
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.table = _table()
        self.table.cellDoubleClicked.connect(self._open)
        self.export = QPushButton("Export…")
        self.export.clicked.connect(self._export)
        self.said = quiet("", wrap=False)
        close = QPushButton("Close")
        close.clicked.connect(self.reject)
        self._lay_out(close)
        comparing.found.connect(self.refresh)
        self.resize(900, 620)
        self.refresh()
        comparing.read()

    def _lay_out(self, close: QPushButton) -> None:
        figures = QVBoxLayout()
        figures.setSpacing(4)
        for widget in (self.kind, self.cines, self.frames, self.dice, self.far, self.bias, self.limits, self.icc):
            figures.addWidget(widget)
        figures.addWidget(quiet("Bland–Altman: mean difference and its 95 % limits, first − second."))
        figures.addStretch(1)
        left = QWidget()
        left.setLayout(figures)
        left.setFixedWidth(240)
        figures.setContentsMargins(0, 0, 0, 0)
        top, foot = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(left)
        top.addWidget(self.plot, 1)
        top.addWidget(self.empty, 1)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.export)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(top, 3)
        layout.addWidget(self.table, 2)
        layout.addLayout(foot)

    @property
    def pairs(self) -> list[Pair]:
        return self._comparing.of(self.kind.currentData())

    def refresh(self) -> None:
        pairs, told = self.pairs, summary(self.pairs)
        self.cines.show_value(told.cines)
        self.frames.show_value(told.frames)
        self.dice.show_value(told.dice, 3)
        self.far.show_value(told.hausdorff_mm, 1)
        self.bias.show_value(None if told.ef is None else told.ef.bias, 1)
        self.icc.show_value(None if told.ef is None else told.ef.icc, 2)
        few = "EF of three cines is needed for limits and ICC" if pairs else ""
        self.limits.setText(few if told.ef is None else f"{told.ef.lower:+.1f} to {told.ef.upper:+.1f} points")
        self.plot.show_pairs(pairs)
        self.empty.setText("Reading the library" if self._comparing.reading else _NOTHING[self.kind.currentData()])
        self.empty.setVisible(not pairs)
        for widget in (self.table, self.plot):
            widget.setVisible(bool(pairs))
        reason = "" if pairs else "There is nothing to compare yet."
        off(self.export, reason, "A table (CSV) and the plot (PNG); no patient data in either")
        self._fill(pairs)

    def _fill(self, pairs: list[Pair]) -> None:
        self.table.setRowCount(len(pairs))
        for row, one in enumerate(pairs):
            cells = (
                f"{one.number}", one.first, one.second, f"{len(one.frames)}", _said(one.dice, 3),
                _said(one.hausdorff_mm, 1), _said(one.ef_first, 1), _said(one.ef_second, 1),
                _said(one.ef_difference, 1, "+"),
            )  # fmt: skip
            for column, words in enumerate(cells):
                item = QTableWidgetItem(words)
                if column not in _NAMES:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)

    def _open(self, row: int, _column: int) -> None:
        self.opened.emit(self._comparing.path_of(self.pairs[row]))
        self.accept()

    def _export(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export to", str(Path.home() / "agreement.csv"), "Table (*.csv)")
        if path:
            self.export_to(Path(path))

    def export_to(self, out: Path) -> None:
        """The table, and beside it the plot under the same name."""
        try:
            self._comparing.write_table(out, self.pairs)
        except EchoViewError as error:
            self.said.setText(str(error))
            return
        drawn = out.with_suffix(".png")
        kept = self.plot.picture().save(str(drawn))
        self.said.setText(f"{out.name} and {drawn.name} written." if kept else f"{out.name} written, not the plot.")

    def done(self, code: int) -> None:
        self._comparing.cancel()
        super().done(code)


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_HEADS))
    table.setAccessibleName("Cines with two readings")
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setFont(tabular(table.font()))
    table.setToolTip("Double-click to open the cine")
    head = table.horizontalHeader()
    for column in range(len(_HEADS)):
        side = Qt.AlignmentFlag.AlignLeft if column in _NAMES else Qt.AlignmentFlag.AlignRight
        table.setHorizontalHeaderItem(column, title := QTableWidgetItem(_HEADS[column]))
        title.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column in _NAMES:
        head.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    return table


def _said(value: float | None, decimals: int, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.{decimals}f}"
