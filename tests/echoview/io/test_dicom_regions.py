"""Pixel size: given only where the header is complete, plausible and fits the picture."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from echoview.io import open_cine


def region(**changes: object) -> Dataset:
    """A sound 2-D tissue region of the 64 x 48 test picture, 0.4 x 0.5 mm a pixel."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 2
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 4, 2
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = 60, 46
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.04, 0.05
    for keyword, value in changes.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


@pytest.fixture
def open_with(write_dicom, grey_frames):
    """Opens a cine with these regions and elements."""

    def opener(*regions: Dataset, **elements: object):
        if regions:
            elements["SequenceOfUltrasoundRegions"] = list(regions)
        return open_cine(write_dicom([f.tobytes() for f in grey_frames], **elements)).info

    return opener


def test_a_sound_region_calibrates(open_with):
    info = open_with(region())
    assert info.calibration == pytest.approx((0.4, 0.5))
    assert info.calibration_note == ""
    assert info.region_px == (4, 2, 60, 46)
    assert info.withheld == ""


def test_the_far_corner_may_lie_just_behind_the_picture(open_with):
    info = open_with(region(RegionLocationMaxX1=64, RegionLocationMaxY1=48))
    assert info.calibration is not None
    assert info.region_px == (4, 2, 63, 47)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PhysicalDeltaX": float("nan")}, "no echo picture has"),
        ({"PhysicalDeltaX": -0.04}, "no echo picture has"),
        ({"PhysicalDeltaY": 0.0}, "no echo picture has"),
        ({"PhysicalDeltaY": 0.004}, "no echo picture has"),
        ({"PhysicalDeltaY": 0.26}, "no echo picture has"),
        ({"PhysicalDeltaY": float("inf")}, "no echo picture has"),
        ({"PhysicalDeltaX": None}, "missing or damaged"),
        ({"PhysicalUnitsXDirection": 4}, "no size in centimetres"),
        ({"PhysicalUnitsYDirection": None}, "no size in centimetres"),
        ({"RegionLocationMaxX1": 127}, "does not fit frames of 64 × 48 px"),
        ({"RegionLocationMaxY1": 1}, "does not fit"),
        ({"RegionLocationMinX0": None}, "damaged"),
        ({"RegionLocationMaxX1": 12, "RegionLocationMaxY1": 10}, "too small"),
        ({"RegionSpatialFormat": 5}, "describes no 2-D picture"),
    ],
)
def test_anything_less_does_not(changes, reason, open_with):
    info = open_with(region(**changes))
    assert info.calibration is None
    assert reason in info.calibration_note
    assert info.calibration_note.endswith(".")


def test_the_real_file_whose_box_belongs_to_a_larger_picture(bundled):
    info = open_cine(bundled("examples_ybr_color.dcm")).info
    assert info.calibration is None
    assert info.region_px is None
    assert "84–595 × 31–414 px, which does not fit frames of 320 × 240 px" in info.calibration_note
    parent = open_cine(bundled("color3d_jpeg_baseline.dcm")).info
    assert parent.calibration == pytest.approx((0.510497, 0.510497), abs=1e-5)
    assert parent.region_px == (84, 31, 595, 414)
    assert parent.withheld == ""


def test_several_regions(open_with):
    other = region(RegionLocationMinX0=50, RegionLocationMaxX1=60, PhysicalDeltaX=0.08)
    assert open_with(region(), other).calibration is None
    assert "several 2-D pictures" in open_with(region(), other).calibration_note
    trace = region(RegionSpatialFormat=4, RegionDataType=10, PhysicalUnitsXDirection=4)
    assert open_with(trace, region()).calibration == pytest.approx((0.4, 0.5))


def test_each_picture_of_several_has_its_own_pixel_size(write_dicom, grey_frames):
    left = region(RegionLocationMaxX1=30)
    right = region(RegionLocationMinX0=32, RegionLocationMaxX1=64, PhysicalDeltaX=0.08, PhysicalDeltaY=0.08)
    unknown = region(RegionLocationMinX0=0, RegionLocationMaxX1=3, PhysicalUnitsXDirection=0)
    regions = [left, right, unknown]
    cine = open_cine(write_dicom([f.tobytes() for f in grey_frames], SequenceOfUltrasoundRegions=regions))
    assert cine.calibration is None
    assert [picture.box_px for picture in cine.info.regions] == [(32, 2, 63, 46), (4, 2, 30, 46), (0, 2, 3, 46)]
    assert cine.calibration_of([(10, 20), (28, 40)]) == pytest.approx((0.4, 0.5))
    assert cine.calibration_of([(40.5, 20)]) == pytest.approx((0.8, 0.8))
    assert cine.calibration_of([(1, 20)]) is None
    assert cine.calibration_of([(40, 47)]) is None
    assert cine.calibration_of([(10, 20), (40, 20)]) is None, "from one picture into the other"


def test_pixel_spacing_is_for_files_without_regions(open_with):
    assert open_with(PixelSpacing=[0.5, 0.4]).calibration == pytest.approx((0.4, 0.5))
    assert open_with(region(RegionLocationMaxX1=127), PixelSpacing=[0.5, 0.4]).calibration is None
    assert open_with(PixelSpacing=[0.5, 0.0]).calibration is None
    assert open_with().calibration_note == "The file gives no pixel size."


def test_colour_doppler_by_header(open_with):
    flow = region(RegionDataType=2, RegionLocationMinX0=20, RegionLocationMaxX1=40)
    info = open_with(region(), flow)
    assert info.withheld.startswith("This cine shows colour Doppler")
    assert info.calibration == pytest.approx((0.4, 0.5))


@pytest.mark.parametrize(("spatial", "word"), [(2, "M-mode"), (3, "spectral")])
def test_traces_without_a_picture_are_withheld(spatial, word, open_with):
    assert word in open_with(region(RegionSpatialFormat=spatial)).withheld
    assert open_with(region(RegionSpatialFormat=spatial), region()).withheld == ""


@pytest.mark.parametrize(
    ("name", "doppler"),
    [
        ("US1_UNCR.dcm", True),  # power Doppler of a lymph node
        ("examples_rgb_color.dcm", True),
        ("OBXXXX1A.dcm", False),  # grey, with blue bars and marks around it
        ("gdcm-US-ALOKA-16.dcm", False),  # grey, with green ticks
        ("examples_ybr_color.dcm", False),
    ],
)
def test_colour_doppler_by_its_pixels(name, doppler, bundled):
    cine = open_cine(bundled(name))
    assert bool(cine.info.withheld) is doppler
    cine.frame(0)  # it opens and plays all the same
