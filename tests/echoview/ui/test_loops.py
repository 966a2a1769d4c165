"""What the loop goes over."""

from __future__ import annotations

import pytest

from echoview.ui.loops import Loops, Over, beat_starts
from echoview.ui.player import Player


@pytest.fixture
def room(make_session):
    """Session, player and loops on three beats of twenty frames, ED at 0, 20, 40 and nearly at the end."""
    session, player = make_session(), Player()
    loops = Loops(session, player)
    player.load(session.cine.times_s)
    loops._find_beats()
    return session, player, loops


def test_beats_begin_at_the_largest_cavity_or_at_the_r_waves_of_the_file(room, make_session) -> None:
    assert beat_starts(room[0]) == [0, 20, 40, 59]
    waves = make_session(r_waves_s=(0.11, 0.9, 1.7))
    assert beat_starts(waves) == [3, 22, 42], "the nearest frames"


def test_the_beat_under_the_playhead_is_looped(room) -> None:
    _, player, loops = room
    player.seek(27)
    loops.choose(Over.BEAT)
    assert (loops.over, player.span) == (Over.BEAT, (20, 39))
    loops.choose(Over.CINE)
    assert player.span == (0, 59)


def test_where_no_beat_is_seen_the_cine_is_looped(make_session) -> None:
    session, player = make_session(frames=12, beat=40), Player()
    loops = Loops(session, player)
    player.load(session.cine.times_s)
    loops.choose(Over.BEAT)
    assert (loops.over, player.span) == (Over.CINE, (0, 11))


def test_a_marked_range_is_looped_and_an_empty_one_takes_the_mark_away(room) -> None:
    _, player, loops = room
    loops.set_range(5, 9)
    assert (loops.over, player.span) == (Over.RANGE, (5, 9))
    loops.set_range(5, 5)
    assert (loops.over, player.span, loops.range) == (Over.CINE, (0, 59), None)


def test_a_range_that_nobody_marked_is_not_made_up(room) -> None:
    _, player, loops = room
    player.seek(30)
    loops.choose(Over.RANGE)
    assert (loops.over, loops.range, player.span) == (Over.CINE, None, (0, 59))


def test_the_playhead_jumps_from_beat_to_beat(room) -> None:
    _, player, loops = room
    player.seek(7)
    loops.to_beat(1)
    assert player.t == 20
    loops.to_beat(1)
    assert player.t == 40
    loops.to_beat(1)
    loops.to_beat(1)
    assert player.t == 59, "there is none after it"
    player.seek(33)
    loops.to_beat(-1)
    assert player.t == 20


def test_while_a_beat_is_looped_a_jump_takes_the_loop_along(room) -> None:
    _, player, loops = room
    loops.choose(Over.BEAT)
    assert player.span == (0, 19)
    loops.to_beat(1)
    assert player.span == (20, 39)


def test_cycling_leaves_out_what_is_not_there(room, make_session) -> None:
    _, _, loops = room
    seen = []
    for _ in range(4):
        loops.cycle()
        seen.append(loops.over)
    assert seen == [Over.BEAT, Over.CINE, Over.BEAT, Over.CINE]
    loops.set_range(5, 9)
    seen = []
    for _ in range(3):
        loops.cycle()
        seen.append(loops.over)
    assert seen == [Over.CINE, Over.BEAT, Over.RANGE]


def test_another_cine_is_looped_whole(room) -> None:
    session, player, loops = room
    loops.set_range(5, 9)
    session.open(session.cine, "again", session.label)
    player.load(session.cine.times_s)
    assert (loops.over, loops.range, player.span) == (Over.CINE, None, (0, 59))


def test_why_no_beat_can_be_looped_over_is_said(room, make_session) -> None:
    _, player, loops = room
    assert loops.why_no_beat == ""
    loops.beats = [20, 40]
    player.seek(50)
    assert loops.why_no_beat == "this frame is in no whole one"
    short, other = make_session(frames=12, beat=40), Player()
    other.load(short.cine.times_s)
    assert Loops(short, other).why_no_beat == "no whole one is seen"
