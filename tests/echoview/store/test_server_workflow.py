"""A server that goes away under the hand: one sentence, the edit waits, and is saved when the server is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoview.deciding import Deciding
from echoview.domain.label import Label
from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.reviewing import Reviewing
from echoview.services.jobs import Jobs
from echoview.services.opening import Opened
from echoview.session import Session
from echoview.settings import Settings
from echoview.store import Registry, open_library
from echoview.workflow import Workflow


@pytest.fixture
def workflow(server_url, editing, qtbot, tmp_path: Path):
    library = open_library(server_url)
    cine = editing.cine()
    workflow = Workflow(
        Session(), Jobs(), Registry(tmp_path, tmp_path, "none"), library, Settings(annotator="tester")
    )  # fmt: skip
    workflow._opened(Path("/x"), Opened(cine, library.load(cine)))  # as after reading a file
    yield workflow
    workflow.jobs.shut_down()
    library.close()


def test_an_edit_made_while_the_server_is_away_is_pending_and_saved_later(server, workflow, editing, qtbot):
    refusals: list[str] = []
    workflow.refused.connect(lambda error: refusals.append(str(error)))
    workflow.edit("drag", editing.after(1))
    qtbot.waitUntil(lambda: workflow.jobs.idle, timeout=60_000)
    assert (workflow.session.unsaved, refusals) == ("", [])
    server.stop("immediate")
    try:
        workflow.edit("drag", editing.after(2))
        qtbot.waitUntil(lambda: workflow.jobs.idle, timeout=60_000)
        assert len(refusals) == 1
        assert refusals[0].startswith("The correction could not be saved (")
        assert "\n" not in refusals[0]
        assert (workflow.keeping.unsaved_cines, workflow.keeping.saving) == (1, False)
        assert editing.values(workflow.session.label) == editing.values(editing.after(2)), "it stays on the screen"
    finally:
        server.start()
    workflow.keeping.save_again()
    qtbot.waitUntil(lambda: workflow.jobs.idle, timeout=60_000)
    assert (workflow.keeping.unsaved_cines, workflow.session.unsaved, len(refusals)) == (0, "", 1)
    held = workflow.library.load(workflow.session.cine)
    assert editing.values(held.label) == editing.values(editing.after(2))


def test_two_people_on_a_server_decide_between_their_views_and_marks(workflow, server_url, editing, qtbot):
    reviewing = Reviewing(workflow)
    deciding = Deciding(reviewing)
    other = open_library(server_url)
    said = {**editing.WHO, "annotator": "Dr B"}
    other.save(workflow.session.cine, "", Label(), Label(view=View.A2C, ed=3), base=0, **said)
    workflow.edit("mark ED", Label(view=View.A4C, ed=5))
    qtbot.waitUntil(lambda: workflow.jobs.idle and len(deciding.conflicts) == 2, timeout=60_000)
    assert [[side.name for side in one.sides] for one in deciding.conflicts] == [["mine", "Dr B"]] * 2
    assert reviewing.status is Status.IN_CONFLICT
    deciding.choose(deciding.conflicts[1], deciding.conflicts[1].sides[1])
    deciding.choose(deciding.conflicts[0], deciding.conflicts[0].sides[0])
    qtbot.waitUntil(lambda: workflow.jobs.idle, timeout=60_000)
    assert (deciding.conflicts, reviewing.status) == ([], Status.IN_CORRECTION)
    held = other.label("uid-1")
    assert (held.view, held.ed) == (View.A4C, 3)
    assert [one.annotator for one in other.history("uid-1")] == ["Dr B", "tester", "tester", "tester"]
    assert other.conflicts(workflow.session.cine) == []
    other.close()
