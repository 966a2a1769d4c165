"""The hand on a contour, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour import Contour, Origin
from echoview.ui import edit_tool
from echoview.ui.edit_tool import Drawing, Grip

REACH = 3.0


@pytest.fixture
def contour() -> Contour:
    angle = np.linspace(np.pi, 0, 9)
    return Contour(np.column_stack([50 + 30 * np.cos(angle), 80 - 60 * np.sin(angle)]), (Origin.PREDICTED,) * 9)


def test_a_handle_is_hit_before_the_edge_and_neither_from_afar(contour) -> None:
    x, y = contour.handles[4]
    assert edit_tool.hit(contour, x + 1, y, REACH) == edit_tool.Hit(Grip.HANDLE, 4)
    between = contour.dense(400)
    far = between[np.argmax(np.min(np.hypot(*(between[:, None] - contour.handles).transpose(2, 0, 1)), axis=1))]
    assert edit_tool.hit(contour, *far, REACH).grip is Grip.EDGE
    assert edit_tool.hit(contour, 50, 60, REACH).grip is Grip.NOTHING
    assert edit_tool.press(contour, 50, 60, REACH) is None


def test_a_pulled_point_takes_its_predicted_neighbours_along_but_not_the_ends(contour) -> None:
    x, y = contour.handles[4]
    drag = edit_tool.press(contour, x, y, REACH).to(x, y - 4).to(x, y - 10)
    moved = (drag.now.handles - contour.handles)[:, 1]
    np.testing.assert_allclose(moved, [0, 0, -2, -6, -10, -6, -2, 0, 0], atol=1e-9)
    assert drag.now.origins[4] is Origin.CORRECTED
    assert [o is Origin.PROPAGATED for o in drag.now.origins] == [
        False,
        False,
        True,
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert drag.before is contour


def test_a_point_that_a_person_set_is_a_barrier(contour) -> None:
    held = contour.moved(3, *contour.handles[3])
    x, y = held.handles[4]
    now = edit_tool.press(held, x, y, REACH).to(x + 10, y).now
    np.testing.assert_array_equal(now.handles[:4], held.handles[:4])
    assert now.handles[5, 0] > held.handles[5, 0]


def test_the_annulus_points_move_alone_at_the_end(contour) -> None:
    x, y = contour.handles[0]
    now = edit_tool.press(contour, x, y, REACH).to(x - 5, y).now
    assert now.handles[0, 0] == x - 5
    assert now.handles[-1, 0] == contour.handles[-1, 0]


def test_dragging_the_whole_contour_moves_every_point_alike(contour) -> None:
    drag = edit_tool.press(contour, 0, 0, REACH, whole=True).to(3, 4).to(6, -2)
    np.testing.assert_allclose(drag.now.handles, contour.handles + np.array([6, -2]))


def test_deleting_needs_a_handle_and_leaves_three(contour) -> None:
    assert edit_tool.delete(contour, 50, 60, REACH) is None
    assert len(edit_tool.delete(contour, *contour.handles[2], REACH).handles) == 8
    three = Contour(contour.handles[[0, 4, 8]], (Origin.DRAWN,) * 3)
    assert edit_tool.delete(three, *three.handles[1], REACH) is None


def test_three_clicks_make_a_rounded_ventricle_and_more_are_taken_as_they_are() -> None:
    drawing = Drawing().click(10, 90).click(30, 10)
    assert not drawing.ready
    with pytest.raises(ValueError, match="handles"):
        drawing.finished()
    three = drawing.click(50, 90).finished()
    assert len(three.handles) == 7
    np.testing.assert_allclose(three.handles[[0, 3, 6]], [(10, 90), (30, 10), (50, 90)])
    assert set(three.origins) == {Origin.DRAWN}
    four = Drawing().click(0, 9).click(1, 5).click(2, 5).click(3, 9)
    assert len(four.finished().handles) == 4
    assert len(four.back().clicks) == 3
