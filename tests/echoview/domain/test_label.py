"""A label is a value: an edit makes a new one, undo is the old one."""

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.view import View

ONE = draw([(0, 10), (5, 0), (10, 10)])
TWO = draw([(1, 11), (6, 1), (11, 11)])


def test_a_new_label_says_nothing():
    label = Label()
    assert label.empty
    assert label.contour(0) is None
    assert (label.view, label.ed, label.es, label.calibration) == (None,) * 4


def test_an_edit_leaves_the_former_label_as_it_was():
    first = Label().with_contour(7, ONE)
    second = first.with_contour(7, TWO).with_contour(3, ONE)
    assert first.contour(7) is ONE
    assert dict(first.contours) == {7: ONE}
    assert dict(second.contours) == {3: ONE, 7: TWO}
    assert list(second.contours) == [3, 7]  # frames in order, whatever the order of the edits
    assert list(second.without_contour(3).contours) == [7]
    assert list(second.contours) == [3, 7]


def test_the_contours_cannot_be_changed_from_outside():
    mine = {1: ONE}
    label = Label(mine)
    mine[2] = TWO
    assert list(label.contours) == [1]
    with pytest.raises(TypeError):
        label.contours[1] = TWO  # type: ignore[index]
    with pytest.raises(AttributeError):
        label.ed = 3  # type: ignore[misc]


def test_removing_a_frame_that_nobody_touched_changes_nothing():
    label = Label({1: ONE}, ed=4)
    assert dict(label.without_contour(9).contours) == {1: ONE}
    assert label.without_contour(9).ed == 4


@pytest.mark.parametrize(
    ("edit", "field", "value"),
    [
        (Label.with_view, "view", View.A2C),
        (Label.with_ed, "ed", 0),
        (Label.with_es, "es", 12),
        (Label.with_calibration, "calibration", Calibration(0.3, 0.2)),
    ],
)
def test_each_saying_is_kept_alone_and_can_be_taken_back(edit, field, value):
    before = Label({1: ONE})
    after = edit(before, value)
    assert getattr(after, field) == value
    assert after.contours == before.contours
    assert {f: getattr(after, f) for f in ("view", "ed", "es", "calibration") if f != field} == {
        f: None for f in ("view", "ed", "es", "calibration") if f != field
    }
    assert getattr(edit(after, None), field) is None
    assert not edit(Label(), value).empty  # frame 0 is said, too
    assert edit(edit(Label(), value), None).empty


def test_a_label_with_a_contour_is_not_empty():
    assert not Label({0: ONE}).empty
    assert Label({0: ONE}).without_contour(0).empty


def test_the_views_keep_the_order_of_every_probability():
    from ral.config import VIEWS

    assert tuple(v.value for v in View) == VIEWS
    assert [v.index for v in View] == [0, 1, 2]
    assert View.A4C.walls == ("septal", "lateral")
    assert np.eye(3)[View.A3C.index].tolist() == [0, 1, 0]


def test_a_frame_that_cannot_be_traced_has_no_contour_until_it_gets_one():
    label = Label({1: ONE, 4: TWO}).with_not_traceable(4)
    assert list(label.contours) == [1]
    assert label.not_traceable == {4}
    assert label.with_contour(4, ONE).not_traceable == frozenset()
    assert label.with_contours({4: ONE, 5: TWO}).not_traceable == frozenset()
    assert label.with_not_traceable(4, False).not_traceable == frozenset()
    assert not Label().with_not_traceable(0).empty


def test_several_contours_at_once_leave_the_others():
    label = Label({1: ONE, 2: ONE}).with_contours({2: TWO, 3: TWO})
    assert dict(label.contours) == {1: ONE, 2: TWO, 3: TWO}
