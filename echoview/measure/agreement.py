"""How well two readings agree: of one cine frame by frame, and over many cines.

Bland and Altman, Lancet 327, 1986, 307-310 (bias and limits of agreement); Shrout and Fleiss, Psychological Bulletin
86, 1979, 420-428 (ICC(2,1): each cine read by each of the same readers, who stand for any reader).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from echoview.domain.calibration import Calibration
from ral.geometry import boundary_distances_mm, dice, raster

LIMIT = 1.96  # standard deviations on either side hold 95 % of the differences
FEWEST = 3  # cines, below which a spread says nothing


class FrameAgreement(NamedTuple):
    """Of one frame that both traced: Dice in 0..1; Hausdorff and mean distance, mm, or None without a pixel size."""

    t: int
    dice: float
    hausdorff_mm: float | None
    mean_mm: float | None


class Agreement(NamedTuple):
    """Over many cines, in the unit of what was read: mean difference first - second, its 95 % limits, ICC(2,1)."""

    cines: int
    bias: float
    lower: float
    upper: float
    icc: float


def frames_agreement(
    first: Mapping[int, np.ndarray], second: Mapping[int, np.ndarray], size: tuple[int, int],
    calibration: Calibration | None,
) -> list[FrameAgreement]:  # fmt: skip
    """The frames that both traced, in order.

    Args:
        first, second: frame -> (N,2) x,y px; size: height, width of the picture.
    """
    found = []
    for t in sorted(set(first) & set(second)):
        a, b = raster(first[t], size), raster(second[t], size)
        if not a.any() or not b.any():
            continue
        hausdorff, mean = None, None
        if calibration is not None:
            hausdorff, _, mean = boundary_distances_mm(a, b, (calibration.x_mm, calibration.y_mm))
        found.append(FrameAgreement(t, dice(a, b), hausdorff, mean))
    return found


def agreement(first: np.ndarray, second: np.ndarray) -> Agreement | None:
    """Two readings of the same cines, (n,) each in one unit, as EF in points; pairs that lack one are left out.

    Returns:
        None where fewer than `FEWEST` cines have both.
    """
    pairs = np.column_stack([np.asarray(first, float), np.asarray(second, float)])
    pairs = pairs[np.isfinite(pairs).all(1)]
    if len(pairs) < FEWEST:
        return None
    differences = pairs[:, 0] - pairs[:, 1]
    bias, spread = float(differences.mean()), LIMIT * float(differences.std(ddof=1))
    return Agreement(len(pairs), bias, bias - spread, bias + spread, icc_2_1(pairs))


def icc_2_1(readings: np.ndarray) -> float:
    """Intraclass correlation of single readings, two-way random effects, absolute agreement: (n cines, k readers).

    Returns:
        1 where every cine was read alike by all; NaN where the cines do not differ at all, for then there is nothing
        that readers could tell apart.
    """
    n, k = readings.shape
    whole = readings.mean()
    rows, columns = readings.mean(1), readings.mean(0)
    between = k * ((rows - whole) ** 2).sum() / (n - 1)
    readers = n * ((columns - whole) ** 2).sum() / (k - 1)
    rest = readings - rows[:, None] - columns[None, :] + whole
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    below = between + (k - 1) * error + k * (readers - error) / n
    if between <= 1e-12 or abs(below) <= 1e-12:
        return float("nan")
    return float((between - error) / below)


class Kind(Enum):
    """Which two readings of a cine are compared."""

    SECOND = "two readers"
    REPEAT = "one reader, twice"
    BLIND = "blind, then with the prediction"


class Pair(NamedTuple):
    """Two readings of one cine.

    Attributes:
        number: of the cine, from 1, in the order of the library; first, second: who read.
        frames: those that both traced; ef_first, ef_second: percent, None where ED or ES was not traced.
    """

    number: int
    kind: Kind
    first: str
    second: str
    frames: tuple[FrameAgreement, ...]
    ef_first: float | None
    ef_second: float | None

    @property
    def dice(self) -> float | None:
        return _mean([one.dice for one in self.frames])

    @property
    def hausdorff_mm(self) -> float | None:
        return _mean([one.hausdorff_mm for one in self.frames])

    @property
    def ef_difference(self) -> float | None:
        """First minus second, in points of EF."""
        return None if self.ef_first is None or self.ef_second is None else self.ef_first - self.ef_second


class Summary(NamedTuple):
    """Over all pairs: means over all frames, and EF as `Agreement`; None where nothing is known."""

    cines: int
    frames: int
    dice: float | None
    hausdorff_mm: float | None
    ef: Agreement | None


def summary(pairs: Sequence[Pair]) -> Summary:
    frames = [one for pair in pairs for one in pair.frames]
    first, second = (
        np.array([np.nan if ef is None else ef for ef in efs], float)
        for efs in ([pair.ef_first for pair in pairs], [pair.ef_second for pair in pairs])
    )
    ef = agreement(first, second) if pairs else None
    dice, far = _mean([one.dice for one in frames]), _mean([one.hausdorff_mm for one in frames])
    return Summary(len(pairs), len(frames), dice, far, ef)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
