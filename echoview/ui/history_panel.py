"""Everything that was done to the open cine and said of it: who, when, what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListWidgetItem, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from echoview.reviewing import Reviewing
from echoview.ui.growing_list import GrowingList
from echoview.ui.soon import Soon
from echoview.ui.theme import current, put_icon
from echoview.ui.widgets import off

if TYPE_CHECKING:
    from echoview.services.history import Entry

_ROWS = 40


class HistoryPanel(QWidget):
    """Folded until somebody asks, for reading it takes a look into the library.

    Signals: sought(t); wanted_back(entry): the frames of an edit, as it left them.
    """

    sought = Signal(int)
    wanted_back = Signal(object)

    def __init__(self, reviewing: Reviewing) -> None:
        super().__init__()
        self._reviewing = reviewing
        self._entries: list[Entry] = []
        self._unfolding = False
        self.button = QToolButton()
        self.button.setText(" History")
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setToolTip("Who did what to this cine, and when; the newest first")
        put_icon(self.button, "chevron-down", "quiet", 14)
        self.button.toggled.connect(self._fold)
        self.list = GrowingList("History", _ROWS)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.list.currentRowChanged.connect(self._offer)
        self.back = QPushButton("Bring back")
        self.back.setAccessibleName("Bring back the version that is chosen")
        self.back.clicked.connect(lambda: self.wanted_back.emit(self._entries[self.list.currentRow()]))
        for widget in (self.list, self.back):
            widget.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.list)
        layout.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        reviewing.history_read.connect(self._show)
        self._soon = Soon(self._refresh, self)
        reviewing.changed.connect(self._soon.ask)
        self._place = Soon(self._into_sight, self)

    def _fold(self, shown: bool) -> None:
        self.list.setVisible(shown)
        self.back.setVisible(shown)
        self._unfolding = shown
        self._refresh()

    def _refresh(self) -> None:
        if self.button.isChecked():
            self._reviewing.read_history()

    def _show(self, entries: list[Entry]) -> None:
        self._entries = entries
        self.list.clear()
        for one in entries:
            when = one.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
            what = one.what[:1].upper() + one.what[1:]
            item = QListWidgetItem(f"{what}\n{one.who or 'unnamed'}, {when}{', blind' if one.blind else ''}")
            item.setData(Qt.ItemDataRole.UserRole, one.t)
            if one.said:
                item.setForeground(current().colour("flag"))
            self.list.addItem(item)
        self.list.fit()
        self._offer(self.list.currentRow())

    def _offer(self, row: int) -> None:
        """The button says what it would bring back, and why where it is off."""
        entry = self._entries[row] if 0 <= row < len(self._entries) else None
        frames = entry.frames if entry is not None else ()
        what = f" frame {frames[0] + 1}" if len(frames) == 1 else f" {len(frames)} frames" if frames else ""
        self.back.setText(f"Bring back{what}")
        reason = "" if frames else "Choose an edit of a contour in the list"
        off(self.back, reason, "As this edit left it; that is one more step in the history, and can be undone")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._unfolding and self._entries:
            self._place.ask()  # in a round of events in which the panel around it has grown too

    def _into_sight(self) -> None:
        """It lies at the foot of a long panel: what unfolds there has to be scrolled to."""
        self._unfolding = False
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        content = area.widget() if area is not None else None
        if area is not None and content is not None:
            height = min(self.height(), area.viewport().height() - 16)
            area.ensureVisible(0, self.mapTo(content, QPoint(0, height)).y(), 0, 8)

    def _go(self, item: QListWidgetItem) -> None:
        t = item.data(Qt.ItemDataRole.UserRole)
        if t is not None:
            self.sought.emit(t)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._entries:
            self._show(self._entries)
        super().changeEvent(event)
