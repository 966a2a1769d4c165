"""What looks wrong with the contours: a short list, and a click goes there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from echoview.correction import Correction
from echoview.measure.inspect import Finding, Severity
from echoview.ui.theme import current, icon
from echoview.ui.widgets import quiet, rule

_ROWS = 40  # the panel scrolls; a list that scrolls in it would only confuse


class FindingsPanel(QWidget):
    """`wanted(finding)`: a person wants to see it."""

    wanted = Signal(object)

    def __init__(self, correction: Correction) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._correction = correction
        self._head = quiet("", wrap=False)
        self.list = QListWidget()
        self.list.setAccessibleName("Findings")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 16)
        layout.setSpacing(8)
        for widget in (rule(), self._head, self.list):
            layout.addWidget(widget)
        layout.addStretch(1)
        correction.inspected.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        found = self._correction.findings
        self.setVisible(bool(found))
        self._head.setText(f"{len(found)} to look at" if found else "")
        self.list.clear()
        colours = {Severity.MEND: current().flag, Severity.LOOK: current().quiet}
        signs = {severity: icon("triangle-alert", colour) for severity, colour in colours.items()}
        for one in found:
            item = QListWidgetItem(signs[one.severity], f"Frame {one.t + 1}: {one.sentence}")
            item.setData(Qt.ItemDataRole.UserRole, one)
            item.setToolTip("Go to this frame")
            self.list.addItem(item)
        rows = min(len(found), _ROWS)
        if rows:
            high = sum(self.list.sizeHintForRow(i) for i in range(rows))
            self.list.setFixedHeight(high + 4)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()
        super().changeEvent(event)

    def _chosen(self, item: QListWidgetItem) -> None:
        one = item.data(Qt.ItemDataRole.UserRole)
        assert isinstance(one, Finding)
        self.wanted.emit(one)
