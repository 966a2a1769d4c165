"""Frames as they leave: black outside the ultrasound sector. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError
from echoview.services.inference import half_open_region, looked_at


def blanked(cine: Cine) -> Callable[[int], np.ndarray]:
    """Frames as pixels with everything outside the ultrasound sector black: names burned in beside it go.

    A frame that is damaged leaves black, so that the others keep their numbers.

    Raises:
        EchoViewError: the sector was not found, so that nothing can be blanked; or the file is out of reach.
    """
    sector = sector_to_keep(cine)
    for _ in cine.readable(range(len(cine))):
        pass  # what is damaged must be known before half of the cine is written
    lost, black = cine.unreadable, np.zeros_like(cine.frame_near(0))

    def frame(t: int) -> np.ndarray:
        picture = black if t in lost else cine.frame(t)
        return picture * (sector if picture.ndim == 2 else sector[..., None])

    return frame


def sector_to_keep(cine: Cine) -> np.ndarray:
    """(H,W) uint8, 1 on the sector; decodes a few frames.

    Raises:
        EchoViewError: what is alive in the cine has not the form of a sector.
    """
    from ral.fan import find_fan
    from ral.prepare import luma

    greys = np.stack([luma(cine.frame_near(t)) for t in looked_at(len(cine))])
    spacing = cine.calibration
    fan = find_fan(greys, half_open_region(cine), (spacing.x_mm, spacing.y_mm) if spacing else None)
    if fan is None:
        raise EchoViewError(
            "the sector cannot be told from what is written beside it.", "Export its labels without frames."
        )
    return fan
