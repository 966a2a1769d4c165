"""One correction mends the beat: what a person moved in some frames, carried to the others. Pure numpy.

A correction is a displacement by arc position and cardiac phase. The arc is counted from either annulus point to the
apex, never by index, so that contours of unlike length or handles match and none is twisted. A displacement is turned
and scaled with the long axis of each frame's own contour, as the wall under it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from echoview.measure.cycle import turns

HALF = 33  # points from an annulus point to the apex, both included
_FINE = 321
SYSTOLE = 0.4  # the share of a beat at which ES is put
REACH = 0.15  # of a beat: how far a correction is felt, one standard deviation
COMMON = 0.6  # the share of it that holds for the whole cine: the network errs alike in all frames
ALONE = 0.15  # the share that is this frame's own mistake, and tells nothing of another
STEADY = 1.0  # frames over which the network's own jitter is taken out before a correction is laid on it


def by_arc(points: np.ndarray) -> np.ndarray:
    """A contour (N,2) at equal steps from the first annulus point to the apex and on to the second, (65,2)."""
    line = _equal_steps(points, _FINE)  # so that the apex is not bound to a point that happens to be there
    apex = int(np.hypot(*(line - (line[0] + line[-1]) / 2).T).argmax())
    apex = min(max(apex, 1), _FINE - 2)
    first, second = _equal_steps(line[: apex + 1], HALF), _equal_steps(line[apex:], HALF)
    return np.vstack([first, second[1:]])


def between(before: np.ndarray, after: np.ndarray, share: float) -> np.ndarray:
    """The contour (65,2) a share 0..1 of the way from one (N,2) to another (M,2), point by point of the arc."""
    return (1 - share) * by_arc(before) + share * by_arc(after)


def interpolate(human: Mapping[int, np.ndarray], frames: Iterable[int]) -> dict[int, np.ndarray]:
    """Contours of the frames between corrected ones, straight from each to the next; none before or after all.

    Args:
        human: frame -> contour (N,2) px.
    """
    keys = sorted(human)
    found = {}
    for t in frames:
        before, after = [k for k in keys if k < t], [k for k in keys if k > t]
        if t not in human and before and after:
            share = (t - before[-1]) / (after[0] - before[-1])
            found[t] = between(human[before[-1]], human[after[0]], share)
    return found


def areas(contours: np.ndarray) -> np.ndarray:
    """(T,) px2 of contours (T,N,2), NaN where there is none."""
    x, y = contours[..., 0], contours[..., 1]
    return 0.5 * np.abs((x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1))


def cardiac_phase(sizes: np.ndarray) -> np.ndarray:
    """(T,) phase of each frame in beats: whole at end-diastole, .4 later at end-systole, rising through the cine.

    Args:
        sizes: (T,) area or volume, NaN where unknown. Where no beat shows, the cine counts as one.
    """
    frames = np.arange(len(sizes))
    found = turns(sizes)
    inner = [turn for turn in found if 0 < turn[0] < len(sizes) - 1]
    found = inner if len(inner) > 1 else found  # an end of the cine may cut a beat in the middle
    if len(found) < 2:
        return frames / max(len(frames), 1)
    at, phase, beat = [], [], -1
    for t, diastole in found:
        beat += diastole
        at.append(t)
        phase.append(beat + (0.0 if diastole else SYSTOLE))
    known = np.interp(frames, at, phase)
    pace = (phase[-1] - phase[0]) / (at[-1] - at[0])
    known[: at[0]] = phase[0] - pace * (at[0] - frames[: at[0]])
    known[at[-1] :] = phase[-1] + pace * (frames[at[-1] :] - at[-1])
    return known - np.floor(known.min())


def propagate(
    base: np.ndarray,
    human: Mapping[int, np.ndarray],
    phase: np.ndarray,
    frames: Iterable[int] | None = None,
    reach: float = REACH,
    common: float = COMMON,
    alone: float = ALONE,
    steady: float = STEADY,
) -> dict[int, np.ndarray]:
    """Contours of the other frames, moved as the corrected ones were.

    The displacement passes smoothly from one corrected frame to the next, is the same in the same phase of other
    beats, and far from all of them the share that is `common` is left. This is the best linear estimate (kriging) of
    a displacement that varies so over the beat; the shares were measured on simulated cines, where the exact
    displacement of every frame is known.

    Args:
        base: (T,N,2) px, what the network said, NaN where it said nothing.
        human: frame -> contour (M,2) px that a person stands behind; such frames are never in what comes back.
        phase: (T,) as `cardiac_phase` gives it.
        frames: those wanted, all when None; a frame without a base is left out.

    Returns:
        frame -> contour (65,2) px.
    """
    known = _steadied({t: by_arc(base[t]) for t in range(len(base)) if np.isfinite(base[t]).all()}, steady)
    keys = [t for t in sorted(human) if t in known]
    wanted = [t for t in (range(len(base)) if frames is None else frames) if t in known and t not in human]
    if not keys or not wanted:
        return {}
    moved = np.stack([_to_heart(by_arc(human[k]) - known[k], known[k]) for k in keys])
    near = (1 - alone) * _alike(phase[keys], phase[keys], reach, common) + alone * np.eye(len(keys))
    weights = np.linalg.solve(near, (1 - alone) * _alike(phase[keys], phase[wanted], reach, common)).T
    steps = np.tensordot(weights, moved, 1)
    return {t: known[t] + _from_heart(step, known[t]) for t, step in zip(wanted, steps, strict=True)}


def _steadied(contours: dict[int, np.ndarray], sigma: float) -> dict[int, np.ndarray]:
    """Each contour (65,2) averaged with those of the frames around it, by a Gaussian of `sigma` frames."""
    frames = np.array(sorted(contours))
    if sigma <= 0 or not len(frames):
        return contours
    weights = np.exp(-0.5 * ((frames[:, None] - frames[None]) / sigma) ** 2)
    weights /= weights.sum(1, keepdims=True)
    mean = np.tensordot(weights, np.stack([contours[t] for t in frames]), 1)
    return dict(zip(frames.tolist(), mean, strict=True))


def _alike(a: np.ndarray, b: np.ndarray, reach: float, common: float) -> np.ndarray:
    """(len(a),len(b)) how alike two displacements are by their phases: 1 at the same phase of any beat."""
    apart = np.sin(np.pi * (a[:, None] - b[None])) / np.pi
    return common + (1 - common) * np.exp(-0.5 * (apart / reach) ** 2)


def _axis(points: np.ndarray) -> np.ndarray:
    """From the middle of the annulus to the apex of a contour by arc, (2,) px."""
    axis = points[HALF - 1] - (points[0] + points[-1]) / 2
    return axis if np.hypot(*axis) > 1e-6 else np.array([0.0, -1.0])


def _to_heart(steps: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(65,2) px as shares of the long axis, along it and across it."""
    (x, y), square = _axis(points), float(np.sum(_axis(points) ** 2))
    return np.column_stack([steps @ (x, y), steps @ (-y, x)]) / square


def _from_heart(shares: np.ndarray, points: np.ndarray) -> np.ndarray:
    x, y = _axis(points)
    return shares @ np.array([[x, y], [-y, x]])


def _equal_steps(line: np.ndarray, count: int) -> np.ndarray:
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, arc[-1], count)
    return np.column_stack([np.interp(at, arc, line[:, 0]), np.interp(at, arc, line[:, 1])])
