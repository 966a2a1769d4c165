"""Nudge, arc, brush, landmarks, drawing and the frame that moves the whole contour, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour import Contour, Origin
from echoview.domain.contour_edit import crossing, off_line
from echoview.domain.prediction import LogitMap
from echoview.ui.tools import Drawing, Pointer, Seeds, Tool, begin, move
from echoview.ui.tools.nudge import push
from ral.geometry import area, contour_landmarks, resample
from ral.phantom import simulate

SIZE = (256, 256)


@pytest.fixture(scope="module")
def contour() -> Contour:
    return Contour(resample(simulate(3, frames=2, size=256).contours[0], 15), (Origin.PREDICTED,) * 15)


def at(point, radius: float = 18.0) -> Pointer:
    return Pointer(float(point[0]), float(point[1]), 4.0, radius, SIZE)


def stroke(tool: Tool, contour: Contour, points, radius: float = 18.0):
    """Press on the first point and drag through the others."""
    gesture = begin(tool, contour, at(points[0], radius))
    for point in points[1:]:
        gesture = gesture.to(at(point, radius))
    return gesture


@pytest.mark.parametrize("tool", [t for t in Tool if t not in (Tool.DRAW, Tool.RESEED, Tool.CALIBRATE)])
def test_without_a_contour_there_is_nothing_to_take_hold_of(tool):
    assert begin(tool, None, at((10, 10))) is None


def test_a_nudge_from_inside_pushes_out_and_from_outside_in(contour):
    middle, side = contour.handles.mean(0), contour.handles[11]
    out = side + 0.35 * (side - middle)
    pushed = stroke(Tool.NUDGE, contour, [middle, (middle + side) / 2, side])
    assert area(pushed.now.dense()) > 1.02 * area(contour.dense())
    assert off_line(side[None], pushed.now.dense(400))[0] > 10, "the border left the way of the circle"
    dented = stroke(Tool.NUDGE, contour, [out, side, side + 0.1 * (middle - side)])
    assert area(dented.now.dense()) < area(contour.dense())
    for gesture in (pushed, dented):
        kept = sum(o is Origin.PREDICTED for o in gesture.now.origins)
        assert kept >= 6, "what was not pushed is still the prediction's"
        assert crossing(gesture.now.dense()) is None


@pytest.mark.parametrize("end", [0, -1])
def test_the_circle_leaves_an_annulus_point_alone_unless_it_lies_on_it(contour, end):
    hinge, middle = contour.handles[end], contour.handles.mean(0)
    wall = contour.handles[1 if end == 0 else -2]
    outwards = (wall - middle) / np.hypot(*(wall - middle))
    beside = stroke(Tool.NUDGE, contour, [wall - 12 * outwards, wall - 2 * outwards], radius=10).now
    np.testing.assert_array_equal(beside.handles[end], hinge)
    assert beside.origins[end] is Origin.PREDICTED
    assert off_line(beside.dense(), contour.dense(400)).max() > 5, "the wall beside it went"
    on_it = stroke(Tool.NUDGE, contour, [hinge - 14 * outwards, hinge - 6 * outwards], radius=12).now
    assert 3 < np.hypot(*(on_it.handles[end] - hinge)) < 12
    assert on_it.origins[end] is Origin.CORRECTED
    assert crossing(beside.dense()) is None


def test_an_annulus_point_is_not_drawn_away_by_its_neighbours(contour):
    line = contour.dense(181)
    along = line[1] - line[0]
    along /= np.hypot(*along)
    beside = line[0] + 10.1 * along + 3.0 * np.array([along[1], -along[0]])
    for outwards in (False, True):
        moved = push(line, beside, 10.0, outwards)
        assert np.abs(moved - line).max() > 1
        np.testing.assert_array_equal(moved[0], line[0])


def test_nudging_a_rough_border_again_and_again_does_not_multiply_its_points(contour):
    rng = np.random.default_rng(1)
    for _ in range(12):
        line = contour.dense(200)
        at_wall = line[rng.integers(30, 170)]
        contour = stroke(Tool.NUDGE, contour, [at_wall, at_wall + rng.normal(0, 6, 2)], radius=5).now
    assert len(contour.handles) < 160


def test_wild_strokes_of_the_circle_tie_no_knot(contour):
    rng = np.random.default_rng(5)
    middle = contour.handles.mean(0)
    for _ in range(10):
        way = [middle + rng.normal(0, 40, 2) for _ in range(5)]
        contour = stroke(Tool.NUDGE, contour, way).now
        assert crossing(contour.dense(90)) is None


def test_a_nudge_that_touches_nothing_changes_nothing(contour):
    assert stroke(Tool.NUDGE, contour, [contour.handles.mean(0)] * 2, radius=4).now is contour


def test_a_fast_nudge_pushes_like_a_slow_one(contour):
    middle, side = contour.handles.mean(0), contour.handles[11]
    fast = stroke(Tool.NUDGE, contour, [middle, side])
    slow = stroke(Tool.NUDGE, contour, [middle + s * (side - middle) for s in np.linspace(0, 1, 20)])
    assert area(fast.line) == pytest.approx(area(slow.line), rel=0.02)


@pytest.mark.parametrize("backwards", [False, True])
def test_an_arc_takes_the_place_of_the_stretch_between_its_ends(contour, backwards):
    a, b = contour.handles[9], contour.handles[12]
    outwards = np.array([12.0, 0.0])
    drawn = [a + s * (b - a) + np.sin(np.pi * s) * outwards for s in np.linspace(0, 1, 15)]
    gesture = stroke(Tool.ARC, contour, drawn[::-1] if backwards else drawn)
    line = gesture.now.dense(400)
    assert off_line(np.array(drawn[2:-2]), line).max() < 1.5
    np.testing.assert_array_equal(gesture.now.handles[0], contour.handles[0])
    np.testing.assert_array_equal(gesture.now.handles[-1], contour.handles[-1])
    assert gesture.now.origins[:6] == (Origin.PREDICTED,) * 6


def test_an_arc_begins_on_the_contour_and_a_short_one_changes_nothing(contour):
    assert begin(Tool.ARC, contour, at(contour.handles.mean(0))) is None
    assert begin(Tool.ARC, contour, at(contour.handles[5])).now is contour
    assert stroke(Tool.ARC, contour, [contour.handles[5], contour.handles[5] + 1]).now is contour


def test_brush_and_eraser_change_the_cavity_where_they_went(contour):
    side, middle = contour.handles[11], contour.handles.mean(0)
    out = side + 0.2 * (side - middle)
    more = stroke(Tool.BRUSH, contour, [side, out], 10).now
    less = stroke(Tool.ERASER, contour, [out, side], 10).now
    assert area(more.dense()) > 1.01 * area(contour.dense())
    assert area(less.dense()) < 0.99 * area(contour.dense())
    for made in (more, less):
        kept = [h for h, o in zip(made.handles, made.origins, strict=True) if o is Origin.PREDICTED]
        assert len(kept) >= 8
        for handle in kept:
            assert (handle == contour.handles).all(1).any()


def test_erasing_everything_is_refused_by_changing_nothing(contour):
    assert stroke(Tool.ERASER, contour, [contour.handles.mean(0)], 400).now is contour


def test_three_landmarks_in_any_order_carry_the_former_contour_over(contour):
    marks = contour_landmarks(contour.dense())
    wanted = marks.first + np.array([-6, 2]), marks.apex + np.array([3, -9]), marks.second + np.array([5, 4])
    for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        seeds = begin(Tool.RESEED, contour, at(wanted[order[0]]))
        assert seeds.now is None
        for i in order:
            seeds = seeds.press(at(wanted[i])).release(at(wanted[i]))
        assert (seeds.done, seeds.clicks) == (True, 3)
        made = seeds.now
        np.testing.assert_allclose(made.handles[[0, -1]], [wanted[0], wanted[2]], atol=1e-9)
        assert off_line(wanted[1][None], made.dense(400))[0] < 1.5
        assert set(made.origins) == {Origin.CORRECTED}


def test_a_landmark_can_be_dragged_into_place(contour):
    seeds = begin(Tool.RESEED, contour, at((10, 10))).press(at((10, 10))).to(at((30, 40))).release(at((50, 60)))
    assert seeds.placed == ((50.0, 60.0),)
    assert not seeds.done


def test_landmarks_lay_the_contour_on_what_the_network_saw():
    rows, columns = np.mgrid[:256, :256]
    ellipse = 1 - ((columns - 128) / 40) ** 2 - ((rows - 180) / 110) ** 2  # cavity above its flat side at 180
    seen = LogitMap(np.where(rows <= 180, 20 * ellipse, -8).astype(np.float16), np.ones(2), np.zeros(2))
    seeds = Seeds(None, seen)
    for mark in ((88, 180), (128, 70), (168, 180)):
        seeds = seeds.release(at(mark))
    line = seeds.now.dense(200)[20:-20]
    assert np.abs(((line[:, 0] - 128) / 40) ** 2 + ((line[:, 1] - 180) / 110) ** 2 - 1).max() < 0.12
    assert set(seeds.now.origins) == {Origin.DRAWN}


def test_landmarks_on_one_line_make_no_contour(contour):
    seeds = Seeds(contour, None)
    for x in (10, 20, 30):
        seeds = seeds.release(at((x, 50)))
    assert seeds.now is None


def test_three_clicks_make_a_rounded_ventricle_and_more_are_taken_as_they_are():
    drawing = Drawing().release(at((10, 90))).release(at((30, 10)))
    assert not drawing.ready
    with pytest.raises(ValueError, match="handles"):
        drawing.finished()
    three = drawing.release(at((50, 90))).finished()
    assert len(three.handles) == 7
    np.testing.assert_allclose(three.handles[[0, 3, 6]], [(10, 90), (30, 10), (50, 90)])
    assert set(three.origins) == {Origin.DRAWN}
    four = Drawing()
    for click in ((0, 9), (1, 5), (2, 5), (3, 9)):
        four = four.to(at(click)).release(at(click))
    assert len(four.finished().handles) == 4
    assert len(four.back().placed) == 3
    assert not four.done, "Enter ends it"


def test_a_ruler_reaches_from_the_press_to_the_hand(contour):
    rule = begin(Tool.CALIBRATE, None, at((10, 10))).to(at((13, 14)))
    assert rule.trail.tolist() == [[10, 10], [13, 14]]
    assert rule.now is None
    assert rule.done


def test_the_frame_moves_turns_and_scales(contour):
    corners, knob = move.frame(contour, 4.0)
    centre = contour.handles.mean(0)
    moved = stroke(Tool.MOVE, contour, [centre, centre + np.array([7, -3])])
    np.testing.assert_allclose(moved.now.handles, contour.handles + np.array([7, -3]))
    assert moved.text == "move contour"
    larger = stroke(Tool.MOVE, contour, [corners[2], centre + 1.2 * (corners[2] - centre)])
    assert area(larger.now.dense()) == pytest.approx(1.44 * area(contour.dense()))
    arm = knob - centre
    turned = stroke(Tool.MOVE, contour, [knob, centre + np.array([-arm[1], arm[0]])])
    np.testing.assert_allclose(
        turned.now.handles[0] - centre, np.array([[0, -1], [1, 0]]) @ (contour.handles[0] - centre)
    )
    assert begin(Tool.MOVE, contour, at(corners[2] + 40)) is None


def test_the_whole_contour_moves_from_anywhere_and_turns_by_notches(contour):
    drag = move.whole(contour, at((0, 0))).to(at((3, 4))).to(at((6, -2)))
    np.testing.assert_allclose(drag.now.handles, contour.handles + np.array([6, -2]))
    turn = move.Turn(contour).by(30).by(60)
    assert turn.degrees == 90
    np.testing.assert_allclose(turn.now.handles.mean(0), contour.handles.mean(0))
