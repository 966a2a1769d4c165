"""Optical flow carries a contour with the picture."""

import cv2
import numpy as np
import pytest

from ral.flow import carry
from ral.geometry import dice, raster
from ral.phantom import simulate


@pytest.fixture(scope="module")
def speckle() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(160, 160)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def shifted(picture: np.ndarray, dx: float, dy: float) -> np.ndarray:
    return cv2.warpAffine(picture, np.array([[1, 0, dx], [0, 1, dy]], float), (160, 160), borderMode=cv2.BORDER_REFLECT)


def circle() -> np.ndarray:
    angle = np.linspace(np.pi, 2 * np.pi, 65)
    return np.column_stack([80 + 30 * np.cos(angle), 90 + 40 * np.sin(angle)])


def test_a_picture_that_shifts_takes_the_contour_along_forwards_and_backwards(speckle):
    frames = [shifted(speckle, 1.5 * t, -1.0 * t) for t in range(5)]
    ahead = list(carry(frames.__getitem__, circle(), 0, 4))
    assert len(ahead) == 4
    np.testing.assert_allclose(ahead[-1], circle() + np.array([6, -4]), atol=0.7)
    back = list(carry(frames.__getitem__, circle() + np.array([6, -4]), 4, 2))
    assert len(back) == 2
    np.testing.assert_allclose(back[-1], circle() + np.array([3, -2]), atol=0.5)


def test_colour_frames_and_still_frames(speckle):
    colour = np.repeat(speckle[..., None], 3, axis=2)
    (there,) = carry(lambda t: colour, circle(), 3, 4)
    np.testing.assert_allclose(there, circle(), atol=0.05)


def test_a_simulated_heart_is_followed_over_a_few_frames():
    heart = simulate(4, "A4C", frames=24, size=128)
    still = dice(raster(heart.contours[0], (128, 128)), heart.masks[5])
    *_, last = carry(lambda t: heart.frames[t], heart.contours[0], 0, 5)
    assert dice(raster(last, (128, 128)), heart.masks[5]) > max(still, 0.9)
