"""What tools do to a whole contour: follow another line, smooth, turn, scale; and what may be wrong with a line."""

from __future__ import annotations

import numpy as np

from echoview.domain.contour import Contour, Origin, trace

FINER = (1, 2, 4)  # how much denser handles may stand than before, where a line asks for it
_MOST_HANDLES = 80
_SMOOTH_POINTS = 201
_SMOOTH_SIGMA = 7.0  # of those points: about a thirtieth of the border on either side


def follow(contour: Contour, line: np.ndarray, tolerance: float) -> Contour:
    """The contour laid on another line: handles stay where the line stayed, others stand where it left.

    Args:
        contour: as it was.
        line: (N,2) px, from the first annulus point to the second, denser than the handles.
        tolerance: px of distance that count as the same place.

    Returns:
        A contour whose new handles are CORRECTED, or DRAWN where all of the former were.
    """
    old, segment = trace(contour.handles)
    left = np.zeros(len(contour.handles) - 1, bool)
    left[segment[_to_line(old, line)[0] > tolerance]] = True
    away, nearest = _to_line(line, old)
    left[segment[nearest[away > tolerance]]] = True
    if not left.any():
        return contour
    laid = contour
    for finer in FINER:
        laid = _laid(contour, line, left, finer)
        off = _to_line(line, laid.dense(6 * len(laid.handles)))[0].max()
        if off <= 2 * tolerance or len(laid.handles) > _MOST_HANDLES:
            break
    return laid


def _laid(contour: Contour, line: np.ndarray, left: np.ndarray, finer: int) -> Contour:
    """New handles on `line` for every run of segments that were left; `finer` times as dense as the former."""
    arc = _arc(line)
    spacing = _arc(contour.handles)[-1] / max(len(contour.handles) - 1, 1) / finer
    least = arc[-1] / _MOST_HANDLES  # a rough line would ask for more handles at each gesture, without an end
    spacing = max(spacing, least)
    origin = Origin.DRAWN if all(o is Origin.DRAWN for o in contour.origins) else Origin.CORRECTED
    last = len(contour.handles) - 1
    handles: list[np.ndarray] = []
    origins: list[Origin] = []
    index = 0
    while index <= last:
        if index == last or not left[index]:
            if not (index == last and left[-1]):
                handles.append(contour.handles[index])
                origins.append(contour.origins[index])
            index += 1
            continue
        end = index
        while end < last and left[end]:
            end += 1
        start_at = 0.0 if index == 0 else _place(line, arc, contour.handles[index])
        end_at = arc[-1] if end == last else _place(line, arc, contour.handles[end])
        room = abs(end_at - start_at)
        count = max(round(room / spacing) - 1, min(finer * (end - index), round(room / least)) - 1, 1)
        at = np.linspace(start_at, end_at, count + 2)
        if index > 0:
            handles.append(contour.handles[index])
            origins.append(contour.origins[index])
        kept = at[0 if index == 0 else 1 : len(at) if end == last else -1]
        handles.extend(np.column_stack([np.interp(kept, arc, line[:, 0]), np.interp(kept, arc, line[:, 1])]))
        origins.extend([origin] * len(kept))
        index = end + 1 if end == last else end
    for end in (0, -1):
        if np.allclose(handles[end], contour.handles[end]):  # an annulus point that stayed is whose it was
            origins[end] = contour.origins[end]
    return Contour(np.array(handles), tuple(origins))


def smoothed(contour: Contour) -> Contour:
    """The same handles with the jags between them gone; both ends stay, and so does the size.

    Smoothing alone draws a bend inwards, so what it took away is smoothed too and given back.
    """
    line = contour.dense(_SMOOTH_POINTS)
    once = _blurred(line)
    soft = once + _blurred(line - once)
    soft[[0, -1]] = line[[0, -1]]
    arc = _arc(line)
    at = np.array([_place(line, arc, handle) for handle in contour.handles])
    step = np.column_stack([np.interp(at, arc, (soft - line)[:, i]) for i in (0, 1)])
    return _corrected(contour, contour.handles + step)


