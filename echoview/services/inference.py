"""The network at work on a cine. torch is imported at the first prediction, not before."""

from __future__ import annotations

import gc
import json
import logging
import os
import time
import weakref
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from echoview.domain.cine import Cine
from echoview.domain.prediction import LogitMap, Prediction
from echoview.domain.weights import WeightsSet
from echoview.errors import DeviceError, EchoViewError, WeightsError

if TYPE_CHECKING:
    from ral.predict import FramePrediction, Predictor, Sights
    from ral.prepare import Preparation

log = logging.getLogger(__name__)

LOOKED_AT = 8  # frames that decide on the crop
_PREPARED: weakref.WeakKeyDictionary[Cine, Preparation] = weakref.WeakKeyDictionary()
RUN_UP = 4  # frames that the recurrence needs to settle, as in fine-tuning


@dataclass(slots=True)
class Inference:
    """Keeps the last predictor, so that a second cine does not load the weights again.

    Attributes:
        threads: of the processor; see `threads_for`.
    """

    threads: int = 0
    _loaded: dict[tuple[str, str], Predictor] = field(default_factory=dict)
    _sights: tuple[Predictor, weakref.ref[Cine], Sights] | None = None  # of the cine that was last read once more

    def predictor(self, weights: WeightsSet, device: str) -> Predictor:
        """The predictor of a set on a device.

        Raises:
            WeightsError: the set cannot be loaded.
            DeviceError: the device is not there.
        """
        key = (str(weights.folder), device)
        if key not in self._loaded:
            from ral.checkpoint import CheckpointError
            from ral.predict import Predictor

            gc.freeze()  # torch stays for ever; to look through it for cycles would hold up the window
            try:
                predictor = Predictor(weights.folder, device, threads_for(self.threads))
            except CheckpointError as error:
                raise WeightsError(str(error), "Choose other weights, or install them again.") from error
            except ValueError as error:
                raise DeviceError(str(error), "Choose another device.") from error
            self._loaded.clear()
            self._loaded[key] = predictor
        return self._loaded[key]

    def predict(
        self, cine: Cine, weights: WeightsSet, device: str, again: bool = False
    ) -> Iterator[tuple[FramePrediction, str, float, LogitMap]]:
        """Frame by frame: what was found, the device it was found on, frames a second so far, and what was seen.

        Args:
            again: it may be read once more, so what the encoder saw is kept for that.

        Raises:
            EchoViewError: the cine must not be predicted, or cannot be read.
        """
        refuse_withheld(cine)
        predictor = self.predictor(weights, device)
        preparation = preparation_of(cine)
        sights = self._sights_of(predictor, cine) if again and predictor.reads_hints else None
        began = time.perf_counter()
        try:
            for n, found in enumerate(read_past(cine, predictor, preparation, sights), 1):
                pace = n / max(time.perf_counter() - began, 1e-6)
                yield found, predictor.device, pace, logit_map(found, preparation)
        except RuntimeError as error:
            if predictor.device == "cpu" or "memory" not in str(error).lower():
                raise
            log.warning("the device ran out of memory; going on with the CPU")
            self._loaded.clear()
            yield from self.predict(cine, weights, "cpu", again)

    def grown(self, cine: Cine, weights: WeightsSet, device: str, again: bool = False) -> Iterator[Prediction]:
        """The same as a prediction that grows by a frame each time; one that cannot be read has no contour.

        Raises:
            EchoViewError: as `predict`.
        """
        so_far = Prediction.none_yet(len(cine), weights.name, weights.identity, device)
        for found, used, fps, seen in self.predict(cine, weights, device, again):
            if not so_far.done or used != so_far.device:  # it begins, anew where it goes on with the CPU
                so_far = Prediction.none_yet(len(cine), weights.name, weights.identity, used)
            so_far = so_far.with_frame(found.t, found.contour, found.confidence, found.view_probabilities, fps)
            so_far = so_far.with_evidence(found.t, found.spread_px, seen)
            yield so_far
        if not so_far.complete:  # the last frames cannot be read
            yield replace(so_far, done=len(cine))

    def reread_both(
        self, cine: Cine, weights: WeightsSet, hints: Mapping[int, np.ndarray], device: str
    ) -> tuple[Iterator[FramePrediction], Iterator[FramePrediction]]:
        """The cine read once more, forwards and backwards, by a network that is told where the cavity lies in frames.

        Either reading begins a short run-up before its first hint, and says something of the frames behind that hint:
        what is read earlier cannot have been told anything. Frames that both come to are encoded once.

        Args:
            hints: frame -> corrected contour (N,2) px, one at least; each steers those that are read after it.

        Raises:
            WeightsError: these weights read no hints, or cannot be loaded.
            EchoViewError: the cine must not be predicted, or a frame cannot be read.
        """
        from ral.geometry import raster

        if not reads_hints(weights):
            raise WeightsError(
                "These weights cannot read a corrected frame.", "Choose weights that read hints, or another way."
            )
        refuse_withheld(cine)
        predictor, preparation = self.predictor(weights, device), preparation_of(cine)
        sights = self._sights_of(predictor, cine).without_hints()

        def read(order: list[int]) -> Iterator[FramePrediction]:
            run_up, order = _from_run_up(order, hints)
            settling = 1
            if predictor.reads_both_ways:
                run_up, order, settling = [], run_up + order, len(run_up) + 1
            state = predictor.settle(run_up, cine.frame, preparation, sights)
            masks = {order.index(t): raster(points, cine.size) for t, points in hints.items()}
            frames = (cine.frame(t) for t in order)
            for found in predictor.stream(frames, preparation, masks, order, sights, settling, state):
                yield replace(found, t=order[found.t])

        ahead = _order(cine, hints)
        return read(ahead), read(ahead[::-1])

    def look_around(self, cine: Cine, weights: WeightsSet, told: Collection[int], device: str) -> Iterator[int]:
        """See what `reread_both` sees first if it gets hints in these frames, so that its first answers come at once.

        The frames it has seen, one after the other; it may be ended between two. At the end it runs up to the hints.

        Raises:
            EchoViewError: as `reread_both`.
        """
        refuse_withheld(cine)
        predictor, preparation = self.predictor(weights, device), preparation_of(cine)
        sights = self._sights_of(predictor, cine)
        ahead = _order(cine, told)
        ways = [_from_run_up(order, told) for order in (ahead, ahead[::-1])]
        for t in sorted({t for run_up, order in ways for t in (*run_up, *order[:2])} - set(told)):
            predictor.look(t, cine.frame, preparation, sights)
            yield t
        for run_up, _ in ways:
            predictor.settle(run_up, cine.frame, preparation, sights)

    def _sights_of(self, predictor: Predictor, cine: Cine) -> Sights:
        """What was seen in the frames of this cine, kept till another is read."""
        from ral.predict import Sights

        if self._sights is None or self._sights[0] is not predictor or self._sights[1]() is not cine:
            self._sights = predictor, weakref.ref(cine), Sights()
        return self._sights[2]


