"""Frames are decoded ahead, off the GUI thread."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from echoview import app
from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineUnreadable
from echoview.io import open_cine
from echoview.services.frames import AHEAD, BEHIND, FrameFeeder


class Source:
    """Frames that know their number; frame 7 is damaged."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def decode(self, t: int) -> np.ndarray:
        self.threads.add(threading.current_thread().name)
        if t == 7:
            raise CineUnreadable("Frame 8 is damaged.")
        return np.full((8, 8), t, np.uint8)


@pytest.fixture
def sample_path():
    return app.sample_path()


@pytest.fixture
def cine() -> Cine:
    info = CineInfo((8, 8), np.arange(40) / 30, True, "test", "sha256:0", "test")
    return Cine(info, Source())


@pytest.fixture
def feeder(qapp):
    feeder = FrameFeeder()
    yield feeder
    feeder.end()


def test_the_wanted_frame_comes_first_then_the_next_ones(feeder, cine, qtbot) -> None:
    with qtbot.waitSignal(feeder.frame_ready) as signal:
        feeder.want(cine, 12)
    assert signal.args == [cine, 12]
    qtbot.waitUntil(lambda: cine.cached(12 + AHEAD - 1) is not None)
    assert cine.cached(12 + AHEAD) is None
    assert cine.cached(11) is None
    assert cine._source.threads == {"frames"}


def test_at_the_end_it_goes_on_at_the_beginning(feeder, cine, qtbot) -> None:
    feeder.want(cine, 38)
    qtbot.waitUntil(lambda: cine.cached(3) is not None)


def test_a_damaged_frame_is_said_and_the_feeder_goes_on(feeder, cine, qtbot) -> None:
    with qtbot.waitSignal(feeder.frame_failed) as signal:
        feeder.want(cine, 7)
    assert signal.args[1:] == [7, "Frame 8 is damaged."]
    with qtbot.waitSignal(feeder.frame_ready):
        feeder.want(cine, 8)


def test_a_hand_that_goes_backwards_finds_the_frames_before_decoded(feeder, cine, qtbot) -> None:
    feeder.want(cine, 30)
    feeder.want(cine, 29)
    qtbot.waitUntil(lambda: cine.cached(29 - AHEAD + 9) is not None)
    feeder.want(cine, 31)
    qtbot.waitUntil(lambda: cine.cached(39) is not None)


def test_only_frames_of_the_span_are_read_ahead(feeder, cine, qtbot) -> None:
    feeder.want(cine, 22, (20, 24))
    qtbot.waitUntil(lambda: all(cine.cached(t) is not None for t in range(20, 25)))
    qtbot.wait(30)
    assert [t for t in range(40) if cine.cached(t) is not None] == [20, 21, 22, 23, 24]


def test_a_damaged_frame_ahead_is_not_said_before_it_is_wanted(feeder, cine, qtbot) -> None:
    failed: list[int] = []
    feeder.frame_failed.connect(lambda cine, t, sentence: failed.append(t))
    feeder.want(cine, 5)
    qtbot.waitUntil(lambda: cine.cached(6) is not None)
    qtbot.wait(30)
    assert failed == []
    with qtbot.waitSignal(feeder.frame_failed):
        feeder.want(cine, 7)


def test_at_rest_it_lets_go_of_the_cine_and_works_again(feeder, cine, qtbot) -> None:
    with qtbot.waitSignal(feeder.frame_ready):
        feeder.want(cine, 1)
    feeder.rest()
    assert feeder._wish is None
    with qtbot.waitSignal(feeder.frame_ready) as signal:
        feeder.want(cine, 2)
    assert signal.args == [cine, 2]


def test_where_frames_are_decoded_in_any_order_a_few_behind_are_ready_too(feeder, cine, qtbot) -> None:
    cine._source.any_order = True
    feeder.want(cine, 12)
    qtbot.waitUntil(lambda: all(cine.cached(t) is not None for t in range(12 - BEHIND, 12) if t != 7))
    qtbot.wait(50)
    assert cine.cached(12 - BEHIND - 1) is None, "a few, and no more"
    assert cine.cached(12 + AHEAD - 1) is not None


def test_behind_is_within_the_span_and_the_other_way_when_going_back(feeder, cine, qtbot) -> None:
    cine._source.any_order = True
    feeder.want(cine, 22, (20, 24))
    qtbot.wait(100)
    assert [t for t in range(40) if cine.cached(t) is not None] == [20, 21, 22, 23, 24]
    feeder.want(cine, 34)
    feeder.want(cine, 33)
    qtbot.waitUntil(lambda: cine.cached(33 + BEHIND) is not None)


def test_files_say_whether_their_frames_come_in_any_order(sample_path, tmp_path) -> None:
    still = open_cine(sample_path, patient_secret=b"x" * 16)
    assert still.any_order
    video = tmp_path / "x.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(4):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    assert not open_cine(video, patient_secret=b"x" * 16).any_order
