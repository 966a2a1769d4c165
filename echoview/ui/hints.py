"""Words over the picture: what an empty window teaches, and what the tool in the hand waits for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from echoview.ui.cine_view import CineView, Tool
from echoview.ui.theme import DARK

_NEXT_CLICK = (
    "Click one end of the mitral annulus",
    "Click the apex, or the next point of the border",
    "Click the other end of the annulus, or the next point",
    "Enter finishes, Esc cancels; more clicks add points",
)


class Advice(QLabel):
    """What the tool in the hand waits for, over the top of the picture."""

    def __init__(self, view: CineView) -> None:
        super().__init__(view)
        self._view = view
        self.setObjectName("over")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.drawing_changed.connect(self.refresh)
        view.installEventFilter(self)
        self.hide()

    def refresh(self, clicks: int = 0) -> None:
        text = {
            Tool.DRAW: _NEXT_CLICK[min(clicks, len(_NEXT_CLICK) - 1)],
            Tool.CALIBRATE: "Drag along the depth scale, from one mark to another",
        }.get(self._view.tool, "")
        self.setText(text)
        self._place()
        self.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._view.width() - self.width()) // 2, 12)


class EmptyHint(QLabel):
    """What an empty window teaches; lies over the picture, in its middle."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(
            "Drop a cine or a study folder here,\nor open one (Ctrl+O).\n\nThe sample is in the Open menu.", over
        )
        self.setStyleSheet(f"font-size: 15px; color: {DARK.quiet};")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)

    def eventFilter(self, watched: object, event: object) -> bool:
        assert isinstance(watched, QWidget)
        self.setGeometry(watched.rect())
        return False
