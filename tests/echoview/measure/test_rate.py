"""The heart rate: the file's word first, then R waves, then what the cavity does."""

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.measure.rate import heart_rate

TIMES = np.arange(75) / 25


class Grey:
    def decode(self, t: int) -> np.ndarray:
        return np.zeros((4, 4), np.uint8)


def cine(timing_known: bool = True, **known) -> Cine:
    return Cine(CineInfo((4, 4), TIMES, timing_known, "x", "sha256:0", "test", **known), Grey())


def beating(per_minute: float) -> np.ndarray:
    return 2000 + 700 * np.cos(2 * np.pi * TIMES * per_minute / 60)


def test_the_file_is_believed_before_its_r_waves_and_these_before_the_cavity():
    named = cine(heart_rate=72.0, r_waves_s=(0.0, 0.5, 1.0))
    assert (heart_rate(named, beating(60)).per_minute, heart_rate(named).source) == (72.0, "from the file")
    waves = heart_rate(cine(r_waves_s=(0.1, 1.1, 1.9, 2.9)), beating(90))
    assert (waves.per_minute, waves.source) == (60.0, "from the R waves")


@pytest.mark.parametrize("per_minute", [50, 75, 110])
def test_it_is_found_from_one_end_diastole_to_the_next(per_minute):
    found = heart_rate(cine(), beating(per_minute))
    assert found.source == "from ED to ED"
    assert found.per_minute == pytest.approx(per_minute, rel=0.06)


def test_nothing_is_said_where_nothing_is_known():
    assert heart_rate(cine()) is None
    assert heart_rate(cine(), beating(10)) is None, "less than a beat is seen"
    assert heart_rate(cine(timing_known=False), beating(60)) is None, "the times are assumed"
    assert heart_rate(cine(r_waves_s=(1.0, 1.0)), None) is None
