"""Which cines of a study stand beside the open one."""

from __future__ import annotations

from echoview.domain.study import CineFile
from echoview.domain.view import View
from echoview.ui.views_beside import pick
from echoview.ui.worklist_model import Row


def row(name: str, view: View | None, frames: int = 40, trouble: str = "") -> Row:
    return Row(CineFile(name, name, "study", 1, 1), view=view, frames=frames, trouble=trouble)


def test_one_of_each_other_view_in_the_usual_order() -> None:
    rows = [row("a", View.A2C), row("b", View.A3C), row("c", View.A4C), row("d", View.A4C)]
    assert pick(rows, "a", View.A2C) == ["c", "b"]
    assert pick(rows, "c", View.A4C) == ["a", "b"]


def test_moving_comes_before_still_and_what_cannot_be_read_is_left_out() -> None:
    rows = [row("a", View.A4C), row("b", View.A2C, frames=1), row("c", View.A2C), row("d", View.A3C, trouble="No.")]
    assert pick(rows, "a", View.A4C) == ["c", "b"]


def test_unknown_views_fill_up() -> None:
    rows = [row("a", View.A4C), row("b", None), row("c", View.A3C), row("d", None)]
    assert pick(rows, "a", View.A4C) == ["c", "b"]
    assert pick(rows[:1], "a", View.A4C) == []


def test_others_of_the_same_view_come_last() -> None:
    rows = [row("a", View.A4C), row("b", View.A4C), row("c", View.A3C)]
    assert pick(rows, "a", View.A4C) == ["c", "b"]


def test_of_single_pictures_one_of_each_view_stands_beside_that_of_the_same_instant() -> None:
    names = {"a_2CH_ED": View.A2C, "a_2CH_ES": View.A2C, "a_4CH_ED": View.A4C, "a_4CH_ES": View.A4C}
    rows = [row(name + ".nii.gz", view, frames=1) for name, view in names.items()]
    assert pick(rows, "a_4CH_ED.nii.gz", View.A4C) == ["a_2CH_ED.nii.gz"]
    assert pick(rows, "a_4CH_ES.nii.gz", View.A4C) == ["a_2CH_ES.nii.gz"]
    assert pick(rows[2:], "a_4CH_ED.nii.gz", View.A4C) == ["a_4CH_ES.nii.gz"], "rather than nothing"
    assert pick([*rows, row("b", View.A2C)], "a_4CH_ES.nii.gz", View.A4C) == ["b"], "moving first"
