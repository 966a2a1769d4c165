"""Which cine of a study comes after the one that is measured."""

from __future__ import annotations

import pytest

from echoview.domain.study import CineFile, Status
from echoview.domain.view import View
from echoview.ui.going_on import next_view
from echoview.ui.worklist_model import Row


def row(name: str, view: View | None, status: Status = Status.NEW, **more) -> Row:
    return Row(CineFile(f"/study/{name}", name, "study", 1, 1), status, view, frames=more.pop("frames", 30), **more)


def after(rows: list[Row], view: View | None = View.A4C) -> str:
    found = next_view(rows, "/study/open", view)
    return "" if found is None else found.listed.name


def test_a2c_comes_after_a4c_and_then_a3c_and_round() -> None:
    rows = [row("x", None), row("3", View.A3C), row("open", View.A4C), row("2", View.A2C)]
    assert after(rows) == "2"
    assert after([row("4", View.A4C), *rows], View.A2C) == "3"
    assert after([row("4", View.A4C), row("2", View.A2C)], View.A3C) == "4"
    assert after([row("x", None), row("open", View.A4C)]) == "x", "what is not known may be it"


@pytest.mark.parametrize("status", [Status.CORRECTED, Status.APPROVED, Status.SECOND_READ, Status.IN_CONFLICT])
def test_a_view_that_is_done_is_passed_over_with_all_its_cines(status) -> None:
    rows = [row("2a", View.A2C, status), row("2b", View.A2C), row("3", View.A3C, Status.REJECTED)]
    assert after(rows) == "3"


def test_nothing_comes_of_the_same_view_of_stills_and_of_what_cannot_be_read_or_waits_for_others() -> None:
    rows = [
        row("4", View.A4C), row("still", View.A2C, frames=1), row("broken", View.A3C, trouble="It is cut off."),
        row("theirs", View.A2C, waits=False),
    ]  # fmt: skip
    assert after(rows) == ""