def turned(contour: Contour, degrees: float, about: np.ndarray | None = None) -> Contour:
    """All of it turned clockwise on the screen, about its middle or a point (2,) px."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = contour.handles.mean(0) if about is None else about
    return _corrected(contour, (contour.handles - centre) @ turn + centre)


def scaled(contour: Contour, factor: float, about: np.ndarray | None = None) -> Contour:
    """All of it larger (factor > 1) or smaller, about its middle or a point (2,) px."""
    centre = contour.handles.mean(0) if about is None else about
    return _corrected(contour, (contour.handles - centre) * factor + centre)


def crossing(points: np.ndarray) -> np.ndarray | None:
    """Where a line (N,2), closed by the straight annulus, first crosses itself: (2,) px, or None."""
    a, b = points, np.roll(points, -1, axis=0)
    d = b - a
    gap = a[None] - a[:, None]
    cross = d[:, None, 0] * d[None, :, 1] - d[:, None, 1] * d[None, :, 0]
    safe = np.where(cross == 0, 1.0, cross)
    along = (gap[..., 0] * d[None, :, 1] - gap[..., 1] * d[None, :, 0]) / safe
    other = (gap[..., 0] * d[:, None, 1] - gap[..., 1] * d[:, None, 0]) / safe
    meet = (cross != 0) & (along >= 0) & (along < 1) & (other >= 0) & (other < 1)
    count = len(points)
    i, j = np.nonzero(np.triu(meet, 2))
    apart = (i + count - j) > 1  # the annulus line ends where the first stretch begins
    if not apart.any():
        return None
    first = int(np.flatnonzero(apart)[0])
    return a[i[first]] + along[i[first], j[first]] * d[i[first]]


def outside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
    """The point (2,) px of a line that lies farthest outside a picture of (height, width) px, or None."""
    height, width = size
    low, high = np.array([-0.5, -0.5]), np.array([width - 0.5, height - 0.5])
    beyond = np.maximum(np.maximum(low - points, points - high), 0).max(1)
    worst = int(beyond.argmax())
    return points[worst] if beyond[worst] > 0 else None


def inside(points: np.ndarray, x: float, y: float) -> bool:
    """Whether (x, y) lies inside a line (N,2) closed by the straight annulus; even-odd."""
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    crosses = (y0 <= y) != (y1 <= y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)
    return bool(np.count_nonzero(crosses & (x < x0 + (y - y0) * (x1 - x0) / rise)) % 2)


def off_line(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """How far points (M,2) lie from a line (N,2), px: (M,)."""
    return _to_line(points, line)[0]


def nearest_on(line: np.ndarray, x: float, y: float) -> tuple[float, float]:
    """How far along a line (N,2) its point nearest to (x, y) lies, and how far away, px."""
    arc = _arc(line)
    at = _place(line, arc, np.array([x, y]))
    there = np.array([np.interp(at, arc, line[:, 0]), np.interp(at, arc, line[:, 1])])
    return at, float(np.hypot(*(there - (x, y))))


def _corrected(contour: Contour, handles: np.ndarray) -> Contour:
    return Contour(handles, tuple(o if o is Origin.DRAWN else Origin.CORRECTED for o in contour.origins))


def _arc(line: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def _place(line: np.ndarray, arc: np.ndarray, point: np.ndarray) -> float:
    """Arc length at which a line passes nearest to a point."""
    d = np.diff(line, axis=0)
    share = np.clip(((point - line[:-1]) * d).sum(1) / np.maximum((d * d).sum(1), 1e-12), 0, 1)
    off = np.hypot(*(line[:-1] + share[:, None] * d - point).T)
    at = int(off.argmin())
    return float(arc[at] + share[at] * (arc[at + 1] - arc[at]))


def _to_line(points: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (M,) of points (M,2) from a line (N,2), and which of its stretches is the nearest (M,)."""
    start, d = line[:-1], np.diff(line, axis=0)
    gap = points[:, None] - start[None]
    share = np.clip((gap * d).sum(-1) / np.maximum((d * d).sum(1), 1e-12), 0, 1)
    off = gap - share[..., None] * d
    square = (off * off).sum(-1)
    nearest = square.argmin(1)
    return np.sqrt(square[np.arange(len(points)), nearest]), nearest


def _blurred(line: np.ndarray) -> np.ndarray:
    """(N,2) after a Gaussian along it; beyond its ends it goes on as its mirror through them."""
    reach = round(3 * _SMOOTH_SIGMA)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTH_SIGMA) ** 2)
    kernel /= kernel.sum()
    before, after = 2 * line[:1] - line[reach:0:-1], 2 * line[-1:] - line[-2 : -reach - 2 : -1]
    padded = np.vstack([before, line, after])
    return np.column_stack([np.convolve(padded[:, i], kernel, "valid") for i in (0, 1)])
