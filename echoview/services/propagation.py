"""The ways to carry corrections from some frames to the others, as work for a job."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from itertools import dropwhile

import numpy as np

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour, Origin
from echoview.domain.contour_edit import off_line
from echoview.domain.weights import WeightsSet
from echoview.measure.propagate import areas, by_arc, cardiac_phase, interpolate, propagate
from echoview.services.inference import Inference

_MOVED_PX = 0.5  # a carried point that moved less is still the prediction's
Step = tuple[int, int, np.ndarray]  # of the flow: the frame, how many frames off the corrected one, (N,2) px


class Way(Enum):
    """How a correction reaches the other frames."""

    DISPLACEMENT = "as the corrected frames were moved"
    INTERPOLATION = "between corrected frames"
    FLOW = "with the motion in the picture"
    REREAD = "with the network, steered by the corrections"


def proposed(
    way: Way, cine: Cine, base: np.ndarray, human: Mapping[int, np.ndarray], frames: Collection[int],
    inference: Inference, weights: WeightsSet | None, device: str,
) -> Iterator[dict[int, Contour | None]]:  # fmt: skip
    """What is known so far of the frames wanted, by any way; None where a frame keeps its prediction.

    Args:
        base, human: as of `carried`.
        weights: for REREAD, which alone asks the network.
    """
    origin = Origin.INTERPOLATED if way is Way.INTERPOLATION else Origin.PROPAGATED
    if way is not Way.REREAD:
        for lines in grown(way, base, human, frames, cine.frame_near):
            yield {t: _from_line(line, base[t], origin) for t, line in lines.items()}
        return
    assert weights is not None
    readings = inference.reread_both(cine, weights, human, device)
    ahead, back = (((f.t, f.contour) for f in reading if not f.empty) for reading in readings)
    for t, line in as_read(ahead, back, human):
        if t in frames:
            yield {t: _from_line(line, base[t], origin)}


def _from_line(line: np.ndarray, base: np.ndarray, origin: Origin) -> Contour | None:
    """A contour on a line (N,2), its points the prediction's where they hardly moved; None where none did."""
    contour = Contour.through(line, origin)
    if not np.isfinite(base).all():
        return contour
    still = off_line(contour.handles, base) < _MOVED_PX
    if still.all():
        return None
    return Contour(contour.handles, tuple(Origin.PREDICTED if s else origin for s in still))


def carried(
    way: Way,
    base: np.ndarray,
    human: Mapping[int, np.ndarray],
    frames: Iterable[int],
    frame: Callable[[int], np.ndarray],
) -> dict[int, np.ndarray]:
    """What the corrected frames say of the others, by any way that needs no network.

    Args:
        base: (T,N,2) px, what the network said, NaN where it said nothing.
        human: frame -> contour (M,2) px that a person stands behind.
        frames: those wanted; one that a person stands behind is never given back.
        frame: decodes frame t; only asked by FLOW.

    Returns:
        frame -> contour (65,2) px.
    """
    return {t: line for lines in grown(way, base, human, frames, frame) for t, line in lines.items()}


def grown(
    way: Way,
    base: np.ndarray,
    human: Mapping[int, np.ndarray],
    frames: Iterable[int],
    frame: Callable[[int], np.ndarray],
) -> Iterator[dict[int, np.ndarray]]:
    """As `carried`, as it comes: FLOW a frame at a time, the other ways all at once. A later one counts."""
    wanted = [t for t in frames if t not in human]
    if way is Way.FLOW:
        yield from flowing(human, wanted, frame)
    elif way is Way.INTERPOLATION:
        yield interpolate(human, wanted)
    else:
        yield propagate(base, human, cardiac_phase(areas(base)), wanted)


def flowed(
    human: Mapping[int, np.ndarray], frames: Iterable[int], frame: Callable[[int], np.ndarray]
) -> dict[int, np.ndarray]:
    """The corrected contours carried by optical flow from the nearest on either side, the nearer one counting more."""
    return {t: line for lines in flowing(human, frames, frame) for t, line in lines.items()}


