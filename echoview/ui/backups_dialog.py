"""The backups of the label library, what each holds, and the way back to one."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from echoview.errors import EchoViewError
from echoview.going_back import Backup, GoingBack
from echoview.ui import dialogs
from echoview.ui.theme import tabular
from echoview.ui.widgets import Banner, Message, off, quiet
from echoview.workflow import Workflow

_HEADS = ("Made", "Cines", "Contours", "State")
_NUMBERS = (1, 2)
_SIZE = (520, 380)
_NONE = "There are no backups yet. The first is made the day after the first label."
_HINT = "One a day, the newest seven. Going back keeps the library as it is now beside it."


class BackupsDialog(QDialog):
    """Asks before it goes back to one, and closes when that is done."""

    def __init__(self, parent: QWidget, workflow: Workflow, banner: Banner) -> None:
        super().__init__(parent)
        self._banner, self._backups = banner, list[Backup]()
        self.going = GoingBack(workflow, self)
        self.setWindowTitle("Backups")
        self.resize(*_SIZE)
        self.table = _table()
        self.below = quiet("")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.back = QPushButton("Go back to it…")
        buttons.addButton(self.back, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        for widget in (self.table, self.below, buttons):
            layout.addWidget(widget)
        buttons.rejected.connect(self.reject)
        self.back.clicked.connect(self._ask)
        self.table.itemSelectionChanged.connect(self._offer)
        self.finished.connect(self.going.end)
        self.going.found.connect(self._add)
        self.going.listed.connect(lambda: self.below.setText(_HINT if self._backups else _NONE))
        self.going.gone_back.connect(self._gone_back)
        self.going.refused.connect(self._refused)
        self.below.setText(self.going.why_not() or "Looking through the backups…")
        self._offer()
        self.going.look()

    def _add(self, backup: Backup) -> None:
        self._backups.append(backup)
        row = self.table.rowCount()
        self.table.insertRow(row)
        counts = (str(backup.cines), str(backup.contours)) if backup.opens else ("–", "–")
        for column, words in enumerate((_when(backup), *counts, "Opens" if backup.opens else "Damaged")):
            item = QTableWidgetItem(words)
            if column in _NUMBERS:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, column, item)

    @property
    def _chosen(self) -> Backup | None:
        rows = self.table.selectionModel().selectedRows()
        return self._backups[rows[0].row()] if rows else None

    def _offer(self) -> None:
        chosen = self._chosen
        reason = "Choose a backup first" if chosen is None else "" if chosen.opens else "This backup is damaged"
        off(self.back, reason, "Puts this backup in the library's place; you are asked once more")

    def _ask(self) -> None:
        chosen = self._chosen
        if chosen is not None and dialogs.ask_go_back(self, _when(chosen)):
            self.setEnabled(False)
            self.going.go_back(chosen)

    def _gone_back(self, kept: str) -> None:
        text = f"The library is as it was {_when(self._chosen)}." if self._chosen is not None else ""
        self._banner.say(Message(text, f"What it held before is kept as {kept}.", False, done=True))
        self.accept()

    def _refused(self, error: EchoViewError) -> None:
        self.setEnabled(True)
        self.below.setText(f"{error.message} {error.hint}".strip())


def show_backups(window: QWidget, workflow: Workflow, banner: Banner) -> None:
    BackupsDialog(window, workflow, banner).exec()


def _when(backup: Backup) -> str:
    return backup.path.name if backup.made_at is None else f"{backup.made_at.astimezone():%Y-%m-%d, %H:%M}"


def _table() -> QTableWidget:
    table = QTableWidget(0, len(_HEADS))
    table.setAccessibleName("Backups")
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setFont(tabular(table.font()))
    table.verticalHeader().hide()
    for column, words in enumerate(_HEADS):
        side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
        table.setHorizontalHeaderItem(column, title := QTableWidgetItem(words))
        title.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table
