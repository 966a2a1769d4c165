"""The contour inspector: what looks wrong with the contours of a cine, as a list to go through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from echoview.domain.contour_edit import crossing, outside
from echoview.domain.view import View
from echoview.measure.cycle import turns
from ral.geometry import area, contour_landmarks, long_axis

AREA_JUMP = 0.14  # of the cine's median area, against the frames around
ANNULUS_JUMP = 0.10  # of the median long axis
APEX_JUMP = 0.14
APEX_DRIFT = 0.30  # of the median long axis, from where the apex mostly is: it hardly moves in life
UNLIKE_BEATS = 0.25  # of the larger of two beats' sizes
_AROUND = 2  # frames on either side that a frame is held against
_FEWEST = 4
_JUMPS = " jumps against the frames around."
_LANDMARKS = (("first", ANNULUS_JUMP), ("second", ANNULUS_JUMP), ("apex", APEX_JUMP))


class Severity(Enum):
    """How much a finding asks for."""

    LOOK = "look"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that looks wrong.

    Attributes:
        t: its frame, 0-based; sentence: what a clinician reads.
        at: where in the picture, x,y px, or None.
    """

    t: int
    sentence: str
    severity: Severity
    at: tuple[float, float] | None = None


def inspect(
    contours: np.ndarray,
    size: tuple[int, int],
    sector: np.ndarray | None = None,
    ed: int | None = None,
    es: int | None = None,
    view: View | None = None,
) -> list[Finding]:
    """Findings on the contours of a cine, in order of frames.

    Args:
        contours: (T,N,2) x,y px, NaN where there is none.
        size: height and width of the picture, px.
        sector: (H,W) bool, where there is an ultrasound picture, or None if that is not known.
        ed, es: frames, 0-based, or None.
        view: names the walls at the annulus, or None where it is not known.
    """
    known = [t for t in range(len(contours)) if np.isfinite(contours[t]).all()]
    found = [one for t in known for one in _shape(t, contours[t], size, sector)]
    areas = np.full(len(contours), np.nan)
    areas[known] = [area(contours[t]) for t in known]
    if len(known) >= _FEWEST:
        found += _jumps(contours, known, areas, _names(view))
        found += _beats(areas)
    if ed is not None and es is not None and ed != es and areas[ed] <= areas[es]:
        found.append(Finding(ed, "The cavity is smaller at ED than at ES.", Severity.MEND))
    return sorted(found, key=lambda one: (one.t, one.sentence))


def in_words(found: list[Finding]) -> str:
    """The findings on one frame as one or a few sentences; what jumps is said together."""
    jumping = [one.sentence.removesuffix(_JUMPS) for one in found if one.sentence.endswith(_JUMPS)]
    others = [one.sentence for one in found if not one.sentence.endswith(_JUMPS)]
    if len(jumping) < 2:
        return " ".join(one.sentence for one in found)
    first, *rest = jumping
    listed = [first, *(words[:1].lower() + words[1:] for words in rest)]
    together = f"{', '.join(listed[:-1])} and {listed[-1]}{_JUMPS.replace('jumps', 'jump')}"
    return " ".join([together, *others])


def _shape(t: int, points: np.ndarray, size: tuple[int, int], sector: np.ndarray | None) -> list[Finding]:
    found = []
    knot = crossing(points)
    if knot is not None:
        found.append(Finding(t, "The contour crosses itself.", Severity.MEND, _xy(knot)))
    beyond = outside(points, size)
    if beyond is not None:
        found.append(Finding(t, "The contour leaves the picture.", Severity.MEND, _xy(beyond)))
    elif sector is not None:
        x, y = np.clip(np.round(points).astype(int), 0, np.array(size[::-1]) - 1).T
        dark = ~np.asarray(sector, bool)[y, x]
        if dark.any():
            middle = points[np.flatnonzero(dark)[int(dark.sum()) // 2]]
            found.append(Finding(t, "The contour leaves the ultrasound sector.", Severity.LOOK, _xy(middle)))
    return found


def _names(view: View | None) -> dict[str, str]:
    """What the landmarks are called."""
    first, second = ("left", "right") if view is None else view.walls
    return {"first": f"{first} annulus point", "second": f"{second} annulus point", "apex": "apex"}


def _jumps(contours: np.ndarray, known: list[int], areas: np.ndarray, names: dict[str, str]) -> list[Finding]:
    """Frames that do not fit those around them."""
    size, length = float(np.nanmedian(areas)), float(np.median([long_axis(contours[t]) for t in known]))
    marks = {t: contour_landmarks(contours[t]) for t in known}
    home = np.median([marks[t].apex for t in known], axis=0)
    found = []
    for t in known:
        near = [k for k in known if k != t and abs(k - t) <= _AROUND]
        if not near:
            continue
        sides = min(k for k in near) < t < max(k for k in near)
        strict = 1.0 if sides else 2.0  # at an end the frames around lag behind the beat
        if abs(areas[t] - np.median(areas[near])) > strict * AREA_JUMP * size:
            found.append(Finding(t, f"The area{_JUMPS}", Severity.MEND))
        for name, limit in _LANDMARKS:
            here = getattr(marks[t], name)
            usual = np.median([getattr(marks[k], name) for k in near], axis=0)
            if np.hypot(*(here - usual)) > strict * limit * length:
                sentence = f"The {names[name]}{_JUMPS}"
                found.append(Finding(t, sentence, Severity.MEND, _xy(here)))
        if np.hypot(*(marks[t].apex - home)) > APEX_DRIFT * length:
            sentence = "The apex lies far from where it mostly is."
            found.append(Finding(t, sentence, Severity.LOOK, _xy(marks[t].apex)))
    return found


def _beats(areas: np.ndarray) -> list[Finding]:
    """Beats whose ED or ES is much larger or smaller than the middle one of all beats."""
    found = []
    inner = [(t, ed) for t, ed in turns(areas) if 0 < t < len(areas) - 1]
    for diastole, name in ((True, "ED"), (False, "ES")):
        frames = [t for t, ed in inner if ed is diastole]
        if len(frames) < 2:
            continue
        usual = float(np.median(areas[frames]))
        for t in frames:
            if abs(areas[t] - usual) > UNLIKE_BEATS * max(areas[t], usual):
                found.append(Finding(t, f"This beat's {name} differs much from the other beats'.", Severity.LOOK))
    return found


def _xy(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])
