"""Folders that cannot be read, and shares that are slow: a sentence each, and the window never waits."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

NAME = "n" * 250


@pytest.fixture
def closed(tmp_path) -> list[Path]:
    """Two folders of a study whose path is longer than the system reads, which a walk comes to: for anybody, as root.

    The folders themselves, then the first on the way down that cannot be read.
    """
    tops = []
    for name in ("a", "b"):
        top = tmp_path / "study" / name
        top.mkdir(parents=True)
        tops.append(top)
        at = os.open(top, os.O_RDONLY)
        for _ in range(18):
            os.mkdir(NAME, dir_fd=at)
            below = os.open(NAME, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)
    return tops


@pytest.fixture
def desk(new_desk):
    return new_desk(review_only=True)


def too_long(top: Path) -> Path:
    return top.joinpath(*[NAME] * 18)


def test_folders_that_cannot_be_read_are_counted(desk, sample, closed) -> None:
    shutil.copy(sample, closed[0] / "x.dcm")
    desk.workflow.open(closed[0].parent)
    desk.settle()
    desk.until(lambda: desk.session.cine is not None, 20)
    assert desk.window.cines._state.text() == "1 cine; 2 folders could not be read"
    desk.workflow.open(sample)
    desk.settle()
    assert desk.window.cines._state.text() == "1 cine; 2 folders could not be read", "it is of the list, which stands"


def test_where_nothing_is_found_it_is_said_that_folders_could_not_be_read(desk, closed) -> None:
    desk.workflow.open(closed[0].parent)
    desk.settle()
    assert len(desk.refusals) == 1
    assert desk.refusals[0].startswith("This folder holds no cine; 2 folders could not be read.")


def test_a_folder_that_cannot_be_read_says_why(desk, closed) -> None:
    desk.workflow.open(too_long(closed[0]))
    desk.settle()
    assert len(desk.refusals) == 1
    assert "cannot be read: File name too long" in desk.refusals[0]
    assert "holds no cine" not in desk.refusals[0]


def test_the_window_asks_no_disk(desk, sample, tmp_path, monkeypatch) -> None:
    share = tmp_path / "share"
    share.mkdir()
    for name in ("one.dcm", "two.dcm"):
        shutil.copy(sample, share / name)
    real, asked = os.stat, []

    def stat(path, *args, **kwargs):
        if str(share) in str(path):
            asked.append(threading.current_thread() is threading.main_thread())
        return real(path, *args, **kwargs)

    desk.workflow.open(share / "one.dcm")
    desk.settle()
    desk.workflow.open(share / "two.dcm")
    desk.settle()
    (share / "two.dcm").unlink()
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr("pathlib.os.stat", stat, raising=False)
    menu = desk.window.top_bar.open_button.menu()
    menu.aboutToShow.emit()
    shown = {a.text() for a in menu.actions()}
    assert {"one.dcm", "two.dcm"} <= shown
    desk.settle()
    assert [a.text() for a in menu.actions() if a.isVisible() and a.text().endswith(".dcm")] == ["one.dcm"]
    for what in (share, share / "one.dcm"):
        desk.workflow.open(what)
        desk.settle()
    assert asked, "a disk was asked, elsewhere"
    assert not any(asked)


def test_the_index_of_a_medium_opens_its_folder_whatever_it_is_called(desk, sample, tmp_path) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

    shutil.copy(sample, tmp_path / "IM_0001")
    index = Dataset()
    index.file_meta = FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    index.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    index.FileSetID = "ECHO"
    index.save_as(tmp_path / "dicomdir.1", enforce_file_format=True)
    desk.workflow.open(tmp_path / "dicomdir.1")
    desk.settle()
    assert not desk.refusals
    assert desk.session.path == str(tmp_path / "IM_0001")
