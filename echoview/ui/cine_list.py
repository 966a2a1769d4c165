"""The cines of the folder that is open; picking one opens it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from echoview.workflow import Workflow


class CineList(QListWidget):
    """Hidden until a folder is opened."""

    def __init__(self, workflow: Workflow) -> None:
        super().__init__()
        self._workflow = workflow
        self.setAccessibleName("Cines of the folder")
        self.setMinimumWidth(160)
        self.hide()
        workflow.folder_listed.connect(self._list)
        workflow.session.cine_changed.connect(self._mark_open)
        self.currentItemChanged.connect(self._pick)

    def _list(self, found: list[Path]) -> None:
        self.blockSignals(True)
        self.clear()
        for path in found:
            item = QListWidgetItem(path.name)
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            self.addItem(item)
        self.setCurrentRow(0)
        self.blockSignals(False)
        self.show()

    def _mark_open(self) -> None:
        """The list shows which of its cines is open, or that none is."""
        paths = [self.item(i).data(Qt.ItemDataRole.UserRole) for i in range(self.count())]
        path = self._workflow.session.path
        self.blockSignals(True)
        self.setCurrentRow(paths.index(path) if path in paths else -1)
        self.blockSignals(False)

    def _pick(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._workflow.open(item.data(Qt.ItemDataRole.UserRole))
