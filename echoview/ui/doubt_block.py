"""In the place of an EF that cannot be trusted, or that there cannot be: why, and a button where one puts it right."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from echoview.domain.cine import Cine
from echoview.measure.measurements import Doubt, Measurements
from echoview.ui.widgets import off


class DoubtBlock(QWidget):
    """Hidden where there is nothing to say.

    Signals: settled(ed, es): a person says that these frames, 0-based, are both.
    """

    settled = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._instants = (0, 0)
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.button = QPushButton("Take ED and ES from these")
        self.button.clicked.connect(lambda: self.settled.emit(*self._instants))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.reason)
        layout.addWidget(self.button)
        self.hide()

    def show_doubt(self, cine: Cine | None, measured: Measurements | None, growing: bool = False) -> None:
        """`growing`: the prediction has not come to its end, and other frames may be ED and ES then."""
        doubt = None if measured is None else measured.doubt
        withheld = why_withheld(cine, measured)
        self.setVisible(doubt is not None or bool(withheld))
        self.button.setVisible(doubt is not None)
        if withheld:
            self.reason.setText(withheld)
        if cine is None or measured is None or measured.ed is None or measured.es is None:
            return
        ed, es = measured.ed, measured.es
        if doubt in (Doubt.CUT_OFF, Doubt.UNSURE):
            self._instants = ed, es
            self.reason.setText(
                f"The file was cut off: {of_all(cine)} are there. ED or ES may be missing."
                if doubt is Doubt.CUT_OFF
                else "Too many contours are unsure: ED or ES may be among them."
            )
            self.button.setText("Take ED and ES from these")
            told = f"ED is frame {ed + 1}, ES is frame {es + 1}; Shift+D and Shift+S mark others"
            off(self.button, "The prediction has not come to its end." if growing else "", told)
        elif doubt is Doubt.TURNED:
            self._instants = es, ed
            self.reason.setText(
                f"The cavity is not smaller at ES (frame\u00a0{es + 1}) than at ED (frame\u00a0{ed + 1})."
            )
            self.button.setText("Swap ED and ES")
            off(self.button, "", "Or mark other frames (Shift+D, Shift+S)")


def why_withheld(cine: Cine | None, measured: Measurements | None) -> str:
    """Why the network draws nothing on this cine, "" where it does or where a person did it so that there is an EF."""
    drawn = measured is not None and measured.ef_percent is not None
    return "" if cine is None or drawn else cine.info.withheld


def of_all(cine: Cine) -> str:
    """How many of the frames there are that the file promises."""
    return f"{len(cine)} of {len(cine) + cine.info.missing} frames"
