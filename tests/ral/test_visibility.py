"""A simulated picture shows as much of the border as real ones do, and the measure of it can tell."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from ral.datasets import read_split
from ral.datasets.camus import read_still
from ral.geometry import largest_component, open_contour, outline, raster
from ral.phantom import simulate
from ral.phantom.visibility import SEGMENTS, border_contrast, shows_enough

HIDDEN = {900012: "A2C", 900015: "A2C", 900024: "A2C", 900028: "A3C"}  # drawn once, their walls were not to be seen


def _scene() -> tuple[np.ndarray, np.ndarray]:
    """Dark blood in a bright wall, 1 mm a pixel, and the border from left hinge over apex to right hinge."""
    angle = np.linspace(np.pi, 2 * np.pi, 65)
    border = np.column_stack([80 + 30 * np.cos(angle), 120 + 80 * np.sin(angle)])
    rng = np.random.default_rng(0)
    picture = np.where(raster(border, (160, 160)), 60, 130) + rng.normal(0, 10, (160, 160))
    return np.clip(picture, 0, 255).astype(np.uint8), border


def test_the_contrast_is_the_step_over_the_noise_in_every_segment():
    picture, border = _scene()
    for line in (border, border[::-1]):
        contrast = border_contrast(picture, line, 1.0)
        assert contrast.shape == (SEGMENTS,)
        assert contrast.min() > 4
        assert np.median(contrast) == pytest.approx(70 / (0.67 * 10 + 2), rel=0.15)  # between pixels the noise is less
    assert shows_enough(border_contrast(picture, border, 1.0))


def test_a_wall_as_grey_as_the_blood_is_found_in_its_segment():
    picture, border = _scene()
    picture[70:, 100:] = np.clip(np.random.default_rng(1).normal(60, 10, picture[70:, 100:].shape), 0, 255)
    contrast = border_contrast(picture, border, 1.0)
    assert (np.abs(contrast[-2:]) < 1).all()
    assert (contrast[:4] > 4).all()


def test_a_picture_that_hides_most_of_the_border_does_not_show_enough():
    picture, border = _scene()
    assert not shows_enough(border_contrast(np.full_like(picture, 80), border, 1.0))
    assert not shows_enough(border_contrast(255 - picture, border, 1.0))


@pytest.mark.parametrize(("seed", "view"), HIDDEN.items())
def test_a_scene_that_hides_the_border_is_drawn_anew(seed: int, view: str):
    cine = simulate(seed, view, frames=24)
    assert shows_enough(border_contrast(cine.frames[0], cine.contours[0], cine.mm_per_px))


def test_real_pictures_show_what_is_asked_of_simulated_ones(real: Callable[[str], Path]):
    folder, mm, enough = real("camus_a4c"), 0.5, []
    for patient in read_split(folder / "split_train.txt")[:30]:
        for instant in ("ED", "ES"):
            still = read_still(folder, patient, "4CH", instant)
            height, width = still.frames.shape[1:]
            size = round(width * still.spacing_mm[0] / mm), round(height * still.spacing_mm[1] / mm)
            picture = cv2.resize(still.frames[0], size, interpolation=cv2.INTER_AREA)
            cavity = cv2.resize((still.labels[0] == 1).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            border = open_contour(outline(largest_component(cavity > 0).astype(np.float32)))
            enough.append(shows_enough(border_contrast(picture, border, mm)))
    assert np.mean(enough) >= 0.95
