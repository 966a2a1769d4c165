"""What a correction does to EF, against shapes whose answer is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.measure import measure
from echoview.measure.effect import effect, moved_out
from ral.geometry import area

SPACING = Calibration(0.5, 0.5)


def arch(radius: float, squeeze: float = 1.0, count: int = 400) -> np.ndarray:
    """Half a circle, or half an ellipse `squeeze` times as wide, on its flat side."""
    angle = np.linspace(np.pi, 0, count)
    return np.column_stack([300 + squeeze * radius * np.cos(angle), 300 - radius * np.sin(angle)])


def bullet(radius: float, wall: float = 150.0) -> np.ndarray:
    """A half circle on straight walls, px: moved out by d it is the bullet of radius + d on the same walls."""
    foot = np.linspace(wall, 0, 150)[1:]
    top = arch(radius) - (0, wall)
    left = np.column_stack([np.full(149, 300 - radius), 300 - foot[::-1]])
    return np.vstack([left, top, (600, 0) + (-1, 1) * left[::-1]])


def litres(radius: float, wall: float = 150.0) -> float:
    """The volume of a bullet, px3: a cylinder under half a ball."""
    return np.pi * radius**2 * wall + 2 / 3 * np.pi * radius**3


def of(*radii: float):
    contours = np.stack([bullet(r) for r in radii])
    return contours, measure(contours, SPACING, np.ones(len(radii)), ed=0, es=2)


def ef(ed: float, es: float) -> float:
    return 100 * (1 - litres(es) / litres(ed))


def test_the_parallel_of_an_ellipse_has_the_area_that_geometry_says():
    """Steiner: moving an arc that turns by half a circle out by d adds length * d + pi / 2 * d²."""
    line = arch(100, 0.6, 4000)
    length = np.hypot(*np.diff(line, axis=0).T).sum()
    for step_mm in (1.0, -1.0):
        step = step_mm / 0.5
        moved = moved_out(line, step_mm, SPACING)
        assert area(moved) == pytest.approx(area(line) + length * step + np.pi / 2 * step**2, rel=1e-4)


def test_a_dome_moved_out_is_a_larger_dome_also_where_pixels_are_not_square():
    np.testing.assert_allclose(moved_out(arch(100), 1.0, SPACING), arch(102), atol=0.02)
    flat = Calibration(0.5, 1.0)
    squashed = arch(100) * (1.0, 0.5)
    np.testing.assert_allclose(moved_out(squashed, 1.0, flat), (arch(102) - 300) * (1, 0.5) + (300, 150), atol=0.02)
    np.testing.assert_allclose(moved_out(arch(100)[::-1], 1.0, SPACING), arch(102)[::-1], atol=0.02)


@pytest.mark.parametrize(("t", "decides"), [(0, "ED"), (2, "ES")])
def test_the_band_is_that_of_bullets_a_millimetre_larger_and_smaller(t, decides):
    """Twenty disks of a bullet are within a third of a percent of its volume, so EF is known in closed form."""
    contours, measured = of(100, 90, 70)
    found = effect(measured, None, t, contours[t])
    both = [ef(100 + d, 70) if t == 0 else ef(100, 70 + d) for d in (-2, 2)]
    assert found.decides == decides
    assert found.band == pytest.approx(tuple(sorted(both)), abs=0.3)
    assert found.band[0] < found.ef_percent < found.band[1]
    assert found.ef_percent == pytest.approx(ef(100, 70), abs=0.3)
    assert found.change is None


def test_area_and_volume_are_in_clinical_units():
    contours, measured = of(100, 90, 70)
    found = effect(measured, measured, 1, contours[1])
    assert (found.area_unit, found.decides, found.band, found.change) == ("cm²", "", None, 0.0)
    assert found.area == pytest.approx((np.pi / 2 * 90**2 + 180 * 150) / 20**2, rel=1e-3)  # half a millimetre a px
    assert found.volume_ml == pytest.approx(litres(90) / 20**3, rel=0.005)


def test_without_calibration_there_is_neither_ml_nor_band():
    contours, _ = of(100, 90, 70)
    found = effect(measure(contours, None, np.ones(3), ed=0, es=2), None, 0, contours[0])
    assert (found.area_unit, found.volume_ml, found.band) == ("px²", None, None)
    assert found.ef_percent == pytest.approx(ef(100, 70), abs=0.3)


def test_the_change_is_against_the_prediction():
    _, predicted = of(100, 90, 80)
    contours, measured = of(100, 90, 70)
    assert effect(measured, predicted, 2, contours[2]).change == pytest.approx(ef(100, 70) - ef(100, 80), abs=0.3)
