"""Draws a row of the study list: picture, name, view, status by shape and colour, EF."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from echoview.domain.study import Status, words_of
from echoview.ui.theme import Tokens, current, tabular
from echoview.ui.worklist_model import UNREADABLE, Heading, Index, Row, WorklistModel

PICTURE = 64
_GAP = 8
ROW_HEIGHT = PICTURE + 2 * _GAP
HEADING_HEIGHT = 32
_ROW, _HEADING = QSize(160, ROW_HEIGHT), QSize(160, HEADING_HEIGHT)
_UNSURE_VIEW = 0.6
_ISSUES = 28  # px that the count of open comments needs
_SUFFIX = re.compile(r"\.(nii\.gz|nii|dcm|dicom|mhd|mha|avi|mp4|mov|m4v)$", re.IGNORECASE)

_TOKENS = {
    Status.NEW: "quiet",
    Status.PREDICTED: "prediction",
    Status.IN_CORRECTION: "human",
    Status.FRAMES_APPROVED: "approved",
    Status.CORRECTED: "human",
    Status.IN_CONFLICT: "flag",
    Status.REJECTED: "error",
    Status.SECOND_READ: "propagated",
    Status.APPROVED: "approved",
}


def colour_of(status: Status, tokens: Tokens | None = None) -> QColor:
    """In these tokens, else in those of the theme in use."""
    return (tokens or current()).colour(_TOKENS[status])


class WorklistDelegate(QStyledItemDelegate):
    """Asks the model, not the roles, for what it draws: a row is painted in a fraction of a millisecond."""

    def __init__(self, model: WorklistModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.open_path = ""
        font = QFont(parent.font())
        font.setPixelSize(13)
        self._font = font
        self._strong = tabular(font)
        self._strong.setWeight(QFont.Weight.DemiBold)
        self._small = tabular(font)
        self._small.setPixelSize(11)
        self._metrics, self._small_metrics = QFontMetrics(font), QFontMetrics(self._small)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Asked for every row when the list is laid out: nothing is made here."""
        return _HEADING if self._model.is_heading(index.row()) else _ROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = self._model.item(index.row())
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(item, Heading):
            self._heading(painter, rect, item)
        elif isinstance(item, Row):
            self._ground(painter, rect, item, state)
            self._row(painter, rect, item)
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, heading: Heading) -> None:
        painter.setPen(current().colour("line"))
        painter.drawLine(rect.left() + _GAP, rect.top(), rect.right() - _GAP, rect.top())
        painter.setPen(current().colour("quiet"))
        painter.setFont(self._small)
        count = str(heading.cines)
        wide = self._small_metrics.horizontalAdvance(count)
        inner = rect.adjusted(_GAP, 0, -_GAP, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        _triangle(painter, QPointF(inner.left() + 4, inner.center().y() + 0.5), heading.folded)
        name = self._small_metrics.elidedText(
            heading.name, Qt.TextElideMode.ElideMiddle, inner.width() - wide - 3 * _GAP
        )
        painter.drawText(
            inner.adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name
        )  # fmt: skip

    def _ground(self, painter: QPainter, rect: QRect, row: Row, state: QStyle.StateFlag) -> None:
        is_open = row.listed.path == self.open_path
        if state & QStyle.StateFlag.State_Selected or is_open:
            painter.fillRect(rect, current().colour("raised"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, current().colour("hover"))
        if is_open:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), current().colour("prediction"))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(current().colour("quiet"))
            painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))

    def _row(self, painter: QPainter, rect: QRect, row: Row) -> None:
        frame = QRect(rect.left() + _GAP, rect.top() + _GAP, PICTURE, PICTURE)
        picture = self._model.picture(row.listed.path)
        painter.fillRect(frame, current().colour("ground"))
        if picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(frame, picture)
        text = rect.adjusted(PICTURE + 2 * _GAP + 4, _GAP + 2, -_GAP, -_GAP - 2)
        third = text.height() // 3
        lines = [QRect(text.left(), text.top() + i * third, text.width(), third) for i in range(3)]
        self._name(painter, lines[0], row)
        self._facts(painter, lines[1], row)
        self._status(painter, lines[2], row)

    def _name(self, painter: QPainter, line: QRect, row: Row) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        plain = _SUFFIX.sub("", row.listed.name) or row.listed.name
        name = self._metrics.elidedText(plain, Qt.TextElideMode.ElideLeft, line.width())  # views stand at the end
        painter.setFont(self._font)
        painter.setPen(current().colour("text"))
        painter.drawText(line, left, name)

    def _facts(self, painter: QPainter, line: QRect, row: Row) -> None:
        """The view as a badge, then the frames; or that there are none to be had, the tooltip says why."""
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._small)
        if row.trouble:
            painter.setPen(current().colour("flag"))
            painter.drawText(line, left, UNREADABLE)
            return
        badge = _badge(row)
        at = line.left()
        if badge:
            wide = self._small_metrics.horizontalAdvance(badge) + 12
            box = QRectF(at + 0.5, line.center().y() - 8.5, wide, 18)
            painter.setPen(QPen(current().colour("line")))
            painter.setBrush(current().colour("raised"))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(current().colour("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge)
            at += wide + _GAP
        if row.frames is not None:
            painter.setPen(current().colour("quiet"))
            count = f"{row.frames} frame{'s' if row.frames != 1 else ''}"
            room = line.right() - (_ISSUES if row.open_issues else 0)
            if at + self._small_metrics.horizontalAdvance(count) <= room:
                painter.drawText(line.adjusted(at - line.left(), 0, 0, 0), left, count)
        if row.open_issues:
            self._issues(painter, line, row.open_issues)

    def _issues(self, painter: QPainter, line: QRect, count: int) -> None:
        """How many comments are open: a flag and the number, at the right."""
        painter.setPen(current().colour("flag"))
        words = str(count)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        x = line.right() - self._small_metrics.horizontalAdvance(words) - 10
        y = line.center().y()
        painter.setBrush(current().colour("flag"))
        painter.drawPolygon(QPolygonF([QPointF(x, y - 5), QPointF(x + 6, y - 2.5), QPointF(x, y)]))
        painter.drawLine(QPointF(x, y - 5), QPointF(x, y + 5))

    def _status(self, painter: QPainter, line: QRect, row: Row) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if row.trouble and row.status is Status.NEW:
            return
        draw_mark(painter, QPointF(line.left() + 6, line.center().y() + 1), row.status)
        painter.setFont(self._small)
        painter.setPen(colour_of(row.status))
        words = words_of(row.status, row.conflicts)
        painter.drawText(line.adjusted(18, 0, 0, 0), left, words)
        if row.ef_percent is None:
            return
        painter.setFont(self._strong)
        painter.setPen(current().colour("text"))
        value = f"{row.ef_percent:.0f}"
        unit = self._small_metrics.horizontalAdvance(" %") + 1
        number = QFontMetrics(self._strong).horizontalAdvance(value)
        painter.drawText(line.adjusted(0, 0, -unit, 0), right, value)
        painter.setFont(self._small)
        painter.setPen(current().colour("quiet"))
        painter.drawText(line, right, " %")
        said = 18 + self._small_metrics.horizontalAdvance(words + "  EF ")
        if said + number + unit + 4 <= line.width():  # in a narrow list the number and its % must do
            painter.drawText(line.adjusted(0, 0, -unit - number - 4, 0), right, "EF")


def draw_mark(painter: QPainter, centre: QPointF, status: Status, tokens: Tokens | None = None) -> None:
    """The status as a shape: ring, disc, half disc, ring with a dot, diamond, two wedges, cross, two rings, tick."""
    colour = colour_of(status, tokens)
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    box = QRectF(centre.x() - 4.5, centre.y() - 4.5, 9, 9)
    if status is Status.NEW:
        painter.drawEllipse(box)
    elif status is Status.PREDICTED:
        painter.setBrush(colour)
        painter.drawEllipse(box)
    elif status is Status.IN_CORRECTION:
        painter.drawEllipse(box)
        painter.setBrush(colour)
        painter.drawPie(box, 90 * 16, 180 * 16)
    elif status is Status.FRAMES_APPROVED:
        painter.drawEllipse(box)
        painter.setBrush(colour)
        painter.drawEllipse(centre, 1.6, 1.6)
    elif status is Status.CORRECTED:
        painter.setBrush(colour)
        x, y = centre.x(), centre.y()
        painter.drawPolygon(QPolygonF([QPointF(x, y - 5), QPointF(x + 5, y), QPointF(x, y + 5), QPointF(x - 5, y)]))
    elif status is Status.IN_CONFLICT:  # two that point at each other, one of them hollow
        x, y = centre.x(), centre.y()
        painter.drawPolygon(QPolygonF([QPointF(x + 5.5, y - 4.5), QPointF(x + 5.5, y + 4.5), QPointF(x + 0.8, y)]))
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(x - 5.5, y - 4.5), QPointF(x - 5.5, y + 4.5), QPointF(x - 0.8, y)]))
    elif status is Status.REJECTED:
        painter.setPen(QPen(colour, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        x, y = centre.x(), centre.y()
        painter.drawLine(QPointF(x - 4, y - 4), QPointF(x + 4, y + 4))
        painter.drawLine(QPointF(x - 4, y + 4), QPointF(x + 4, y - 4))
    elif status is Status.SECOND_READ:
        painter.drawEllipse(QPointF(centre.x() - 2, centre.y()), 3.6, 3.6)
        painter.drawEllipse(QPointF(centre.x() + 2, centre.y()), 3.6, 3.6)
    else:
        painter.setPen(QPen(colour, 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        x, y = centre.x(), centre.y()
        painter.drawPolyline(QPolygonF([QPointF(x - 5, y), QPointF(x - 1.5, y + 3.5), QPointF(x + 5, y - 4)]))


def _badge(row: Row) -> str:
    if row.view is None:
        return ""
    if row.share is None:
        return row.view.value
    return f"{row.view.value}{'' if row.share >= _UNSURE_VIEW else ' ?'} {100 * row.share:.0f} %"


def _triangle(painter: QPainter, centre: QPointF, folded: bool) -> None:
    x, y = centre.x(), centre.y()
    points = [(x - 2, y - 4), (x + 3, y), (x - 2, y + 4)] if folded else [(x - 4, y - 2), (x + 4, y - 2), (x, y + 3)]
    painter.setBrush(current().colour("quiet"))
    pen = painter.pen()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(QPolygonF([QPointF(*point) for point in points]))
    painter.setPen(pen)
