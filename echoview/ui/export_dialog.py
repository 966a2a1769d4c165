"""What goes out of the library, in which form, and how a frame of it would look."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from echoview.exchange import Exchange, Wish, wants_frames
from echoview.ui.preview_pane import PreviewPane
from echoview.ui.widgets import off, quiet

FORMS = {
    "bundle": ("EchoView bundle: one file, with the whole history", "labels.zip"),
    "measures": ("Table of measurements (CSV)", "measurements.csv"),
    "camus": ("CAMUS: NIfTI pictures and masks of ED and ES", ""),
    "echonet": ("EchoNet: videos and tracings", ""),
    "coco": ("COCO: outlines as polygons", ""),
    "masks": ("Masks: PNG and NPZ", ""),
    "dicom": ("DICOM without the patient, and contours as NPZ", ""),
    "overlay": ("Videos with the contour drawn (MP4)", ""),
}
"""Each format's words, and the name that a file gets; "" where it is a folder."""
_MAY_HOLD_FRAMES = ("bundle",)


class ExportDialog(QDialog):
    """Asks; `wish` is the answer."""

    def __init__(self, parent: QWidget, exchange: Exchange) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export labels")
        self.what = QComboBox()
        if exchange.cine is not None:
            self.what.addItem("The open cine", True)
        self.what.addItem("Every cine with labels", False)
        self.what.setAccessibleName("Which cines")
        self.form = QComboBox()
        self.form.setAccessibleName("Format")
        for kind, (words, _) in FORMS.items():
            self.form.addItem(words, kind)
        self.frames = QCheckBox("With the frames, de-identified")
        self.preview = PreviewPane()
        self.below = quiet("")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        choose = buttons.button(QDialogButtonBox.StandardButton.Ok)
        choose.setText("Choose where…")
        choose.setObjectName("primary")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        fields = QFormLayout()
        fields.setSpacing(10)
        fields.addRow("Cines", self.what)
        fields.addRow("Format", self.form)
        fields.addRow("", self.frames)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        layout.addLayout(fields)
        layout.addWidget(self.preview, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self.below)
        layout.addWidget(buttons)
        self._exchange = exchange
        self._asked: bool | None = None  # for the open cine alone (True), or for all
        self.what.currentIndexChanged.connect(self._refresh)
        self.form.currentIndexChanged.connect(self._refresh)
        self.frames.toggled.connect(self._refresh)
        self.preview.wanted.connect(self._look)
        exchange.previewed.connect(self.preview.show_preview)
        self._refresh()

    @property
    def wish(self) -> Wish:
        kind = str(self.form.currentData())
        return Wish(kind, self.frames.isChecked(), bool(self.what.currentData()))

    def _refresh(self) -> None:
        kind = str(self.form.currentData())
        if wants_frames(kind):
            self.frames.setChecked(True)
        elif kind not in _MAY_HOLD_FRAMES:
            self.frames.setChecked(False)
        fixed = "This format always holds frames." if wants_frames(kind) else "This format holds no frames."
        off(self.frames, "" if kind in _MAY_HOLD_FRAMES else fixed, "")
        shown = self.frames.isChecked()
        self.preview.setVisible(shown)
        if shown and self._asked is not self.wish.this_cine:
            self._asked = self.wish.this_cine
            self._look(1)
        self.below.setText(
            "No patient's name, ID, birth date or path leaves."
            + (" Frames are black outside the sector, like this one. Look for letters within it." if shown else "")
        )
        self.adjustSize()

    def _look(self, number: int) -> None:
        self.preview.wait()
        self._exchange.preview(self.wish.this_cine, number)
