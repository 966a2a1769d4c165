"""Frames are decoded ahead, off the GUI thread."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineUnreadable
from echoview.services.frames import AHEAD, FrameFeeder


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
        feeder.want(cine, 20)
    assert signal.args == [cine, 20]
    qtbot.waitUntil(lambda: cine.cached(20 + AHEAD - 1) is not None)
    assert cine.cached(20 + AHEAD) is None
    assert cine.cached(19) is None
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
