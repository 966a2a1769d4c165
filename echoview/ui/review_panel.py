"""The REVIEW tab: who reads, how far cine and frame are, what is to be decided, what was said."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from echoview.deciding import Deciding
from echoview.domain.review import ActKind, ReadKind, Role
from echoview.reviewing import Reviewing
from echoview.ui.comments_panel import CommentsPanel
from echoview.ui.decision_panel import DecisionPanel
from echoview.ui.history_panel import HistoryPanel
from echoview.ui.soon import Soon
from echoview.ui.state_block import StateBlock
from echoview.ui.theme import put_icon
from echoview.ui.widgets import off, quiet, rule

_BLINDED = {
    ReadKind.SECOND: "You are the second reader. The first reading, its comments and its EF stay hidden until you"
    " have submitted yours; it is kept apart from the first.",
    ReadKind.REPEAT: "You have read this cine before. Your earlier reading stays hidden until you have submitted"
    " this one; it is kept apart.",
}


class ReviewPanel(QWidget):
    """Signals: sought(t); withdrawn(t or None); commented(text, t or None); closed(Comment); chosen(Choice, Side);
    newest_kept(); adjudicated(other); first_wanted(); reader_wanted(); agreement_wanted();
    wanted_back(entry)."""

    sought = Signal(int)
    withdrawn = Signal(object)
    commented = Signal(str, object)
    closed = Signal(object)
    chosen = Signal(object, object)
    newest_kept = Signal()
    adjudicated = Signal(bool)
    first_wanted = Signal()
    reader_wanted = Signal()
    agreement_wanted = Signal()
    wanted_back = Signal(object)

    def __init__(self, reviewing: Reviewing, deciding: Deciding) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._reviewing = reviewing
        self._t = 0
        self._stale = False  # hidden, it is brought up to date when it is shown: every edit would pay for it
        self._kinds: dict[QPushButton, tuple[ActKind, QAction]] = {}  # buttons that roles turn off; see give_actions
        self.reader = QToolButton()
        self.reader.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.reader.setToolTip("Name, role, and how blinded you read")
        self.reader.setAccessibleName("Who reads, in which role")
        self.reader.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        put_icon(self.reader, "user")
        self.reader.clicked.connect(self.reader_wanted)
        self.blinded = quiet("")
        self.first = QPushButton("Show the first reading")
        self.first.setToolTip("Your reading stays as it is; whoever has seen the first cannot be the second reader")
        self.first.clicked.connect(self.first_wanted)
        self.cine, self.frame = StateBlock("Cine"), StateBlock("Frame")
        self.comments, self.decisions = CommentsPanel(reviewing), DecisionPanel(reviewing, deciding)
        self.history = HistoryPanel(reviewing)
        self.history.sought.connect(self.sought)
        self.history.wanted_back.connect(self.wanted_back)
        self.agreement = QPushButton(" Agreement of readings")
        put_icon(self.agreement, "scale", size=16)
        self.agreement.clicked.connect(self.agreement_wanted)
        self._lay_out()
        self.cine.withdrawn.connect(lambda: self.withdrawn.emit(None))
        self.frame.withdrawn.connect(lambda: self.withdrawn.emit(self._t))
        self.comments.sought.connect(self.sought)
        self.comments.commented.connect(self.commented)
        self.comments.closed.connect(self.closed)
        self.decisions.sought.connect(self.sought)
        self.decisions.chosen.connect(self.chosen)
        self.decisions.newest_kept.connect(self.newest_kept)
        self.decisions.adjudicated.connect(self.adjudicated)
        self._soon = Soon(self.refresh, self)
        reviewing.changed.connect(self._soon.ask)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.reader, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.blinded, self.first, rule(), self.cine, rule(), self.frame, self.decisions, rule()):
            layout.addWidget(widget)
        layout.addWidget(self.comments)
        layout.addWidget(rule())
        layout.addWidget(self.history)
        layout.addWidget(self.agreement)
        layout.addStretch(1)

    def give_actions(self, acts: dict[str, QAction]) -> None:
        self.approve_cine = self.cine.add(acts["approve_cine"], "Approve", "circle-check")
        self.reject_cine = self.cine.add(acts["reject_cine"], "Reject", "circle-x")
        self.second_cine = self.cine.add(acts["second_cine"], "Second", "users")
        self.approve_frame = self.frame.add(acts["approve"], "Approve", "circle-check")
        self.reject_frame = self.frame.add(acts["reject_frame"], "Reject", "circle-x")
        self.second_frame = self.frame.add(acts["second_frame"], "Second", "users")
        self._kinds = {
            self.reject_cine: (ActKind.REJECT, acts["reject_cine"]),
            self.second_cine: (ActKind.SECOND_READ, acts["second_cine"]),
            self.reject_frame: (ActKind.REJECT, acts["reject_frame"]),
            self.second_frame: (ActKind.SECOND_READ, acts["second_frame"]),
        }
        self._approve_acts = acts["approve_cine"], acts["approve"]
        self.comments.give_actions(acts)
        self.decisions.give_actions(acts)
        self.refresh()

    def set_frame(self, t: int) -> None:
        self._t = t
        if not self.isVisible():
            self._stale = True
            return
        self._show_frame()
        self.comments.set_frame(t)
        self.decisions.set_frame(t)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.refresh()
            self.set_frame(self._t)

    def refresh(self) -> None:
        if not self.isVisible():
            self._stale = True
            return
        reviewing = self._reviewing
        session, reader = reviewing.workflow.session, reviewing.workflow.reader
        self.reader.setText(f" {reader.name or 'Who are you?'}  ·  {reader.role.value}")
        self.blinded.setText(_BLINDED.get(session.reading.kind, ""))
        for widget in (self.blinded, self.first):
            widget.setVisible(reviewing.blinded)
        there = session.cine is not None
        for block in (self.cine, self.frame):
            block.setVisible(there)
        if not there or not self._kinds:
            return
        submits = reviewing.blinded or reader.role is Role.ANNOTATOR
        self.approve_cine.setText(" Submit" if submits else " Approve")
        kind = ActKind.SUBMIT if submits else ActKind.APPROVE
        off(self.approve_cine, reviewing.why_not(kind), self._approve_acts[0].toolTip())
        for button, (one, act) in self._kinds.items():
            off(button, reviewing.why_not(one), act.toolTip())
        may = not reviewing.why_not(ActKind.WITHDRAW)
        self.cine.show_state(reviewing.status, reviewing.verdict(), may, reviewing.conflicts)
        self._show_frame()
        self.comments.refresh()
        self.decisions.refresh()

    def _show_frame(self) -> None:
        if self._reviewing.workflow.session.cine is None or not self._kinds:
            return
        self.frame.title.setText(f"Frame {self._t + 1}")
        nothing = self._reviewing.workflow.session.contour(self._t) is None
        reason = "This frame has no contour." if nothing else ""
        off(self.approve_frame, reason, self._approve_acts[1].toolTip())
        verdict, may = self._reviewing.verdict(self._t), not self._reviewing.why_not(ActKind.WITHDRAW)
        self.frame.show_state(self._reviewing.frame_status(self._t), verdict, may)
