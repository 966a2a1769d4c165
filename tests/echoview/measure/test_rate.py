"""The heart rate: the file's word first, then R waves, then what the cavity does."""

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.measure.cycle import find_beats
from echoview.measure.rate import heart_rate, why_no_rate

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
    assert (waves.per_minute, waves.source) == (60.0, "from 3 beats, by R waves")
    assert heart_rate(cine(r_waves_s=(0.1, 1.1))).source == "from 1 beat, by R waves"


@pytest.mark.parametrize("per_minute", [50, 75, 110])
def test_it_is_found_from_one_end_diastole_to_the_next(per_minute):
    found = heart_rate(cine(), beating(per_minute))
    assert found.source == f"from {2 if per_minute == 50 else 3 if per_minute == 75 else 5} beats, ED to ED"
    assert found.per_minute == pytest.approx(per_minute, rel=0.06)


def test_nothing_is_said_where_nothing_is_known():
    assert heart_rate(cine()) is None
    assert heart_rate(cine(), beating(10)) is None, "less than a beat is seen"
    assert heart_rate(cine(timing_known=False), beating(60)) is None, "the times are assumed"
    assert heart_rate(cine(r_waves_s=(1.0, 1.0)), None) is None


def test_a_frame_rate_that_a_person_gives_makes_a_heart_rate():
    guessed, known = cine(timing_known=False), cine()
    guessed.play_at(50.0)
    assert heart_rate(guessed, beating(75)).per_minute == pytest.approx(150, rel=0.06), "twice as fast as it was made"
    guessed.play_at(None)
    assert heart_rate(guessed, beating(75)) is None
    known.play_at(50.0)
    np.testing.assert_array_equal(known.times_s, TIMES, "a file's own times stay")


def test_a_beat_that_the_end_of_the_cine_cuts_is_none():
    """Filled by two thirds at the last frame: the largest since the trough, and no end-diastole."""
    length_s = TIMES[-1] / 1.8
    cut = beating(60 / length_s)
    assert len(find_beats(cut)) == 2, "the course alone tells no difference"
    assert heart_rate(cine(), cut).source == "from 1 beat, ED to ED"
    assert heart_rate(cine(), cut).per_minute == pytest.approx(60 / length_s, rel=0.06)
    short = beating(60 / (TIMES[-1] / 0.8))
    assert (heart_rate(cine(), short), why_no_rate(cine(), short)) == (
        None,
        "the beat is cut off by an end of the cine",
    )
    assert why_no_rate(cine(), short[:8]) == "no whole beat is seen"
    assert why_no_rate(cine(timing_known=False)) == "the file gives no times"
