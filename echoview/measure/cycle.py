"""End-diastole and end-systole from the course of the cavity."""

from __future__ import annotations

import itertools

import numpy as np

HUMAN = 1.0  # the confidence of a contour that a person stands behind
SURE = 0.6  # a frame less sure than this is shown as unsure, and does not decide where ED and ES are
_FEWEST_FRAMES = 4
_PROMINENT = 0.4  # of the stroke: a smaller change is no turn of the beat
_PLATEAU = 2  # frames beside a peak that may be the end-diastole itself
_CLEAR = 0.05  # of the stroke: by so much another frame must be more extreme to be ED or ES instead
_CLEAR_OF_HUMAN = 0.25  # the same against a frame that a person corrected, where the other one is only the network's
_ODD = 0.25  # of the stroke: a frame so far from the median of its neighbours is a mistake, not a turn of the beat


def find_ed_es(
    sizes: np.ndarray, confidence: np.ndarray | None = None, former: tuple[int | None, int | None] = (None, None)
) -> tuple[int | None, int | None]:
    """Frames of the largest and of the smallest cavity.

    ED is the largest cavity, ES the smallest of the same beat (ASE/EACVI 2015, where valve closure is not seen); of
    several beats the one with the middle ejection; where no whole beat is seen, the extremes of all frames. The turns
    are found on a median over five frames, which keeps a single wrong frame from being one; of the frames of a turn
    the largest, or the smallest, counts, unless it lies a quarter of the stroke off its neighbours.

    Args:
        sizes: (T,) area or volume, NaN where unknown; confidence: (T,) of each frame, or None to trust all.
        former: ED and ES before anyone corrected. They stay, and so does their beat, unless another frame is clearly
            more extreme: correcting a frame makes it differ from its neighbours, which must not move ED or ES away
            from it. Between frames that a person corrected the more extreme one counts.

    Returns:
        0-based (ed, es); (None, None) where fewer than four frames can be judged.
    """
    trusted = np.isfinite(sizes)
    if confidence is not None:
        trusted &= np.asarray(confidence) >= SURE
    if trusted.sum() < _FEWEST_FRAMES:
        return None, None
    kept = np.where(trusted, sizes, np.nan)
    smooth = np.where(trusted, _median_of_five(kept), np.nan)
    if confidence is not None:  # what a person drew counts as it is, whatever its neighbours say
        smooth = np.where(trusted & (np.asarray(confidence) >= HUMAN), kept, smooth)
    largest, smallest = np.nanmax(smooth), np.nanmin(smooth)
    if largest <= smallest:
        return None, None
    sane = np.abs(kept - smooth) <= _ODD * (largest - smallest)
    sane[[0, -1]] = trusted[[0, -1]]  # at an end the median lags, and says nothing against the frame
    beats = _beats(smooth, largest - smallest)
    if not beats:
        ed, es = _most(kept, _around(smooth == largest), sane), _most(-kept, _around(smooth == smallest), sane)
    else:
        found = [_turns(kept, smooth, sane, start, end) for start, end in beats]
        was = -1 if former[1] is None else former[1]
        same = [turn for turn, (start, end) in zip(found, beats, strict=True) if start <= was < end]
        found.sort(key=lambda turn: kept[turn[1]] / kept[turn[0]])
        ed, es = same[0] if same else found[len(found) // 2]
    human = np.zeros(len(kept), bool) if confidence is None else trusted & (np.asarray(confidence) >= HUMAN)
    clear = np.where(human, _CLEAR_OF_HUMAN, _CLEAR) * (largest - smallest)
    return _unless_clear(former[0], ed, smooth, human, clear), _unless_clear(former[1], es, -smooth, human, clear)


def _unless_clear(former: int | None, found: int, sizes: np.ndarray, human: np.ndarray, clear: np.ndarray) -> int:
    """The former frame, unless the one that was found is larger by what is clear; `clear` (T,) against each frame."""
    if former is None or np.isnan(sizes[former]) or (human[former] and human[found]):
        return found
    return found if sizes[found] - sizes[former] > clear[former] else former


def find_beats(sizes: np.ndarray, confidence: np.ndarray | None = None) -> list[tuple[int, int]]:
    """Spans from one end-diastole to the next, [start, end) in frames; empty where fewer than two EDs are seen.

    Args:
        sizes: (T,) area or volume, NaN where unknown; confidence: (T,) of each frame, or None to trust all.
    """
    trusted = np.isfinite(sizes)
    if confidence is not None:
        trusted &= np.asarray(confidence) >= SURE
    if trusted.sum() < _FEWEST_FRAMES:
        return []
    kept = np.where(trusted, sizes, np.nan)
    smooth = np.where(trusted, _median_of_five(kept), np.nan)
    stroke = float(np.nanmax(smooth) - np.nanmin(smooth))
    beats = _beats(smooth, stroke) if stroke > 0 else []
    return [(_largest(kept, smooth, start), _largest(kept, smooth, end)) for start, end in beats]


def _largest(kept: np.ndarray, smooth: np.ndarray, peak: int) -> int:
    """The frame of the largest cavity on the plateau of a peak."""
    near = _around(smooth == smooth[peak]) & (np.abs(np.arange(len(kept)) - peak) <= _PLATEAU)
    return int(np.nanargmax(np.where(near, kept, np.nan))) if near.any() else peak


def turns(sizes: np.ndarray) -> list[tuple[int, bool]]:
    """Where the cavity turns from filling to emptying (True, an end-diastole) and back (False), in order of frames.

    Args:
        sizes: (T,) area or volume, NaN where unknown; empty where fewer than four are known.
    """
    sizes = np.asarray(sizes, float)
    if np.isfinite(sizes).sum() < _FEWEST_FRAMES:
        return []
    smooth = np.where(np.isfinite(sizes), _median_of_five(sizes), np.nan)
    low, high = np.nanpercentile(smooth, (10, 90))  # one odd beat must not hide the turns of the others
    return _turning(smooth, float(high - low))


def _turning(smooth: np.ndarray, stroke: float) -> list[tuple[int, bool]]:
    """The curve turns where it has come back by a good share of the stroke; an end of the cine can be a turn too."""
    there, frames = np.isfinite(smooth), np.arange(len(smooth))
    sizes = np.interp(frames, frames[there], smooth[there])
    found: list[tuple[int, bool]] = []
    first = int(there.argmax())  # before it nothing is known: no turn lies there
    turn, filling = first, True  # the extreme since the last turn, and whether it is a maximum
    for t in range(first, len(sizes)):
        beyond = sizes[t] - sizes[turn] if filling else sizes[turn] - sizes[t]
        if beyond > 0:
            turn = t
        elif -beyond > _PROMINENT * stroke:
            found.append((turn, filling))
            turn, filling = t, not filling
    return [*found, (turn, filling)]


def _beats(smooth: np.ndarray, stroke: float) -> list[tuple[int, int]]:
    """Spans from one end-diastole to the next, [start, end); empty where the cine holds fewer than two of them."""
    return list(itertools.pairwise(t for t, diastole in _turning(smooth, stroke) if diastole))


def _turns(kept: np.ndarray, smooth: np.ndarray, sane: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """ED and ES of one beat: the peak that it starts with, the trough before the next."""
    inside = np.zeros(len(kept), bool)
    inside[start:end] = np.isfinite(smooth[start:end])
    peak = (smooth == smooth[start]) & (np.abs(np.arange(len(kept)) - start) <= _PLATEAU)
    trough = inside & (smooth == np.nanmin(smooth[start:end]))
    return _most(kept, _around(peak), sane), _most(-kept, _around(trough), sane)


def _around(tied: np.ndarray) -> np.ndarray:
    """(T,) bool: the frames of a turn of the median; at an end of the cine also those beside it.

    There the median sees one side only and puts the turn too near to the end. The end frame itself, of which no median
    says whether it is a mistake, is none of them.
    """
    around = tied.copy()
    around[1 : _PLATEAU + 1] |= tied[:_PLATEAU].any()
    around[-_PLATEAU - 1 : -1] |= tied[-_PLATEAU:].any()
    return around


def _most(sizes: np.ndarray, around: np.ndarray, sane: np.ndarray) -> int:
    """Of the frames of a turn the one whose own size is most extreme; of all frames, where none there is sane."""
    among = around & sane if (around & sane).any() else sane if sane.any() else around
    return int(np.nanargmax(np.where(among, sizes, np.nan)))


def _median_of_five(values: np.ndarray) -> np.ndarray:
    """Median of each value and its two neighbours on either side, NaN ones left out; (T,) -> (T,)."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, 2, constant_values=np.nan), 5)
    ordered = np.sort(windows, axis=1)  # NaN sorts to the end
    known = np.isfinite(windows).sum(1)
    rows = np.arange(len(values))
    low, high = np.maximum((known - 1) // 2, 0), np.maximum(known // 2, 0)
    return (ordered[rows, low] + ordered[rows, np.minimum(high, 4)]) / 2
