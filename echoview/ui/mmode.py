"""M-mode along a line that a person drags over the picture: time to the right, the line from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QLineF, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGraphicsLineItem, QSizePolicy, QToolButton, QWidget

from echoview.domain.cine import Cine
from echoview.measure.mmode import along_line, line_positions
from echoview.session import Session
from echoview.ui.cine_view import CineView
from echoview.ui.look import Look, Smoothing
from echoview.ui.picture_tool import PictureTool, cosmetic
from echoview.ui.player import Player
from echoview.ui.theme import DARK, icon
from echoview.ui.time_axis import AXIS_HEIGHT, paint_seconds
from echoview.ui.time_scale import MARGIN, TimeScale
from echoview.ui.timeline_paint import small
from echoview.workflow import Workflow

_SHORTEST_PX = 8
_BLOCK = 8  # frames read before the strip is drawn on


class MMode(QObject):
    """The tool, its line on the picture, and the strip below it."""

    def __init__(self, workflow: Workflow, player: Player, view: CineView, action: QAction) -> None:
        super().__init__(view)
        self._workflow, self._session, self._view = workflow, workflow.session, view
        self.strip = Strip(self._session)
        self.line = QGraphicsLineItem()
        self.line.setZValue(11)
        self.line.hide()
        view.box.addItem(self.line, ignoreBounds=True)
        self._tool = _LineTool(self, view, player, action)
        self._job = None
        player.frame_changed.connect(self.strip.set_frame)
        view.contrast_changed.connect(lambda: self.strip.set_look(view.look))
        self._session.cine_changed.connect(self.close)
        self.strip.closed.connect(self.close)

    def draw(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Read the cine along this line of the picture, off the GUI thread; the strip fills from the left."""
        from echoview.services.jobs import Lane

        cine = self._session.cine
        if cine is None:
            return
        self._stop()
        positions = line_positions(start, end)
        self.show_line(start, end)
        self.strip.begin(cine, positions)
        self._job = self._workflow.jobs.run(
            Lane.READING, "M-mode", sample, cine, positions,
            on_item=lambda item: self.strip.add(cine, *item), on_error=self._workflow.refused.emit,
        )  # fmt: skip

    def show_line(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The line on the picture, px."""
        self.line.setPen(cosmetic(self._view, DARK.colour("propagated"), 2.0))
        self.line.setLine(*start, *end)
        self.line.show()

    def close(self) -> None:
        self._stop()
        self.line.hide()
        self.strip.end()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None


def sample(cine: Cine, positions: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Goes through the cine: (first frame, (n,N) uint8) for n frames at a time.

    A frame that is damaged stays black.

    Raises:
        CineUnreadable: no frame can be read, or the file is out of reach.
    """
    first, rows = 0, np.zeros((_BLOCK, len(positions)), np.uint8)
    for t, picture in cine.readable(range(len(cine))):
        while t >= first + _BLOCK:
            yield first, rows
            first, rows = first + _BLOCK, np.zeros_like(rows)
        rows[t - first] = along_line(picture, positions)
    yield first, rows[: len(cine) - first]


class _LineTool(PictureTool):
    """Two clicks or a drag make the line."""

    def __init__(self, mmode: MMode, view: CineView, player: Player, action: QAction) -> None:
        super().__init__(view, action)
        self._mmode, self._player = mmode, player
        self._start: tuple[float, float] | None = None

    def taken(self) -> None:
        self._player.pause()

    def click(self, x: float, y: float, away: bool) -> None:
        start = self._start
        if start is None:
            self._start = (x, y)
        elif np.hypot(x - start[0], y - start[1]) >= _SHORTEST_PX:
            self._start = None
            self._mmode.draw(start, (x, y))

    def move(self, x: float, y: float) -> None:
        if self._start is not None:
            self._mmode.show_line(self._start, (x, y))

    def cancel(self) -> None:
        self._start = None


class Strip(QWidget):
    """The M-mode picture. A click or a drag on it goes to that time.

    Signals:
        sought(t); closed().
    """

    sought = Signal(int)
    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._cine: Cine | None = None
        self._rows = np.zeros((1, 2), np.uint8)  # a frame each
        self._look = Look()
        self._step_mm: float | None = None
        self._t = 0
        self.setAccessibleName("M-mode")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(140)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        session.retimed.connect(self.update)
        cross = QToolButton(self)
        cross.setObjectName("over")
        cross.setIcon(icon("x", DARK.text))  # the strip is dark in every theme
        cross.setToolTip("Close the M-mode")
        cross.setAccessibleName("Close the M-mode")
        cross.clicked.connect(self.closed)
        self._cross = cross
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    @property
    def picture(self) -> np.ndarray:
        """(N,T) uint8: along the line from top to bottom, frame after frame from left to right."""
        return self._rows.T

    def begin(self, cine: Cine, positions: np.ndarray) -> None:
        """An empty strip for this cine; the rows come with `add`."""
        self._cine = cine
        self._rows = np.zeros((len(cine), len(positions)), np.uint8)
        spacing = self._session.calibration_of([tuple(positions[0]), tuple(positions[-1])])
        whole = (positions[-1] - positions[0]) * np.asarray(spacing or (0.0, 0.0))
        self._step_mm = float(np.hypot(*whole)) / (len(positions) - 1) if spacing else None
        self.show()
        self.update()

    def add(self, cine: Cine, first: int, rows: np.ndarray) -> None:
        if cine is self._cine:
            self._rows[first : first + len(rows)] = rows
            self.update()

    def end(self) -> None:
        self._cine = None
        self.hide()

    def set_frame(self, t: int) -> None:
        self._t = t
        if self.isVisible():
            self.update()

    def set_look(self, look: Look) -> None:
        self._look = look
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._seek(event)

    def _seek(self, event: QMouseEvent) -> None:
        scale = self._scale()
        if scale is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.sought.emit(scale.frame_at(event.position().x()))

    def _scale(self) -> TimeScale | None:
        cine = self._cine
        return TimeScale.whole(cine.times_s, self.width()) if cine is not None and len(cine) > 1 else None

    def resizeEvent(self, event) -> None:
        self._cross.move(self.width() - self._cross.sizeHint().width() - 4, 4)
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), DARK.colour("ground"))
        scale = self._scale()
        if scale is None:
            return
        blended = self._look.smoothing is not Smoothing.PIXELS
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, blended)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(self._room(), self._image(scale))
        self._paint_depth(painter)
        paint_seconds(painter, scale, self._room().bottom() + 1, DARK.colour("quiet"))
        x = scale.x_of(self._t)
        painter.setPen(QPen(DARK.colour("text"), 1))
        painter.drawLine(QLineF(x, 0, x, self._room().bottom()))

    def _room(self) -> QRectF:
        return QRectF(MARGIN, 6, self.width() - 2 * MARGIN, self.height() - 10 - AXIS_HEIGHT)

    def _image(self, scale: TimeScale) -> QImage:
        """Columns by time, not by number: a frame fills the room up to its neighbours."""
        columns = np.linspace(scale.start_s, scale.end_s, max(2 * len(scale.times_s), 2))
        nearest = np.abs(columns[:, None] - scale.times_s[None]).argmin(1)
        shown = np.ascontiguousarray(self._rows[nearest].T)
        height, width = shown.shape
        image = QImage(shown.data, width, height, width, QImage.Format.Format_Indexed8)
        red, green, blue = self._look.tables().astype(int)
        image.setColorTable((0xFF000000 | red << 16 | green << 8 | blue).tolist())
        return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy: `shown` ends here

    def _paint_depth(self, painter: QPainter) -> None:
        """A tick a centimetre from the start of the line, where the pixel size is known; how long it is at its end."""
        if self._step_mm is None:
            return
        room, length_mm = self._room(), self._step_mm * (self._rows.shape[1] - 1)
        painter.setPen(QPen(DARK.colour("text", 200), 1))
        painter.setFont(small(painter.font()))
        for cm in range(1, int(length_mm / 10) + 1):
            y = room.top() + 10 * cm / length_mm * room.height()
            painter.drawLine(QLineF(2, y, 9, y))
        text = f"{length_mm / 10:.1f} cm"
        box = QRectF(room.left() + 4, room.bottom() - 20, painter.fontMetrics().horizontalAdvance(text) + 10, 16)
        painter.setBrush(DARK.colour("ground", 190))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(DARK.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
