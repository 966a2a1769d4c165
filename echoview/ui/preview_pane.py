"""A frame of each cine as it would leave, one cine at a time, or why a cine is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QMargins, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from echoview.ui.theme import put_icon, tabular
from echoview.ui.widgets import quiet

if TYPE_CHECKING:
    from echoview.services.previewing import Preview

_SIZE, _MARGIN = QSize(376, 248), 8


class PreviewPane(QWidget):
    """Shows what it is given, and asks for the cines beside it.

    Signals:
        wanted(number): of a cine, from 1.
    """

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = QLabel()
        self.picture.setObjectName("preview")
        self.picture.setMargin(_MARGIN)
        self.picture.setFixedSize(_SIZE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setWordWrap(True)
        self.picture.setAccessibleName("A frame as it would leave")
        self.which = quiet("", wrap=False)
        self.which.setFont(tabular(self.which.font()))
        self.before = _arrow("chevron-left", "The cine before this one")
        self.after = _arrow("chevron-right", "The next cine")
        self.before.clicked.connect(lambda: self.wanted.emit(self._number - 1))
        self.after.clicked.connect(lambda: self.wanted.emit(self._number + 1))
        for arrow in (self.before, self.after):
            policy = arrow.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # nothing jumps when there is one cine only
            arrow.setSizePolicy(policy)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for widget in (self.before, self.which, self.after):
            row.addWidget(widget)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.picture)
        layout.addLayout(row)
        self._number = 1
        self.wait()

    def wait(self) -> None:
        """A preview is asked for."""
        self.picture.setText("Looking for the sector…")
        self.before.setEnabled(False)
        self.after.setEnabled(False)

    def show_preview(self, preview: Preview) -> None:
        """A frame, or why there is none."""
        self._number = preview.number
        many = preview.total > 1
        self.before.setVisible(many)
        self.after.setVisible(many)
        self.which.setText(f"cine {preview.number} of {preview.total}" if many else "")
        self.before.setEnabled(preview.number > 1)
        self.after.setEnabled(preview.number < preview.total)
        if preview.picture is None:
            words = preview.reason[:1].lower() + preview.reason[1:]
            self.picture.setText(f"Left out: {words}" if preview.number else preview.reason)
        else:
            self.picture.setPixmap(self._pixmap(preview.picture))

    def _pixmap(self, picture: np.ndarray) -> QPixmap:
        picture = np.ascontiguousarray(picture)
        height, width = picture.shape[:2]
        form = QImage.Format.Format_Grayscale8 if picture.ndim == 2 else QImage.Format.Format_RGB888
        image = QImage(picture.data, width, height, picture.strides[0], form).copy()
        ratio = self.devicePixelRatioF()
        space = _SIZE.shrunkBy(QMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)) * ratio
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        shown = QPixmap.fromImage(image).scaled(space, keep, smooth)
        shown.setDevicePixelRatio(ratio)
        return shown


def _arrow(name: str, words: str) -> QToolButton:
    button = QToolButton()
    put_icon(button, name)
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
