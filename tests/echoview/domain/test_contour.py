"""The contour: a spline through its handles, an edit is a new value, its origins tell who stands behind it."""

import numpy as np
import pytest

from echoview.domain.contour import DEFAULT_HANDLES, DENSE_POINTS, Contour, Origin, draw
from ral.geometry import area
from ral.phantom import simulate

P, A, C, D = Origin.PREDICTED, Origin.ACCEPTED, Origin.CORRECTED, Origin.DRAWN
HANDLES = np.array([[0.0, 10.0], [2.0, 4.0], [6.0, 0.0], [10.0, 4.0], [12.0, 10.0]])


@pytest.fixture
def predicted() -> Contour:
    return Contour(HANDLES, (P,) * 5)


def arc(radius: float, count: int) -> np.ndarray:
    angle = np.linspace(np.pi, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def test_the_handles_are_copied_and_cannot_be_written(predicted):
    mine = HANDLES.copy()
    contour = Contour(mine, (P,) * 5)
    mine[0] = 99
    assert contour.handles[0].tolist() == [0, 10]
    with pytest.raises(ValueError, match="read-only"):
        contour.handles[0, 0] = 1
    with pytest.raises(AttributeError):
        contour.handles = mine


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_handles_are_refused(count):
    with pytest.raises(ValueError, match="handles"):
        Contour(HANDLES[:count], (P,) * count)
    with pytest.raises(ValueError, match="handles"):
        draw([(0.0, 0.0)] * count)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_handle_that_is_no_number_is_refused(wrong):
    with pytest.raises(ValueError, match="not a number"):
        Contour(np.array([[0, 0], [1, wrong], [2, 0]]), (P,) * 3)


def test_origins_that_do_not_match_the_handles_are_refused():
    with pytest.raises(ValueError, match="5 handles and 4 origins"):
        Contour(HANDLES, (P,) * 4)


@pytest.mark.parametrize("count", [2, 17, DENSE_POINTS, 201])
def test_the_dense_line_begins_and_ends_at_the_annulus_in_equal_steps(predicted, count):
    dense = predicted.dense(count)
    assert dense.shape == (count, 2)
    np.testing.assert_allclose(dense[[0, -1]], HANDLES[[0, -1]], atol=1e-12)
    steps = np.hypot(*np.diff(dense, axis=0).T)
    assert steps.max() < 1.02 * steps.min()


def test_the_spline_passes_through_every_handle(predicted):
    dense = predicted.dense(4001)
    for handle in HANDLES:
        assert np.hypot(*(dense - handle).T).min() < 0.01


def test_the_spline_of_points_on_a_circle_is_that_circle():
    dense = Contour(arc(100.0, 15), (P,) * 15).dense(500)
    np.testing.assert_allclose(np.hypot(*dense.T), 100.0, atol=0.4)
    inner = dense[50:-50]  # the end segments have no neighbour to bend to
    np.testing.assert_allclose(np.hypot(*inner.T), 100.0, atol=0.1)


def test_near_handles_make_no_loop():
    tight = np.array([[0, 0], [50, 0], [50.5, 0.2], [51, 0], [100, 0]], float)
    assert (np.diff(Contour(tight, (P,) * 5).dense(2000)[:, 0]) > -1e-9).all()


def test_handles_on_one_spot_give_that_spot():
    dense = Contour(np.full((3, 2), 7.0), (P,) * 3).dense()
    np.testing.assert_allclose(dense, 7.0)


def test_the_handles_keep_the_area_of_a_ventricle():
    for seed in range(6):
        for border in simulate(seed, ("A2C", "A3C", "A4C")[seed % 3], frames=2, size=96).contours:
            contour = Contour.through(border, P)
            assert contour.handles.shape == (DEFAULT_HANDLES, 2)
            np.testing.assert_allclose(contour.handles[[0, -1]], border[[0, -1]], atol=1e-9)
            assert area(contour.dense()) == pytest.approx(area(border), rel=0.002)


def test_a_moved_handle_is_corrected_and_the_rest_stays(predicted):
    moved = predicted.moved(2, 6.5, -1.0)
    assert moved.handles[2].tolist() == [6.5, -1.0]
    np.testing.assert_array_equal(np.delete(moved.handles, 2, 0), np.delete(HANDLES, 2, 0))
    assert moved.origins == (P, P, C, P, P)
    assert predicted.handles[2].tolist() == [6, 0]
    assert predicted.origins == (P,) * 5


def test_what_was_drawn_stays_drawn():
    drawn = draw([(0, 10), (6, 0), (12, 10)])
    assert drawn.origins == (D, D, D)
    assert drawn.moved(1, 6, 1).origins == (D, D, D)
    assert drawn.accepted().origins == (D, D, D)
    assert drawn.shifted(1, 1).origins == (D, D, D)


@pytest.mark.parametrize(
    ("x", "y", "at"), [(0.5, 7.5, 1), (4.0, 1.6, 2), (8.5, 1.5, 3), (11.5, 7.0, 4), (0, 30, 1), (12, 30, 4)]
)
def test_a_handle_is_added_on_the_stretch_that_is_nearest(predicted, x, y, at):
    more, index = predicted.added(x, y)
    assert index == at
    assert more.handles[at].tolist() == [x, y]
    np.testing.assert_array_equal(np.delete(more.handles, at, 0), HANDLES)
    assert more.origins == (P,) * at + (C,) + (P,) * (5 - at)


@pytest.mark.parametrize(("index", "origins"), [(0, (C, P, P, P)), (2, (P, C, C, P)), (4, (P, P, P, C))])
def test_the_neighbours_of_a_removed_handle_count_as_corrected(predicted, index, origins):
    fewer = predicted.without(index)
    np.testing.assert_array_equal(fewer.handles, np.delete(HANDLES, index, 0))
    assert fewer.origins == origins


def test_the_last_three_handles_cannot_be_removed():
    with pytest.raises(ValueError, match="fewest"):
        draw([(0, 10), (6, 0), (12, 10)]).without(1)


def test_a_shift_moves_all_of_it(predicted):
    shifted = predicted.shifted(3, -2)
    np.testing.assert_allclose(shifted.handles, HANDLES + np.array([3, -2]))
    assert shifted.origins == (C,) * 5
    np.testing.assert_allclose(shifted.dense(), predicted.dense() + np.array([3, -2]), atol=1e-9)


def test_accepting_takes_the_prediction_over_and_leaves_what_a_person_did(predicted):
    accepted = predicted.moved(1, 2, 5).accepted()
    assert accepted.origins == (A, C, A, A, A)
    assert all(o.human for o in accepted.origins)
    np.testing.assert_array_equal(accepted.handles[0], HANDLES[0])


def test_edited_says_whether_a_person_changed_the_line(predicted):
    assert not predicted.edited
    assert not predicted.accepted().edited
    assert predicted.moved(0, 0, 0).edited
    assert draw(HANDLES.tolist()).edited


def test_human_origins():
    assert {o for o in Origin if o.human} == {A, C, D}
