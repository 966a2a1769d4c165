"""The arcs that the network is least certain of, the least certain first."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.measure.uncertain import doubts

LINE = np.column_stack([np.arange(65.0), np.zeros(65)])


def test_the_least_certain_arc_comes_first_with_its_place():
    contours, spread = np.stack([LINE, LINE + np.array([0, 10]), LINE]), np.ones((3, 65))
    spread[0, 10:19] = 3.0
    spread[1, 40:49] = 5.0
    spread[2, 30] = 9.0  # a single point is no arc
    found = doubts(contours, spread)
    assert [one.t for one in found] == [1, 0, 2]
    assert found[0].at == (44.0, 10.0)
    assert found[0].spread_px == pytest.approx(5.0)
    assert [one.t for one in doubts(contours, spread, settled={1})] == [0, 2]


def test_frames_of_which_nothing_is_known_are_left_out():
    contours, spread = np.stack([LINE, LINE]), np.full((2, 65), np.nan)
    assert doubts(contours, spread) == []
    assert doubts(contours, np.zeros((0, 0))) == []
