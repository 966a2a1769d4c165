"""Where the disks lie."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.measure.disks import disk_lines, long_axis_line
from ral.geometry import disk_widths, long_axis


@pytest.fixture
def arch() -> np.ndarray:
    angle = np.linspace(np.pi, 0, 65)
    tilted = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])
    return np.column_stack([30 * np.cos(angle), -80 * np.sin(angle)]) @ tilted.T + np.array([150, 180])


@pytest.mark.parametrize("spacing", [Calibration(1, 1), Calibration(0.3, 0.15)])
def test_the_lines_are_as_wide_as_the_disks_that_are_measured(arch, spacing) -> None:
    lines = disk_lines(arch, spacing) * np.array(spacing)
    widths = np.hypot(*(lines[:, 1] - lines[:, 0]).T)
    np.testing.assert_allclose(widths, disk_widths(arch, spacing), rtol=1e-9)


@pytest.mark.parametrize("spacing", [Calibration(1, 1), Calibration(0.3, 0.15)])
def test_they_are_at_right_angles_to_the_long_axis_in_millimetres(arch, spacing) -> None:
    axis = np.diff(long_axis_line(arch * spacing), axis=0)[0]
    lines = disk_lines(arch, spacing) * np.array(spacing)
    np.testing.assert_allclose((lines[:, 1] - lines[:, 0]) @ axis, 0, atol=1e-6)


def test_the_long_axis_is_as_long_as_it_is_measured(arch) -> None:
    start, end = long_axis_line(arch)
    assert np.hypot(*(end - start)) == pytest.approx(long_axis(arch))
    np.testing.assert_allclose(start, (arch[0] + arch[-1]) / 2)


def test_a_folded_wall_gives_one_line_from_the_outermost_crossing_to_the_other() -> None:
    folded = np.array([[0, 100], [0, 40], [-20, 60], [-20, 20], [30, 0], [60, 100.0]])
    lines = disk_lines(folded)
    assert len(lines) == 20
    assert (lines[:, :, 0].max() <= 61) and (lines[:, :, 0].min() >= -21)
