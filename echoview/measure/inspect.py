"""The contour inspector: what looks wrong with the contours of a cine, as a list to go through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from echoview.domain.contour_edit import crossing, outside
from echoview.domain.view import View
from echoview.measure.cycle import turns
from ral.geometry import apexes, areas, long_axes

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
    known = np.flatnonzero(np.isfinite(contours).all((1, 2)))
    found = _shapes(known, contours[known], size, sector)
    sizes = np.full(len(contours), np.nan)
    sizes[known] = areas(contours[known])
    if len(known) >= _FEWEST:
        found += _jumps(contours, known, sizes, _names(view))
        found += _beats(sizes)
    if ed is not None and es is not None and ed != es and sizes[ed] <= sizes[es]:
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


def _shapes(known: np.ndarray, lines: np.ndarray, size: tuple[int, int], sector: np.ndarray | None) -> list[Finding]:
    """What is wrong with each contour by itself; `lines` (K,N,2) are those of the frames `known`."""
    found = []
    for n in np.flatnonzero(~_simple(lines)).tolist():
        knot = crossing(lines[n])
        if knot is not None:
            found.append(Finding(int(known[n]), "The contour crosses itself.", Severity.MEND, _xy(knot)))
    pixels = np.round(lines).astype(int)
    within = np.clip(pixels, 0, np.array(size[::-1]) - 1)
    x, y = np.moveaxis(within, -1, 0)
    dark = np.zeros(x.shape, bool) if sector is None else ~np.asarray(sector, bool)[y, x]
    for n in np.flatnonzero((pixels != within).any((1, 2)) | dark.any(1)).tolist():
        beyond, t = outside(lines[n], size), int(known[n])
        if beyond is not None:
            found.append(Finding(t, "The contour leaves the picture.", Severity.MEND, _xy(beyond)))
        elif dark[n].any():
            middle = lines[n][np.flatnonzero(dark[n])[int(dark[n].sum()) // 2]]
            found.append(Finding(t, "The contour leaves the ultrasound sector.", Severity.LOOK, _xy(middle)))
    return found


def _simple(lines: np.ndarray) -> np.ndarray:
    """(K,) bool: contours that run once around a point and never turn back, as nearly all do: they cannot cross."""
    base = (lines[:, 0] + lines[:, -1]) / 2
    x, y = np.moveaxis(lines - ((base + apexes(lines)) / 2)[:, None], -1, 0)
    ahead_x, ahead_y = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    turn = np.arctan2(x * ahead_y - y * ahead_x, x * ahead_x + y * ahead_y)
    one_way = np.all(turn > 0, axis=1) | np.all(turn < 0, axis=1)
    return np.logical_and(one_way, np.abs(turn.sum(1)) < 3 * np.pi)


def _names(view: View | None) -> dict[str, str]:
    """What the landmarks are called."""
    first, second = ("left", "right") if view is None else view.walls
    return {"first": f"{first} annulus point", "second": f"{second} annulus point", "apex": "apex"}


def _jumps(contours: np.ndarray, known: np.ndarray, sizes: np.ndarray, names: dict[str, str]) -> list[Finding]:
    """Frames that do not fit those around them; `known` are the frames with a contour, `sizes` the areas (T,)."""
    lines = contours[known]
    size, length = float(np.median(sizes[known])), float(np.median(long_axes(lines)))
    marks = {"first": lines[:, 0], "second": lines[:, -1], "apex": apexes(lines)}
    among, strict = _neighbours(len(contours), known)
    usual = _usual(len(contours), known, sizes[known, None])[:, 0]
    jumping = np.abs(sizes[known] - usual) > strict * AREA_JUMP * size
    found = [Finding(t, f"The area{_JUMPS}", Severity.MEND) for t in known[among & jumping].tolist()]
    for name, limit in _LANDMARKS:
        off = np.hypot(*(marks[name] - _usual(len(contours), known, marks[name])).T)
        for n in np.flatnonzero(among & (off > strict * limit * length)).tolist():
            found.append(Finding(int(known[n]), f"The {names[name]}{_JUMPS}", Severity.MEND, _xy(marks[name][n])))
    drift = np.hypot(*(marks["apex"] - np.median(marks["apex"], axis=0)).T)
    for n in np.flatnonzero(among & (drift > APEX_DRIFT * length)).tolist():
        sentence = "The apex lies far from where it mostly is."
        found.append(Finding(int(known[n]), sentence, Severity.LOOK, _xy(marks["apex"][n])))
    return found


def _around(frames: int, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(2 * _AROUND, K, M): of values (K,M) in the known frames those of the frames before and behind, NaN for none."""
    padded = np.full((frames + 2 * _AROUND, values.shape[1]), np.nan)
    padded[known + _AROUND] = values
    return np.stack([padded[known + _AROUND + step] for step in range(-_AROUND, _AROUND + 1) if step])


def _neighbours(frames: int, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) bool: whether there are any; (K,): how many times farther a frame may lie from them."""
    there = np.isfinite(_around(frames, known, np.zeros((len(known), 1))))[..., 0]
    before, behind = np.any(there[:_AROUND], axis=0), np.any(there[_AROUND:], axis=0)
    return np.logical_or(before, behind), np.where(
        before & behind, 1.0, 2.0
    )  # at an end the frames around lag behind the beat


def _usual(frames: int, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(K,M): the median of the frames around each, NaN where there are none."""
    around = np.sort(_around(frames, known, values), axis=0)  # NaN last
    count = np.isfinite(around).sum(0)
    middle = [np.take_along_axis(around, np.maximum(at, 0)[None], 0)[0] for at in ((count - 1) // 2, count // 2)]
    return (middle[0] + middle[1]) / 2


def _beats(sizes: np.ndarray) -> list[Finding]:
    """Beats whose ED or ES is much larger or smaller than the middle one of all beats."""
    found = []
    inner = [(t, ed) for t, ed in turns(sizes) if 0 < t < len(sizes) - 1]
    for diastole, name in ((True, "ED"), (False, "ES")):
        frames = [t for t, ed in inner if ed is diastole]
        if len(frames) < 2:
            continue
        usual = float(np.median(sizes[frames]))
        for t in frames:
            if abs(sizes[t] - usual) > UNLIKE_BEATS * max(sizes[t], usual):
                found.append(Finding(t, f"This beat's {name} differs much from the other beats'.", Severity.LOOK))
    return found


def _xy(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])
