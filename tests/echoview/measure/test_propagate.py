"""A correction carried to other frames, on simulated hearts whose contours are known in every frame."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.measure.propagate import (
    HALF,
    areas,
    between,
    by_arc,
    cardiac_phase,
    interpolate,
    propagate,
)
from ral.geometry import area, dice, raster
from ral.phantom import simulate

SIZE = 128


@pytest.fixture(scope="module")
def heart():
    return simulate(30, "A4C", frames=32, size=SIZE, beats=2.0, pathology="normal")


def scores(contours, heart) -> np.ndarray:
    return np.array([dice(raster(c, (SIZE, SIZE)), m) for c, m in zip(contours, heart.masks, strict=True)])


def too_small(heart) -> np.ndarray:
    """A network that leaves out the lateral wall, more so in systole: the same mistake in the same phase."""
    share = np.clip((np.linspace(0, 1, 65) - 0.5) * 2, 0, 1) * (1 - np.linspace(0, 1, 65)) * 4
    apart = 1 + 0.5 * np.cos(4 * np.pi * np.arange(32) / 32)
    wrong = [c - (s * 14 * share)[:, None] * (1, 0) for c, s in zip(heart.contours, apart, strict=True)]
    return np.stack(wrong)


def test_the_arc_runs_from_the_annulus_over_the_apex_whatever_the_points(heart):
    border = heart.contours[3]
    at = np.concatenate([np.linspace(0, 20, 200), np.arange(21, 65)])  # ten times as many along one wall
    uneven = np.column_stack([np.interp(at, np.arange(65), border[:, i]) for i in (0, 1)])
    found = by_arc(uneven)
    assert found.shape == (2 * HALF - 1, 2)
    np.testing.assert_allclose(found, by_arc(border), atol=0.05)
    np.testing.assert_allclose(found[[0, -1]], border[[0, -1]])
    middle = (border[0] + border[-1]) / 2
    apex = border[np.hypot(*(border - middle).T).argmax()]
    assert np.hypot(*(found[HALF - 1] - apex)) < 3


def test_contours_with_other_numbers_of_points_are_not_twisted_between(heart):
    """By raw index the two halves of an unevenly traced contour would be mixed up."""
    border = heart.contours[3]
    uneven = np.vstack([border[:20:10], border[20:]])
    middle = between(border, uneven, 0.5)
    assert dice(raster(middle, (SIZE, SIZE)), heart.masks[3]) > 0.97


def test_interpolation_meets_both_ends_and_stays_between_them(heart):
    human = {4: heart.contours[4], 8: heart.contours[8]}
    found = interpolate(human, range(32))
    assert sorted(found) == [5, 6, 7], "nothing before the first or after the last"
    sizes = [area(found[t]) for t in (5, 6, 7)]
    low, high = sorted((area(human[4]), area(human[8])))
    assert all(low <= size <= high for size in sizes)
    assert found[5].shape == (65, 2)


def test_phase_is_whole_at_diastole_and_the_same_in_every_beat(heart):
    phase = cardiac_phase(areas(heart.contours))
    assert (np.diff(phase) > 0).all()
    assert phase[-1] - phase[0] == pytest.approx(31 / 16, abs=0.15)
    np.testing.assert_allclose(phase[16:] - phase[:16], 1.0, atol=0.1)
    volumes = heart.volumes_ml
    ed = int(volumes[8:24].argmax()) + 8
    assert phase[ed] == pytest.approx(round(phase[ed]), abs=0.08)


def test_a_cine_without_a_beat_has_a_phase_all_the_same():
    phase = cardiac_phase(np.full(10, np.nan))
    assert (np.diff(phase) > 0).all()
    assert cardiac_phase(np.zeros(0)).shape == (0,)


def test_areas_are_shoelace_areas(heart):
    np.testing.assert_allclose(areas(heart.contours), [area(c) for c in heart.contours])
    assert np.isnan(areas(np.full((2, 65, 2), np.nan))).all()


def test_two_corrections_mend_both_beats(heart):
    base = too_small(heart)
    phase = cardiac_phase(areas(base))
    before = scores(base, heart)
    human = {t: heart.contours[t] for t in (5, 13)}  # systole and diastole of the first beat
    found = propagate(base, human, phase)
    after = scores([found.get(t, heart.contours[t]) for t in range(32)], heart)
    assert sorted(found) == [t for t in range(32) if t not in human]
    assert before.min() < 0.86
    assert after.min() > 0.93
    assert (1 - after[16:]).mean() < 0.5 * (1 - before[16:]).mean(), "the other beat is mended too"


def test_frames_that_a_person_corrected_are_never_given_back(heart):
    base = too_small(heart)
    human = {t: heart.contours[t] for t in (2, 9, 20)}
    found = propagate(base, human, cardiac_phase(areas(base)))
    assert not set(found) & set(human)


def test_a_correction_fades_with_phase_and_near_frames_follow_most(heart):
    base = heart.contours.copy()
    pushed = base[8] + (6.0, 0.0)
    found = propagate(base, {8: pushed}, cardiac_phase(areas(base)), common=0.0, alone=0.0, steady=0.0)
    moved = {t: float(np.abs(found[t] - by_arc(base[t])).mean()) for t in found}
    assert moved[9] > 0.8 * moved[7] > 0
    assert moved[9] > moved[12] > 0
    assert moved[24] > 0.9 * moved[9], "the same phase of the other beat"
    assert moved[16] < 0.2 * moved[9], "half a beat away it is hardly felt"


def test_an_accepted_frame_holds_a_correction_back(heart):
    base = heart.contours
    phase = cardiac_phase(areas(base))
    pushed = {8: base[8] + (6.0, 0.0)}
    free = propagate(base, pushed, phase, steady=0.0)
    held = propagate(base, {**pushed, 10: base[10]}, phase, steady=0.0)

    def moved(found, t):
        return float(np.abs(found[t] - by_arc(base[t])).mean())

    assert moved(held, 11) < 0.6 * moved(free, 11)


def test_frames_without_a_prediction_and_frames_not_wanted_are_left_out(heart):
    base = heart.contours.copy()
    base[3] = np.nan
    phase = cardiac_phase(areas(base))
    assert sorted(propagate(base, {8: base[8]}, phase, frames=[2, 3, 4])) == [2, 4]
    assert propagate(base, {3: base[8]}, phase) == {}, "a correction of nothing is no displacement"
    assert propagate(base, {}, phase) == {}
