"""The numbers of a caliper."""

from __future__ import annotations

import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.note import Note, NoteKind
from echoview.measure.calipers import read

LINE = Note(NoteKind.DISTANCE, 0, ((10, 10), (40, 50)))
SQUARE = Note(NoteKind.AREA, 0, ((0, 0), (100, 0), (100, 100), (0, 100)))


def test_distance_and_area_in_cm_per_axis() -> None:
    assert read(LINE, Calibration(1.0, 1.0)) == (pytest.approx(5.0), "cm")
    assert read(LINE, Calibration(2.0, 0.0)).value == pytest.approx(6.0)
    assert read(SQUARE, Calibration(0.5, 0.2)) == (pytest.approx(10.0), "cm²")


def test_without_a_calibration_they_are_in_px() -> None:
    assert read(LINE, None) == (pytest.approx(50), "px")
    assert read(SQUARE, None) == (pytest.approx(10_000), "px²")


def test_the_text_has_its_unit_and_no_more_decimals_than_it_deserves() -> None:
    assert read(LINE, Calibration(1.0, 1.0)).text == "5.00 cm"
    assert read(LINE, None).text == "50 px"
