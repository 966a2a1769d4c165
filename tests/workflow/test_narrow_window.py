"""What a window on a small or much enlarged screen still says."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea

from ral.formats import write_nifti


@pytest.fixture
def assumed(new_desk, tmp_path):
    """A cine without times of its own, in the smallest window, standing still."""
    write_nifti(tmp_path / "x.nii", np.zeros((130, 48, 64), np.uint8), (0.3, 0.3))
    desk = new_desk(review_only=True)
    desk.open(tmp_path / "x.nii")
    desk.window.player.dropped = 0  # while it was opened, where the computer is slow
    desk.window.resize(desk.window.minimumSize())
    desk.qtbot.wait(100)
    return desk


def test_the_counter_keeps_what_says_how_true_the_playing_is(assumed) -> None:
    window = assumed.window
    player, transport = window.player, window.transport
    assert transport.property("narrow")
    player.seek(99)
    assert transport.counter.text() == "100 / 130  ·  30 fps  (assumed)"
    high = transport.height()
    player.dropped = 12
    transport.set_frame(99)
    assert transport.counter.text() == "100 / 130  ·  30 fps  (assumed)\n12 dropped"
    assumed.qtbot.wait(50)
    assert transport.counter.width() >= transport.counter.sizeHint().width(), "nothing is cut off"
    assert transport.counter.height() >= transport.counter.sizeHint().height()
    assert (window.width(), transport.height()) == (window.minimumWidth(), high), "and nothing is moved"
    player.set_every_frame(True)
    transport.set_frame(99)
    assert transport.counter.text() == "100 / 130  ·  30 fps  (assumed)\nevery frame"


@pytest.mark.parametrize("narrow", [True, False])
def test_a_counter_that_grows_as_it_plays_is_never_painted_cut_off(assumed, narrow) -> None:
    """The picture of the next frame is painted before Qt lays the row out anew by itself."""
    window, transport = assumed.window, assumed.window.transport
    if not narrow:
        window.resize(1300, 800)
        assumed.qtbot.wait(100)
    for dropped in (0, 9, 10, 1000, 100_000):
        window.player.dropped = dropped
        transport.set_frame(99)
        assert transport.counter.width() >= transport.counter.sizeHint().width(), transport.counter.text()


@pytest.mark.parametrize(("width", "columns"), [(760, 1), (960, 2), (1280, 3), (1500, 3)])
def test_no_word_of_the_keys_overlay_is_cut_off(assumed, width, columns) -> None:
    window, overlay = assumed.window, assumed.window.keys_overlay
    window.resize(width, 800)
    window.acts["keys"].trigger()
    assumed.qtbot.wait(100)
    scroll = overlay.findChild(QScrollArea)
    seen = scroll.viewport().width()
    words = [*scroll.widget().findChildren(QLabel), *scroll.widget().findChildren(QPushButton)]
    assert len(words) > 100
    places = [QRect(word.mapTo(scroll.viewport(), QPoint(0, 0)), word.size()) for word in words]
    cut = [
        word.text()
        for word, place in zip(words, places, strict=True)
        if place.right() >= seen or place.width() < word.sizeHint().width()
    ]
    assert cut == []
    assert overlay._columns.count() == columns
    assert overlay.said.width() >= overlay.said.sizeHint().width()
