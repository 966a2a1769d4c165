"""Comments and quick issues: one click or key each, a list of what was said, and a line to say more."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from echoview.domain.review import ActKind, Comment, Issue
from echoview.reviewing import Reviewing
from echoview.ui.actions import with_key
from echoview.ui.growing_list import GrowingList
from echoview.ui.theme import current, icon, put_icon
from echoview.ui.widgets import off, quiet

_ROWS = 60


class CommentsPanel(QWidget):
    """Signals: sought(t); commented(text, t or None); closed(Comment): resolve it, or open it again."""

    sought = Signal(int)
    commented = Signal(str, object)
    closed = Signal(object)

    def __init__(self, reviewing: Reviewing) -> None:
        super().__init__()
        self._reviewing = reviewing
        self._t = 0
        self._said: list[tuple[str, bool]] | None = None  # what the list shows
        self.frame_scope, self.cine_scope = _toggle("This frame"), _toggle("Whole cine")
        group = QButtonGroup(self)
        for button in (self.frame_scope, self.cine_scope):
            button.setObjectName("scope")
            group.addButton(button)
            button.clicked.connect(self.refresh)
        self.frame_scope.setChecked(True)
        self.issues = {issue: _toggle(_title(issue)) for issue in Issue}
        self._acts: dict[Issue, QAction] = {}
        self.line = _Line()
        self.line.setPlaceholderText("Comment in words")
        self.line.setAccessibleName("Comment in words")
        self.line.setMaxLength(500)
        self.line.returnPressed.connect(self._send)
        self.add = QToolButton()
        put_icon(self.add, "message-square")
        self.add.setToolTip("Keep the comment (Enter)")
        self.add.setAccessibleName("Keep the comment")
        self.add.clicked.connect(self._send)
        self.head = quiet("", wrap=False)
        self.list = GrowingList("Comments", _ROWS)
        self.list.setIconSize(QSize(16, 16))
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.list.currentRowChanged.connect(lambda _: self._name_close())
        self.close_button = QPushButton("Resolve")
        self.close_button.clicked.connect(self._close)
        self._lay_out()

    def _lay_out(self) -> None:
        scope, line, head = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        rows = (scope, (self.frame_scope, self.cine_scope)), (line, (self.line, self.add))
        for row, widgets in (*rows, (head, (self.head, self.close_button))):  # above the list: in sight, however long
            row.setSpacing(4)
            for widget in widgets:
                row.addWidget(widget)
        grid = QGridLayout()
        grid.setSpacing(4)
        for number, button in enumerate(self.issues.values()):
            grid.addWidget(button, number // 2, number % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(scope)
        layout.addLayout(grid)
        layout.addLayout(line)
        head.setStretch(0, 1)
        layout.addLayout(head)
        layout.addWidget(self.list)

    def give_actions(self, acts: dict[str, QAction]) -> None:
        """The buttons do what the keys do, and name them."""
        for number, (issue, button) in enumerate(self.issues.items(), 1):
            act = acts[f"issue_{number}"]
            button.clicked.connect(act.trigger)
            self._acts[issue] = act
        self.refresh()

    def scope(self, t: int) -> int | None:
        """What a comment is about: frame t, or the cine (None)."""
        return None if self.cine_scope.isChecked() else t

    def write(self) -> None:
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_frame(self, t: int) -> None:
        self._t = t
        self.refresh()

    def refresh(self) -> None:
        reason = self._reviewing.why_not(ActKind.COMMENT)
        comments = self._reviewing.comments
        about = self.scope(self._t)
        open_now = {one.act.issue for one in comments if one.closed is None and one.act.t == about}
        for issue, button in self.issues.items():
            button.setChecked(issue in open_now)
            off(button, reason, with_key(_title(issue), self._acts[issue]) if issue in self._acts else "")
        for widget in (self.line, self.add):
            widget.setEnabled(not reason)
            widget.setToolTip(reason or "Keep the comment (Enter)")
        self._fill(comments)

    def _fill(self, comments: list[Comment]) -> None:
        """Open ones first, each in the order of the frames; filled anew only where something changed."""
        shown = sorted(comments, key=lambda one: (one.closed is not None, one.act.t is None, one.act.t or 0))
        said = [(one.act.uid, one.closed is None) for one in shown]
        waiting = sum(one.closed is None for one in comments)
        self.head.setText(f"{waiting} open, {len(comments) - waiting} resolved" if comments else "No comments yet")
        if said != self._said:
            self._said = said
            current_uid = self._chosen.act.uid if self._chosen else ""
            self.list.clear()
            for one in shown:
                self.list.addItem(_item(one))
                if one.act.uid == current_uid:
                    self.list.setCurrentRow(self.list.count() - 1)
            self.list.fit()
        self.list.setVisible(bool(shown))
        self.close_button.setVisible(bool(shown))
        self._name_close()

    @property
    def _chosen(self) -> Comment | None:
        item = self.list.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def _name_close(self) -> None:
        one = self._chosen
        self.close_button.setEnabled(one is not None)
        self.close_button.setText("Open again" if one is not None and one.closed is not None else "Resolve")
        self.close_button.setToolTip("" if one is not None else "Choose a comment first")

    def _go(self, item: QListWidgetItem) -> None:
        one: Comment = item.data(Qt.ItemDataRole.UserRole)
        if one.act.t is not None:
            self.sought.emit(one.act.t)

    def _close(self) -> None:
        if self._chosen is not None:
            self.closed.emit(self._chosen)

    def _send(self) -> None:
        text = self.line.text().strip()
        if text:
            self.line.clear()
            self.commented.emit(text, self.scope(self._t))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and self._said:  # the signs have the theme's colours
            self._said = None
            self._fill(self._reviewing.comments)
        super().changeEvent(event)


class _Line(QLineEdit):
    """Enter and Esc are the line's own while it is written in, though the window uses them too."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
        else:
            super().keyPressEvent(event)


def _own(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) and not event.modifiers()


def _item(one: Comment) -> QListWidgetItem:
    act, tokens = one.act, current()
    sign = icon("triangle-alert", tokens.flag) if one.closed is None else icon("circle-check", tokens.quiet)
    where = "Cine" if act.t is None else f"Frame {act.t + 1}"
    when = act.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
    ends = f"\nresolved by {one.closed.who}" if one.closed else ""
    item = QListWidgetItem(sign, f"{where}: {one.words}\n{act.who}, {when}{ends}")
    item.setData(Qt.ItemDataRole.UserRole, one)
    if one.closed is not None:
        item.setForeground(tokens.colour("quiet"))
    return item


def _title(issue: Issue) -> str:
    return issue.value[0].upper() + issue.value[1:]


def _toggle(text: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("issue")
    button.setText(text)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setCheckable(True)
    return button
