"""Where a time lies on the screen."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.ui.time_scale import MARGIN, TimeScale

TIMES = np.array([0.0, 0.1, 0.15, 0.4, 0.5])
WIDTH = 528  # 500 px between the margins


@pytest.fixture
def scale() -> TimeScale:
    return TimeScale.whole(TIMES, WIDTH)


def test_frames_lie_by_their_time_and_are_found_again(scale) -> None:
    assert [scale.x_of(t) - MARGIN for t in range(5)] == pytest.approx([0, 100, 150, 400, 500])
    for t in range(5):
        assert scale.frame_at(scale.x_of(t) + 5) == t
    assert (scale.frame_at(-99), scale.frame_at(9999)) == (0, 4)


def test_a_frame_takes_the_room_halfway_to_its_neighbours(scale) -> None:
    assert scale.edges() - MARGIN == pytest.approx([-2, 50, 125, 275, 450, 502])


def test_what_lies_under_the_pointer_stays_there_when_zooming() -> None:
    whole = TimeScale.whole(np.arange(200) / 50, WIDTH)
    x = whole.x_of(120)
    near = whole.zoom(3, x)
    assert near.zoomed
    assert near.x_of(120) == pytest.approx(x)
    assert not near.zoom(0.01, x).zoomed
    assert near.zoom(1e9, x).end_s - near.zoom(1e9, x).start_s == pytest.approx(8 / 50, rel=0.02)


def test_the_view_follows_a_frame_that_left_it() -> None:
    near = TimeScale.whole(np.arange(200) / 50, WIDTH).zoom(5, 0)
    assert near.showing(10) is near
    moved = near.showing(150)
    assert moved.start_s < 3.0 < moved.end_s
    assert near.showing(199).end_s == pytest.approx(199 / 50), "never beyond the cine"
