"""Export and import from the window, with real files and a real library."""

from __future__ import annotations

import shutil
import zipfile

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from echoview.domain.label import Label
from echoview.domain.study import Status
from echoview.services.exporting import export_to
from echoview.store import open_library
from echoview.store.engines import sqlite_url
from echoview.ui.export_dialog import FORMS, ExportDialog
from ral.formats import write_nifti


@pytest.fixture
def labelled(desk, sample):
    """The sample with one approved frame."""
    desk.open_known(sample)
    desk.window.player.seek(3)
    desk.workflow.accept(3)
    desk.settle()
    desk.window.banner.dismiss()  # the terms of the weights
    return desk


def answer(kind: str, frames: bool, seen: list[ExportDialog]):
    """Choose in the dialog once it stands, and press the button."""

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, ExportDialog):
            QTimer.singleShot(20, press)
            return
        seen.append(dialog)
        dialog.form.setCurrentIndex(list(FORMS).index(kind))
        if frames != dialog.frames.isChecked():
            dialog.frames.click()
        button = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(20, press)


@pytest.mark.parametrize("frames", [False, True])
def test_the_open_cine_goes_out_as_a_bundle_and_the_banner_says_so(labelled, monkeypatch, tmp_path, frames):
    out = tmp_path / "labels.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(out), ""))
    seen: list[ExportDialog] = []
    answer("bundle", frames, seen)
    labelled.window.acts["export"].trigger()
    labelled.until(lambda: not labelled.window.exchanging.exchange.busy)
    assert seen[0].wish == ("bundle", frames, True)
    with zipfile.ZipFile(out) as file:
        pictures = [name for name in file.namelist() if name.endswith(".png")]
    assert len(pictures) == (len(labelled.session.cine) if frames else 0)
    assert labelled.window.banner.text == "1 cine exported to labels.zip."


def test_what_comes_back_is_told(labelled, monkeypatch, tmp_path):
    out = tmp_path / "labels.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(out), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: (str(out), ""))
    answer("bundle", False, [])
    labelled.window.acts["export"].trigger()
    labelled.until(lambda: not labelled.window.exchanging.exchange.busy)
    labelled.window.banner.dismiss()
    labelled.window.acts["import"].trigger()
    labelled.until(lambda: not labelled.window.exchanging.exchange.busy)
    assert labelled.window.banner.text == "Nothing new in it."


@pytest.fixture
def theirs(labelled, sample, tmp_path):
    """A bundle of another site: frame 3 otherwise, frame 5 besides, frame 7 not traceable, and ES."""
    cine, path = labelled.session.cine, tmp_path / "theirs.zip"
    contour = labelled.session.editable(5).moved(7, 150, 90)
    library = open_library(sqlite_url(tmp_path / "theirs.sqlite"))
    label = Label({3: contour, 5: contour}, es=5).with_not_traceable(7)
    said = {"annotator": "Dr B", "app_version": "1", "weights": "", "tool": "draw"}
    library.save(cine, str(sample), Label(), label, **said)
    export_to(path, "bundle", library, secret=labelled.workflow.secret)
    library.close()
    return path


def take(desk, path) -> None:
    desk.window.exchanging.exchange.take(path)
    desk.until(lambda: not desk.window.exchanging.exchange.busy)
    desk.settle()


def test_what_an_import_brings_of_the_open_cine_is_shown_and_the_next_edit_keeps_it(labelled, theirs):
    approved = labelled.session.label.contour(3)
    take(labelled, theirs)
    banner = labelled.window.banner
    assert banner.text == (
        "2 saved changes of 1 cine imported. Both sides had changed 1 frame or mark of 1 cine: yours are in force,"
        " theirs are kept; REVIEW shows both."
    )
    (waiting,) = labelled.window.judging.deciding.conflicts
    assert labelled.window.judging.reviewing.status is Status.IN_CONFLICT
    assert (waiting.t, [side.name for side in waiting.sides]) == (3, ["mine", "Dr B"])
    shown = labelled.session.label
    assert (sorted(shown.contours), shown.es, shown.not_traceable) == ([3, 5], 5, {7})
    assert labelled.window.top_bar.saved.text() == " Saved"
    np.testing.assert_allclose(shown.contour(3).handles, approved.handles, atol=1e-3)
    assert not labelled.session.undo_stack.canUndo(), "an undo would take away what came"
    labelled.workflow.accept(9)
    labelled.settle()
    held = labelled.workflow.library.label(labelled.session.cine.info.identity)
    assert (sorted(held.contours), held.es, held.not_traceable) == ([3, 5, 9], 5, {7})
    history = labelled.workflow.library.history(labelled.session.cine.info.identity)
    assert [(r.annotator, r.frames, r.base) for r in history] == [
        ("tester", (3,), 0), ("Dr B", (3, 5), None), ("tester", (3,), 2), ("tester", (9,), 3),
    ]  # fmt: skip
    assert labelled.refusals == []


