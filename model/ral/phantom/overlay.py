"""What a machine burns into the picture around the sector: text, a depth scale, an ECG trace."""

import cv2
import numpy as np

from ral.phantom.looks import Preset
from ral.phantom.probe import Probe

Array = np.ndarray

_WORDS = ("TIS 0.8", "MI 1.1", "S5-1", "25 Hz", "15 cm", "Adult", "HR 72", "2D 62%", "C 50", "P Low", "HGen")


def draw_overlay(rng: np.random.Generator, probe: Probe, sector: Array, phases: Array, preset: Preset) -> Array:
    """Burned-in grey (T, size, size) uint8, zero inside the sector; empty in most cines of most looks."""
    size = probe.size
    still = np.zeros((size, size), np.uint8)
    if rng.random() < preset.text_chance:
        for _ in range(rng.integers(2, 7)):
            place = (int(rng.uniform(0, 0.85) * size), int(rng.uniform(0.03, 1.0) * size))
            cv2.putText(
                still,
                str(rng.choice(_WORDS)),
                place,
                cv2.FONT_HERSHEY_SIMPLEX,
                0.35 * size / 256,
                int(rng.integers(90, 255)),
                1,
                cv2.LINE_AA,
            )
    if rng.random() < preset.bar_chance:
        _grey_bar(still)
    if rng.random() < preset.scale_chance:
        _depth_scale(still, probe, int(rng.integers(90, 255)))
    out = np.repeat(still[None], len(phases), axis=0)
    if rng.random() < preset.ecg_chance:
        _ecg(out, phases, row=int(rng.uniform(0.88, 0.97) * size), bright=int(rng.integers(90, 255)))
    away = cv2.erode((~sector).astype(np.uint8), np.ones((3, 3), np.uint8))
    return out * away


def _depth_scale(picture: Array, probe: Probe, bright: int) -> None:
    """Ticks every centimetre at the right edge of the picture."""
    right = probe.size - 2
    for centimetre in range(int(probe.depth_mm / 10) + 1):
        y = int(probe.origin_px[1] + 10 * centimetre / probe.mm_per_px)
        length = 5 if centimetre % 5 == 0 else 2
        cv2.line(picture, (right - length, y), (right, y), bright, 1)


def _grey_bar(picture: Array) -> None:
    """The grey map as a bar, bright at its top, at the left edge of the picture."""
    size = picture.shape[0]
    rows = size // 3
    picture[size // 12 : size // 12 + rows, 2 : 2 + max(size // 50, 2)] = np.linspace(255, 0, rows)[:, None]


def _ecg(pictures: Array, phases: Array, row: int, bright: int) -> None:
    """A trace over the whole width, with a marker that walks along it."""
    size = pictures.shape[1]
    beat = np.mod(np.linspace(phases[0], phases[0] + 2.5, size), 1.0)
    beat = np.where(beat > 0.5, beat - 1, beat)
    wave = (
        np.exp(-((beat / 0.012) ** 2))
        + 0.12 * np.exp(-(((beat + 0.16) / 0.03) ** 2))
        + 0.2 * np.exp(-(((beat - 0.3) / 0.05) ** 2))
    )
    points = np.stack((np.arange(size), row - wave * size * 0.06), axis=-1).round().astype(np.int32)
    for t, picture in enumerate(pictures):
        cv2.polylines(picture, [points], False, bright, 1, cv2.LINE_AA)
        cv2.circle(picture, tuple(int(v) for v in points[min(t * size // len(phases), size - 1)]), 2, bright, -1)
