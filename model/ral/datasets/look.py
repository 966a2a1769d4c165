"""Other looks of the same picture, for training."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np


class Change(Enum):
    """How far a training changes place and greys of what it shows.

    CALM: only a little, as at the end of a training: wide changes teach a network to expect pictures that hardly come,
        and a small one pays for them with the common ones.
    USUAL: place as far as cines of other data sets differ, greys mildly.
    WILD: greys beyond what scanners show, so that no look is what a heart or a view is known by.
    """

    CALM = "calm"
    USUAL = "usual"
    WILD = "wild"


def change_greys(pixels: np.ndarray, rng: np.random.Generator, change: Change = Change.USUAL) -> np.ndarray:
    """Another scanner's look, the same for all frames: (T,s,s) float32 in 0..1 -> the same shape and range."""
    return {Change.CALM: _calm, Change.USUAL: _usual, Change.WILD: _wild}[change](pixels, rng)


def _usual(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = pixels.shape[-1]
    if rng.random() < 0.6:
        pixels = np.clip(pixels * rng.uniform(0.7, 1.35), 0, 1) ** rng.uniform(0.65, 1.6)
    if rng.random() < 0.2:  # attenuation with depth
        pixels = pixels * np.linspace(1.0, rng.uniform(0.4, 1.2), size, dtype=np.float32)[None, :, None]
    if rng.random() < 0.2:
        pixels = pixels * _shadow(rng, size)
    if rng.random() < 0.2:  # coarse speckle
        grain = rng.standard_normal((max(size // 2, 1),) * 2).astype(np.float32)
        pixels = pixels * (1 + rng.uniform(0.05, 0.25) * cv2.resize(grain, (size, size)))
    if rng.random() < 0.2:
        sigma = rng.uniform(0.4, 1.3) * size / 256
        pixels = np.stack([cv2.GaussianBlur(p, (0, 0), sigma) for p in pixels])
    if rng.random() < 0.1:
        pixels = np.maximum(pixels, _burned_in(rng, size))
    return np.clip(pixels, 0, 1).astype(np.float32)


def _calm(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the draws: another gain and gamma, mildly."""
    if rng.random() < 0.5:
        return pixels
    return np.clip(pixels * rng.uniform(0.85, 1.2), 0, 1) ** np.float32(rng.uniform(0.8, 1.25))


def _wild(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A look that no known scanner has: another grey map, depth gain, grain, blur, shadows and things burned in."""
    size = pixels.shape[-1]
    curve = np.clip(pixels * rng.uniform(0.6, 1.5), 0, 1) ** np.exp(rng.uniform(-0.6, 0.6))
    steep = curve * curve * (3 - 2 * curve)
    pixels = curve + rng.uniform(-0.3, 0.9) * (steep - curve)
    if rng.random() < 0.5:
        near, far = rng.uniform(0.4, 1.3, 2)
        pixels = pixels * np.linspace(near, far, size, dtype=np.float32)[None, :, None]
    if rng.random() < 0.4:  # a reject level that swallows what is faint, mostly in the depth
        floor = rng.uniform(0.05, 0.3) * np.linspace(rng.uniform(0, 1), 1, size, dtype=np.float32)[None, :, None]
        pixels = np.clip(pixels - floor, 0, 1) / (1 - floor)
    for _ in range(int(rng.integers(0, 4))):
        pixels = pixels * _shadow(rng, size)
    if rng.random() < 0.5:
        fine = np.exp(rng.uniform(0, 1.2))
        grain = rng.standard_normal((max(round(size / fine), 1),) * 2).astype(np.float32)
        pixels = pixels * (1 + rng.uniform(0.05, 0.4) * cv2.resize(grain, (size, size)))
    if rng.random() < 0.5:
        along, across = rng.uniform(0.3, 1.8, 2) * size / 256
        pixels = np.stack([cv2.GaussianBlur(p, (0, 0), across, sigmaY=along) for p in pixels])
    if rng.random() < 0.3:
        noise = rng.standard_normal(pixels.shape).astype(np.float32)
        pixels = pixels + rng.uniform(0.01, 0.08) * noise
    for _ in range(int(rng.integers(0, 3))):
        pixels = np.maximum(pixels, _burned_in(rng, size))
    return np.clip(pixels, 0, 1).astype(np.float32)


def _burned_in(rng: np.random.Generator, size: int) -> np.ndarray:
    """Words or an ECG that a scanner wrote into the picture, (s,s) float32 in 0..1."""
    layer = np.zeros((size, size), np.uint8)
    bright = int(rng.integers(120, 256))
    x, y = (int(v) for v in rng.integers(0, size, 2))
    if rng.random() < 0.5:
        words = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVW0123456789 .:/"), int(rng.integers(3, 12))))
        cv2.putText(layer, words, (x - size // 8, y), cv2.FONT_HERSHEY_SIMPLEX, size / 512, bright, 1, cv2.LINE_AA)
    else:
        at = np.arange(0, size, 2)
        beat = np.exp(-((((at + x) % (size // 3)) - size / 12) ** 2) / 4.0)
        line = np.column_stack([at, 0.9 * size - 0.06 * size * beat + rng.normal(0, 0.4, at.size)])
        cv2.polylines(layer, [np.round(line).astype(np.int32)], False, bright, 1, cv2.LINE_AA)
    return layer.astype(np.float32) / 255


def _shadow(rng: np.random.Generator, size: int) -> np.ndarray:
    """A rib or lung shadow: a dark wedge from the probe down."""
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(0.02, 1, size))
    angle = np.arctan2(x, y + 0.1)
    wedge = np.exp(-(((angle - rng.uniform(-0.7, 0.7)) / rng.uniform(0.05, 0.2)) ** 2))
    return (1 - rng.uniform(0.3, 0.9) * wedge).astype(np.float32)
