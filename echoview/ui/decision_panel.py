"""What waits for a decision: what two people said at once, and two readings of the cine."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from echoview.deciding import Choice, Deciding
from echoview.domain.review import ActKind, Reading
from echoview.reviewing import Reviewing
from echoview.ui.actions import with_key
from echoview.ui.growing_list import GrowingList
from echoview.ui.soon import Soon
from echoview.ui.widgets import quiet, rule

_ROWS = 8


class DecisionPanel(QWidget):
    """Hidden while there is nothing to decide.

    Signals: sought(t); chosen(Choice, Side); newest_kept(); adjudicated(other): the whole cine as the other reading.
    """

    sought = Signal(int)
    chosen = Signal(object, object)
    newest_kept = Signal()
    adjudicated = Signal(bool)

    def __init__(self, reviewing: Reviewing, deciding: Deciding) -> None:
        super().__init__()
        self._reviewing, self._deciding = reviewing, deciding
        self._t = 0
        self._takes: tuple[QAction, ...] = ()  # what takes a side by a key
        self.conflict_head = QLabel()
        self.conflicts = GrowingList("What two said at once", _ROWS)
        self.newest = QPushButton("Keep the newest of all")
        self.newest.setToolTip("What is shown now stays in force; the others stay in the history")
        self.newest.clicked.connect(self.newest_kept)
        self.reading_head = QLabel("Compare with")
        self.cine_head = QLabel("Whole cine: take")
        self.which = QComboBox()
        self.which.setAccessibleName("Reading to compare with")
        self.which.view().setAccessibleName("Readings to compare with")
        self.which.activated.connect(lambda _: self._deciding.compare(self.which.currentData()))
        self.readings = GrowingList("Frames of both readings", _ROWS)
        self.take_first, self.take_other = QPushButton("First"), QPushButton()
        self.take_first.clicked.connect(lambda: self.adjudicated.emit(False))
        self.take_other.clicked.connect(lambda: self.adjudicated.emit(True))
        self.reason = quiet("")
        self.frame_head = QLabel()
        self.sides = QPushButton(), QPushButton()
        self.sides[0].setAccessibleName("Take what is in force")
        self.sides[1].setAccessibleName("Take the other version")
        self.take_first.setAccessibleName("Whole cine as the first reading")
        self.take_other.setAccessibleName("Whole cine as the other reading")
        for number, button in enumerate(self.sides):
            button.clicked.connect(lambda _=False, n=number: self.choose(n))
        for listing in (self.conflicts, self.readings):
            listing.itemClicked.connect(self._go)
            listing.itemActivated.connect(self._go)
        self.conflicts.setSelectionMode(GrowingList.SelectionMode.SingleSelection)
        self._lay_out()
        self._soon = Soon(self.refresh, self)
        deciding.changed.connect(self._soon.ask)

    def _lay_out(self) -> None:
        pair, cine = QHBoxLayout(), QHBoxLayout()
        for row, buttons in ((pair, self.sides), (cine, (self.take_first, self.take_other))):
            row.setSpacing(6)
            for button in buttons:
                button.setObjectName("small")
                row.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(rule())
        for widget in (self.conflict_head, self.conflicts, self.reading_head, self.which, self.readings):
            layout.addWidget(widget)
        layout.addWidget(self.frame_head)
        layout.addLayout(pair)
        layout.addWidget(self.newest)
        layout.addWidget(self.cine_head)
        layout.addLayout(cine)
        layout.addWidget(self.reason)

    def give_actions(self, acts: dict[str, QAction]) -> None:
        self._takes = acts["take_first"], acts["take_second"]

    def set_frame(self, t: int) -> None:
        self._t = t
        self._show_frame()

    def refresh(self) -> None:
        """Called whenever something was decided, or another reading is looked at."""
        deciding = self._deciding
        conflicts, submitted = deciding.conflicts, deciding.submitted
        self.setVisible(bool(conflicts or submitted))
        waits = "1 conflict waits" if len(conflicts) == 1 else f"{len(conflicts)} conflicts wait"
        self.conflict_head.setText(f"{waits} for a decision")
        for widget in (self.conflict_head, self.conflicts):
            widget.setVisible(bool(conflicts))
        self.newest.setVisible(len(conflicts) > 1)
        self.newest.setEnabled(not self._reviewing.workflow.session.locked)
        _fill(self.conflicts, [(one, f"{_head(one)}: {_over(one)}") for one in conflicts])
        self._fill_readings(submitted)
        reason = self._reviewing.why_not(ActKind.ADJUDICATE) if deciding.other is not None else ""
        if deciding.other is not None:
            self.take_other.setText(deciding.other.reader)
        self.cine_head.setVisible(deciding.other is not None)
        for button in (self.take_first, self.take_other):
            button.setVisible(deciding.other is not None)
            button.setEnabled(not reason)
            button.setToolTip(reason or "Every frame as this reading has it; the cine is approved then")
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self._show_frame()

    def _fill_readings(self, submitted: list[Reading]) -> None:
        deciding = self._deciding
        for widget in (self.reading_head, self.which):
            widget.setVisible(bool(submitted))
        known = [self.which.itemData(row) for row in range(1, self.which.count())]
        if known != submitted or not self.which.count():
            self.which.clear()
            self.which.addItem("No other reading", None)
            for one in submitted:
                self.which.addItem(f"{one.reader}, {one.kind.value} reading", one)
        at = 0 if deciding.other is None or deciding.other not in submitted else submitted.index(deciding.other) + 1
        self.which.setCurrentIndex(at)
        rows = [(one, f"{_head(one)}: {self._agreed(one)}") for one in deciding.readings]
        _fill(self.readings, rows)
        self.readings.setVisible(bool(rows))

    def _agreed(self, one: Choice) -> str:
        first, second = (side.contour is not None for side in one.sides)
        if not (first and second):
            return "only the first reading" if first else "only the other reading"
        agreed = self._deciding.agreement.get(one.key) if isinstance(one.key, int) else None
        if agreed is None:
            return "both"
        far = "" if agreed.hausdorff_mm is None else f", {agreed.hausdorff_mm:.1f} mm apart at most"
        return f"Dice {agreed.dice:.2f}{far}"

    def _show_frame(self) -> None:
        choice = None if self.isHidden() else self._deciding.current(self._t)
        _mark(self.conflicts, choice)
        self.frame_head.setVisible(choice is not None)
        for button in self.sides:
            button.setVisible(choice is not None)
        if choice is None:
            return
        self.frame_head.setText(f"{_head(choice)}: take")
        locked = self._reviewing.workflow.session.locked
        reason = locked if choice.conflict is not None else self._reviewing.why_not(ActKind.ADJUDICATE)
        for number, (button, side, ends) in enumerate(zip(self.sides, choice.sides, ("solid", "dashed"), strict=True)):
            name = side.name.split(",")[0].replace(" reading", "")
            name = name.capitalize() if name in ("mine", "mine before", "first") else name
            said = f"drawn {ends}" if side.contour is not None else choice.words(side)
            button.setText(f"{name}{_when(side.made_at)}\n{said}".replace("&", "&&"))
            made = "" if side.made_at is None else f", {side.made_at.astimezone():%Y-%m-%d %H:%M}"
            words = f"{side.name}{made}: {said}"
            button.setToolTip(reason or (with_key(words, self._takes[number]) if self._takes else words))
            button.setEnabled(not reason)

    def choose(self, number: int) -> None:
        """As the button of that side does: 0 = what is in force; nothing while nobody sees what is decided."""
        choice = self._deciding.current(self._t)
        if choice is not None and self.isVisible() and self.sides[number].isEnabled():
            self.chosen.emit(choice, choice.sides[number])

    def _go(self, item: QListWidgetItem) -> None:
        choice = item.data(Qt.ItemDataRole.UserRole)
        self._deciding.point_at(choice)
        if choice.t is not None:
            self.sought.emit(choice.t)


def _head(choice: Choice) -> str:
    """What it is about, as a row or a heading begins."""
    words = choice.where.removeprefix("the ")
    return words[0].upper() + words[1:]


def _over(choice: Choice) -> str:
    """Whose is in force over whose; with what they say where the picture does not show it."""
    if isinstance(choice.key, int):
        return " over ".join(side.name for side in choice.sides)
    return " over ".join(f"{choice.words(side)} ({side.name})" for side in choice.sides)


def _when(moment: datetime | None) -> str:
    if moment is None:
        return ""
    here = moment.astimezone()
    return f", {here:%H:%M}" if here.date() == datetime.now().date() else f", {here:%Y-%m-%d}"


def _mark(listing: GrowingList, choice: Choice | None) -> None:
    """The row that the buttons decide is the current one."""
    rows = [listing.item(row).data(Qt.ItemDataRole.UserRole) for row in range(listing.count())]
    at = next((row for row, one in enumerate(rows) if choice is not None and one.key == choice.key), -1)
    if listing.currentRow() != at:
        listing.setCurrentRow(at)


def _fill(listing: GrowingList, rows: list[tuple[Choice, str]]) -> None:
    if [listing.item(row).text() for row in range(listing.count())] == [words for _, words in rows]:
        for row, (choice, _) in enumerate(rows):
            listing.item(row).setData(Qt.ItemDataRole.UserRole, choice)
        return
    scrolled = listing.verticalScrollBar().value()
    listing.clear()
    for choice, words in rows:
        item = QListWidgetItem(words)
        item.setData(Qt.ItemDataRole.UserRole, choice)
        item.setToolTip("Decide this" if choice.t is None else "Go to this frame")
        listing.addItem(item)
    listing.fit()
    listing.verticalScrollBar().setValue(scrolled)
