"""Where a panel over the window hides the least: of the pictures, and of what stands in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QGraphicsView, QLabel, QLineEdit, QWidget

from echoview.ui.cine_view import CineView

_LIT = 24  # grey levels; below that a scanner's picture is background
_WORDS = (QLabel, QAbstractButton, QComboBox, QLineEdit, QAbstractItemView, QGraphicsView)


def place_in(widget: QWidget, window: QWidget) -> QRect:
    """Where a widget lies in the window."""
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def corners(room: QRect, within: QRect, edge: int) -> list[QRect]:
    """`room` moved into each corner of `within`, the lower right one first."""
    right, bottom = within.right() - edge - room.width() + 1, within.bottom() - edge - room.height() + 1
    left, top = within.left() + edge, within.top() + edge
    return [QRect(QPoint(x, y), room.size()) for x, y in ((right, bottom), (right, top), (left, bottom), (left, top))]


def hidden_of_picture(view: CineView, room: QRect, window: QWidget) -> float:
    """So many px of the screen, in which the picture is lit or its contour lies, would be hidden by `room`."""
    frame, inside = view.frame_item.frame, place_in(view, window) & room
    if frame is None or not view.isVisible() or inside.isEmpty():
        return 0.0
    inside.translate(-place_in(view, window).topLeft())
    first, last = (
        view.box.mapSceneToView(view.mapToScene(point)) for point in (inside.topLeft(), inside.bottomRight())
    )
    x0, y0, x1, y1 = (max(round(at), 0) for at in (first.x(), first.y(), last.x(), last.y()))
    part = frame[y0 : y1 + 1, x0 : x1 + 1]
    lit = (part if part.ndim == 2 else part.max(2)) > _LIT
    _cover_contour(lit, view.contour_item.points, (x0, y0))
    across, down = view.box.viewPixelSize()
    return float(lit.sum() / (across * down))


def hidden_of_words(panel: QWidget, room: QRect, window: QWidget) -> float:
    """So many px of a panel's words and controls would be hidden by `room`."""
    shown = (word for kind in _WORDS for word in panel.findChildren(kind) if word.isVisible())
    places = (word.visibleRegion().boundingRect().translated(word.mapTo(window, QPoint(0, 0))) for word in shown)
    return float(sum(_area(place & room) for place in places))


def hidden_of(widgets: Iterable[QWidget], room: QRect, window: QWidget) -> float:
    """So many px of these widgets would be hidden by `room`."""
    return float(sum(_area(place_in(one, window) & room) for one in widgets if one.isVisible()))


def _cover_contour(lit: np.ndarray, points: np.ndarray | None, corner: tuple[int, int]) -> None:
    """The cavity is dark, and what a person looks at; `lit` begins at this corner of the picture."""
    if points is not None and np.isfinite(points).all():
        low, high = (np.maximum(end - corner, 0).astype(int) for end in (points.min(0), points.max(0)))
        lit[low[1] : high[1] + 1, low[0] : high[0] + 1] = True


def _area(place: QRect) -> int:
    return max(place.width(), 0) * max(place.height(), 0)
