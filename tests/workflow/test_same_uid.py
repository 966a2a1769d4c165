"""Two files of one SOP Instance UID with other numbers of frames and pixels: each is corrected by itself."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import data_store
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, draw
from echoview.domain.study import Status

ARCH = draw([(120, 160), (150, 60), (180, 160)])
SMALL, LARGE = "IM000001", "IM000003"


@pytest.fixture
def folder(tmp_path, sample) -> Path:
    """30 frames of 320 x 240 px, and 120 of 640 x 480 of which the former were made: their UID is the same."""
    shutil.copy(sample, tmp_path / SMALL)
    shutil.copy(Path(data_store.__file__).parent / "data" / "color3d_jpeg_baseline.dcm", tmp_path / LARGE)
    return tmp_path


def show(desk, path: Path, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Open a cine; nobody waits for the network."""
    desk.workflow.open(path)
    meanwhile()
    desk.until(lambda: desk.session.path == str(path))
    desk.workflow.predicting.cancel()


def trace(desk, t: int, contour: Contour = ARCH) -> None:
    desk.workflow.edit_contour(t, contour, "draw")


def traced(desk) -> list[int]:
    return sorted(desk.session.label.contours)


@pytest.mark.parametrize(("first", "second"), [(SMALL, LARGE), (LARGE, SMALL)])
def test_both_are_corrected_in_any_order_and_again_after_a_restart(new_desk, folder, first, second) -> None:
    desk = new_desk()
    show(desk, folder / first)
    trace(desk, 3)
    desk.settle()
    show(desk, folder / second)
    assert (traced(desk), desk.session.locked) == ([], "")
    assert any("same DICOM identifier" in note for note in desk.session.cine.info.notes)
    trace(desk, 7)
    desk.settle()
    show(desk, folder / first)
    assert (traced(desk), desk.session.locked) == ([3], "")
    desk.workflow.keeping.count()
    desk.settle()
    assert desk.workflow.keeping.corrected == (2, 2)
    desk.close()
    again = new_desk()
    for name, frames in ((second, [7]), (first, [3])):
        show(again, folder / name)
        assert (traced(again), again.session.locked) == (frames, "")
        trace(again, 9)
        again.settle()
    show(again, folder / second)
    assert (traced(again), again.refusals, desk.refusals) == ([7, 9], [], [])


def test_a_label_that_was_taken_back_leaves_the_other_free(desk, folder) -> None:
    show(desk, folder / SMALL)
    desk.workflow.calibrate(Calibration(0.3, 0.3))
    desk.session.undo_stack.undo()
    desk.settle()
    show(desk, folder / LARGE)
    trace(desk, 40)
    desk.settle()
    assert (traced(desk), desk.refusals) == ([40], [])


def test_what_is_not_saved_yet_is_not_shown_on_the_other(desk, folder, home) -> None:
    show(desk, folder / SMALL)
    with contextlib.closing(sqlite3.connect(home / "data" / "labels.sqlite", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")  # another program is in the midst of a write: the save has to wait
        trace(desk, 3)
        show(desk, folder / LARGE)
        assert traced(desk) == []
        trace(desk, 7)
        show(desk, folder / SMALL)
        assert traced(desk) == [3]
        another.execute("ROLLBACK")
    desk.settle()
    show(desk, folder / LARGE)
    assert (traced(desk), desk.refusals) == ([7], [])


def test_what_is_traced_while_the_other_is_read_stays_where_it_is(desk, folder, home) -> None:
    show(desk, folder / SMALL)
    with contextlib.closing(sqlite3.connect(home / "data" / "labels.sqlite", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        show(desk, folder / LARGE, meanwhile=lambda: trace(desk, 3))
        assert traced(desk) == []
        another.execute("ROLLBACK")
    desk.settle()
    show(desk, folder / SMALL)
    assert (traced(desk), desk.refusals) == ([3], [])


def test_a_row_of_the_list_knows_which_of_the_two_is_labelled(desk, folder) -> None:
    desk.workflow.open(folder)
    model = desk.window.cines.model
    desk.until(lambda: len(model.rows) == 2 and desk.session.cine is not None)
    show(desk, folder / SMALL)
    for t in (0, 5):
        trace(desk, t)
    desk.workflow.mark_both(0, 5)
    desk.settle()
    show(desk, folder / LARGE)
    desk.workflow.studies.read_standings()
    desk.settle()
    assert model.rows[str(folder / SMALL)].status is Status.APPROVED
    assert model.rows[str(folder / LARGE)].status in (Status.NEW, Status.PREDICTED)
