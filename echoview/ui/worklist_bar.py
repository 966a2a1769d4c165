"""Above the study list: where the cines come from, the filter, the status and the order."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from echoview.domain.study import Status
from echoview.ui.theme import put_icon
from echoview.ui.widgets import chip
from echoview.ui.worklist_model import SORTS

_ANY = "Any status"


class WorklistBar(QWidget):
    """Signals: changed() when filter, status or order did; fold_wanted(); left_down() from the filter to the list."""

    changed = Signal()
    fold_wanted = Signal()
    left_down = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.status: Status | None = None
        self.sort = "Name"
        self.source = chip("Where the cines come from", "Recent cines and folders")
        self.source.setText(" Recent")
        put_icon(self.source, "folder-open", "quiet")  # beside an icon the text stands at the left
        self.source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        fold = QToolButton()
        put_icon(fold, "panel-left", "quiet")
        fold.setToolTip("Hide the study list")
        fold.setAccessibleName("Hide the study list")
        fold.clicked.connect(self.fold_wanted)
        self._filter = QLineEdit()
        self._filter.setPlaceholderText("Filter by name, view or status")
        self._filter.setAccessibleName("Filter the study list")
        self._filter.setClearButtonEnabled(True)
        for cross in self._filter.findChildren(QToolButton):
            cross.setAccessibleName("Clear the filter")
        self._filter.textChanged.connect(lambda _: self.changed.emit())
        self._filter.installEventFilter(self)
        self._status = chip("Status", "Show only cines of one status")
        self._sort = chip("Order", "Order of the cines in a study")
        for button in (self._status, self._sort):
            button.setObjectName("choice")  # the style draws an arrow behind the text
        self._fill(self._status, [_ANY, *(status.value.capitalize() for status in Status)], self._choose_status)
        self._fill(self._sort, list(SORTS), self._choose_sort)
        self._status.setText(_ANY)
        self._sort.setText("by name")
        top, low = QHBoxLayout(), QHBoxLayout()
        for row, widgets in ((top, (self.source, fold)), (low, (self._status, self._sort))):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
            for widget in widgets:
                row.addWidget(widget)
        low.insertStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 4)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self._filter)
        column.addLayout(low)

    @property
    def text(self) -> str:
        return self._filter.text().strip()

    @property
    def refined(self) -> bool:
        """Whether some cines may be left out."""
        return bool(self.text) or self.status is not None

    def focus_filter(self) -> None:
        self._filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._filter.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc empties the filter, Down and Enter go on to the list."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                event.accept()
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self._filter.clear()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self.left_down.emit()
                return True
        return super().eventFilter(watched, event)

    def _fill(self, button: QToolButton, names: list[str], choose: object) -> None:
        menu = QMenu(button)
        group = QActionGroup(menu)
        for name in names:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == names[0])
            action.triggered.connect(lambda _=False, n=name: choose(n))  # type: ignore[operator]
            group.addAction(action)
        button.setMenu(menu)

    def _choose_status(self, name: str) -> None:
        self.status = next((status for status in Status if status.value == name.lower()), None)
        self._status.setText(name)
        self.changed.emit()

    def _choose_sort(self, name: str) -> None:
        self.sort = name
        self._sort.setText(f"by {name if name == 'EF' else name.lower()}")
        self.changed.emit()
