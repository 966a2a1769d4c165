"""Three quiet hints for the first minute; each goes when it was done, and none comes back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel

from echoview.domain.label import Label
from echoview.ui.cine_view import CineView
from echoview.ui.widgets import quiet
from echoview.workflow import Workflow

_STEPS = {"play": ("Space", "play or pause"), "correct": ("Drag a point", "correct"), "approve": ("A", "approve")}
_EDGE = 12


class FirstSteps(QFrame):
    """Lies in the lower left corner of the picture while a cine is open; the mouse goes through it."""

    def __init__(self, view: CineView, workflow: Workflow, play: QAction) -> None:
        super().__init__(view)
        self.setObjectName("over")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._view, self._workflow = view, workflow
        self._below = 0  # px that a message covers
        self._rows: dict[str, tuple[QLabel, QLabel]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        for row, (name, (key, what)) in enumerate(_STEPS.items()):
            self._rows[name] = QLabel(key), quiet(what, wrap=False)
            for column, label in enumerate(self._rows[name]):
                grid.addWidget(label, row, column)
        view.play_toggled.connect(lambda: self.done("play"))
        play.triggered.connect(lambda: self.done("play"))
        workflow.session.label_edited.connect(self._edited)
        workflow.session.cine_changed.connect(self.refresh)
        view.installEventFilter(self)
        self.refresh()

    @property
    def left(self) -> list[str]:
        """What was not done yet."""
        return [name for name in _STEPS if name not in self._workflow.settings.steps_done]

    def done(self, name: str) -> None:
        if name in self.left and self._workflow.session.cine is not None:
            self._workflow.remember(steps_done=(*self._workflow.settings.steps_done, name))
            self.refresh()

    def stand_above(self, covered: int) -> None:
        """A message lies over so many px of the picture's lower edge."""
        self._below = covered
        self._place()

    def refresh(self) -> None:
        cine = self._workflow.session.cine
        taught = [] if cine is None else [name for name in self.left if name != "play" or len(cine) > 1]
        for name, labels in self._rows.items():
            for label in labels:
                label.setVisible(name in taught)
        self.setVisible(bool(taught))
        self._place()

    def _edited(self, before: Label, after: Label, _tool: str) -> None:
        """A contour that was moved or drawn is a correction; one that was taken as it is, an approval."""
        new = [c for t, c in after.contours.items() if before.contour(t) is not c]
        if any(contour.edited for contour in new):
            self.done("correct")
        if any(not contour.edited for contour in new):
            self.done("approve")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.adjustSize()
        self.move(_EDGE, self._view.height() - self._below - self.height() - _EDGE)
