"""Predictions beside the open cine's: in their order, dropped, and put off while the lane is needed."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.app import registry
from echoview.domain.cine import Cine, CineInfo
from echoview.domain.label import Label
from echoview.services.aside import Aside, Wish
from echoview.services.inference import Inference
from echoview.services.jobs import Jobs
from ral.phantom import simulate

FRAMES = 5


@pytest.fixture
def jobs(qapp):
    jobs = Jobs()
    yield jobs
    jobs.shut_down()


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return simulate(5, "A4C", FRAMES, 96).frames


@pytest.fixture
def wish(frames):
    class Frames:
        def decode(self, t: int) -> np.ndarray:
            return frames[t].copy()

    info = CineInfo(frames.shape[1:], np.arange(FRAMES) / 25, True, "uid", "sha256:0", "test")
    return lambda key: Wish(key, Cine(info, Frames()), registry().active(), Label(ed=1, es=3))


@pytest.fixture
def lane():
    return {"free": True}


@pytest.fixture
def aside(jobs, lane):
    made = Aside(jobs, Inference(1), lambda: "cpu", lambda: lane["free"])
    made.told = []
    made.grew.connect(lambda key, prediction: made.told.append((key, prediction.done)))
    made.finished.connect(lambda key, prediction, measured: made.told.append((key, "done", measured)))
    return made


def test_one_after_the_other_frame_by_frame_with_the_marks_of_the_label(aside, wish, jobs, qtbot) -> None:
    for key in ("one", "two"):
        aside.want(wish(key))
    assert aside.wanted == ["one", "two"]
    qtbot.waitUntil(lambda: jobs.idle and not aside.wanted, timeout=60_000)
    counts = [told[:2] for told in aside.told]
    assert counts == [(key, n) for key in ("one", "two") for n in (*range(1, FRAMES + 1), "done")]
    measured = aside.told[-1][2]
    assert (measured.ed, measured.es) == (1, 3)


def test_it_gives_way_begins_again_and_can_be_dropped(aside, wish, jobs, lane, qtbot) -> None:
    lane["free"] = False
    for key in ("one", "two"):
        aside.want(wish(key))
    qtbot.waitUntil(lambda: jobs.idle, timeout=60_000)
    assert aside.told == []
    lane["free"] = True
    aside.go_on()
    qtbot.waitUntil(lambda: bool(aside.told), timeout=60_000)
    lane["free"] = False
    aside.go_on()
    qtbot.waitUntil(lambda: jobs.idle, timeout=60_000)
    assert "done" not in [told[1] for told in aside.told]
    aside.told.clear()
    aside.drop("one")
    lane["free"] = True
    aside.go_on()
    qtbot.waitUntil(lambda: jobs.idle and not aside.wanted, timeout=60_000)
    assert [told[:2] for told in aside.told] == [("two", n) for n in (*range(1, FRAMES + 1), "done")]
