"""What looks wrong with the contours: a row a frame, and a click goes there."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QListWidgetItem, QVBoxLayout, QWidget

from echoview.correction import Correction
from echoview.measure.inspect import Finding, Severity, in_words
from echoview.ui.growing_list import GrowingList
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
        self.list = GrowingList("Findings", _ROWS)
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
        frames = [list(of_one) for _, of_one in groupby(found, key=lambda one: one.t)]
        self._head.setText(f"{len(frames)} frame{'s' if len(frames) != 1 else ''} to look at" if frames else "")
        self.list.clear()
        colours = {Severity.MEND: current().flag, Severity.LOOK: current().quiet}
        signs = {severity: icon("triangle-alert", colour) for severity, colour in colours.items()}
        for of_one in frames:
            gravest = next((one for one in of_one if one.severity is Severity.MEND), of_one[0])
            item = QListWidgetItem(signs[gravest.severity], f"Frame {gravest.t + 1}: {in_words(of_one)}")
            item.setData(Qt.ItemDataRole.UserRole, gravest)
            item.setToolTip("Go to this frame")
            self.list.addItem(item)
        self.list.fit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()
        super().changeEvent(event)

    def _chosen(self, item: QListWidgetItem) -> None:
        one = item.data(Qt.ItemDataRole.UserRole)
        assert isinstance(one, Finding)
        self.wanted.emit(one)
