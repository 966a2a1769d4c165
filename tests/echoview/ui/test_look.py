"""Grey levels to colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from echoview.ui.look import COLOURS, Look, Smoothing

RAMP = np.arange(256)


def test_the_neutral_look_changes_nothing() -> None:
    assert Look().neutral
    np.testing.assert_array_equal(Look().tables(), np.tile(RAMP.astype(np.uint8), (3, 1)))
    frame = np.random.default_rng(1).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    np.testing.assert_array_equal(Look().applied(frame), frame)


def test_contrast_stretches_about_the_level() -> None:
    table = Look(window=100, level=150).tables()[0]
    assert (table[99], table[201]) == (0, 255)
    assert table[150] == pytest.approx(127, abs=1)


def test_gamma_lifts_the_dark_parts_and_keeps_the_ends() -> None:
    table = Look(gamma=2.0).tables()[0].astype(int)
    assert (table[0], table[255]) == (0, 255)
    assert table[64] == pytest.approx(255 * (64 / 255) ** 0.5, abs=1)


def test_inverting_turns_black_and_white() -> None:
    table = Look(inverted=True).tables()[0]
    assert (table[0], table[255]) == (255, 0)


@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_map_grows_brighter_all_the_way(name) -> None:
    red, green, blue = Look(colours=name).tables().astype(float)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert (np.diff(luma) >= -0.6).all(), "no grey level looks darker than the one below it"
    assert luma[-1] - luma[0] > 160


@pytest.mark.parametrize("name", COLOURS)
def test_grey_in_a_colour_picture_is_shown_as_in_a_grey_one(name) -> None:
    look = Look(window=180, gamma=1.3, colours=name)
    grey = np.repeat(RAMP.astype(np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(look.applied(grey)[0].T, look.tables())


def test_a_view_of_a_picture_is_shown_too() -> None:
    frame = np.random.default_rng(2).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    for look in (Look(), Look(gamma=1.5), Look(colours="blue")):
        np.testing.assert_array_equal(look.applied(frame[::2, 10:]), look.applied(frame)[::2, 10:])


def test_only_what_changes_the_pixels_is_not_neutral() -> None:
    assert replace(Look(), smoothing=Smoothing.PIXELS).neutral
    assert not replace(Look(), inverted=True).neutral


@pytest.mark.parametrize(("smoothing", "passes"), [(Smoothing.LIGHT, 1), (Smoothing.STRONG, 2)])
@pytest.mark.parametrize(("shape", "coarser"), [((80, 90), 1), ((80, 90, 3), 1), ((480, 60), 2)])
def test_speckle_is_smoothed_and_the_brightness_stays(smoothing, passes, shape, coarser) -> None:
    frame = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    found = Look(smoothing=smoothing).smoothed(frame)
    wanted = frame.astype(float)
    for _ in range(passes * coarser):
        for axis in (0, 1):
            wanted = correlate1d(wanted, [0.25, 0.5, 0.25], axis)
    inner = np.s_[8:-8, 8:-8]
    assert np.abs(found[inner] - wanted[inner]).max() < 1.5 * passes * coarser, "but for whole numbers"
    assert found[inner].std() < 0.5 * frame[inner].std()
    assert found.mean() == pytest.approx(frame.mean(), abs=0.3)


def test_smoothing_keeps_flat_parts_and_edges_of_the_picture() -> None:
    look = Look(smoothing=Smoothing.STRONG)
    for value in (0, 1, 127, 254, 255):
        assert (look.smoothed(np.full((9, 9), value, np.uint8)) == value).all()
    for shape in ((1, 1), (2, 5), (5, 2, 3)):
        assert look.smoothed(np.zeros(shape, np.uint8)).shape == shape


@pytest.mark.parametrize("smoothing", [Smoothing.PIXELS, Smoothing.USUAL])
def test_without_smoothing_it_is_the_same_frame(smoothing) -> None:
    frame = np.zeros((4, 4), np.uint8)
    assert Look(smoothing=smoothing).smoothed(frame) is frame
