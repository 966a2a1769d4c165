"""How the picture is shown: contrast, gain, gamma, colours; and what is drawn over it. Values, no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

# Red, green and blue at even steps from black to white; between them it is straight.
_COLOURS = {
    "grey": ((0, 0, 0), (255, 255, 255)),
    "bronze": ((0, 0, 0), (82, 50, 28), (166, 116, 70), (232, 190, 136), (255, 246, 228)),
    "blue": ((0, 0, 0), (22, 48, 84), (66, 112, 166), (142, 184, 224), (236, 246, 255)),
    "cividis": ((0, 32, 77), (65, 77, 107), (124, 123, 120), (188, 174, 108), (255, 234, 70)),
}
COLOURS = tuple(_COLOURS)
NEUTRAL_WINDOW, NEUTRAL_LEVEL = 255.0, 127.5


class Smoothing(Enum):
    """How much of the speckle is smoothed away.

    USUAL: none, pixels are blended where they are enlarged. LIGHT, STRONG: as a Gaussian of 0.7 and 1 pixels of a small
    picture, 1 and 1.4 of a large one, whose speckle is coarser. PIXELS: none, and enlarged pixels keep their edges.
    """

    USUAL = "usual"
    LIGHT = "light"
    STRONG = "strong"
    PIXELS = "pixels"


_PASSES = {Smoothing.LIGHT: 1, Smoothing.STRONG: 2}
_LARGE = 480  # px high
_BAND = 64  # rows


@dataclass(frozen=True, slots=True)
class Look:
    """How grey levels become colours.

    Attributes:
        window: grey levels from black to white; level: the one in the middle; both in 0..255.
        gamma: above 1 the dark parts are lifted; colours: one of `COLOURS`.
        smoothing: how much of the speckle is shown.
    """

    window: float = NEUTRAL_WINDOW
    level: float = NEUTRAL_LEVEL
    gamma: float = 1.0
    colours: str = "grey"
    inverted: bool = False
    smoothing: Smoothing = Smoothing.USUAL

    @property
    def neutral(self) -> bool:
        """Whether grey levels are shown as they are."""
        return (self.window, self.level, self.gamma, self.colours, self.inverted) == (
            NEUTRAL_WINDOW, NEUTRAL_LEVEL, 1.0, "grey", False,
        )  # fmt: skip

    def tables(self) -> np.ndarray:
        """(3,256) uint8: red, green and blue for each grey level.

        On a colour picture each channel goes through its own table: what is grey in it is shown as in a grey
        picture, and what is coloured (marks, the vendor's tint) stays told apart.
        """
        return _tables(self.window, self.level, self.gamma, self.colours, self.inverted)

    def smoothed(self, frame: np.ndarray) -> np.ndarray:
        """A frame (H,W) or (H,W,3) uint8 with less speckle, or the same array; its outermost pixels stay."""
        passes = _PASSES.get(self.smoothing, 0) * (2 if len(frame) >= _LARGE else 1)
        return _blurred(frame, passes) if passes else frame

    def applied(self, frame: np.ndarray) -> np.ndarray:
        """A colour frame (H,W,3) uint8 in this look, contiguous; the same array where grey levels stay."""
        if self.neutral:
            return np.ascontiguousarray(frame)
        if self.colours == "grey":  # one table for all three: four times as fast
            return np.take(self.tables()[0], frame)
        shown = np.empty(frame.shape, np.uint8)
        for channel, table in enumerate(self.tables()):
            np.take(table, frame[..., channel], out=shown[..., channel], mode="clip")
        return shown


class Lines(Enum):
    """How contours are drawn. Dashes, dots and marks tell a prediction from a person's contour in each."""

    USUAL = "usual"
    THIN = "thin"
    BOLD = "bold"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is drawn over the picture, and how strongly: opacity 0..1."""

    contour: bool = True
    annulus: bool = True
    fill: bool = False
    axis: bool = False
    disks: bool = False
    opacity: float = 1.0
    lines: Lines = Lines.USUAL


def _down(rows: np.ndarray) -> np.ndarray:
    """Each row a quarter, a half and a quarter of the three around it: a variance of half a pixel a pass."""
    if len(rows) < 3:
        return rows
    between = _between(rows[1:], rows[:-1], up=False)
    return np.concatenate((rows[:1], _between(between[1:], between[:-1], up=True), rows[-1:]))


def _across(rows: np.ndarray, step: int) -> np.ndarray:
    """The same for columns; `step` is how far the next pixel lies in a row."""
    if rows.shape[1] < 3 * step:
        return rows
    between = _between(rows[:, step:], rows[:, :-step], up=False)
    inner = _between(between[:, step:], between[:, :-step], up=True)
    return np.concatenate((rows[:, :step], inner, rows[:, -step:]), axis=1)


def _between(one: np.ndarray, other: np.ndarray, up: bool) -> np.ndarray:
    """The mean, in bytes: ten times as fast as wider numbers; once rounded down, once up, it stays as bright."""
    odd = one ^ other
    odd >>= 1
    return (one | other) - odd if up else (one & other) + odd


def _blurred(frame: np.ndarray, passes: int) -> np.ndarray:
    """In bands of rows, which the processor's cache holds: a large picture at once takes four times as long."""
    step = 1 if frame.ndim == 2 else frame.shape[2]
    rows = np.ascontiguousarray(frame).reshape(len(frame), -1)
    done = np.empty_like(rows)
    for top in range(0, len(rows), _BAND):
        first = max(top - passes, 0)
        band = rows[first : top + _BAND + passes]
        for _ in range(passes):
            band = _across(_down(band), step)
        done[top : top + _BAND] = band[top - first : top - first + _BAND]
    return done.reshape(frame.shape)


@lru_cache(maxsize=64)
def _tables(window: float, level: float, gamma: float, colours: str, inverted: bool) -> np.ndarray:
    share = np.clip((np.arange(256) - (level - window / 2)) / window, 0, 1) ** (1 / gamma)
    if inverted:
        share = 1 - share
    anchors = np.array(_COLOURS[colours], float)
    steps = np.linspace(0, 1, len(anchors))
    tables = np.stack([np.interp(share, steps, anchors[:, channel]) for channel in range(3)])
    tables = np.floor(tables + 1e-6).astype(np.uint8) if colours == "grey" else tables.round().astype(np.uint8)
    tables.setflags(write=False)
    return tables