def test_a_conflict_that_an_import_makes_of_a_cine_that_is_not_open_is_in_the_list(labelled, theirs, tmp_path):
    path, copy = labelled.session.path, tmp_path / "other.dcm"
    file = pydicom.dcmread(path)
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    file.save_as(copy)

    def look_from_the_other():
        labelled.open(copy)
        labelled.workflow.studies.list_recent((path, str(copy)))
        labelled.settle()
        return labelled.window.cines.model.rows[path]

    row = look_from_the_other()
    assert (row.here, row.conflicts) == (True, 0)
    take(labelled, theirs)
    assert (row.status, row.state, row.waits) == (Status.IN_CONFLICT, "conflict", True)
    labelled.open(path)
    [waiting] = labelled.window.judging.deciding.conflicts
    labelled.window.judging.deciding.choose(waiting, waiting.sides[1])
    labelled.settle()
    row = look_from_the_other()
    assert (row.status, row.conflicts) == (Status.IN_CORRECTION, 0), "theirs has points that nobody set"


def test_an_edit_that_could_not_be_saved_outlives_an_import(labelled, theirs):
    library = labelled.workflow.library
    with library._engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON revisions WHEN NEW.tool LIKE 'approve%' BEGIN"
            " SELECT RAISE(ABORT, 'full'); END"
        )
    labelled.workflow.accept(1)
    labelled.settle()
    assert labelled.session.unsaved
    take(labelled, theirs)
    assert sorted(labelled.session.label.contours) == [1, 3, 5]
    labelled.workflow.keeping.save_again()
    labelled.settle()
    assert (labelled.session.unsaved, labelled.workflow.keeping.unsaved_cines) == ("", 0)
    assert sorted(library.label(labelled.session.cine.info.identity).contours) == [1, 3, 5]


def test_cines_that_are_not_here_can_be_looked_for(desk, labelled, theirs, sample, monkeypatch):
    """The button of the banner asks for their folder and imports again."""
    desk.session.open(None, "", Label())
    elsewhere = theirs.parent / "cines"
    elsewhere.mkdir()
    shutil.copy(sample, elsewhere)
    fresh = open_library(sqlite_url(theirs.with_name("fresh.sqlite")))
    desk.workflow.keeping.library = fresh
    take(desk, theirs)
    assert desk.window.banner.text == "Nothing new in it. 1 cine not found here."
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(elsewhere))
    QTest.mouseClick(desk.window.banner._button, Qt.MouseButton.LeftButton)
    desk.until(lambda: not desk.window.exchanging.exchange.busy)
    desk.settle()
    assert desk.window.banner.text.startswith("1 saved change of 1 cine imported.")
    fresh.close()


def test_a_data_set_as_published_is_imported_by_its_folder(labelled, monkeypatch, tmp_path):
    home = tmp_path / "patient0001"
    home.mkdir()
    for instant, radius in (("ED", 22), ("ES", 16)):
        ball = cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), radius, 1, -1)
        write_nifti(home / f"patient0001_4CH_{instant}.nii.gz", 200 * ball, (0.5, 0.5))
        write_nifti(home / f"patient0001_4CH_{instant}_gt.nii.gz", ball, (0.5, 0.5))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    labelled.window.acts["import_folder"].trigger()
    labelled.until(lambda: not labelled.window.exchanging.exchange.busy)
    assert labelled.window.banner.text == "2 saved changes of 2 cines imported."


def test_a_format_of_folders_goes_into_a_new_one_with_its_frames(labelled, monkeypatch, tmp_path):
    (tmp_path / "echoview-coco").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path))
    seen: list[ExportDialog] = []
    answer("coco", True, seen)
    labelled.window.acts["export"].trigger()
    labelled.until(lambda: not labelled.window.exchanging.exchange.busy)
    assert not seen[0].frames.isEnabled(), "this format always holds them"
    assert any((tmp_path / "echoview-coco-2").rglob("*.png"))


