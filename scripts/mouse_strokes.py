"""Where the mouse of `mouse_runs.py` goes: targets for contours, and strokes that bring a contour to one."""

from __future__ import annotations

import numpy as np


def stroke(line: np.ndarray, target: np.ndarray, radius: float) -> np.ndarray:
    """The way (N,2) of the circle's middle that lays the stretch around the largest gap onto the target."""
    from echoview.measure.propagate import by_arc

    here, there = by_arc(line), by_arc(target)
    along = np.gradient(there, axis=0)
    out = np.column_stack([along[:, 1], -along[:, 0]]) / np.hypot(*along.T)[:, None]
    if np.mean(((there - there.mean(0)) * out).sum(1)) < 0:
        out = -out
    gap = ((there - here) * out).sum(1)  # positive where the border has to go outwards
    worst = int(np.abs(gap).argmax())
    sign = np.sign(gap[worst])
    first = last = worst
    while first > 0 and gap[first - 1] * sign > 0.25 * abs(gap[worst]):
        first -= 1
    while last < len(gap) - 1 and gap[last + 1] * sign > 0.25 * abs(gap[worst]):
        last += 1
    path = there[first : last + 1] - sign * radius * out[first : last + 1]
    away = here[first] - sign * (radius + 1.0) * out[first]  # put down where it touches nothing
    approach = np.linspace(away, path[0], 4)
    fine = np.repeat(path, 2, 0)
    fine[1:-1:2] = (path[:-1] + path[1:]) / 2
    return np.vstack([approach, fine[:-1]])


def moved(base: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """A target for each frame: the prediction with its border moved by smooth shares of its long axis, alike in all."""
    from echoview.measure.propagate import by_arc

    rng = np.random.default_rng(seed)
    place = np.linspace(0, np.pi, 65)
    share = sum(rng.normal(0, 0.035 / k) * np.sin(k * place + rng.uniform(0, np.pi)) for k in (1, 2, 3))
    share += rng.choice([-1, 1]) * 0.03
    goals = []
    for line in base:
        points = by_arc(line)
        along = np.gradient(points, axis=0)
        out = np.column_stack([along[:, 1], -along[:, 0]]) / (np.hypot(*along.T)[:, None] + 1e-9)
        length = np.hypot(*(points[32] - (points[0] + points[-1]) / 2))
        goals.append(points + length * np.asarray(share)[:, None] * out)
    return goals


def score(line: np.ndarray, target: np.ndarray, size: tuple[int, int]) -> float:
    from ral.geometry import dice, raster

    if not (np.isfinite(line).all() and np.isfinite(target).all()):
        return 0.0
    return float(dice(raster(line, size), raster(target, size)))
