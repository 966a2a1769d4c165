"""The plot of two readings: what it draws, on the screen and on paper."""

from __future__ import annotations

from echoview.measure.agreement import Kind, Pair
from echoview.ui.bland_altman import BlandAltman, _signed
from echoview.ui.theme import LIGHT


def pairs(*efs: tuple[float, float]) -> list[Pair]:
    return [Pair(n, Kind.SECOND, "A", "B", (), *both) for n, both in enumerate(efs, 1)]


def pixels(plot: BlandAltman, colour: str) -> int:
    image = plot.picture().toImage()
    return sum(
        image.pixelColor(x, y).name() == colour.lower()
        for x in range(0, image.width(), 4)
        for y in range(0, image.height(), 4)
    )


def test_points_are_drawn_at_once_and_limits_from_three_cines_on(qtbot):
    plot = BlandAltman()
    qtbot.addWidget(plot)
    empty = plot.picture().toImage()
    plot.show_pairs(pairs((60, 55), (50, 52)))
    assert pixels(plot, LIGHT.prediction) > 0
    assert pixels(plot, LIGHT.flag) == 0
    assert plot.accessibleDescription() == ""
    plot.show_pairs(pairs((60, 55), (50, 52), (40, 40)))
    assert pixels(plot, LIGHT.flag) > 0
    assert plot.accessibleDescription() == "bias 1.0, limits -6.1 to 8.1 points"
    plot.show_pairs([Pair(1, Kind.SECOND, "A", "B", (), None, 50)])
    assert plot.picture().toImage() == empty


def test_numbers_have_a_true_minus_and_zero_has_none():
    assert [_signed(value, 1) for value in (-3.14, 2.0, -0.01)] == ["−3.1", "+2.0", "0.0"]
