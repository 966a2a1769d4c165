"""What is measured on contours: areas, lengths, volumes, ejection fraction."""

from echoview.measure.cycle import SURE, find_beats, find_ed_es
from echoview.measure.measurements import (
    Measurements,
    before_corrections,
    confidence_shown,
    contours_shown,
    measure,
    remeasure,
    remeasure_frames,
)

__all__ = [
    "SURE",
    "Measurements",
    "before_corrections",
    "confidence_shown",
    "contours_shown",
    "find_beats",
    "find_ed_es",
    "measure",
    "remeasure",
    "remeasure_frames",
]
