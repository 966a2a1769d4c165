"""What lies along a line of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.measure.mmode import along_line, line_positions


def test_positions_are_a_px_apart_and_end_where_they_should() -> None:
    positions = line_positions((10, 20), (40, 60))
    assert len(positions) == 51
    np.testing.assert_allclose(positions[[0, -1]], [(10, 20), (40, 60)])
    np.testing.assert_allclose(np.hypot(*np.diff(positions, axis=0).T), 1)
    assert len(line_positions((5, 5), (5, 5))) == 2


def test_brightness_is_blended_between_pixels() -> None:
    frame = np.tile(np.arange(0, 200, 10, dtype=np.uint8), (8, 1))
    values = along_line(frame, np.array([(3.0, 2), (3.5, 2), (3.25, 2.7), (18.9, 7.0)]))
    np.testing.assert_array_equal(values, [30, 35, 32, 189])


def test_outside_of_the_picture_it_is_black_and_its_edge_is_not() -> None:
    frame = np.full((8, 12), 77, np.uint8)
    values = along_line(frame, np.array([(-0.5, 3), (0.0, 0.0), (11.0, 7.0), (11.2, 7)]))
    np.testing.assert_array_equal(values, [0, 77, 77, 0])


@pytest.mark.parametrize(("colour", "luma"), [((200, 200, 200), 200), ((255, 0, 0), 76), ((0, 255, 0), 150)])
def test_colours_count_by_their_luma(colour, luma) -> None:
    frame = np.full((4, 4, 3), colour, np.uint8)
    assert along_line(frame, np.array([(1.5, 1.5)]))[0] == luma
