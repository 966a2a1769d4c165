"""What stands in the place of a picture that cannot be read."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from echoview.ui.theme import DARK


class LostFrame(QLabel):
    """A short sentence in the middle of the picture's place."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setStyleSheet(f"font-size: 15px; color: {DARK.quiet};")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        over.installEventFilter(self)
        self.hide()

    def say(self, t: int) -> None:
        self.setText(f"Frame {t + 1} cannot be read.")
        self.setGeometry(self._over.rect())
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over.rect())
        return False
