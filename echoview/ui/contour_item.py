"""Draws the contour of the frame: a prediction dashed cyan, a person's solid yellow, one carried over dotted violet."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from echoview.domain.contour import Contour, Origin
from echoview.ui.look import Lines, Overlay
from echoview.ui.theme import DARK

_LINE_PX = 2.0
_WIDTHS_PX = {Lines.USUAL: _LINE_PX, Lines.THIN: 1.2, Lines.BOLD: 3.6}
_DOUBLE_PX = 3.0  # the least width in which a line through the line is seen
_MARK_PX, _MARK_STEP_PX = 2.4, 9.0  # half the size of a mark along the line, and how far they are apart
_SLIM = 0.55  # of the width, where no person has set the line of a contour that a person stands behind
_HALO_PX = 1.0  # on either side of a line over a bright picture
_HANDLE_PX = 4.5  # on the screen, at every zoom
_BEYOND_PX = 12.0  # on the screen, farther than anything is drawn from the line and the handles
DASHED, _DOTTED, DASH_DOTTED = (4.0, 3.0), (0.1, 2.4), (7.0, 2.5, 1.0, 2.5)
_COLOURS = {
    Origin.PREDICTED: DARK.prediction,
    Origin.ACCEPTED: DARK.approved,
    Origin.INTERPOLATED: DARK.propagated,
    Origin.PROPAGATED: DARK.propagated,
    Origin.CORRECTED: DARK.human,
    Origin.DRAWN: DARK.human,
}


class ContourItem(QGraphicsItem):
    """One contour, in picture coordinates (pixel centres at integers).

    `show_points` draws a predicted line (N,2), `show_contour` a person's or one that was carried over, `show_line` one
    that is in the hand, `show_ghost` one that is only proposed, `show_other` another set's. Handles are drawn on top of
    any.
    """

    def __init__(self) -> None:
        super().__init__()
        self.overlay = Overlay()
        self.haloed = False  # over a picture that is bright, on which the colours of the overlay are pale
        self.points: np.ndarray | None = None  # the line that is drawn, (N,2); read by what is drawn about it
        self._path = QPainterPath()
        self._annulus: QLineF | None = None
        self._dashes: tuple[float, ...] = DASHED
        self._colour = DARK.prediction
        self._stretches: list[tuple[QPainterPath, Origin]] = []  # of a line whose parts are not all of one origin
        self._handles: Contour | None = None
        self._hot = -1
        self._bounds = QRectF()
        self.setZValue(10)

    def set_bounds(self, rect: QRectF) -> None:
        """The picture's rectangle; what lies far outside is not painted."""
        self.prepareGeometryChange()
        self._bounds = rect.adjusted(-rect.width(), -rect.height(), rect.width(), rect.height())

    def show_points(self, points: np.ndarray | None) -> None:
        """A predicted contour (N,2), or none."""
        self._dashes, self._colour = DASHED, DARK.prediction
        self._set_line(points)

    def show_contour(self, contour: Contour) -> None:
        """A contour that a person stands behind, green where it was only accepted; or one that was carried over.

        Where only parts of it are a person's, the others have the colour of their origin and are slim.
        """
        line = contour.dense(16 * len(contour.handles))
        if not contour.human:
            self._dashes, self._colour = _DOTTED, DARK.propagated
            self._set_line(line)
            return
        accepted = all(o is Origin.ACCEPTED for o in contour.origins)
        self._dashes, self._colour = (), DARK.approved if accepted else DARK.human
        self._set_line(line)
        if len({_COLOURS[origin] for origin in contour.origins}) > 1:
            self._stretches = _stretches(line, contour.origins_along(line))

    def show_line(self, points: np.ndarray) -> None:
        """The line (N,2) that the hand makes of the contour."""
        self._dashes, self._colour = (), DARK.human
        self._set_line(points)

    def show_ghost(self, points: np.ndarray | None) -> None:
        """A line (N,2) that is proposed and not yet accepted, or none."""
        self._dashes, self._colour = _DOTTED, DARK.propagated
        self._set_line(points)

    def show_other(self, points: np.ndarray | None) -> None:
        """What the other set of weights says (N,2), or none."""
        self._dashes, self._colour = DASH_DOTTED, DARK.other
        self._set_line(points)

    def show_handles(self, contour: Contour | None, hot: int = -1) -> None:
        """Handles that can be taken hold of, the hot one larger; None hides them."""
        if contour is None and self._handles is None:
            return
        before = self._drawn()
        self._handles, self._hot = contour, hot
        self._paint_anew(before)

    @property
    def colour(self) -> QColor:
        """Of the line."""
        return QColor(self._colour)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = painter.device().devicePixelRatioF()  # a cosmetic pen counts in device pixels
        colour = QColor(self._colour)
        colour.setAlphaF(self.overlay.opacity)
        width_px = _WIDTHS_PX.get(self.overlay.lines, _LINE_PX)
        if self._accepted:
            width_px = max(1.5 * width_px, _DOUBLE_PX)
        pen = self._pen(colour, width_px, ratio)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.overlay.contour and self.overlay.lines is Lines.POINTS:
            self._paint_marks(painter, colour)
        elif self.overlay.contour:
            if self.haloed:
                painter.setPen(self._halo(pen, ratio))
                painter.drawPath(self._path)
            for path, stretch in self._in_stretches(pen):
                painter.setPen(stretch)
                painter.drawPath(path)
            if self._accepted:  # a dark line through it, as in the timeline
                painter.setPen(self._pen(DARK.colour("ground"), width_px / 3, ratio))
                painter.drawPath(self._path)
        if self._annulus is not None and self.overlay.annulus:
            thin = QPen(pen)
            thin.setWidthF(ratio)
            thin.setDashPattern([1, 4])
            painter.setPen(thin)
            painter.drawLine(self._annulus)
        if self._handles is not None:
            self._paint_handles(painter, self._handles)

    def _in_stretches(self, pen: QPen) -> list[tuple[QPainterPath, QPen]]:
        """What is drawn of the line with which pen; all of it with one where it has one origin."""
        if not self._stretches:
            return [(self._path, pen)]
        pens = []
        for path, origin in self._stretches:
            own = QPen(pen)
            colour = QColor(_COLOURS[origin])
            colour.setAlphaF(self.overlay.opacity)
            own.setColor(colour)
            if not origin.human:
                own.setWidthF(_SLIM * pen.widthF())
            pens.append((path, own))
        return pens

    @property
    def _accepted(self) -> bool:
        """Whether the contour is approved as it was."""
        return self._colour == DARK.approved

    def _pen(self, colour: QColor, width_px: float, ratio: float) -> QPen:
        """Dashes are as long in thin lines as in bold ones."""
        pen = QPen(colour, width_px * ratio)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if self._dashes is _DOTTED:
            pen.setDashPattern(self._dashes)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        elif self._dashes:
            pen.setDashPattern([length * _LINE_PX / width_px for length in self._dashes])
        return pen

    def _halo(self, pen: QPen, ratio: float) -> QPen:
        """A dark edge about a line, about each dash of one that is dashed."""
        edge, reach = QPen(pen), _HALO_PX * ratio
        edge.setColor(DARK.colour("ground", round(200 * self.overlay.opacity)))
        edge.setWidthF(pen.widthF() + 2 * reach)
        if pen.dashPattern():
            lengths = [length * pen.widthF() for length in pen.dashPattern()]
            longer = [max(length + (2 if n % 2 == 0 else -2) * reach, 0.1) for n, length in enumerate(lengths)]
            edge.setDashPattern([length / edge.widthF() for length in longer])
            edge.setDashOffset(reach / edge.widthF())
        return edge

    def _paint_marks(self, painter: QPainter, colour: QColor) -> None:
        """Rings for a prediction, discs for a person's contour, squares for an approved one, crosses for a carried."""
        if self.points is None or len(self.points) < 2:
            return
        transform = painter.worldTransform()
        on_screen = np.array([transform.map(float(x), float(y)) for x, y in self.points])
        arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(on_screen, axis=0).T))])
        at = np.linspace(0, arc[-1], max(int(arc[-1] / _MARK_STEP_PX), 2))
        painter.save()
        painter.resetTransform()
        painter.setPen(QPen(colour, 1.3))
        painter.setBrush(colour if not self._dashes else Qt.BrushStyle.NoBrush)
        reach = _MARK_PX
        for x, y in zip(np.interp(at, arc, on_screen[:, 0]), np.interp(at, arc, on_screen[:, 1]), strict=True):
            if self._dashes is _DOTTED:
                painter.drawLine(QLineF(x - reach, y, x + reach, y))
                painter.drawLine(QLineF(x, y - reach, x, y + reach))
            elif self._accepted:
                painter.drawRect(QRectF(x - reach, y - reach, 2 * reach, 2 * reach))
                painter.fillRect(QRectF(x - reach / 2, y - reach / 2, reach, reach), DARK.colour("ground"))
            else:
                painter.drawEllipse(QPointF(x, y), reach, reach)
        painter.restore()

    def _paint_handles(self, painter: QPainter, contour: Contour) -> None:
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        for index, (x, y) in enumerate(contour.handles):
            at = transform.map(QPointF(x, y))
            radius = _HANDLE_PX * (1.5 if index == self._hot else 1.0)
            origin = contour.origins[index]
            painter.setPen(QPen(DARK.colour("ground"), 1.5))
            painter.setBrush(DARK.colour("text") if index == self._hot else QColor(_COLOURS[origin]))
            if index in (
                0,
                len(contour.handles) - 1,
            ):  # annulus points are square: they hold the closing line
                painter.drawRect(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
            else:
                painter.drawEllipse(at, radius, radius)
            if not origin.human and index != self._hot:  # hollow: no person has set it
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(DARK.colour("ground"))
                painter.drawEllipse(at, radius / 2.2, radius / 2.2)
        painter.restore()

    def _set_line(self, points: np.ndarray | None) -> None:
        if points is None and self.points is None:
            return
        before = self._drawn()
        self._path = QPainterPath()
        self._annulus, self._stretches = None, []
        self.points = points
        if points is not None and len(points) > 1:
            self._path = pg.arrayToQPath(points[:, 0], points[:, 1])
            self._annulus = QLineF(*points[0], *points[-1])
        self._paint_anew(before)

    def _drawn(self) -> QRectF:
        """What the line and the handles cover of the picture; empty where there are none."""
        handles = None if self._handles is None else self._handles.handles
        there = [points for points in (self.points, handles) if points is not None and len(points)]
        if not there:
            return QRectF()
        least, most = np.min([p.min(0) for p in there], 0), np.max([p.max(0) for p in there], 0)
        shown = self.sceneTransform()
        across, down = _BEYOND_PX / max(abs(shown.m11()), 1e-6), _BEYOND_PX / max(abs(shown.m22()), 1e-6)
        return QRectF(QPointF(*least), QPointF(*most)).adjusted(-across, -down, across, down)

    def _paint_anew(self, before: QRectF) -> None:
        """Where something was drawn or is now, and not the whole picture, which takes four times as long."""
        changed = before.united(self._drawn())
        if not changed.isEmpty():  # an empty one would mean all of it
            self.update(changed)


def _stretches(line: np.ndarray, origins: tuple[Origin, ...]) -> list[tuple[QPainterPath, Origin]]:
    """The parts of a line (N,2) whose points (N,) have one origin; each reaches to the first point of the next."""
    ends = [i for i in range(1, len(origins)) if origins[i] is not origins[i - 1]]
    parts = zip([0, *ends], [*ends, len(origins)], strict=True)
    return [(pg.arrayToQPath(line[a : b + 1, 0], line[a : b + 1, 1]), origins[a]) for a, b in parts]
