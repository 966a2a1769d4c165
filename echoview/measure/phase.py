"""Which moment of its beat each frame shows, so that several cines can be shown in step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from echoview.domain.cine import CineInfo
from echoview.measure.cycle import SURE, turns
from echoview.measure.measurements import Measurements
from echoview.measure.propagate import SYSTOLE


class Clock(Enum):
    """What told where beats begin; the value stands in a sentence after "by"."""

    R_WAVES = "R waves"
    ED_ES = "ED and ES"
    LENGTH = "length"


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one cine.

    Attributes:
        phases: (T,) float64, rising: the number of the beat and the share of it that has passed; whole where one
            begins.
        clock: where they come from.
    """

    phases: np.ndarray
    clock: Clock

    @property
    def whole(self) -> list[int]:
        """Beats that are there from beginning to end."""
        first, last, step = self.phases[0], self.phases[-1], self._step
        numbers = range(math.floor(first), math.ceil(last) + 1)
        return [k for k in numbers if first <= k + step and last + 1.5 * step >= k + 1]

    def frame_at(self, phase: float) -> int:
        """The frame nearest to a phase of another cine's beat: of a whole beat, one after the other as that one's are.

        Where no beat is whole, the frame of that phase, or the end of the cine that is nearest to it.
        """
        number = math.floor(phase)
        share = phase - number
        whole = self.whole
        if whole:
            wanted = whole[number % len(whole)] + share
        else:
            first, last = float(self.phases[0]), float(self.phases[-1])
            options = [k + share for k in range(math.floor(first) - 1, math.ceil(last) + 1)]
            wanted = min(options, key=lambda p: (max(first - p, p - last, 0.0), abs(p - phase)))
        return int(np.abs(self.phases - wanted).argmin())

    def has(self, phase: float) -> bool:
        """Whether a frame shows that moment of the beat, give or take a frame."""
        away = abs(float(self.phases[self.frame_at(phase)]) - phase) % 1
        return min(away, 1 - away) <= 1.01 * self._step

    def span_at(self, t: int) -> tuple[int, int]:
        """First and last frame of the whole beat that holds frame `t`; all frames where none does."""
        number = math.floor(self.phases[t])
        if number not in self.whole:
            return 0, len(self.phases) - 1
        inside = np.flatnonzero((self.phases >= number) & (self.phases < number + 1))
        return int(inside[0]), int(inside[-1])

    @property
    def _step(self) -> float:
        return float(np.median(np.diff(self.phases))) if len(self.phases) > 1 else 1.0


def beats_of(info: CineInfo, measured: Measurements | None, confidence: np.ndarray | None = None) -> Beats:
    """From R waves, else from ED and ES of the contours, else the whole cine as one beat.

    Args:
        measured: None where the contours are not all there yet; confidence: (T,) of each frame, or None to trust all.
    """
    times = info.times_s
    waves = np.array(info.r_waves_s, float)
    if len(waves) == 1 and info.heart_rate:
        waves = np.array([waves[0], waves[0] + 60 / info.heart_rate])
    if len(waves) > 1 and len(times) > 1:
        return Beats(_through(times, waves, np.arange(len(waves), dtype=float)), Clock.R_WAVES)
    points = [] if measured is None else _turning_points(measured, confidence)
    if len(points) > 1:
        number, phases = -1, []
        for _, diastole in points:
            number += diastole
            phases.append(number + (0.0 if diastole else SYSTOLE))
        return Beats(_through(times, times[[t for t, _ in points]], np.array(phases)), Clock.ED_ES)
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    return Beats((times - times[0]) / (times[-1] - times[0] + usual), Clock.LENGTH)


def _turning_points(measured: Measurements, confidence: np.ndarray | None) -> list[tuple[int, bool]]:
    """(frame, whether it is an ED), each other one an ED; the ED and the ES that the window shows are among them."""
    sizes = measured.volumes
    if confidence is not None:
        sizes = np.where(np.asarray(confidence) >= SURE, sizes, np.nan)
    found = turns(sizes)
    inner = [turn for turn in found if 0 < turn[0] < len(sizes) - 1]
    points = dict(inner if len(inner) > 1 else found)  # an end of the cine may cut a beat in the middle
    flags = {t: diastole for t, diastole in ((measured.ed, True), (measured.es, False)) if t is not None}
    points |= flags
    kept: list[tuple[int, bool]] = []
    for t, diastole in sorted(points.items()):
        if kept and kept[-1][1] is diastole:  # two of a kind: the flag counts, else the first
            if t not in flags:
                continue
            kept.pop()
        kept.append((t, diastole))
    return kept


def _through(times: np.ndarray, knots_s: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """(T,) phases that rise straight from knot to knot, and at the mean pace before the first and after the last."""
    pace = (phases[-1] - phases[0]) / (knots_s[-1] - knots_s[0])
    known = np.interp(times, knots_s, phases)
    known = np.where(times < knots_s[0], phases[0] - pace * (knots_s[0] - times), known)
    return np.where(times > knots_s[-1], phases[-1] + pace * (times - knots_s[-1]), known)
