"""Agreement of readers against worked figures of the literature and against what can be said beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.measure.agreement import (
    FrameAgreement,
    Kind,
    Pair,
    agreement,
    frames_agreement,
    icc_2_1,
    summary,
)

# Shrout and Fleiss 1979, table 2: six targets, four judges; the paper gives ICC(2,1) = .29.
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
BOX = np.array([[20, 80], [20, 20], [60, 20], [60, 80]], float)


def test_icc_of_the_worked_example():
    assert icc_2_1(JUDGES) == pytest.approx(0.29, abs=0.005)


def test_icc_knows_a_constant_difference_and_a_perfect_reading():
    ef = np.array([30.0, 45, 52, 61, 70])
    assert icc_2_1(np.column_stack([ef, ef])) == pytest.approx(1.0)
    assert icc_2_1(np.column_stack([ef, ef + 20])) < 0.6, "absolute agreement: a shift counts"
    assert np.isnan(icc_2_1(np.full((5, 2), 50.0)))


def test_bias_and_limits():
    first = np.array([50.0, 60, 40, 55, np.nan])
    second = np.array([48.0, 61, 37, 55, 20])
    found = agreement(first, second)
    assert found is not None
    assert (found.cines, found.bias) == (4, 1.0)
    spread = 1.96 * np.std([2.0, -1, 3, 0], ddof=1)
    assert (found.lower, found.upper) == pytest.approx((1 - spread, 1 + spread))
    assert 0.9 < found.icc < 1
    assert agreement(first[:2], second[:2]) is None


def test_frames_that_both_traced_are_compared_in_mm():
    shifted = BOX + np.array([2, 0])
    [only] = frames_agreement({0: BOX, 3: BOX}, {3: shifted, 4: BOX}, (100, 100), Calibration(0.5, 0.5))
    assert only.t == 3
    assert only.dice == pytest.approx(1 - 2 / 41, abs=0.01)
    assert only.hausdorff_mm == pytest.approx(1.0, abs=0.01)
    assert 0 < only.mean_mm < 1.0
    [bare] = frames_agreement({3: BOX}, {3: BOX}, (100, 100), None)
    assert (bare.dice, bare.hausdorff_mm) == (1.0, None)


def test_a_border_outside_the_picture_is_left_out():
    assert frames_agreement({0: BOX}, {0: BOX + 500}, (100, 100), None) == []


def pair(number: int, first: float | None, second: float | None, *dice: float) -> Pair:
    frames = tuple(FrameAgreement(t, one, None if one < 0.5 else 10 * (1 - one), None) for t, one in enumerate(dice))
    return Pair(number, Kind.SECOND, "A", "B", frames, first, second)


def test_a_summary_is_over_all_frames_and_over_the_cines_that_have_ef():
    pairs = [pair(1, 60, 58, 0.9, 0.8), pair(2, 50, 51, 0.7), pair(3, 40, 37, 0.4), pair(4, None, 55)]
    told = summary(pairs)
    assert (told.cines, told.frames) == (4, 4)
    assert told.dice == pytest.approx(0.7)
    assert told.hausdorff_mm == pytest.approx(2.0), "of the three frames that have one"
    assert told.ef is not None
    assert (told.ef.cines, told.ef.bias) == (3, pytest.approx(4 / 3))
    assert pairs[0].ef_difference == 2
    assert (pairs[3].ef_difference, pairs[3].dice) == (None, None)
    assert summary([]) == (0, 0, None, None, None)
