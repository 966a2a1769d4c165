"""Dragging, adding and deleting points of a contour, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour import Contour, Origin
from echoview.ui.tools import Pointer, point
from echoview.ui.tools.point import Grip

REACH = 3.0


def at(x: float, y: float) -> Pointer:
    return Pointer(x, y, REACH)


@pytest.fixture
def contour() -> Contour:
    angle = np.linspace(np.pi, 0, 9)
    return Contour(np.column_stack([50 + 30 * np.cos(angle), 80 - 60 * np.sin(angle)]), (Origin.PREDICTED,) * 9)


def test_a_handle_is_hit_before_the_edge_and_neither_from_afar(contour) -> None:
    x, y = contour.handles[4]
    assert point.hit(contour, x + 1, y, REACH) == point.Hit(Grip.HANDLE, 4)
    between = contour.dense(400)
    far = between[np.argmax(np.min(np.hypot(*(between[:, None] - contour.handles).transpose(2, 0, 1)), axis=1))]
    assert point.hit(contour, *far, REACH).grip is Grip.EDGE
    assert point.hit(contour, 50, 60, REACH).grip is Grip.NOTHING
    assert point.begin(contour, at(50, 60)) is None


def test_far_zoomed_in_the_whole_line_can_be_taken_hold_of(contour) -> None:
    """The reach is a tenth of the picture's pixel then: nothing of the line may lie between two samples."""
    missed = [p for p in contour.dense(997) if point.hit(contour, *p, 0.1).grip is Grip.NOTHING]
    assert not missed


def test_a_press_on_the_edge_adds_a_point_that_follows_the_hand(contour) -> None:
    between = contour.dense(400)
    far = between[np.argmax(np.min(np.hypot(*(between[:, None] - contour.handles).transpose(2, 0, 1)), axis=1))]
    drag = point.begin(contour, at(*far))
    assert (drag.text, len(drag.now.handles)) == ("add point", 10)
    moved = drag.to(at(far[0] + 2, far[1] - 1))
    np.testing.assert_allclose(moved.now.handles[moved.held], far + np.array([2, -1]))
    assert moved.now.origins[moved.held] is Origin.CORRECTED


def test_a_pulled_point_takes_its_predicted_neighbours_along_but_not_the_ends(contour) -> None:
    x, y = contour.handles[4]
    drag = point.begin(contour, at(x, y)).to(at(x, y - 4)).to(at(x, y - 10))
    moved = (drag.now.handles - contour.handles)[:, 1]
    np.testing.assert_allclose(moved, [0, 0, -2, -6, -10, -6, -2, 0, 0], atol=1e-9)
    assert drag.now.origins[4] is Origin.CORRECTED
    carried = [i for i, o in enumerate(drag.now.origins) if o is Origin.PROPAGATED]
    assert carried == [2, 3, 5, 6]
    assert drag.start is contour


def test_a_point_that_a_person_set_is_a_barrier(contour) -> None:
    held = contour.moved(3, *contour.handles[3])
    x, y = held.handles[4]
    now = point.begin(held, at(x, y)).to(at(x + 10, y)).now
    np.testing.assert_array_equal(now.handles[:4], held.handles[:4])
    assert now.handles[5, 0] > held.handles[5, 0]


def test_the_annulus_points_move_alone_at_the_end(contour) -> None:
    x, y = contour.handles[0]
    now = point.begin(contour, at(x, y)).to(at(x - 5, y)).now
    assert now.handles[0, 0] == x - 5
    assert now.handles[-1, 0] == contour.handles[-1, 0]


def test_deleting_needs_a_handle_and_leaves_three(contour) -> None:
    assert point.delete(contour, 50, 60, REACH) is None
    assert len(point.delete(contour, *contour.handles[2], REACH).handles) == 8
    three = Contour(contour.handles[[0, 4, 8]], (Origin.DRAWN,) * 3)
    assert point.delete(three, *three.handles[1], REACH) is None
