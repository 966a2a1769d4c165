"""Where on a labelled picture much is learnt, and where little."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ral.datasets.care import PARTS, care_of
from ral.datasets.clip import Clip, augment, collate
from ral.losses import segmentation_loss

SIZE = 128


def ring() -> np.ndarray:
    """A circle of 600 points, the right half first."""
    angle = np.linspace(-np.pi / 2, 3 * np.pi / 2, 600)
    return 64 + 40 * np.column_stack([np.cos(angle), np.sin(angle)])


@pytest.fixture
def care() -> np.ndarray:
    return care_of(ring(), np.where(np.arange(600) < 300, 2.0, 0.3), SIZE)


def test_near_the_border_a_pixel_counts_what_the_nearest_stretch_does(care):
    assert care.dtype == np.uint8
    assert {int(care[64, 64 + r]) for r in (37, 40, 43)} == {200}
    assert {int(care[64, 64 - r]) for r in (37, 40, 43)} == {30}
    assert {int(care[64, 64 + r]) for r in (0, 20, -20, 60, -60)} == {PARTS}


def test_a_border_beside_the_picture_has_no_say_in_it():
    far = ring() + 400
    assert (care_of(far, np.full(600, 2.0), SIZE)[:100, :100] == PARTS).all()


def test_it_goes_with_its_pixels_when_the_picture_is_changed(care):
    mask = np.hypot(*(np.indices((SIZE, SIZE)) - 64)) < 40
    clip = Clip(
        np.full((1, SIZE, SIZE), 90, np.uint8), mask[None], np.ones(1), np.ones((SIZE, SIZE), np.uint8), -1, "", "",
        care[None],
    )  # fmt: skip
    sample = augment(clip, np.random.default_rng(3), 96)
    edge = sample.masks[0] != np.roll(sample.masks[0], 1, 1)
    assert sample.care is not None
    counted = sample.care[0][edge]
    assert set(np.round(counted, 1)) == {np.float32(0.3), np.float32(2.0)}
    both = collate(
        [sample, augment(Clip(*[getattr(clip, n) for n in Clip.__slots__[:7]]), np.random.default_rng(1), 96)]
    )
    assert both["care"].shape == (2, 1, 96, 96)
    assert (both["care"][1] == 1).all()


def test_an_error_costs_more_where_more_is_learnt(care):
    mask = torch.from_numpy((np.hypot(*(np.indices((SIZE, SIZE)) - 64)) < 40).astype(np.float32))[None]
    given = torch.from_numpy(care.astype(np.float32) / PARTS)[None]
    columns = torch.arange(SIZE)
    losses = {}
    for side, where in (("moved", columns > 96), ("left", columns < 32)):
        wrong = mask.clone()
        wrong[:, 54:74, where] = 1 - wrong[:, 54:74, where]
        losses[side] = float(segmentation_loss(8 * wrong - 4, mask, torch.ones(1), care=given))
    assert losses["moved"] > 1.2 * losses["left"]
    alike = segmentation_loss(8 * mask - 4, mask, torch.ones(1), care=torch.ones_like(given))
    assert alike == pytest.approx(float(segmentation_loss(8 * mask - 4, mask, torch.ones(1))))
