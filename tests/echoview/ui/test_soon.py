"""What is put off until the window was painted."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget

from echoview.ui.soon import Soon


class Painted(QWidget):
    """Notes down when it is painted."""

    counted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.soon = Soon(lambda: self.done.append("put off"), self)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.done.append("painted")


def test_it_is_done_once_and_after_the_picture(qtbot) -> None:
    widget = Painted()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    qtbot.waitUntil(lambda: "painted" in widget.done)
    widget.done.clear()
    widget.counted.connect(widget.soon.ask)
    for number in (60_000, 0, 1):  # a signal's number is no time to wait
        widget.counted.emit(number)
    widget.update()
    assert widget.done == [], "neither at once"
    qtbot.waitUntil(lambda: "put off" in widget.done)
    assert widget.done == ["painted", "put off"]
