"""What looks wrong with the contours: a row a frame, and a click goes there."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from echoview.correction import Correction
from echoview.measure.inspect import Finding, Severity, in_words
from echoview.ui.growing_list import GrowingList
from echoview.ui.theme import current, icon
from echoview.ui.widgets import off, quiet, rule

_ROWS = 40  # the panel scrolls; a list that scrolls in it would only confuse


class FindingsPanel(QWidget):
    """`wanted(finding)`: a person wants to see it; `mend_wanted(finding)`: to have it mended; `left()`: it had the
    keyboard, and is gone with the last finding."""

    wanted = Signal(object)
    mend_wanted = Signal(object)
    left = Signal()

    def __init__(self, correction: Correction) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._correction = correction
        self._row = -1  # of the list, looked at last
        self._head = quiet("", wrap=False)
        self.list = GrowingList("Findings", _ROWS)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)
        self.mend = QPushButton("Mend")
        self.mend.clicked.connect(self._mend)
        self.next = QPushButton("Next")
        self.next.setToolTip("Go to the next finding")
        self.next.clicked.connect(self._on)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._head, 1)
        for button in (self.mend, self.next):
            row.addWidget(button)
        self.list.currentItemChanged.connect(self._offer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(rule())
        layout.addLayout(row)
        layout.addWidget(self.list)
        layout.addStretch(1)
        correction.inspected.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        found = self._correction.findings
        focused = QApplication.focusWidget()
        had_keyboard = focused is not None and self.isAncestorOf(focused)
        self.setVisible(bool(found))
        if had_keyboard and not found:
            self.left.emit()
        frames = [list(of_one) for _, of_one in groupby(found, key=lambda one: one.t)]
        self._head.setText(f"{len(frames)} frame{'s' if len(frames) != 1 else ''} to look at" if frames else "")
        row = self.list.currentRow()
        self.list.clear()
        colours = {Severity.MEND: current().flag, Severity.LOOK: current().quiet}
        signs = {severity: icon("triangle-alert", colour) for severity, colour in colours.items()}
        for of_one in frames:
            gravest = next((one for one in of_one if one.severity is Severity.MEND), of_one[0])
            item = QListWidgetItem(signs[gravest.severity], f"Frame {gravest.t + 1}: {in_words(of_one)}")
            item.setData(Qt.ItemDataRole.UserRole, gravest)
            item.setToolTip("Go to this frame")
            self.list.addItem(item)
        self._row = row - 1 if row >= 0 else self._row  # where the last one was, the next one is now
        self._row = min(self._row, len(frames) - 1)
        self.list.fit()
        self._offer()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.refresh()
        super().changeEvent(event)

    def _offer(self, *_: object) -> None:
        item = self.list.currentItem()
        one = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        mendable = one is not None and one.severity is Severity.MEND
        reason = "Choose a finding with an orange sign." if one is None else "This is only to be looked at."
        off(self.mend, "" if mendable else reason, "Draw the contour of this frame anew between the frames around it")

    def _mend(self) -> None:
        self.mend_wanted.emit(self.list.currentItem().data(Qt.ItemDataRole.UserRole))

    def _on(self) -> None:
        """To the finding after the one that was looked at, and round again."""
        row = (max(self.list.currentRow(), self._row) + 1) % self.list.count()
        self.list.setCurrentRow(row)
        self._chosen(self.list.item(row))

    def _chosen(self, item: QListWidgetItem) -> None:
        one = item.data(Qt.ItemDataRole.UserRole)
        assert isinstance(one, Finding)
        self._row = self.list.row(item)
        self.wanted.emit(one)
