"""The sector for frames that leave: a fan that strips and letters fall out of, or no answer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ral.fan import find_fan
from ral.phantom import simulate
from ral.prepare import find_sector

K = 6


@pytest.fixture(scope="module")
def screen():
    """Six frames of a moving heart of 256 px in the middle of a screen, and the sector that the simulator drew."""
    phantom = simulate(101, "A4C", frames=K, size=256, beats=1.0)
    frames = np.zeros((K, 380, 360), np.uint8)
    frames[:, 40:296, 52:308] = phantom.frames
    return frames, find_sector(frames)


def with_ecg(frames: np.ndarray, below: int, thickness: int = 2) -> np.ndarray:
    """A trace that runs under the sector, and a name and a moving number under it."""
    frames = frames.copy()
    x = np.arange(20, 340)
    for t, frame in enumerate(frames):
        y = below - 18 * np.exp(-(((x + 9 * t) % 90 - 45) ** 2) / 12)
        cv2.polylines(frame, [np.stack([x, y], 1).round().astype(np.int32)], False, 220, thickness)
        cv2.putText(frame, f"DOE JANE {60 + t}", (30, below + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 2)
    return frames


@pytest.mark.parametrize("thickness", [1, 2, 4])
def test_an_ecg_strip_with_a_name_under_the_sector_falls_out(screen, thickness):
    frames, sector = screen
    bottom = int(np.flatnonzero(sector.any(1))[-1])
    drawn = with_ecg(frames, bottom + 30, thickness)
    kept = find_fan(drawn)
    assert kept is not None
    assert not (kept[bottom + 6 :]).any()
    assert (kept & sector).sum() > 0.98 * sector.sum()


def test_a_name_that_touches_the_edge_falls_out(screen):
    frames, sector = screen
    frames = frames.copy()
    edge = int(np.flatnonzero(sector[170])[0])
    for frame in frames:
        cv2.putText(frame, "JANE", (edge - 44, 175), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 2)
    beside = (frames.max(0) > 60) & (sector == 0)
    kept = find_fan(frames)
    assert kept is not None
    assert beside.sum() > 100
    assert (kept.astype(bool) & beside).sum() < 0.03 * beside.sum()


@pytest.mark.parametrize("flip", [False, True])
def test_a_sector_is_kept_whole_either_way_up_and_as_a_still(screen, flip):
    frames, sector = screen
    turned = frames[:, ::-1] if flip else frames
    whole = sector[::-1] if flip else sector
    for shown in (turned, turned[:1]):
        kept = find_fan(shown)
        assert kept is not None
        assert (kept & whole).sum() > 0.96 * whole.sum()
        assert (kept & ~whole & 1).sum() < 0.03 * whole.sum()


def test_an_arc_that_is_round_in_mm_only_is_found_with_the_pixel_size(screen):
    frames, sector = screen
    tall = np.stack([cv2.resize(frame, (360, 760)) for frame in frames])
    whole = cv2.resize(sector, (360, 760), interpolation=cv2.INTER_NEAREST)
    kept = find_fan(tall, spacing_mm=(0.4, 0.2))
    assert kept is not None
    assert (kept & whole).sum() > 0.97 * whole.sum()


def letters() -> np.ndarray:
    frame = np.zeros((480, 640), np.uint8)
    cv2.putText(frame, "FAKENAME", (20, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, 255, 14)
    return frame[None]


def banner() -> np.ndarray:
    """A grey banner with words above a small picture."""
    frame = np.zeros((350, 800), np.uint8)
    frame[:60] = 60
    cv2.putText(frame, "JANE DOE 1931", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2)
    cv2.ellipse(frame, (400, 40), (90, 90), 0, 40, 140, 150, -1)
    return frame[None]


@pytest.mark.parametrize("frames", [letters(), banner(), np.zeros((8, 200, 200), np.uint8)])
def test_what_is_no_sector_is_no_answer(frames):
    assert find_fan(frames) is None


def test_a_region_without_a_sector_is_no_answer_either():
    frames = np.zeros((8, 300, 300), np.uint8)
    for frame in frames:
        cv2.putText(frame, "FAKENAME", (60, 80), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    assert find_sector(frames, (50, 50, 250, 250)).sum() == 200 * 200, "the crop takes the whole region"
    assert find_fan(frames, (50, 50, 250, 250)) is None
