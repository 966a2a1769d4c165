"""What is measured on contours: areas, lengths, volumes, ejection fraction."""

from echoview.measure.cycle import find_ed_es
from echoview.measure.measurements import Measurements, contours_shown, measure

__all__ = ["Measurements", "contours_shown", "find_ed_es", "measure"]
