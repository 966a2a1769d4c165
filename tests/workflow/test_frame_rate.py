"""A file without frame times: a person says how fast it was taken, and it is kept."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.ui import dialogs
from ral.phantom import simulate

CTRL = Qt.KeyboardModifier.ControlModifier
FRAMES = 12


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Numbered pictures, which tell nothing of time."""
    folder = tmp_path_factory.mktemp("pictures")
    for t, frame in enumerate(np.asarray(simulate(20, "A4C", FRAMES, 128).frames)):
        cv2.imwrite(str(folder / f"heart_{t:03d}.png"), frame)
    return folder / "heart_000.png"


@pytest.fixture
def opened(desk, pictures):
    desk.open(pictures)
    return desk


def give(desk, monkeypatch, rate: float | None) -> None:
    monkeypatch.setattr(dialogs, "ask_frame_rate", lambda parent, now, said: rate)
    desk.window.transport.rate.click()


def test_the_rate_that_a_person_gives_is_played_shown_undone_and_kept(opened, monkeypatch, new_desk, pictures) -> None:
    window, cine = opened.window, opened.session.cine
    counter = window.transport.counter
    window.resize(1280, 800)  # in a narrow window there is no room for the seconds
    assert "30 fps  (assumed)" in counter.text()
    assert window.transport.rate.isVisible()
    window.player.seek(5)
    give(opened, monkeypatch, 50.0)
    np.testing.assert_allclose(cine.times_s, np.arange(FRAMES) / 50)
    assert window.player.t == 5
    assert "0.10 s" in counter.text()
    assert "50 fps  (by hand)" in counter.text()
    assert window.transport.timeline.scale.end_s == pytest.approx((FRAMES - 1) / 50)
    assert window.player._times[-1] == pytest.approx((FRAMES - 1) / 50)
    assert "given by hand" in window.measure_panel.notes.text()
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert "30 fps  (assumed)" in counter.text()
    assert cine.info.timing_known is False
    opened.session.undo_stack.redo()
    assert opened.session.undo_stack.undoText() == "frame rate"
    opened.close()
    again = new_desk()
    again.open(pictures)
    assert "50 fps  (by hand)" in again.window.transport.counter.text()
    give(again, monkeypatch, 0.0)
    assert "30 fps  (assumed)" in again.window.transport.counter.text()
    assert again.session.label.frame_rate is None


def test_nothing_is_asked_where_the_file_knows(desk, sample, monkeypatch) -> None:
    monkeypatch.setattr(dialogs, "ask_frame_rate", lambda *_: pytest.fail("asked"))
    desk.open_known(sample)
    assert desk.session.cine.info.timing_known
    assert not desk.window.transport.rate.isVisible()
    desk.window.acts["frame_rate"].trigger()