def _order(cine: Cine, told: Collection[int]) -> list[int]:
    """The frames that can be read, and those that a person told of."""
    return [t for t in range(len(cine)) if t in told or not cine.lost(t)]


def _from_run_up(order: list[int], told: Collection[int]) -> tuple[list[int], list[int]]:
    """The run-up to the first frame in this order that a person told of; that frame and those behind it."""
    first = min(map(order.index, told))
    return order[max(first - RUN_UP, 0) : first], order[first:]


def reads_hints(weights: WeightsSet) -> bool:
    """Whether a set takes a corrected mask as a hint, by its card; False where the card cannot be read."""
    try:
        card = json.loads((weights.folder / "card.json").read_text(encoding="utf-8"))
        return bool(card["config"].get("mask_hint", False))
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def logit_map(found: FramePrediction, preparation: Preparation) -> LogitMap:
    """What the network saw in a frame, with its place in the picture."""
    scale = np.array(preparation.scale)
    offset = (0.5 - np.array(preparation.box[:2])) * scale - 0.5 + np.array(preparation.inner[:2])
    return LogitMap(np.clip(found.logits, -30, 30).astype(np.float16), scale, offset)


def threads_for(wish: int) -> int:
    """The wish, or for 0 all cores but one: on a full machine the last thread costs more than it brings."""
    return wish or max(1, (os.cpu_count() or 1) - 1)


def refuse_withheld(cine: Cine) -> None:
    """Raises EchoViewError with the reason where no contour may be drawn on a cine."""
    if cine.info.withheld:
        raise EchoViewError(cine.info.withheld, "Open a grey-scale cine of the same view to predict a contour.")


def read_past(
    cine: Cine, predictor: Predictor, preparation: Preparation, sights: Sights | None = None
) -> Iterator[FramePrediction]:
    """What is found in the frames that can be read; the memory of the network is carried over the others.

    Args:
        sights: keeps what the encoder saw.

    Raises:
        EchoViewError: no frame can be read, or the file is out of reach.
    """
    numbers: list[int] = []

    def frames() -> Iterator[np.ndarray]:
        for t, picture in cine.readable(range(len(cine))):
            numbers.append(t)
            yield picture

    for found in predictor.stream(frames(), preparation, order=numbers, sights=sights):
        yield replace(found, t=numbers[found.t])


def preparation_of(cine: Cine) -> Preparation:
    """The crop of a cine, from a few frames spread over it; made once."""
    from ral.prepare import prepare

    made = _PREPARED.get(cine)
    if made is None:
        frames = [cine.frame_near(t) for t in looked_at(len(cine))]
        made = _PREPARED[cine] = prepare(frames, cine.calibration, half_open_region(cine))
    return made


def looked_at(frames: int) -> list[int]:
    """The frames that decide on the crop, spread over a cine."""
    return sorted({int(t) for t in np.linspace(0, frames - 1, LOOKED_AT).round()})


def half_open_region(cine: Cine) -> tuple[int, int, int, int] | None:
    """x0, y0, x1, y1 of the cine's 2-D picture, the last pixels no longer included."""
    region = cine.info.region_px
    return None if region is None else (region[0], region[1], region[2] + 1, region[3] + 1)


def sector_of(cine: Cine) -> np.ndarray:
    """(H,W) bool, where the picture of a cine holds ultrasound; decodes a few frames."""
    return preparation_of(cine).sector > 0
