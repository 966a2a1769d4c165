"""A prediction grows frame by frame and never changes under a reader."""

import numpy as np
import pytest

from echoview.domain.prediction import LogitMap, Prediction
from echoview.domain.view import View

LINE = np.column_stack([np.linspace(0, 64, 65), np.linspace(10, 20, 65)])
VIEWS = np.array([0.1, 0.2, 0.7])


def test_at_first_nothing_is_predicted():
    nothing = Prediction.none_yet(4, "w", "id", "cpu")
    assert nothing.contours.shape == (4, 65, 2)
    assert [nothing.contour(t) for t in range(4)] == [None] * 4
    assert nothing.confidence.tolist() == [0] * 4
    assert nothing.view_probabilities.sum() == pytest.approx(1)
    assert (nothing.done, nothing.complete) == (0, False)


def test_a_frame_is_added_and_the_former_value_stays():
    nothing = Prediction.none_yet(2, "w", "id", "cpu")
    first = nothing.with_frame(0, LINE, 0.9, VIEWS, 12.5)
    both = first.with_frame(1, np.full((65, 2), np.nan), 0.0, VIEWS, 13.0)
    assert nothing.contour(0) is None
    np.testing.assert_array_equal(first.contour(0), LINE)
    assert (first.done, first.complete, first.fps) == (1, False, 12.5)
    assert (both.done, both.complete) == (2, True)
    assert both.contour(1) is None
    assert both.confidence.tolist() == [0.9, 0.0]
    assert both.view is View.A4C
    assert (both.weights, both.weights_identity, both.device) == ("w", "id", "cpu")


def test_its_arrays_cannot_be_written():
    prediction = Prediction.none_yet(2, "w", "id", "cpu").with_frame(0, LINE, 0.9, VIEWS, 1.0)
    for array in (prediction.contours, prediction.confidence, prediction.view_probabilities, prediction.contour(0)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_views_given_are_not_shared():
    views = VIEWS.copy()
    prediction = Prediction.none_yet(1, "w", "id", "cpu").with_frame(0, LINE, 0.9, views, 1.0)
    views[:] = 0  # the caller's array stays the caller's
    np.testing.assert_array_equal(prediction.view_probabilities, VIEWS)


def test_what_stands_behind_a_frame_is_kept_with_it():
    prediction = Prediction.none_yet(3, "w", "id", "cpu").with_frame(0, LINE, 0.9, VIEWS, 1.0)
    assert prediction.spread_px.shape == (0, 0)
    seen = LogitMap(np.zeros((4, 4), np.float16), np.ones(2), np.zeros(2))
    behind = prediction.with_evidence(0, np.full(65, 2.0), seen)
    assert behind.spread_px.shape == (3, 65)
    assert behind.spread_px[0].tolist() == [2.0] * 65
    assert np.isnan(behind.spread_px[1:]).all()
    assert behind.maps == {0: seen}
    assert not prediction.maps
    again = behind.with_evidence(1, None, None)
    assert np.isnan(again.spread_px[1]).all()
    assert again.maps == {0: seen}


def test_a_map_is_read_at_points_of_the_picture():
    rows, columns = np.mgrid[:8, :8].astype(np.float16)
    seen = LogitMap(3 * columns + rows, np.array([0.5, 0.25]), np.array([1.0, 2.0]))  # linear: bilinear is exact
    points = np.array([[[2.0, 4.0], [5.0, 6.0]]])
    np.testing.assert_allclose(seen.at(points), [[3 * 2.0 + 3.0, 3 * 3.5 + 3.5]])
    assert seen.at(np.array([-100.0, -100.0])) == 0, "beyond the grid its edge counts"


def test_without_a_ventricle_there_is_no_view():
    empty = Prediction.none_yet(2, "w", "id", "cpu").with_frame(0, np.full((65, 2), np.nan), 0.0, VIEWS, 12.5)
    assert (empty.view, empty.view_share) == (None, None)
    found = empty.with_frame(1, LINE, 0.9, VIEWS, 13.0)
    assert (found.view, found.view_share) == (View.A4C, 0.7)
