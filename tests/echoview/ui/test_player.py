"""The clock keeps the file's own times."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer

from echoview.ui.player import SPEEDS, Player


class Watch:
    """A stopwatch that the test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def start(self) -> None:
        self.seconds = 0.0

    restart = start

    def nsecsElapsed(self) -> int:
        return int(self.seconds * 1e9)


@pytest.fixture
def player(qapp):
    player = Player()
    player._since = Watch()
    player.load(np.array([0.0, 0.1, 0.15, 0.4, 0.5]))
    return player


def at(player: Player, seconds: float) -> int:
    player._since.seconds = seconds
    player._tick()
    return player.t


def test_uneven_frame_times_are_honoured(player) -> None:
    player.play()
    assert [at(player, s) for s in (0.0, 0.09, 0.1, 0.149, 0.15, 0.39, 0.4, 0.5)] == [0, 0, 1, 1, 2, 2, 3, 4]


def test_the_last_frame_is_shown_for_a_usual_while_then_it_loops(player) -> None:
    player.play()
    assert at(player, 0.59) == 4
    assert at(player, 0.61) == 0


def test_without_loop_it_stops_at_the_end_and_starts_anew(player) -> None:
    player.set_loop(False)
    player.play()
    assert at(player, 0.7) == 4
    assert not player.playing
    player.play()
    assert at(player, 0.12) == 1


def test_frames_are_dropped_rather_than_played_late(player) -> None:
    shown: list[int] = []
    player.frame_changed.connect(shown.append)
    player.play()
    at(player, 0.45)
    assert shown == [3]


def test_a_change_of_speed_goes_on_from_here(player) -> None:
    player.play()
    assert at(player, 0.15) == 2
    player.set_speed(0.5)
    assert player.t == 2
    assert at(player, 0.4) == 2, "half speed: 0.15 s + 0.2 s"
    assert at(player, 0.52) == 3


def test_faster_and_slower_walk_the_speeds_and_stop_at_the_ends(player) -> None:
    for _ in SPEEDS:
        player.faster(1)
    assert player.speed == SPEEDS[-1]
    for _ in SPEEDS:
        player.faster(-1)
    assert player.speed == SPEEDS[0]


def test_seeking_stays_inside_and_a_single_frame_does_not_play(player) -> None:
    player.seek(99)
    assert player.t == 4
    player.seek(-5)
    assert player.t == 0
    player.load(np.zeros(1))
    player.play()
    assert not player.playing


def test_what_was_dropped_is_counted_from_play_on(player) -> None:
    player.play()
    at(player, 0.12)
    assert player.dropped == 0
    at(player, 0.45)
    assert player.dropped == 1, "frame 2 was due and not shown"
    player.pause()
    player.play()
    assert player.dropped == 0


def test_a_shorter_cine_that_is_loaded_while_one_plays_begins_at_its_own_first_frame(player) -> None:
    told = []
    player.playing_changed.connect(lambda playing: told.append((playing, player.t, player.span, player.dropped)))
    player.play()
    assert at(player, 0.45) == 3
    assert player.dropped == 2
    player.load(np.zeros(1))
    assert told[-1] == (False, 0, (0, 0), 0)


def test_a_span_is_played_round_and_round(player) -> None:
    player.set_span(1, 3)
    assert player.t == 1, "the playhead moves into the span"
    player.play()
    # 1 is shown 0.05 s, 2 0.25 s, 3 as long as a usual frame, 0.1 s
    assert [at(player, s) for s in (0.0, 0.06, 0.31, 0.39, 0.41, 0.46)] == [1, 2, 3, 3, 1, 2]
    player.set_span(0, 99)
    assert player.span == (0, 4)


def test_a_span_without_loop_ends_at_its_end(player) -> None:
    player.set_span(1, 2)
    player.set_loop(False)
    player.play()
    assert at(player, 0.3) == 2
    assert not player.playing


def test_every_frame_mode_drops_none_and_says_how_slow_it_was(player) -> None:
    player.set_every_frame(True)
    player.play()
    shown = [at(player, s) for s in (0.05, 0.1, 0.4, 0.41, 0.5, 0.6)]
    assert shown == [0, 1, 2, 2, 2, 3], "0.25 s late at frame 2, of which 0.1 s is made good"
    assert player.dropped == 0
    assert player.rate == pytest.approx(0.4 / 0.6)


def test_every_frame_mode_waits_for_the_decoder(player) -> None:
    player.set_every_frame(True)
    there = {0, 1}
    player.ready = there.__contains__
    player.play()
    assert at(player, 0.11) == 1
    assert at(player, 0.3) == 1
    there.add(2)
    assert at(player, 0.31) == 2


def test_a_frame_that_is_late_is_shown_when_it_comes_and_the_clock_goes_on(player) -> None:
    there = {0}
    asked: list[int] = []
    player.ready = there.__contains__
    player.awaited.connect(asked.append)
    player.play()
    assert [at(player, s) for s in (0.11, 0.12, 0.2)] == [0, 0, 0]
    assert asked == [1, 2], "each once"
    player.arrived(1)
    assert player.t == 1, "late, but not lost"
    player.arrived(3)
    assert player.t == 1, "its time has not come"
    there.update({2, 3, 4})
    assert at(player, 0.41) == 3
    assert player.dropped == 1, "frame 2 was never shown"


def test_the_clock_is_looked_at_when_the_next_frame_is_due(player) -> None:
    player.play()
    at(player, 0.16)
    assert player._timer.interval() == 50, "0.24 s to go, but a look in between"
    at(player, 0.39)
    assert player._timer.interval() in (10, 11)


def test_it_keeps_time_on_the_real_clock(qapp, qtbot) -> None:
    player = Player()
    player.load(np.arange(40) / 50)
    player.set_loop(False)
    watch = QElapsedTimer()
    watch.start()
    player.play()
    qtbot.waitUntil(lambda: not player.playing, timeout=5000)
    assert watch.nsecsElapsed() / 1e9 >= 0.78, "never early"
    assert player.t == 39


def test_every_frame_mode_ends_where_only_lost_frames_follow(qtbot) -> None:
    player = Player()
    player.load(np.arange(6) / 100)
    player.set_loop(False)
    player.set_every_frame(True)
    player.lost = lambda t: t in (2, 4, 5)
    shown: list[int] = []
    player.frame_changed.connect(shown.append)
    player.play()
    qtbot.waitUntil(lambda: not player.playing)
    assert shown == [1, 3]
