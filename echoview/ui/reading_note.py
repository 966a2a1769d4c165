"""Over the picture: that this is a blinded reading, or that the prediction is hidden, and until when."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from echoview.domain.review import ReadKind
from echoview.reviewing import Reviewing
from echoview.ui.cine_view import CineView

_KINDS = {
    ReadKind.SECOND: "Second reading: the first is hidden",
    ReadKind.REPEAT: "Read afresh: your earlier reading is hidden",
}
_BLIND = "Trace ED and ES, and mark both (Shift+D, Shift+S);\nthe prediction appears then"


class ReadingNote(QLabel):
    """At the upper left; the mouse goes through it."""

    def __init__(self, view: CineView, reviewing: Reviewing) -> None:
        super().__init__(view)
        self._reviewing = reviewing
        self.setObjectName("over")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.move(12, 12)
        self.hide()

    def refresh(self) -> None:
        session = self._reviewing.workflow.session
        told = [_KINDS[session.reading.kind]] if session.reading.kind in _KINDS else []
        told += [_BLIND] if session.blind else []
        self.setText("\n".join(told) if session.cine is not None else "")
        self.setVisible(bool(self.text()))
        self.adjustSize()
