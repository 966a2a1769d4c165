"""Draws the caliper measurements of the frame, with their numbers."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.domain.note import Note, NoteKind
from echoview.ui.theme import DARK
from echoview.ui.timeline_paint import small

NoteShown = tuple[Note, str]  # and what it measures, in words; "" where it has too few points yet

_CROSS_PX = 5.0


class NotesItem(QGraphicsItem):
    """Notes in picture coordinates, `shown`; beside them `begun`, one under the hand that is not finished, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[NoteShown, ...] = ()
        self._begun: NoteShown | None = None
        self._bounds = QRectF()
        self.setZValue(12)

    def set_bounds(self, rect: QRectF) -> None:
        self.prepareGeometryChange()
        self._bounds = rect.adjusted(-rect.width(), -rect.height(), rect.width(), rect.height())

    def show_notes(self, notes: tuple[NoteShown, ...], begun: NoteShown | None) -> None:
        if (notes, begun) != (self.shown, self._begun):
            self.shown, self._begun = notes, begun
            self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self.shown and self._begun is None:
            return
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()  # crosses and words keep their size at every zoom
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(painter.font()))
        shown = [(note, f"{number}  {text}") for number, (note, text) in enumerate(self.shown, 1)]
        for note, text in (*shown, *([self._begun] if self._begun is not None else [])):
            self._paint_note(painter, note, [transform.map(QPointF(x, y)) for x, y in note.points], text)
        painter.restore()

    def _paint_note(self, painter: QPainter, note: Note, points: list[QPointF], text: str) -> None:
        line = QPolygonF(points)
        if note.kind is NoteKind.AREA and len(points) > 2:
            line.append(points[0])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((DARK.colour("ground", 170), 3.5), (DARK.colour("text"), 1.3)):  # dark under light: seen
            painter.setPen(QPen(colour, width))  # on bright walls too
            painter.drawPolyline(line)
            for at in points:
                painter.drawLine(at - QPointF(_CROSS_PX, 0), at + QPointF(_CROSS_PX, 0))
                painter.drawLine(at - QPointF(0, _CROSS_PX), at + QPointF(0, _CROSS_PX))
        if text:
            _paint_word(painter, points[-1] + QPointF(10, 4), text, DARK.colour("text"))


def _paint_word(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    room = QRectF(painter.fontMetrics().boundingRect(text)).translated(at).adjusted(-4, -2, 4, 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(DARK.colour("ground", 190))
    painter.drawRoundedRect(room, 3, 3)
    painter.setPen(colour)
    painter.drawText(at, text)
