"""The phase of each frame, and the frame of a phase in another cine."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.cine import CineInfo
from echoview.measure import measure
from echoview.measure.phase import Beats, Clock, beats_of
from echoview.measure.propagate import SYSTOLE


def info(times: np.ndarray, **more) -> CineInfo:
    return CineInfo((8, 8), times, True, "uid", "sha256:0", "test", **more)


def beating(frames: int, beat: float, ed: int = 0):
    """Measurements of a square that is largest at frame `ed` and every `beat` frames from there."""
    sides = 10 + 2 * np.cos(2 * np.pi * (np.arange(frames) - ed) / beat)
    square = np.array([[-1, 2], [-1, 0], [0, -0.2], [1, 0], [1, 2]], float)
    return measure(sides[:, None, None] * square, None)


def test_r_waves_divide_the_time_evenly_and_go_on_at_their_pace() -> None:
    beats = beats_of(info(np.arange(30) / 10, r_waves_s=(0.5, 1.5, 2.5)), beating(30, 12))
    assert beats.clock is Clock.R_WAVES
    np.testing.assert_allclose(beats.phases, np.arange(30) / 10 - 0.5)
    assert beats.whole == [0, 1]


def test_one_r_wave_needs_the_heart_rate() -> None:
    times = np.arange(30) / 30
    assert beats_of(info(times, r_waves_s=(0.2,)), None).clock is Clock.LENGTH
    known = beats_of(info(times, r_waves_s=(0.2,), heart_rate=60.0), None)
    np.testing.assert_allclose(known.phases, times - 0.2)


def test_ed_is_a_whole_number_and_es_the_systole_s_share_at_uneven_times_too() -> None:
    measured = beating(60, 20, ed=10)
    times = np.cumsum(np.where(np.arange(60) % 3, 0.02, 0.05))
    beats = beats_of(info(times), measured)
    assert beats.clock is Clock.ED_ES
    assert beats.phases[measured.ed] % 1 == pytest.approx(0, abs=1e-9)
    assert beats.phases[measured.es] % 1 == pytest.approx(SYSTOLE)
    assert (np.diff(beats.phases) > 0).all()


def test_what_a_person_marks_as_ed_begins_the_beat() -> None:
    sides = beating(60, 20, ed=10)
    marked = measure(np.full((60, 3, 2), np.nan), None, None, ed=12, es=21)
    from dataclasses import replace

    beats = beats_of(info(np.arange(60) / 30), replace(sides, ed=marked.ed, es=marked.es))
    assert beats.phases[12] % 1 == pytest.approx(0, abs=1e-9)
    assert beats.phases[21] % 1 == pytest.approx(SYSTOLE)


def test_without_either_the_cine_is_one_beat() -> None:
    beats = beats_of(info(np.arange(25) / 25), None)
    assert beats.clock is Clock.LENGTH
    np.testing.assert_allclose(beats.phases, np.arange(25) / 25)
    assert beats.whole == [0]


def test_a_still_is_at_phase_nought() -> None:
    beats = beats_of(info(np.zeros(1)), None)
    assert (beats.phases[0], beats.frame_at(3.7)) == (0.0, 0)


def test_the_partner_goes_through_its_whole_beats_in_turn() -> None:
    two = Beats(np.arange(-5, 25) / 10, Clock.R_WAVES)  # whole: 0 and 1
    shown = [two.frame_at(phase) for phase in np.arange(0, 4, 0.1)]
    assert shown[:20] == list(range(5, 25))
    assert shown[20:] == list(range(5, 25))
    assert two.has(2.35)


def test_a_partner_that_is_shorter_than_a_beat_holds_at_its_end_and_says_so() -> None:
    half = Beats(np.arange(9) / 20, Clock.ED_ES)  # ED to ES
    assert half.whole == []
    assert half.frame_at(5.2) == 4
    assert half.has(5.2)
    assert half.frame_at(0.6) == 8
    assert not half.has(0.6)


def test_a_span_is_the_whole_beat_or_all() -> None:
    two = Beats(np.arange(-5, 25) / 10, Clock.R_WAVES)
    assert two.span_at(7) == (5, 14)
    assert two.span_at(0) == (0, 29)
