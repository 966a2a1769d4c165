"""A server that goes away under the hand: one sentence, the edit waits, and is saved when the server is back."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        assert (workflow.unsaved_cines, workflow.saving) == (1, False)
        assert editing.values(workflow.session.label) == editing.values(editing.after(2)), "it stays on the screen"
    finally:
        server.start()
    workflow.save_again()
    qtbot.waitUntil(lambda: workflow.jobs.idle, timeout=60_000)
    assert (workflow.unsaved_cines, workflow.session.unsaved, len(refusals)) == (0, "", 1)
    held = workflow.library.load(workflow.session.cine)
    assert editing.values(held.label) == editing.values(editing.after(2))
