"""Depth marks are found where there are some, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from echoview.app import sample_path
from echoview.io import open_cine
from echoview.io.ticks import find_ticks


def speckle(seed: int, shape: tuple[int, int] = (480, 640)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    sector = np.abs(np.arctan2(x - shape[1] / 2, y + 1.0)) < 0.6
    noise = cv2.GaussianBlur(rng.gamma(2.0, 40, shape).astype(np.float32), (0, 0), 1.5)
    return np.clip(np.where(sector, noise, 0), 0, 255).astype(np.uint8)


def marked(step: tuple[float, float], first: tuple[float, float], count: int, hidden: tuple[int, ...] = ()) -> list:
    frames = [speckle(seed) for seed in range(6)]
    for frame in frames:
        for number in range(count):
            if number not in hidden:
                x, y = first[0] + number * step[0], first[1] + number * step[1]
                cv2.line(frame, (round(x) - 2, round(y)), (round(x) + 2, round(y)), 150, 1)
    return frames


@pytest.mark.parametrize(
    ("step", "first", "count"),
    [((0, 30), (610, 20), 15), ((-14.3, 27.1), (240, 30), 12), ((0, 11.6), (620, 40), 20)],
    ids=["upright", "leaning along the sector", "close"],
)
def test_marks_are_found_with_their_distance(step, first, count):
    found = find_ticks(marked(step, first, count))
    assert found is not None
    assert found.count == count
    assert found.step_px == pytest.approx(step, abs=0.1)
    assert found.first == pytest.approx(first, abs=1)


def test_a_mark_that_a_figure_hides_is_counted():
    found = find_ticks(marked((0, 30), (610, 20), 15, hidden=(5,)))
    assert found is not None
    assert (found.count, found.step_px[1]) == (15, pytest.approx(30, abs=0.1))


def test_colour_frames_are_read_too():
    found = find_ticks([np.repeat(frame[..., None], 3, axis=2) for frame in marked((0, 30), (610, 20), 12)])
    assert found is not None and found.count == 12


@pytest.mark.parametrize("seed", range(4))
def test_speckle_alone_has_none(seed):
    assert find_ticks([speckle(10 * seed + k) for k in range(6)]) is None


def test_five_marks_could_be_chance_and_black_frames_have_none():
    assert find_ticks(marked((0, 60), (610, 20), 5)) is None
    assert find_ticks([np.zeros((48, 64), np.uint8)]) is None


def some(cine) -> list[np.ndarray]:
    return [cine.frame(int(t)) for t in np.linspace(0, len(cine) - 1, 6)]


def test_the_sample_has_a_centimetre_every_ten_pixels():
    """Depth 19 cm is written beside the last mark of the sample, and 0.102 cm a pixel fits its frames."""
    path = sample_path()
    assert path is not None
    found = find_ticks(some(open_cine(path)))
    assert found is not None
    assert 1 / found.step_px[1] == pytest.approx(0.102, abs=0.001)


def test_real_cines_with_and_without_a_scale(shared_data):
    folder = shared_data / "cines"
    found = find_ticks(some(open_cine(folder / "a3c_630x584_25fps_scale.mp4")))
    assert found is not None
    assert found.count >= 10
    assert np.hypot(*found.step_px) == pytest.approx(48.9, abs=0.5), "read off the picture by hand, 5 to 10 cm"
    assert find_ticks(some(open_cine(folder / "a4c_1024x768_20fps.mp4"))) is None
