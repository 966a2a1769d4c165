"""The clock keeps the file's own times."""

from __future__ import annotations

import numpy as np
import pytest

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
