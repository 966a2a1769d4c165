"""What the calipers of a frame say, a row each, under the frame's other numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from echoview.measure.calipers import Reading
from echoview.ui.widgets import Figure


class CaliperRows(QWidget):
    """Hidden where nothing was measured."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Figure] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.hide()

    def show_readings(self, readings: Sequence[tuple[str, Reading]]) -> None:
        """Name and value of each; rows that are there are used again."""
        while len(self.rows) < len(readings):
            self.rows.append(Figure("", ""))
            self._layout.addWidget(self.rows[-1])
        for number, (row, (name, reading)) in enumerate(zip(self.rows, readings, strict=False), 1):
            row.set_name(f"Caliper {number}, {name}")  # numbered as in the picture
            row.set_unit(reading.unit)
            row.show_value(reading.value, reading.decimals)
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(readings))
        self.setVisible(bool(readings))
