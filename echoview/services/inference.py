"""The network at work on a cine. torch is imported at the first prediction, not before."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from echoview.domain.cine import Cine
from echoview.domain.weights import WeightsSet
from echoview.errors import DeviceError, EchoViewError, WeightsError

if TYPE_CHECKING:
    from ral.predict import FramePrediction, Predictor
    from ral.prepare import Preparation

log = logging.getLogger(__name__)

LOOKED_AT = 8  # frames that decide on the crop


@dataclass(slots=True)
class Inference:
    """Keeps the last predictor, so that a second cine does not load the weights again.

    Attributes:
        threads: of the processor; see `threads_for`.
    """

    threads: int = 0
    _loaded: dict[tuple[str, str], Predictor] = field(default_factory=dict)

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

            try:
                predictor = Predictor(weights.folder, device, threads_for(self.threads))
            except CheckpointError as error:
                raise WeightsError(str(error), "Choose other weights, or install them again.") from error
            except ValueError as error:
                raise DeviceError(str(error), "Choose another device.") from error
            self._loaded.clear()
            self._loaded[key] = predictor
        return self._loaded[key]

    def predict(self, cine: Cine, weights: WeightsSet, device: str) -> Iterator[tuple[FramePrediction, str, float]]:
        """Frame by frame: what was found, the device it was found on, and frames a second so far.

        Raises:
            EchoViewError: the cine must not be predicted, or a frame cannot be read.
        """
        refuse_withheld(cine)
        predictor = self.predictor(weights, device)
        preparation = preparation_of(cine)
        began = time.perf_counter()
        try:
            for found in predictor.stream((cine.frame(t) for t in range(len(cine))), preparation):
                yield found, predictor.device, (found.t + 1) / max(time.perf_counter() - began, 1e-6)
        except RuntimeError as error:
            if predictor.device == "cpu" or "memory" not in str(error).lower():
                raise
            log.warning("the device ran out of memory; going on with the CPU")
            self._loaded.clear()
            yield from self.predict(cine, weights, "cpu")


def threads_for(wish: int) -> int:
    """The wish, or for 0 all cores but one: on a full machine the last thread costs more than it brings."""
    return wish or max(1, (os.cpu_count() or 1) - 1)


def refuse_withheld(cine: Cine) -> None:
    """Raises EchoViewError with the reason where no contour may be drawn on a cine."""
    if cine.info.withheld:
        raise EchoViewError(cine.info.withheld, "Open a grey-scale cine of the same view to predict a contour.")


def preparation_of(cine: Cine) -> Preparation:
    """The crop of a cine, from a few frames spread over it."""
    from ral.prepare import prepare

    chosen = np.unique(np.linspace(0, len(cine) - 1, LOOKED_AT).round().astype(int))
    region = cine.info.region_px
    half_open = None if region is None else (region[0], region[1], region[2] + 1, region[3] + 1)
    return prepare([cine.frame(int(t)) for t in chosen], cine.calibration, half_open)
