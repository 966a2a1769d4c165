"""What need not be on the screen in the same frame as the contour and EF."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Soon(QTimer):
    """Does something once when the window has painted what changed, however often it was asked for until then.

    A timer of no length runs after all events that wait, the one that paints among them.
    """

    def __init__(self, act: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(0)
        self.timeout.connect(act)

    def ask(self, *_: object) -> None:
        """Any signal may be connected to this; to `start` not, for a signal's number would be its milliseconds."""
        self.start()
