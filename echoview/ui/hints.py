"""Words over the picture: what an empty window teaches, and what the tool in the hand waits for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.theme import DARK
from echoview.ui.tools import Tool

_NEXT_CLICK = (
    "Click one end of the mitral annulus",
    "Click the apex, or the next point of the border",
    "Click the other end of the annulus, or the next point",
    "Enter finishes, Esc cancels; more clicks add points",
)
_NEXT_LANDMARK = (
    "Click both ends of the mitral annulus and the apex",
    "Click the next landmark",
    "Click the last landmark; Esc cancels",
)
_HOW = {
    Tool.CALIBRATE: "Drag along the depth scale, from one mark to another",
    Tool.NUDGE: "Push the border from inside or outside; Shift+wheel changes the radius",
    Tool.ARC: "Draw from the contour back to the contour",
    Tool.BRUSH: "Paint what belongs to the cavity; Shift+wheel changes the radius",
    Tool.ERASER: "Paint what does not belong to the cavity; Shift+wheel changes the radius",
    Tool.MOVE: "Drag the contour, its knob to turn it, a corner to scale it",
}


class Advice(QLabel):
    """What the tool in the hand waits for, or what is proposed, over the top of the picture."""

    def __init__(self, view: CineView) -> None:
        super().__init__(view)
        self._view = view
        self._proposed, self._notice = "", ""
        self.setObjectName("over")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.drawing_changed.connect(self.refresh)
        view.proposal_changed.connect(self._propose)
        view.noticed.connect(self._note)
        view.installEventFilter(self)
        self.hide()

    def refresh(self, clicks: int = 0) -> None:
        tool = self._view.tool
        text = self._notice or _HOW.get(tool, "")
        if tool is Tool.DRAW:
            text = _NEXT_CLICK[min(clicks, len(_NEXT_CLICK) - 1)]
        elif tool is Tool.RESEED:
            text = _NEXT_LANDMARK[min(clicks, len(_NEXT_LANDMARK) - 1)]
        text = self._proposed or text
        self.setText(text)
        self._place()
        self.setVisible(bool(text))

    def _propose(self, frames: int, awaited: int, granted: bool) -> None:
        count = "1 frame" if frames == 1 else f"{frames} frames"
        if awaited:
            then = "accepted when all are there" if granted else "Enter accepts when all are there"
            self._proposed = f"Proposed for {frames} of {awaited} frames so far: {then}, Esc stops"
        else:
            self._proposed = f"Proposed for {count}: Enter accepts, Shift+Enter up to here, Esc rejects" * bool(frames)
        self.refresh()

    def _note(self, words: str) -> None:
        if words != self._notice:
            self._notice = words
            self.refresh()

    def _place(self) -> None:
        self.adjustSize()
        self.move((self._view.width() - self.width()) // 2, 12)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


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
