"""The line of a contour, as it is painted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsScene

from echoview.domain.contour import Contour, Origin
from echoview.ui.contour_item import ContourItem
from echoview.ui.theme import DARK

SIDE, POINTS = 240, 19


def painted(origins: list[Origin]) -> tuple[Contour, QImage]:
    """A half ellipse and its picture on black, a pixel each."""
    angle = np.linspace(np.pi, 2 * np.pi, POINTS)
    contour = Contour(np.column_stack([120 + 60 * np.cos(angle), 220 + 170 * np.sin(angle)]), tuple(origins))
    scene, item = QGraphicsScene(), ContourItem()
    item.set_bounds(QRectF(0, 0, SIDE, SIDE))
    item.show_contour(contour)
    scene.addItem(item)
    picture = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    picture.fill(0)
    painter = QPainter(picture)
    whole = QRectF(0, 0, SIDE, SIDE)
    scene.render(painter, whole, whole)
    painter.end()
    return contour, picture


def nearest(picture: QImage, x: float, y: float) -> str:
    """Which colour of the overlay the brightest pixel beside a place has most of."""
    around = [picture.pixelColor(round(x) + i, round(y) + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    shown = max(around, key=QColor.lightness)
    return min(("prediction", "human", "approved", "propagated"), key=lambda name: _apart(shown, DARK.colour(name)))


def _apart(one: QColor, other: QColor) -> float:
    """Of the hues; a slim line is paler than its colour."""
    turn = abs(one.hsvHueF() - other.hsvHueF())
    return min(turn, 1 - turn)


@pytest.mark.parametrize(
    ("origin", "colour"),
    [(Origin.PREDICTED, "prediction"), (Origin.ACCEPTED, "approved"), (Origin.PROPAGATED, "propagated")],
)
def test_each_stretch_has_the_colour_of_its_origin(qapp, origin, colour):
    contour, picture = painted([origin] * 5 + [Origin.CORRECTED] * 4 + [origin] * 10)
    assert [nearest(picture, *contour.handles[i]) for i in (2, 6, 7, 12, 16)] == [
        colour, "human", "human", colour, colour
    ]  # fmt: skip


def test_a_line_that_is_a_persons_throughout_has_one_colour(qapp):
    contour, picture = painted([Origin.DRAWN] * 10 + [Origin.CORRECTED] * 9)
    assert {nearest(picture, *handle) for handle in contour.handles[1:-1]} == {"human"}
