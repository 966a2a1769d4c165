"""Whole contours: laid on another line, smoothed, turned, scaled; and what may be wrong with a line."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour import Contour, Origin
from echoview.domain.contour_edit import (
    crossing,
    follow,
    inside,
    nearest_on,
    off_line,
    outside,
    scaled,
    smoothed,
    turned,
)
from ral.geometry import area

P, C, D = Origin.PREDICTED, Origin.CORRECTED, Origin.DRAWN


def bullet(count: int = 15) -> np.ndarray:
    """Half an ellipse standing on its flat side: annulus at y 100, apex at y 20."""
    angle = np.linspace(np.pi, 0, count)
    return np.column_stack([60 + 30 * np.cos(angle), 100 - 80 * np.sin(angle)])


@pytest.fixture
def contour() -> Contour:
    return Contour.through(bullet(400), P)


def with_bump(line: np.ndarray, at: int, width: int, high: float) -> np.ndarray:
    bump = line.copy()
    n = np.arange(len(line))
    bump[:, 0] += high * np.exp(-0.5 * ((n - at) / width) ** 2)
    return bump


def test_a_line_that_stayed_gives_the_contour_back(contour):
    assert follow(contour, contour.dense(300), 0.3) is contour


def test_only_the_arc_that_moved_gets_new_handles(contour):
    line = with_bump(contour.dense(300), 220, 12, 9.0)
    laid = follow(contour, line, 0.5)
    assert off_line(line, laid.dense(400)).max() < 1.0
    kept = [i for i, o in enumerate(laid.origins) if o is P]
    assert len(kept) >= 8, "the rest of the border is still the prediction's"
    for i in kept:
        assert (laid.handles[i] == contour.handles).all(1).any(), "a handle that stayed stayed exactly"
    assert C in laid.origins


@pytest.mark.parametrize(("end", "index"), [("first", 0), ("second", -1)])
def test_an_annulus_point_moves_with_its_end_of_the_line(contour, end, index):
    line = contour.dense(300)
    line[: 60 if index == 0 else 0] += (-6, 3)
    line[len(line) if index == 0 else -60 :] += (6, 3)
    laid = follow(contour, line, 0.5)
    np.testing.assert_allclose(laid.handles[index], line[index], atol=1e-9)
    assert laid.origins[index] is C
    other = -1 - index
    np.testing.assert_array_equal(laid.handles[other], contour.handles[other])


def test_what_was_drawn_stays_drawn_on_another_line(contour):
    drawn = Contour(contour.handles, (D,) * len(contour.handles))
    assert set(follow(drawn, with_bump(contour.dense(300), 100, 20, 8.0), 0.5).origins) == {D}


def test_a_line_moved_altogether_is_followed_altogether(contour):
    line = contour.dense(300) + np.array([25, 10])
    laid = follow(contour, line, 0.5)
    assert set(laid.origins) == {C}
    assert off_line(line, laid.dense(400)).max() < 1.0


def test_smoothing_takes_jags_out_and_keeps_ends_and_size(contour):
    jags = np.random.default_rng(3).normal(0, 1.5, contour.handles.shape)
    jags[[0, -1]] = 0
    jagged = Contour(contour.handles + jags, contour.origins)
    soft = smoothed(jagged)

    def bends(one: Contour) -> float:
        return float(np.abs(np.diff(one.dense(200), 2, axis=0)).sum())

    assert bends(soft) < 0.8 * bends(jagged)
    np.testing.assert_allclose(soft.handles[[0, -1]], jagged.handles[[0, -1]], atol=1e-9)
    assert area(soft.dense()) == pytest.approx(area(jagged.dense()), rel=0.02)
    assert set(soft.origins) == {C}


def test_smoothing_a_smooth_contour_leaves_its_size():
    contour = Contour.through(bullet(400), P)
    assert area(smoothed(contour).dense()) == pytest.approx(area(contour.dense()), rel=0.004)


def test_turning_and_scaling_are_about_the_middle(contour):
    centre = contour.handles.mean(0)
    quarter = turned(contour, 90)
    np.testing.assert_allclose(quarter.handles.mean(0), centre)
    offset, was = quarter.handles - centre, contour.handles - centre
    np.testing.assert_allclose(offset, np.column_stack([-was[:, 1], was[:, 0]]), atol=1e-9)  # clockwise on the screen
    assert area(scaled(contour, 1.5).dense()) == pytest.approx(2.25 * area(contour.dense()))
    np.testing.assert_allclose(scaled(contour, 0.5, about=contour.handles[0]).handles[0], contour.handles[0])
    assert set(quarter.origins) == {C}


def test_a_line_that_crosses_itself_is_told_with_its_place():
    eight = np.array([[0, 0], [10, 10], [10, 0], [0, 10]], float)
    np.testing.assert_allclose(crossing(eight), [5, 5])
    assert crossing(bullet(65)) is None


def test_a_line_that_crosses_its_annulus_is_told():
    line = bullet(65)
    line[10] = (60, 110)
    assert crossing(line) is not None


def test_a_line_outside_the_picture_is_told():
    assert outside(bullet(65), (101, 120)) is None
    np.testing.assert_allclose(outside(bullet(65) + np.array([-40, 0]), (101, 120)), [-10, 100], atol=1e-9)
    assert outside(bullet(65), (95, 120)) is not None


def test_inside_and_distance():
    assert inside(bullet(65), 60, 60)
    assert not inside(bullet(65), 60, 110)
    assert not inside(bullet(65), 95, 60)
    square = np.array([[0, 10], [0, 0], [10, 0], [10, 10]], float)
    assert nearest_on(square, 5, -3) == (15.0, 3.0)
    np.testing.assert_allclose(off_line(np.array([[5.0, -3.0], [13.0, 14.0]]), square), [3, 5])


def test_one_rough_gesture_after_another_does_not_multiply_the_points() -> None:
    rng = np.random.default_rng(0)
    contour = Contour(bullet(23), (P,) * 23)
    for _ in range(6):
        contour = follow(contour, contour.dense(181) + rng.normal(0, 2.0, (181, 2)), 0.3)
    assert len(contour.handles) <= 120
