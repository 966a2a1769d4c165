"""End-diastole is the largest cavity, end-systole the smallest; no single wrong frame decides."""

import numpy as np
import pytest

from echoview.measure import find_beats, find_ed_es
from echoview.measure.cycle import SURE, turns

BEAT = 100 + 40 * np.cos(2 * np.pi * np.arange(24) / 24)  # largest at 0, smallest at 12


def beat(ed: int, frames: int = 24) -> np.ndarray:
    return 100 + 40 * np.cos(2 * np.pi * (np.arange(frames) - ed) / frames)


@pytest.mark.parametrize("ed", [3, 8, 11])
def test_the_largest_and_the_smallest_are_found(ed):
    assert find_ed_es(beat(ed)) == (ed, ed + 12)


def test_at_the_ends_of_the_cine_too():
    assert find_ed_es(BEAT) == (0, 12)
    assert find_ed_es(-BEAT) == (12, 0)


@pytest.mark.parametrize("turned", [False, True], ids=["ED first", "ES first"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_turn_just_behind_the_end_of_the_cine_is_found_at_its_largest_frame(turned, backwards):
    sizes = np.array([30.6, 30.95, 31.1, 30.8, 30.4, 29.0, 26.0, 22.0, 18.0, 16.0, 15.5, 16.2, 19.0, 23.0])
    sizes = 50 - sizes if turned else sizes
    found = find_ed_es(sizes[::-1] if backwards else sizes)
    assert found[turned] == (11 if backwards else 2)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_than_four_frames_say_nothing(count):
    assert find_ed_es(BEAT[:count]) == (None, None)
    sizes = np.where(np.arange(24) < count, BEAT, np.nan)
    assert find_ed_es(sizes) == (None, None)


def test_four_frames_are_enough():
    assert find_ed_es(np.array([4.0, 3.0, 2.0, 1.0])) == (0, 3)


def test_a_cavity_that_never_changes_has_neither():
    assert find_ed_es(np.full(12, 80.0)) == (None, None)


def test_unknown_frames_are_left_out():
    sizes = beat(8)
    sizes[[2, 20]] = np.nan
    assert find_ed_es(sizes) == (8, 20 + 1) or find_ed_es(sizes) == (8, 20 - 1)


def test_a_frame_that_is_not_sure_is_neither():
    sizes, confidence = beat(8), np.full(24, 0.9)
    confidence[[8, 20]] = SURE - 0.01
    ed, es = find_ed_es(sizes, confidence)
    assert ed in (7, 9)
    assert es in (19, 21)
    confidence[[8, 20]] = SURE
    assert find_ed_es(sizes, confidence) == (8, 20)


def test_no_frame_that_is_sure_leaves_nothing():
    assert find_ed_es(BEAT, np.full(24, 0.2)) == (None, None)


@pytest.mark.parametrize("at", [0, 2, 5, 14, 15])
@pytest.mark.parametrize("wrong", [5.0, 400.0])
def test_a_single_wrong_frame_away_from_the_turns_is_neither(at, wrong):
    sizes = beat(8)
    sizes[at] = wrong
    ed, es = find_ed_es(sizes)
    assert at not in (ed, es)
    assert abs(ed - 8) <= 1
    assert abs(es - 20) <= 1


def test_a_single_wrong_frame_at_a_turn_is_neither():
    taken = []
    for at in range(24):
        for wrong in (5.0, 400.0):
            sizes = beat(8)
            sizes[at] = wrong
            taken += [(at, wrong)] if at in find_ed_es(sizes) else []
    assert taken == []


def test_ed_and_es_belong_to_one_beat_where_breathing_moves_the_heart():
    frames = np.arange(200)
    phase = frames % 20
    sizes = 80 + 20 * np.cos(2 * np.pi * phase / 20) + 18 * np.sin(2 * np.pi * frames / 200)
    ed, es = find_ed_es(sizes)
    assert 0 < es - ed < 20
    ejected = 1 - sizes[es] / sizes[ed]
    assert 0.3 < ejected < 0.5, "taken from the whole cine it would be 0.64"


def test_one_beat_and_a_half_is_one_beat():
    phase = np.arange(30) / 20
    sizes = 80 + 20 * np.cos(2 * np.pi * phase)
    ed, es = find_ed_es(sizes)
    assert (ed, es) in {(0, 10), (20, 10)}


def test_a_frame_that_a_person_drew_counts_as_it_is():
    sizes, confidence = beat(8), np.full(24, 0.9)
    sizes[8] = 400.0
    confidence[8] = 1.0
    assert find_ed_es(sizes, confidence)[0] == 8


def test_beats_go_from_one_end_diastole_to_the_next():
    three = 100 + 40 * np.cos(2 * np.pi * np.arange(70) / 20)
    assert find_beats(three) == [(0, 20), (20, 40), (40, 60)]
    assert find_beats(three, np.where(np.arange(70) > 45, 0.3, 0.9)) == [(0, 20), (20, 40)]


def test_less_than_a_beat_is_none():
    assert find_beats(beat(8)) == []
    assert find_beats(np.full(30, 80.0)) == []
    assert find_beats(np.full(30, np.nan)) == []


def test_a_deeper_trough_after_the_one_whole_beat_is_not_its_end_systole():
    frames = np.arange(32)
    sizes = 100 + 40 * np.cos(2 * np.pi * frames / 22) - np.where(frames > 22, 12, 0)
    assert find_beats(sizes) == [(0, 22)]
    assert find_ed_es(sizes) == (0, 11)


def corrected(sizes: np.ndarray, **changed: float) -> tuple[np.ndarray, np.ndarray]:
    """The sizes after a person changed some frames ("t3" = 70.0), and the confidence of all."""
    sizes, confidence = sizes.copy(), np.full(len(sizes), 0.9)
    for name, value in changed.items():
        sizes[int(name[1:])], confidence[int(name[1:])] = value, 1.0
    return sizes, confidence


def test_correcting_es_does_not_move_es_to_a_neighbour_that_nobody_looked_at():
    sizes, confidence = corrected(beat(3), t15=70.0)  # 60 before, and its neighbours about 61
    assert find_ed_es(sizes, confidence) != (3, 15), "without what was before it moves"
    assert find_ed_es(sizes, confidence, (3, 15)) == (3, 15)


def test_a_frame_that_is_clearly_more_extreme_takes_over():
    sizes, confidence = corrected(beat(3), t15=95.0)  # not the smallest by far
    assert find_ed_es(sizes, confidence, (3, 15))[1] in (14, 16)
    sizes, confidence = corrected(beat(3), t18=58.0)  # a hair smaller than 60
    assert find_ed_es(sizes, confidence, (3, 15)) == (3, 15)
    sizes, confidence = corrected(beat(3), t18=50.0)
    assert find_ed_es(sizes, confidence, (3, 15)) == (3, 18)


def test_between_two_frames_of_a_person_the_more_extreme_one_counts():
    sizes, confidence = corrected(beat(3), t15=61.0, t16=60.5)
    assert find_ed_es(sizes, confidence, (3, 15)) == (3, 16)


def test_a_correction_does_not_move_ed_and_es_to_another_beat():
    t = np.arange(72)
    sizes = 100 + 40 * np.cos(2 * np.pi * (t - 2) / 24) - np.where((t > 25) & (t < 50), 3.0, 0.0)
    former = find_ed_es(sizes, np.full(72, 0.9))
    others = [n for n in (2, 26, 50) if n != former[0]]
    changed, confidence = corrected(sizes, **{f"t{former[1]}": sizes[former[1]] + 14})
    assert find_ed_es(changed, confidence)[0] in others, "another beat has the middle ejection now"
    assert find_ed_es(changed, confidence, former) == former


@pytest.mark.parametrize("lead", [0, 1, 2])
@pytest.mark.parametrize("how", ["unsure", "without a contour"])
def test_frames_at_the_start_of_which_nothing_is_known_do_not_move_ed_into_another_beat(lead, how):
    frames = np.arange(36.0)
    sizes = np.where(
        frames <= 11,
        80 + 20 * np.cos(2 * np.pi * (frames - 1) / 20),
        np.interp(frames, [11, 21, 31, 36], [60, 130, 65, 90]),
    )
    confidence = np.full(36, 0.9)
    if how == "unsure":
        confidence[:lead] = SURE - 0.2
    else:
        sizes[:lead] = np.nan
    assert find_ed_es(sizes, confidence) == (max(lead, 1), 11)
    assert find_beats(sizes, confidence) == [(max(lead, 1), 21)]
    assert turns(np.where(confidence >= SURE, sizes, np.nan))[0] == (lead, True)
