"""A contour fitted to three landmarks and to what the network saw."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour_edit import off_line
from echoview.domain.prediction import LogitMap
from echoview.measure.reseed import snapped, warped
from ral.geometry import contour_landmarks
from ral.phantom import simulate


@pytest.fixture(scope="module")
def border() -> np.ndarray:
    return simulate(5, frames=2, size=256).contours[0]


def seen_of(border: np.ndarray, size: int = 256) -> LogitMap:
    """Logits that are zero on a border, and rise towards its inside."""
    from ral.geometry import raster

    rows, columns = np.mgrid[:size, :size]
    far = off_line(np.column_stack([columns.ravel(), rows.ravel()]).astype(float), np.vstack([border, border[:1]]))
    inside = raster(border, (size, size)).ravel()
    return LogitMap(np.where(inside, far, -far).reshape(size, size).astype(np.float16), np.ones(2), np.zeros(2))


def test_the_landmarks_come_to_lie_where_they_are_wanted(border):
    marks = contour_landmarks(border)
    wanted = marks.first + np.array([-8, 3]), marks.apex + np.array([5, -12]), marks.second + np.array([6, 6])
    moved = warped(border, *wanted)
    np.testing.assert_allclose(moved[[0, -1]], [wanted[0], wanted[2]], atol=1e-9)
    assert off_line(wanted[1][None], moved)[0] < 1e-9
    np.testing.assert_allclose(warped(border, *marks), border, atol=1e-9)


def test_landmarks_on_one_line_only_shift_the_contour(border):
    moved = warped(border, np.array([10.0, 50]), np.array([20.0, 50]), np.array([30.0, 50]))
    steps = moved - border
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape))
    assert np.isfinite(moved).all()


def test_a_contour_beside_the_seen_border_is_drawn_onto_it(border):
    marks = contour_landmarks(border)
    wave = np.sin(np.linspace(0, 4 * np.pi, len(border)))[:, None]  # no affine map takes that out
    seeded = warped(border + 0.1 * wave * (border.mean(0) - border), *marks)
    found = snapped(seeded, seen_of(border), marks.apex)
    before, after = off_line(seeded, border), off_line(found, border)
    assert before.mean() > 1.5
    assert after.mean() < 0.4 * before.mean()
    np.testing.assert_allclose(found[[0, -1]], [marks.first, marks.second], atol=1e-9)


def test_where_nothing_is_seen_the_contour_stays(border):
    nothing = LogitMap(np.full((8, 8), -5, np.float16), np.full(2, 1 / 32), np.zeros(2))
    assert off_line(snapped(border, nothing, contour_landmarks(border).apex), border).max() < 0.05


@pytest.mark.parametrize("aside", [-14, 14])
def test_an_apex_stays_where_it_was_put_though_the_contour_has_its_own_elsewhere(border, aside):
    marks = contour_landmarks(border)
    apex = marks.apex + np.array([aside, -4])
    found = snapped(warped(border, marks.first, apex, marks.second), seen_of(border), apex)
    assert off_line(apex[None], found)[0] < 0.1
