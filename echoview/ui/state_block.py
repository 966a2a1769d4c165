"""How far a cine or a frame is, who said so and when, and what may be said of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from echoview.domain.review import Act, ActKind
from echoview.domain.study import Status, words_of
from echoview.ui.theme import current, put_icon
from echoview.ui.widgets import quiet
from echoview.ui.worklist_delegate import draw_mark

_SAID = {
    ActKind.APPROVE: "approved by", ActKind.REJECT: "rejected by", ActKind.SECOND_READ: "sent to a second reader by",
    ActKind.SUBMIT: "submitted by",
}  # fmt: skip


class Mark(QWidget):
    """The status as the study list draws it."""

    def __init__(self) -> None:
        super().__init__()
        self._status = Status.NEW
        self.setFixedSize(QSize(16, 16))

    def show_status(self, status: Status) -> None:
        self._status = status
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_mark(painter, QPointF(8, 8), self._status, current())


class StateBlock(QWidget):
    """Signals: withdrawn(): the last verdict is to stand no more."""

    withdrawn = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.title = QLabel(name)
        self.mark, self.word = Mark(), QLabel()
        self.said = quiet("")
        self.take_back = QToolButton()
        self.take_back.setText("Take back")
        self.take_back.setToolTip("The last verdict does not stand any more; it stays in the history")
        self.take_back.clicked.connect(self.withdrawn)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.mark)
        head.addWidget(self.word)
        under = QHBoxLayout()
        under.addWidget(self.said, 1)
        under.addWidget(self.take_back, 0, Qt.AlignmentFlag.AlignTop)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(under)
        layout.addLayout(self._buttons)

    def add(self, act: QAction, text: str, picture: str) -> QPushButton:
        """A button that does what an action does; off with it, and says why."""
        button = QPushButton(f" {text}")
        button.setObjectName("small")
        put_icon(button, picture, size=14)
        button.clicked.connect(act.trigger)
        act.changed.connect(lambda: button.setEnabled(act.isEnabled()))
        self._buttons.addWidget(button, 1)
        return button

    def show_state(self, status: Status, verdict: Act | None, may_withdraw: bool, conflicts: int = 0) -> None:
        self.mark.show_status(status)
        self.word.setText(words_of(status, conflicts).capitalize())
        words = ""
        if verdict is not None and verdict.kind in _SAID:
            when = verdict.made_at.astimezone().strftime("%Y-%m-%d %H:%M")
            words = f"{_SAID[verdict.kind].capitalize()} {verdict.who} ({verdict.role.value}), {when}"
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self.take_back.setVisible(bool(words) and may_withdraw)
