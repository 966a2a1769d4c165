"""What one corrected frame does to its neighbours, when the network reads the cine again with it as a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ral.evaluation.cases import Case
from ral.geometry import dice, largest_component

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ral.predict import FramePrediction
    from ral.prepare import Preparation

REACH = 8  # frames on either side of the corrected one that are looked at


class Steered(Protocol):
    """A model that reads corrected masks."""

    def stream(
        self, frames: Iterable[np.ndarray], preparation: Preparation, hints: Mapping[int, np.ndarray] | None = None
    ) -> Iterator[FramePrediction]: ...


def steer(
    model: Steered, found: Sequence[FramePrediction], preparation: Preparation, case: Case
) -> list[dict[str, float]]:
    """Correct the worst frame of a cine to its reference, read the frames after and before it again, and compare.

    The frames before it are read backwards in time.

    Args:
        found: the predictions without a hint; every frame of the case has a reference.

    Returns:
        For each neighbour within `REACH` frames {"distance": frames, "before": Dice in `found`, "again": read again in
        the same order without the hint, "after": with it}. What the hint itself adds is "after" less "again".
    """
    plain = [_dice(one, preparation, case.masks[one.t]) for one in found]
    worst = int(np.argmin(plain))
    neighbours = []
    for step in (1, -1):
        order = [t for t in range(worst, worst + step * (REACH + 1), step) if 0 <= t < len(found)]
        frames = [case.frames[t] for t in order]
        readings = (model.stream(frames, preparation), model.stream(frames, preparation, {0: case.masks[worst]}))
        for distance, (t, alone, told) in enumerate(zip(order, *readings, strict=True)):
            if distance:
                again, after = (_dice(one, preparation, case.masks[t]) for one in (alone, told))
                neighbours.append({"distance": distance, "before": plain[t], "again": again, "after": after})
    return neighbours


def steering_table(neighbours: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Means: {"n", "before", "again", "after", "by_distance": [{"distance", "n", "before", "again", "after"}, ...]}; {}
    without any."""
    if not neighbours:
        return {}
    rows = []
    for distance in sorted({n["distance"] for n in neighbours}):
        of = [n for n in neighbours if n["distance"] == distance]
        rows.append({"distance": int(distance), "n": len(of)} | _means(of))
    return {"by_distance": rows, "n": len(neighbours)} | _means(neighbours)


def _means(neighbours: Sequence[dict[str, float]]) -> dict[str, float]:
    return {when: float(np.mean([n[when] for n in neighbours])) for when in ("before", "again", "after")}


def _dice(found: FramePrediction, preparation: Preparation, reference: np.ndarray) -> float:
    return dice(largest_component(found.mask(preparation)), reference)
