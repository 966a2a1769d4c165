"""Pixel size and picture kind from the regions that ultrasound machines describe."""

from __future__ import annotations

from dataclasses import dataclass

from echoview.domain.calibration import Calibration, plausible
from echoview.domain.cine import Region
from echoview.io.colour import DOPPLER
from echoview.io.dicom_header import Header

Box = tuple[int, int, int, int]

_TWO_D, _TISSUE, _COLOUR_FLOW, _CM = 1, 1, 2, 3
_TRACES = {2: "M-mode", 3: "a spectral trace"}  # RegionSpatialFormat
_SMALLEST_SHARE = 0.1  # of the frame: smaller 2-D regions are thumbnails, or boxes of another picture


@dataclass(frozen=True, slots=True)
class Regions:
    """What the regions of a file say, once checked against its frames.

    Attributes:
        calibration, note: mm per px, or None and the reason in one sentence.
        box: x0, y0, x1, y1 of the 2-D picture, the last pixels included; None where no box can be trusted.
        withheld: why no contour may be drawn, "" when one may.
        pictures: every 2-D picture of tissue with its own pixel size, the largest first; empty where no box can be
            trusted.
    """

    calibration: Calibration | None = None
    note: str = ""
    box: Box | None = None
    withheld: str = ""
    pictures: tuple[Region, ...] = ()


def read_regions(header: Header, rows: int, columns: int) -> Regions:
    """Read SequenceOfUltrasoundRegions, or PixelSpacing where there is none."""
    regions = header.items("SequenceOfUltrasoundRegions")
    if not regions:
        return Regions(*_from_pixel_spacing(header))
    two_d = [r for r in regions if r.integer("RegionSpatialFormat") == _TWO_D]
    calibration, note, box = _from_two_d(two_d, rows, columns)
    tissue = [r for r in two_d if r.integer("RegionDataType") == _TISSUE] if box else []
    pictures = [Region(_inside(_box(r), rows, columns), _size_or_none(r)) for r in tissue]
    pictures.sort(key=lambda picture: _area(picture.box_px), reverse=True)
    return Regions(calibration, note, box, _withheld(regions, two_d), tuple(pictures))


def _from_two_d(regions: list[Header], rows: int, columns: int) -> tuple[Calibration | None, str, Box | None]:
    """Pixel size, the reason for having none, and the box, all from the largest 2-D region."""
    pictures = [r for r in regions if r.integer("RegionDataType") in (_TISSUE, _COLOUR_FLOW)]
    if not pictures:
        return None, "The file describes no 2-D picture, so its pixel size is not known.", None
    for region in pictures:
        if not _fits(_box(region), rows, columns):
            return None, _misfit_note(_box(region), rows, columns), None
    main = max(pictures, key=lambda region: _area(_box(region)))
    if _area(_box(main)) < _SMALLEST_SHARE * rows * columns:
        return None, "The 2-D region in the header is too small to be this picture.", None
    box = _inside(_box(main), rows, columns)
    size = _pixel_size(main)
    if isinstance(size, str):
        return None, size, box
    if any(_differ(_pixel_size(region), size) for region in pictures):
        return None, "The file holds several 2-D pictures with different pixel sizes.", box
    return size, "", box


def _withheld(regions: list[Header], two_d: list[Header]) -> str:
    if any(region.integer("RegionDataType") == _COLOUR_FLOW for region in two_d):
        return DOPPLER
    formats = {region.integer("RegionSpatialFormat") for region in regions}
    traces = [name for key, name in _TRACES.items() if key in formats]
    if traces and not two_d:
        return f"This file shows {' and '.join(traces)}: there is no heart wall on it to draw."
    return ""


def _box(region: Header) -> Box:
    keys = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    x0, y0, x1, y1 = (region.integer(key, -1) for key in keys)
    return x0, y0, x1, y1


def _fits(box: Box, rows: int, columns: int) -> bool:
    """Machines count the far corner both as the last pixel and as the one after it."""
    x0, y0, x1, y1 = box
    return 0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows


def _inside(box: Box, rows: int, columns: int) -> Box:
    x0, y0, x1, y1 = box
    return x0, y0, min(x1, columns - 1), min(y1, rows - 1)


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _misfit_note(box: Box, rows: int, columns: int) -> str:
    x0, y0, x1, y1 = box
    if min(box) < 0:
        return "The 2-D region in the header is damaged, so its pixel size cannot be trusted."
    return (
        f"The header places the 2-D picture at {x0}–{x1} × {y0}–{y1} px, which does not fit frames of "
        f"{columns} × {rows} px, so its pixel size cannot be trusted."
    )


def _pixel_size(region: Header) -> Calibration | str:
    """Millimetres per pixel, or why there are none."""
    if any(region.integer(f"PhysicalUnits{axis}Direction") != _CM for axis in "XY"):
        return "The header gives the 2-D picture no size in centimetres."
    sizes = [region.number(f"PhysicalDelta{axis}") for axis in "XY"]
    return _plausible(*(None if size is None else 10.0 * size for size in sizes))


def _size_or_none(region: Header) -> Calibration | None:
    size = _pixel_size(region)
    return None if isinstance(size, str) else size


def _differ(one: Calibration | str, other: Calibration) -> bool:
    """True for two pixel sizes more than one percent apart; a region without one says nothing."""
    if isinstance(one, str):
        return False
    return any(abs(a - b) > 0.01 * b for a, b in zip(one, other, strict=True))


def _plausible(x_mm: float | None, y_mm: float | None) -> Calibration | str:
    if x_mm is None or y_mm is None:
        return "The pixel size in the header is missing or damaged."
    if not plausible(Calibration(x_mm, y_mm)):
        return f"The header gives a pixel of {x_mm:.4g} × {y_mm:.4g} mm, which no echo picture has."
    return Calibration(x_mm, y_mm)


def _from_pixel_spacing(header: Header) -> tuple[Calibration | None, str]:
    spacing = header.numbers("PixelSpacing")
    if len(spacing) != 2:
        return None, "The file gives no pixel size."
    y_mm, x_mm = spacing  # between rows first
    size = _plausible(x_mm, y_mm)
    return (size, "") if isinstance(size, Calibration) else (None, size)
