"""Lanes: results on the GUI thread, cancelling, refusals, order, and nothing lost at the end."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import QTimer

from echoview.errors import EchoViewError
from echoview.services.jobs import Jobs, Lane


@pytest.fixture
def jobs(qapp):
    jobs = Jobs()
    yield jobs
    jobs.shut_down()


def test_items_and_the_result_arrive_in_order_on_the_gui_thread(jobs, qtbot) -> None:
    seen: list[object] = []

    def work(n: int):
        for i in range(n):
            yield i, threading.current_thread().name
        return "end"

    def here(item: object) -> None:
        assert threading.current_thread() is threading.main_thread()
        seen.append(item)

    jobs.run(Lane.INFERENCE, "count", work, 4, on_item=here, on_done=here)
    qtbot.waitUntil(lambda: jobs.idle)
    assert [item[0] for item in seen[:-1]] == [0, 1, 2, 3]
    assert all("inference" in item[1] for item in seen[:-1])
    assert seen[-1] == "end"


def test_a_cancelled_job_ends_at_its_next_yield_and_says_no_more(jobs, qtbot) -> None:
    seen: list[int] = []
    closed = threading.Event()

    def endless():
        try:
            n = 0
            while True:
                yield n
                n += 1
                time.sleep(0.001)
        finally:
            closed.set()

    job = jobs.run(Lane.INFERENCE, "endless", endless, on_item=seen.append, on_done=lambda _: seen.append(-1))
    qtbot.waitUntil(lambda: len(seen) > 3)
    job.cancel()
    count = len(seen)
    qtbot.waitUntil(lambda: jobs.idle)
    assert closed.wait(5)
    assert len(seen) == count
    assert -1 not in seen


def test_a_refusal_goes_to_its_handler(jobs, qtbot) -> None:
    refusals: list[EchoViewError] = []

    def refuse() -> None:
        raise EchoViewError("No.", "Ask again.")

    jobs.run(Lane.IO, "refuse", refuse, on_error=refusals.append, on_done=lambda _: pytest.fail("done"))
    qtbot.waitUntil(lambda: bool(refusals))
    assert str(refusals[0]) == "No. Ask again."


def test_a_bug_is_raised_on_the_gui_thread(jobs, qtbot) -> None:
    def fail() -> None:
        raise ZeroDivisionError("bug")

    with qtbot.captureExceptions() as caught:
        jobs.run(Lane.IO, "fail", fail)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError


@pytest.mark.parametrize("lane", [Lane.IO, Lane.SAVING])
def test_what_is_to_be_saved_is_saved_before_the_end(qapp, lane) -> None:
    jobs, saved = Jobs(), []

    def save(n: int) -> None:
        time.sleep(0.02)
        saved.append(n)

    for n in range(5):
        jobs.run(lane, "save", save, n)
    jobs.shut_down()
    assert saved == [0, 1, 2, 3, 4]


def test_a_job_begins_when_what_waits_is_done_and_in_the_order_asked_for(jobs, qtbot) -> None:
    began: list[str] = []
    jobs.run(Lane.IO, "first", began.append, "first")
    jobs.run(Lane.IO, "second", began.append, "second")
    QTimer.singleShot(0, jobs, lambda: began.append("waited"))  # no timer: an event, as painting is
    assert began == []
    assert not jobs.idle
    qtbot.waitUntil(lambda: jobs.idle)
    assert began == ["waited", "first", "second"]


def test_what_has_not_begun_is_done_before_the_end(qapp) -> None:
    jobs, saved = Jobs(), []
    jobs.run(Lane.SAVING, "save", saved.append, 1)
    jobs.shut_down()
    assert saved == [1]
