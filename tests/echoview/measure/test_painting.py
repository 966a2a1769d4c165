"""A contour as a mask under a brush, and back."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour_edit import off_line
from echoview.measure.painting import Painting
from ral.geometry import area
from ral.phantom import simulate


@pytest.fixture(scope="module")
def border() -> np.ndarray:
    return simulate(3, frames=2, size=256).contours[0]


def test_there_and_back_is_the_same_line(border):
    painting = Painting.of(border, (256, 256))
    line = painting.line()
    assert off_line(line, border).max() < 1.6 * painting.step
    np.testing.assert_allclose(line[[0, -1]], border[[0, -1]], atol=2 * painting.step)
    assert area(line) == pytest.approx(area(border), rel=0.01)


def test_a_disc_that_is_added_or_taken_away_changes_the_area_by_its_own(border):
    painting = Painting.of(border, (256, 256))
    middle, far = border.mean(0), border[20]
    out = far + 12 * (far - middle) / np.hypot(*(far - middle))
    more = painting.stroke(far, out, 8.0, True).line()
    less = painting.stroke(far, far, 8.0, False).line()
    assert area(border) < area(more) < area(border) + np.pi * 8**2 + 16 * 12
    assert area(border) - np.pi * 8**2 < area(less) < area(border)
    assert off_line(out[None] + 8 * (out - far) / 12, more)[0] < 2, "the brush's edge is the border"


def test_islands_and_holes_do_not_count(border):
    painting = Painting.of(border, (256, 256))
    holed = painting.stroke(border.mean(0), border.mean(0), 3.0, False)
    np.testing.assert_allclose(area(holed.line()), area(painting.line()), rtol=1e-6)
    corner = painting.origin + 6
    assert area(painting.stroke(corner, corner, 3.0, True).line()) == pytest.approx(area(painting.line()), rel=1e-6)


def test_where_nothing_is_left_there_is_no_line(border):
    painting = Painting.of(border, (256, 256))
    assert painting.stroke(border.mean(0), border.mean(0), 400.0, False).line() is None


def test_a_stroke_leaves_the_former_painting(border):
    painting = Painting.of(border, (256, 256))
    was = painting.mask.copy()
    painting.stroke(border[5], border[30], 10.0, False)
    np.testing.assert_array_equal(painting.mask, was)
