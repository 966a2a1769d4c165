"""Bad input gets one clear sentence, the window stays, and no label is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.store.refusals import cannot_read
from echoview.ui.widgets import Message


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "letter.dcm"
    path.write_text("Dear colleague, thank you for the referral.\n" * 40)
    return path


def test_a_bad_file_leaves_the_open_cine_and_its_label_alone(desk, sample, text_file, tmp_path) -> None:
    desk.open_known(sample)
    desk.workflow.accept(2)
    desk.settle()
    cine = desk.session.cine
    whole = Path(sample).read_bytes()
    short = tmp_path / "short.dcm"
    short.write_bytes(whole[: len(whole) // 60])
    for bad in (text_file, short, tmp_path / "gone.dcm", tmp_path):
        if bad is tmp_path:
            (tmp_path / "empty").mkdir()
            bad = tmp_path / "empty"
        desk.refusals.clear()
        desk.open(bad)
        assert len(desk.refusals) == 1, bad
        assert desk.window.banner.isVisible()
        assert str(tmp_path) not in desk.refusals[0]
        assert desk.session.cine is cine
        assert list(desk.session.label.contours) == [2]


def test_colour_doppler_opens_and_plays_but_is_not_predicted(desk, tmp_path) -> None:
    path = tmp_path / "doppler.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    rng = np.random.default_rng(0)
    for t in range(12):
        frame = np.repeat((rng.random((240, 320, 1)) * 90).astype(np.uint8), 3, axis=2)
        cv2.ellipse(frame, (150 + t, 120), (40, 30), 0, 0, 360, (220, 40, 30), -1)
        cv2.ellipse(frame, (200 + t, 150), (30, 20), 0, 0, 360, (20, 40, 230), -1)
        writer.write(frame)
    writer.release()
    desk.open(path)
    assert "colour Doppler" in desk.session.cine.info.withheld
    assert desk.window.measure_panel.doubt.reason.text() == desk.session.cine.info.withheld
    assert desk.window.measure_panel.doubt.isVisible()
    assert desk.session.prediction is None
    assert "colour Doppler" not in desk.window.measure_panel.notes.text(), "it is said once, in the place of EF"
    desk.window.player.play()
    assert desk.window.player.playing


def test_a_library_that_cannot_be_opened_is_said_and_the_app_goes_on(new_desk, sample, tmp_path) -> None:
    bad = tmp_path / "labels.sqlite"
    bad.write_bytes(b"this is no database, only text " * 50)
    desk = new_desk(str(bad))
    assert "library" in desk.window.banner.text
    desk.open_known(sample)
    desk.workflow.accept(1)
    assert desk.session.unsaved
    assert "Not saved" in desk.window.top_bar.saved.text()
    assert list(desk.session.label.contours) == [1], "the correction is still on the screen"


def test_a_save_that_fails_is_made_good_by_the_next(desk, sample) -> None:
    desk.open_known(sample)
    engine = desk.workflow.library._engine
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    desk.workflow.accept(1)
    desk.settle()
    assert desk.session.unsaved
    assert "disk full" in desk.refusals[-1]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    desk.workflow.accept(2)
    desk.settle()
    assert not desk.session.unsaved
    assert list(desk.workflow.library.label(desk.session.cine.info.identity).contours) == [1, 2]


def test_unreadable_weights_are_refused_with_a_way_on(desk, sample, home) -> None:
    shipped = desk.workflow.registry.active()
    broken = home / "data" / "weights" / "broken"
    shutil.copytree(shipped.folder, broken)
    card = (broken / "card.json").read_text().replace(shipped.identity, "0" * 16).replace(shipped.name, "broken")
    (broken / "card.json").write_text(card)
    (broken / "weights.safetensors").write_bytes(b"nothing")
    desk.open_known(sample)
    desk.workflow.choose_weights("broken")
    desk.until(lambda: bool(desk.refusals))
    assert "broken" in desk.refusals[0]
    desk.workflow.choose_weights(shipped.identity)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)


def test_a_folder_lists_its_cines(desk, sample, tmp_path) -> None:
    for name in ("one.dcm", "two"):
        shutil.copy(sample, tmp_path / name)
    (tmp_path / "notes.txt").write_text("no cine")
    desk.workflow.open(tmp_path)
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    assert [row.listed.name for row in desk.window.cines.model.shown()] == ["one.dcm", "two"]
    desk.window.player.pause()


def test_no_patient_reaches_a_log_or_a_run(desk, sample, tmp_path, home) -> None:
    from pydicom import dcmread

    from echoview.app import start_logging

    start_logging()
    data = dcmread(sample)
    data.PatientName, data.PatientID, data.PatientBirthDate = "Fakename^Zebedee", "ID-778899", "19010203"
    path = tmp_path / "zebedee.dcm"
    data.save_as(path)
    desk.open(path)
    assert "Fakename" in desk.window.top_bar.title.text(), "on the screen it must stand"
    desk.workflow.edit_contour(1, desk.session.editable(1).shifted(3, 0), "move contour")
    desk.settle()
    desk.fine_tune(steps=2)
    written = [
        f for f in home.rglob("*") if f.is_file() and f.name != "settings.json" and "labels.sqlite" not in f.name
    ]
    assert any(f.name == "events.jsonl" for f in written)
    for file in written:
        raw = file.read_bytes()
        for secret in (b"Fakename", b"Zebedee", b"778899", b"19010203", b"zebedee", os.fsencode(tmp_path)):
            assert secret not in raw, (file.name, secret)


def test_corrections_that_cannot_be_saved_go_to_another_library(new_desk, sample, tmp_path, monkeypatch) -> None:
    from PySide6.QtWidgets import QFileDialog

    from echoview.ui import dialogs

    bad = tmp_path / "labels.sqlite"
    bad.write_bytes(b"this is no database, only text " * 50)
    desk = new_desk(str(bad))
    desk.open_known(sample)
    desk.workflow.accept(1)
    monkeypatch.setattr(dialogs, "ask_close_unsaved", lambda parent, reason: False)
    desk.window.close()
    assert desk.window.isVisible(), "nothing is lost without a question"
    other = tmp_path / "other.sqlite"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(other), ""))
    desk.window.banner._button.click()
    desk.settle()
    assert not desk.session.unsaved
    assert list(desk.workflow.library.label(desk.session.cine.info.identity).contours) == [1]


def test_corrections_that_were_not_saved_are_there_when_the_cine_is_opened_again(desk, sample, tmp_path) -> None:
    desk.open_known(sample)
    engine = desk.workflow.library._engine
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    desk.workflow.accept(1)
    desk.settle()
    still = tmp_path / "still.avi"
    writer = cv2.VideoWriter(str(still), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
    for t in range(6):
        writer.write(np.full((120, 160, 3), 30 + t, np.uint8))
    writer.release()
    desk.open(still)
    assert desk.session.label.empty
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    desk.open_known(sample)
    assert list(desk.session.label.contours) == [1]
    desk.settle()
    assert list(desk.workflow.library.label(desk.session.cine.info.identity).contours) == [1]
    assert not desk.workflow.keeping.unsaved_cines


def test_a_cine_cut_short_plays_but_its_labels_are_not_touched(desk, sample, tmp_path) -> None:
    desk.open_known(sample)
    desk.workflow.accept(26)
    desk.settle()
    short = tmp_path / "half.dcm"
    whole = Path(sample).read_bytes()
    short.write_bytes(whole[: len(whole) // 2])
    desk.open(short)
    assert 3 < len(desk.session.cine) < 30
    assert "was cut off" in desk.session.locked
    assert not desk.window.measure_panel.approve.isEnabled()
    assert desk.window.measure_panel.approve.toolTip() == desk.session.locked
    assert any("frames" in note for note in desk.session.cine.info.notes)
    desk.refusals.clear()
    desk.workflow.accept(2)
    assert len(desk.refusals) == 1
    desk.qtbot.wait(50)
    assert desk.window.top_bar.saved.text() == " Saved", "nothing is on its way"
    assert desk.session.label.empty
    assert list(desk.workflow.library.label(desk.session.cine.info.identity).contours) == [26]


def test_what_is_said_of_a_cine_goes_with_it_and_what_is_said_of_the_library_stays(desk, sample, tmp_path) -> None:
    desk.open_known(sample)
    desk.workflow.accept(26)
    desk.settle()
    window, banner = desk.window, desk.window.banner
    short = tmp_path / "half.dcm"
    short.write_bytes(Path(sample).read_bytes()[: sample.stat().st_size // 2])
    for act in (lambda: None, lambda: QTest.keyClick(window, Qt.Key.Key_A)):
        desk.open(short)
        act()
        assert banner.text.startswith("This file was cut off, and its labels were made on the whole one.")
        desk.open_known(sample)
        assert "cut off" not in banner.text
        assert not desk.session.locked
    desk.open(short)
    window.banner.say(Message("Meanwhile something went wrong."))  # which takes its place
    desk.open_known(sample)
    assert not banner.property("urgent") or not banner.isVisible()
    desk.workflow.refused.emit(cannot_read(OSError("the server is away")))
    desk.open(short)
    desk.open_known(sample)
    assert "the server is away" in banner.text
    assert banner._button.isVisible()


def test_escape_closes_a_message_when_nothing_else_takes_it(desk, sample) -> None:
    desk.open_known(sample)
    window, banner = desk.window, desk.window.banner
    while banner.isVisible():
        banner.dismiss()
    window.view.setFocus()
    desk.workflow.refused.emit(cannot_read(OSError("the server is away")))
    window.acts["caliper"].trigger()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.acts["point"].isChecked()
    assert banner.isVisible(), "Esc has put the tool down"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not banner.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not banner.isVisible()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device that is to be missing")
def test_a_device_that_is_not_there_leaves_all_as_it_was(desk, sample) -> None:
    desk.open_known(sample)
    prediction, device = desk.session.prediction, desk.workflow.settings.device
    desk.window.top_bar.device_chosen.emit("cuda")
    desk.until(lambda: bool(desk.refusals))
    assert "cuda" in desk.refusals[0]
    assert desk.session.prediction is prediction
    assert desk.workflow.settings.device == device


def test_broken_weights_do_not_bring_back_a_prediction_of_another_cine(desk, sample, home, tmp_path) -> None:
    desk.open_known(sample)
    desk.window.top_bar.device_chosen.emit("cpu")
    desk.until(lambda: desk.session.prediction is not None and desk.session.prediction.complete)
    desk.settle()
    half = tmp_path / "half.avi"
    writer = cv2.VideoWriter(str(half), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
    for t in range(6):
        writer.write(np.full((120, 160, 3), 30 + t, np.uint8))
    writer.release()
    desk.open(half)
    desk.window.player.pause()
    shipped = desk.workflow.registry.active()
    broken = home / "data" / "weights" / "broken"
    shutil.copytree(shipped.folder, broken)
    card = (broken / "card.json").read_text().replace(shipped.identity, "0" * 16).replace(shipped.name, "broken")
    (broken / "card.json").write_text(card)
    desk.workflow.choose_weights("broken")
    desk.until(lambda: bool(desk.refusals))
    assert desk.session.prediction is None
    assert desk.workflow.settings.device == "cpu"
