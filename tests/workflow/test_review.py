"""Reviewing a folder in the real window: the list's keys, approving and going on, and what stays afterwards."""

from __future__ import annotations

import shutil

from pydicom import dcmread
from pydicom.uid import generate_uid
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.domain.study import Status


def test_a_folder_is_reviewed_from_the_keyboard(new_desk, sample, tmp_path) -> None:
    desk = new_desk()
    for name in ("IM_1.dcm", "IM_2.dcm"):
        shutil.copy(sample, tmp_path / name)
    other = dcmread(tmp_path / "IM_2.dcm")  # else both would be one cine, lying in two places
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    other.save_as(tmp_path / "IM_2.dcm")
    desk.workflow.open(tmp_path)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    window, listing = desk.window, desk.window.cines
    window.activateWindow()
    window.player.pause()
    window.player.seek(5)
    listing.list.setFocus()
    QTest.keyClick(listing.list, Qt.Key.Key_End)
    assert window.player.t == 5, "End is the list's while it has the focus"
    assert listing.list.currentIndex().row() == 2
    QTest.keyClick(listing.list, Qt.Key.Key_H)
    assert window.view.overlay_hidden, "letters stay the window's"
    QTest.keyClick(listing.list, Qt.Key.Key_H)
    first = desk.session.path
    assert listing.approve_and_next()
    desk.until(lambda: desk.session.path != first)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    window.player.pause()
    assert [row.status for row in listing.model.shown()] == [Status.APPROVED, Status.PREDICTED]
    assert not listing.next_unreviewed(), "the open one is the only one that waits"
    desk.close()
    desk = new_desk()
    desk.workflow.open(tmp_path)
    model = desk.window.cines.model
    desk.until(lambda: len(model.rows) == 2 and all(row.looked for row in model.rows.values()))
    desk.settle()
    assert model.rows[first].status is Status.APPROVED
    desk.window.player.pause()