def test_nothing_to_export_and_a_broken_bundle_are_sentences(desk, sample, monkeypatch, tmp_path):
    desk.open(sample)
    desk.window.banner.dismiss()
    exchange = desk.window.exchanging.exchange
    from echoview.exchange import Wish

    exchange.export(Wish("bundle", False, False), tmp_path / "none.zip")
    desk.until(lambda: not exchange.busy)
    assert desk.window.banner.text.startswith("There was nothing to export.")
    desk.workflow.mark_ed(3)
    desk.settle()
    exchange.export(Wish("bundle", False, False), tmp_path / "one.zip")
    desk.until(lambda: not exchange.busy)
    assert desk.window.banner.text == "1 cine exported to one.zip.", "it does not wait behind the refusal"
    desk.window.banner.dismiss()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK")
    exchange.take(broken)
    desk.until(lambda: not exchange.busy)
    assert "broken.zip" in desk.window.banner.text
    assert not (tmp_path / "none.zip").exists()


def test_a_stopped_export_leaves_nothing(labelled, tmp_path):
    from echoview.exchange import Wish

    exchange = labelled.window.exchanging.exchange
    exchange.export(Wish("bundle", True, True), tmp_path / "half.zip")
    exchange.cancel()
    labelled.settle()
    labelled.until(lambda: labelled.workflow.jobs.idle)
    assert list(tmp_path.glob("*half*")) == []


def test_a_table_says_what_the_screen_shows(labelled, tmp_path):
    import csv

    from echoview.exchange import Wish
    from echoview.services.exporting import numbers_of

    exchange = labelled.window.exchanging.exchange
    exchange.export(Wish("measures", False, True), tmp_path / "m.csv")
    labelled.until(lambda: not exchange.busy)
    with (tmp_path / "m.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    shown = numbers_of(labelled.session.measurements)
    assert shown["ef_percent"] is not None
    for name, value in shown.items():
        assert row[name] == ("" if value is None else str(value))
    assert (row["view"], row["view_from"]) == (labelled.session.prediction.view.value, "network")
    assert int(row["labelled_frames"]) == 1
    assert int(row["predicted_frames"]) > 1


@pytest.fixture
def two_cines(labelled, tmp_path):
    """The sample and, labelled too, a cine in which there is no sector."""
    import numpy as np

    from echoview.domain.contour import draw
    from echoview.domain.label import Label
    from echoview.io import open_cine
    from ral.formats import write_nifti

    path = tmp_path / "dark.nii.gz"
    write_nifti(path, np.zeros((3, 80, 80), np.uint8), None)
    label = Label({0: draw([(5, 30), (20, 5), (35, 30)])})
    labelled.workflow.library.save(
        open_cine(path), str(path), Label(), label, annotator="", app_version="", weights="", tool="t"
    )  # fmt: skip
    return labelled


def test_the_preview_goes_through_the_cines_and_says_which_is_left_out(two_cines):
    window = two_cines.window
    dialog = ExportDialog(window, window.exchanging.exchange)
    dialog.show()
    pane = dialog.preview
    assert not pane.isVisible(), "labels alone have nothing to show"
    dialog.frames.click()
    two_cines.until(lambda: not pane.picture.pixmap().isNull())
    assert not pane.after.isVisible(), "one cine is open"
    dialog.what.setCurrentIndex(1)
    two_cines.until(lambda: pane.which.text() == "cine 1 of 2" and pane.after.isEnabled())
    assert not pane.before.isEnabled()
    QTest.mouseClick(pane.after, Qt.MouseButton.LeftButton)
    assert pane.picture.text() == "Looking for the sector…"
    two_cines.until(lambda: pane.which.text() == "cine 2 of 2")
    assert pane.picture.text() == "Left out: the sector cannot be told from what is written beside it."
    assert not pane.after.isEnabled()
    QTest.mouseClick(pane.before, Qt.MouseButton.LeftButton)
    two_cines.until(lambda: not pane.picture.pixmap().isNull())
    dialog.close()


def test_masks_hold_no_frames_and_do_not_offer_them(labelled):
    dialog = ExportDialog(labelled.window, labelled.window.exchanging.exchange)
    for kind, offered in (("bundle", True), ("masks", False), ("measures", False)):
        dialog.form.setCurrentIndex(list(FORMS).index(kind))
        dialog.frames.click()
        assert dialog.wish.frames is offered
        assert dialog.preview.isVisibleTo(dialog) is offered
    labelled.settle()
    dialog.close()
