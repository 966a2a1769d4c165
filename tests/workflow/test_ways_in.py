"""How a cine is come by: the file dialog, and the first and the second start."""

from __future__ import annotations

import shutil

import pydicom
from PySide6.QtWidgets import QFileDialog, QTreeView

from echoview.app import first_cine
from echoview.settings import load


def test_the_file_dialog_shows_what_scanners_write(new_desk, sample, tmp_path, monkeypatch, qtbot) -> None:
    desk = new_desk(review_only=True)
    for name in ("IM_0001", "DICOMDIR", "1.2.840.113.7", "clip.dcm"):
        shutil.copy(sample, tmp_path / name)
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: asked.append(given) or ("", ""))
    desk.window.acts["open"].trigger()
    _, title, _, filters = asked[0]
    dialog = QFileDialog(desk.window, title, str(tmp_path), filters)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.show()
    tree = dialog.findChild(QTreeView, "treeView")

    def shown() -> set[str]:
        model, root = tree.model(), tree.rootIndex()
        return {model.index(row, 0, root).data() for row in range(model.rowCount(root))}

    qtbot.waitUntil(lambda: shown() == {"IM_0001", "DICOMDIR", "1.2.840.113.7", "clip.dcm"}, timeout=5000)
    dialog.close()
    dialog.deleteLater()


def test_the_sample_opens_again_until_a_cine_of_ones_own_was_opened(new_desk, sample, tmp_path) -> None:
    desk = new_desk(review_only=True)
    assert first_cine(load()) == sample
    desk.open(sample)
    desk.close()
    assert first_cine(load()) == sample, "the second start is no empty window"
    desk = new_desk(review_only=True)
    shutil.copy(sample, tmp_path / "own.dcm")
    desk.open(tmp_path / "own.dcm")
    desk.close()
    assert first_cine(load()) is None
    desk = new_desk(review_only=True)
    desk.until(desk.window.cines.isVisible, 10)
    assert [row.listed.name for row in desk.window.cines.model.shown()] == ["own.dcm"]
    assert desk.window.picture.hint.isVisible()


def test_where_the_cines_of_before_are_gone_the_window_says_what_to_do(new_desk, sample, tmp_path) -> None:
    desk = new_desk(review_only=True)
    shutil.copy(sample, tmp_path / "own.dcm")
    desk.open(tmp_path / "own.dcm")
    desk.close()
    (tmp_path / "own.dcm").unlink()
    desk = new_desk(review_only=True)
    desk.settle()
    assert not desk.window.cines.isVisible()
    assert desk.window.picture.hint.isVisible()
    assert "Ctrl+O" in desk.window.picture.hint.text()


def test_cines_of_a_disc_are_told_apart_and_named_by_nobody(desk, sample, tmp_path) -> None:
    for number, name in ((14, "one/IM000000"), (15, "two/IM000000")):
        file = pydicom.dcmread(sample)
        file.SeriesNumber, file.InstanceNumber, file.StudyDate = 2, number, "20200131"
        file.PatientName, file.PatientID = "Doe^Jane", "4711"
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        (tmp_path / name).parent.mkdir()
        file.save_as(tmp_path / name)
    desk.workflow.open(tmp_path)
    desk.until(lambda: len(desk.window.cines.model.rows) == 2 and desk.session.cine is not None)
    desk.open_known(tmp_path / "two/IM000000")
    assert sorted(row.listed.name for row in desk.window.cines.model.shown()) == [
        "Series 2, no. 14",
        "Series 2, no. 15",
    ]
    assert desk.window.top_bar.title.toolTip() == "Series 2, no. 15 (IM000000)"
    menu = desk.window.top_bar.open_button.menu()
    menu.aboutToShow.emit()
    entries = [action.text() for action in menu.actions()]
    assert "2020-01-31, Series 2, no. 15" in entries
    assert not any("IM0" in entry or "Doe" in entry or "4711" in entry for entry in entries)
