"""The frame itself on the screen, in the look that is set."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGraphicsPixmapItem

from echoview.ui.look import Look, Smoothing


class FrameItem(QGraphicsPixmapItem):
    """Attributes: frame: the one that is drawn, (H,W) or (H,W,3) uint8, or None; look: how."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: np.ndarray | None = None
        self.look = Look()
        self.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self.setOffset(-0.5, -0.5)  # pixel centres at integers

    def show_frame(self, frame: np.ndarray | None) -> None:
        """Draw a frame (H,W) or (H,W,3) uint8, or none."""
        self.frame = frame
        if frame is None:
            self.setPixmap(QPixmap())
            return
        shown, image = self._image(frame)
        self.setPixmap(QPixmap.fromImage(image))  # copies: `shown` lives as long as it must
        del shown

    def set_look(self, look: Look) -> None:
        """Draw this and the following frames so."""
        self.look = look
        mode, edges = Qt.TransformationMode, look.smoothing is Smoothing.PIXELS
        self.setTransformationMode(mode.FastTransformation if edges else mode.SmoothTransformation)
        self.show_frame(self.frame)

    def _image(self, frame: np.ndarray) -> tuple[np.ndarray, QImage]:
        """The frame in the look that is set: an array, and an image that borrows its memory."""
        height, width = frame.shape[:2]
        frame = self.look.smoothed(frame)
        if frame.ndim == 2:
            frame = np.ascontiguousarray(frame)
            image = QImage(frame.data, width, height, frame.strides[0], QImage.Format.Format_Indexed8)
            red, green, blue = self.look.tables().astype(int)
            image.setColorTable((0xFF000000 | red << 16 | green << 8 | blue).tolist())
            return frame, image
        shown = self.look.applied(frame)
        return shown, QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB888)
