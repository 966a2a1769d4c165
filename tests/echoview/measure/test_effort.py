"""Effort: time with pauses cut short, pulls, and the way of the border in mm."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.measure.effort import IDLE_S, Meter, Spent, in_words, moved_mm, time_left

ARCH = np.column_stack([np.linspace(10, 50, 65), 40 - 30 * np.sin(np.linspace(0, np.pi, 65))])
LINE = Contour.through(ARCH, Origin.PREDICTED).dense()  # equal steps, as the network's


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pause_counts_for_ten_seconds_at_most():
    clock = Clock()
    meter = Meter(clock)
    for step in (2.0, 3.0, 500.0):
        clock.now += step
        meter.sign()
    assert meter.take() == Spent(5.0 + IDLE_S, 0)


def test_what_was_taken_is_not_counted_again():
    clock = Clock()
    meter = Meter(clock)
    clock.now += 4
    meter.pulled()
    clock.now += 1
    assert meter.take() == Spent(5.0, 1)
    clock.now += 2
    meter.pulled()
    meter.pulled()
    assert meter.take() == Spent(2.0, 2)
    assert meter.total == Spent(7.0, 3)
    meter.restart()
    assert meter.take() == Spent(0.0, 0)


def predicted(t: int) -> np.ndarray:
    return LINE


def test_a_border_shifted_by_two_pixels_went_two_pixels_in_mm():
    contour = Contour.through(LINE, Origin.PREDICTED)
    before = Label().with_contour(1, contour)
    after = before.with_contour(1, contour.shifted(0, 2)).with_contour(4, contour.accepted())
    spacing = Calibration(0.3, 0.5)
    assert moved_mm(before, after, predicted, spacing) == pytest.approx(1.0, abs=0.2)
    assert moved_mm(before, after, lambda t: None, spacing) == pytest.approx(1.0, abs=0.01)
    assert moved_mm(after, before, predicted, spacing) == pytest.approx(1.0, abs=0.2), "taken back"
    assert moved_mm(before, after, predicted, None) is None
    assert moved_mm(before, before, predicted, spacing) == 0.0


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Spent(0.2, 0), "0 s at work, 0 pulls"),
        (Spent(42.4, 1), "42 s at work, 1 pull"),
        (Spent(119.6, 12), "2 min 0 s at work, 12 pulls"),
    ],
)
def test_in_words(spent, words):
    assert in_words(spent) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, ""), (3.4, "3 s left"), (99, "99 s left"), (100, "2 min left"), (721, "12 min left")]
)
def test_time_left(seconds, words):
    assert time_left(seconds) == words