def flowing(
    human: Mapping[int, np.ndarray], frames: Iterable[int], frame: Callable[[int], np.ndarray]
) -> Iterator[dict[int, np.ndarray]]:
    """As `flowed`, a step of the flow at a time, forwards and backwards in turn; empty where nobody asked for a frame.

    A frame between two corrected ones comes twice, the second time with both sides in it.
    """
    wanted = set(frames) - set(human)
    keys = sorted(human)
    if not keys or not wanted:
        return
    found: dict[int, list[tuple[int, np.ndarray]]] = {}
    for t, far, points in _flights(human, keys, wanted, frame):
        sides = found.setdefault(t, [])
        sides.append((far, points))
        weights = np.array([1 / away for away, _ in sides])
        mixed = np.tensordot(weights / weights.sum(), np.stack([line for _, line in sides]), 1)
        yield {t: mixed} if t in wanted else {}  # also between two that are wanted, for that is when it can be stopped


def _flights(
    human: Mapping[int, np.ndarray], keys: list[int], wanted: set[int], frame: Callable[[int], np.ndarray]
) -> Iterator[Step]:
    """From each corrected frame to those before and after it, or to the last that is wanted."""

    def flight(key: int, stop: int, direction: int) -> Iterator[Step]:
        from ral.flow import carry

        if (stop - key) * direction > 0:
            for far, points in enumerate(carry(frame, by_arc(human[key]), key, stop), 1):
                yield key + far * direction, far, points

    for i, key in enumerate(keys):
        after = keys[i + 1] - 1 if i + 1 < len(keys) else max(wanted)
        before = keys[i - 1] + 1 if i else min(wanted)
        yield from _in_turn(flight(key, after, 1), flight(key, before, -1))


def _in_turn(*sources: Iterator[Step]) -> Iterator[Step]:
    """One of each, again and again, until all have ended."""
    turns = deque(sources)
    while turns:
        step = next(turns[0], None)
        if step is None:
            turns.popleft()
        else:
            turns.rotate(-1)
            yield step


def meet(ahead: Mapping[int, np.ndarray], back: Mapping[int, np.ndarray], keys: Iterable[int]) -> dict[int, np.ndarray]:
    """What was read forwards and what was read backwards, put together: a frame believes the side it was told from.

    A hint reaches the frames that are read after it. So before the first corrected frame the backward reading counts,
    behind the last one the forward reading, and between two of them the nearer one counts more.

    Args:
        ahead, back: frame -> contour (N,2) px of either reading.
        keys: the corrected frames, one at least.

    Returns:
        frame -> contour (65,2) px of every frame that a reading to be believed found something in.
    """
    known = np.array(sorted(keys))
    met = {t: _met(t, ahead, back, known) for t in sorted(set(ahead) | set(back))}
    return {t: line for t, line in met.items() if line is not None}


def as_read(
    ahead: Iterable[tuple[int, np.ndarray]], back: Iterable[tuple[int, np.ndarray]], keys: Iterable[int]
) -> Iterator[tuple[int, np.ndarray]]:
    """Two readings, a frame of each in turn, as `meet` puts them together; so what they say grows to both sides.

    A frame between two corrected ones comes twice: when the first reading reaches it, and when the second does. The
    run-ups are passed over, so that the first frame comes before the second reading begins; `keys` never come back.
    """
    known = np.array(sorted(keys))
    found: tuple[dict[int, np.ndarray], dict[int, np.ndarray]] = ({}, {})
    told_ahead = dropwhile(lambda read: read[0] <= known[0], ahead)
    told_back = dropwhile(lambda read: read[0] >= known[-1], back)
    turns = deque([(found[0], told_ahead), (found[1], told_back)])
    while turns:
        side, reading = turns.popleft()
        read = next(reading, None)
        if read is None:
            continue
        turns.append((side, reading))
        t = read[0]
        side[t] = read[1]
        line = None if t in known else _met(t, *found, known)
        if line is not None:
            yield t, line


def _met(
    t: int, ahead: Mapping[int, np.ndarray], back: Mapping[int, np.ndarray], known: np.ndarray
) -> np.ndarray | None:
    """Frame t of two readings (65,2) px; None where neither had been told of a correction."""
    past, future = known[known <= t], known[known >= t]
    sides = [
        (1 / (1 + abs(t - int(near))), by_arc(side[t]))
        for side, near in ((ahead, past.max(initial=-1)), (back, future.min(initial=1 << 30)))
        if t in side and 0 <= near < 1 << 30
    ]
    total = sum(weight for weight, _ in sides)
    return np.sum([weight / total * line for weight, line in sides], axis=0) if sides else None
