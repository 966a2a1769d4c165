"""A line of known length gives the size of a pixel."""

import pytest

from echoview.domain.calibration import Axes, Calibration, calibrated


def length(calibration: Calibration, dx: float, dy: float) -> float:
    return ((dx * calibration.x_mm) ** 2 + (dy * calibration.y_mm) ** 2) ** 0.5


def test_pixels_are_square_where_nothing_else_is_known():
    assert calibrated(30, 40, 25) == Calibration(0.5, 0.5)


@pytest.mark.parametrize(("dx", "dy"), [(0, 100), (80, 0), (22, 43.5)])
def test_pixels_keep_the_shape_that_was_known(dx, dy):
    made = calibrated(dx, dy, 50, Calibration(0.4, 0.2))
    assert made.x_mm / made.y_mm == pytest.approx(2)
    assert length(made, dx, dy) == pytest.approx(50)


def test_one_axis_alone_leaves_the_other():
    assert calibrated(3, 100, 50, Calibration(0.4, 0.2), Axes.DOWN) == Calibration(0.4, 0.5)
    assert calibrated(100, 3, 50, Calibration(0.4, 0.2), Axes.ACROSS) == Calibration(0.5, 0.2)
    assert calibrated(3, 100, 50, None, Axes.DOWN) == Calibration(0.5, 0.5)


@pytest.mark.parametrize(("line", "axes"), [((0, 0), Axes.BOTH), ((9, 0), Axes.DOWN), ((0, 9), Axes.ACROSS)])
def test_a_line_that_says_nothing_is_refused(line, axes):
    with pytest.raises(ValueError, match="no length"):
        calibrated(*line, 50, None, axes)
