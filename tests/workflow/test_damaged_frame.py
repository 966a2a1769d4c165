"""One frame of a cine is damaged: the others are played, predicted and measured, and nothing lands on that one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import generate_uid
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from echoview.domain.contour import Contour, Origin
from echoview.errors import CineAway
from echoview.io import open_cine
from echoview.services.propagation import Way
from echoview.ui import timeline_paint as paint
from echoview.ui.theme import current

HURT = 12  # frame 13 on the screen


@pytest.fixture
def hurt(sample, tmp_path) -> Path:
    """The sample with one frame whose JPEG bytes are no picture."""
    return damage(sample, tmp_path / "hurt.dcm", [HURT])


def damage(sample: Path, path: Path, numbers: Iterable[int]) -> Path:
    file = pydicom.dcmread(sample)
    frames = list(generate_frames(file.PixelData, number_of_frames=30))
    for t in numbers:
        frames[t] = b"\xff\xd8" + b"\0" * 200
    file.PixelData = encapsulate(frames)
    file["PixelData"].is_undefined_length = True
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    file.save_as(path)
    return path


def stand_on(desk, t: int) -> None:
    desk.window.player.pause()
    desk.window.player.seek(t)
    desk.until(lambda: desk.session.cine.cached(t) is not None or desk.session.lost(t), 5)
    desk.qtbot.wait(50)


@pytest.mark.parametrize("every", [False, True])
def test_it_is_played_past_and_told_once(desk, hurt, every) -> None:
    player, shown = desk.window.player, []
    desk.window.banner.dismiss()  # the terms of the weights
    player.frame_changed.connect(shown.append)
    desk.workflow.open(hurt)
    desk.until(lambda: desk.session.cine is not None)
    player.set_every_frame(every)
    for _ in range(2):
        shown.clear()
        desk.until(lambda: 29 in shown and 11 in shown, 20)
    assert player.playing
    assert HURT not in shown
    assert not desk.refusals
    banner = desk.window.banner
    assert banner.text == "Frame 13 cannot be read; the others play."
    banner.dismiss()
    shown.clear()
    desk.until(lambda: 29 in shown, 10)
    assert not banner.isVisible(), "it is told once"


def test_no_picture_stands_under_its_number_and_nothing_is_drawn_on_it(desk, hurt) -> None:
    desk.open(hurt)
    window, view = desk.window, desk.window.view
    stand_on(desk, HURT - 1)
    assert view.frame_item.frame is not None
    assert view.lost.isHidden()
    stand_on(desk, HURT)
    assert "13 / 30" in window.transport.counter.text()
    assert view.frame_item.frame is None
    assert view.lost.isVisible()
    assert view.lost.text() == "Frame 13 cannot be read."
    assert "cannot be read" in window.measure_panel.frame.text()
    assert not window.measure_panel.draw.isVisible()
    assert not window.measure_panel.approve.isEnabled()
    window.acts["draw"].trigger()
    middle = view.viewport().rect().center()
    for dx, dy in ((-40, 40), (0, -40), (40, 40)):
        spot = middle.__class__(middle.x() + dx, middle.y() + dy)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    window.acts["finish"].trigger()
    window.acts["approve"].trigger()
    stand_on(desk, HURT - 1)
    window.acts["copy_next"].trigger()
    assert not desk.session.label.contours
    stand_on(desk, HURT + 1)
    assert view.frame_item.frame is not None
    assert view.lost.isHidden()


def test_the_other_frames_are_predicted_and_measured(desk, hurt) -> None:
    desk.open(hurt)
    assert not desk.refusals
    found = desk.session.prediction
    assert found is not None and found.complete
    assert [t for t in range(30) if found.contour(t) is None] == [HURT]
    assert desk.session.measurements.ef_percent is not None
    assert desk.window.measure_panel.ef.text() != "–"
    notes = desk.window.measure_panel.notes.text()
    assert "1 frame cannot be read." in notes
    assert "No ventricle" not in notes


@pytest.mark.parametrize("way", list(Way))
def test_corrections_are_carried_past_it(desk, hurt, way) -> None:
    desk.open(hurt)
    correction = desk.window.correcting.correction
    if way not in correction.ways:
        pytest.skip("these weights read no hints")
    for t in (HURT - 4, HURT + 4):
        contour = desk.session.editable(t)
        moved = Contour.through(contour.dense(65) + 4.0, Origin.CORRECTED)
        desk.workflow.edit_contour(t, moved, "move")
    desk.settle()
    correction.propose(HURT - 4, way)
    desk.settle()
    assert not desk.refusals
    assert HURT - 1 in correction.proposal and HURT + 1 in correction.proposal
    assert HURT not in correction.proposal
    correction.accept()
    assert HURT not in desk.session.label.contours


def test_a_contour_for_it_is_refused_in_words(desk, hurt) -> None:
    desk.open(hurt)
    contour = desk.session.editable(HURT - 1)
    desk.workflow.edit_contour(HURT, contour, "draw")
    assert not desk.session.label.contours
    assert desk.refusals == ["Frame 13 cannot be read. No contour can be drawn on it."]


def test_its_prediction_is_kept_and_tells_which_frame_is_damaged(desk, hurt, new_desk) -> None:
    desk.open(hurt)
    made = desk.session.prediction
    assert np.isnan(made.contours[HURT]).all()
    desk.close()
    again = new_desk()
    again.workflow.predicting.predict = lambda: pytest.fail("it is known")
    cine = open_cine(hurt)
    found = again.workflow.predictions.recall(cine, again.session.weights)
    np.testing.assert_array_equal(found.contours, made.contours)
    assert cine.lost(HURT), "so nobody need try"
    again.open(hurt)
    assert "1 frame cannot be read." in again.window.measure_panel.notes.text()


def test_a_prediction_without_frames_that_the_disk_did_not_give_is_made_anew(desk, sample) -> None:
    cine = open_cine(sample)
    decode = cine._source.decode

    def given(t: int) -> np.ndarray:
        if t == HURT:
            raise CineAway("The disk is away.")
        return decode(t)

    cine._source.decode = given  # type: ignore[method-assign]
    weights = desk.session.weights
    *_, made = desk.workflow.predictions.made_anew(cine, weights, "cpu")
    assert np.isnan(made.contours[HURT]).all()
    assert desk.workflow.predictions.recall(open_cine(sample), weights) is None


def test_most_frames_in_a_row_are_damaged_and_it_plays_on(desk, sample, tmp_path) -> None:
    """26 of 30: no file that is away."""
    path = damage(sample, tmp_path / "most.dcm", range(2, 28))
    player, shown = desk.window.player, []
    player.frame_changed.connect(shown.append)
    desk.workflow.open(path)
    desk.until(lambda: desk.session.path == str(path), 20)
    desk.until(lambda: {0, 1, 28, 29} <= set(shown), 20)
    assert player.playing
    assert not desk.refusals


def test_an_m_mode_leaves_its_column_black(desk, hurt) -> None:
    desk.open(hurt)
    mmode = desk.window.picture.mmode
    mmode.draw((60, 40), (160, 200))
    desk.settle()
    assert not desk.refusals
    columns = mmode.strip.picture.max(0)
    assert [t for t in range(30) if not columns[t]] == [HURT]


def test_beside_another_cine_it_is_passed_by_and_said_where_it_stands(desk, sample, hurt) -> None:
    shutil.copy(sample, hurt.parent / "whole.dcm")
    desk.workflow.open(hurt.parent)
    desk.until(lambda: len(desk.window.cines.model.rows) == 2)
    desk.open(hurt.parent / "whole.dcm")
    desk.window.acts["views_beside"].trigger()
    views = desk.window.picture.layouts.views
    pane = views.panes[0]
    desk.until(lambda: views.neighbours.get(str(hurt)).beats is not None)
    desk.settle()
    desk.window.player.seek(HURT)
    desk.until(lambda: pane._wanted == HURT and pane.t == HURT, 10)
    assert pane.view.lost.isVisible()
    assert pane.view.frame_item.frame is None
    assert views.neighbours.get(str(hurt)).trouble == ""
    desk.window.player.seek(HURT + 1)
    desk.until(lambda: pane.t == HURT + 1, 10)
    assert pane.view.frame_item.frame is not None
    assert not pane.view.lost.isVisible()
    assert "cannot" not in pane.title.line.whole


def test_the_timeline_marks_it_once_it_was_met(new_desk, hurt) -> None:
    """Without the network, which would have looked at every frame."""
    desk = new_desk(review_only=True)
    desk.open(hurt)
    line = desk.window.transport.timeline
    place = round(line.scale.x_of(HURT))

    def colours() -> set[int]:
        picture = line.grab().toImage()
        x = round(picture.width() * place / line.width())
        rows = range(round(paint.STATES_TOP * picture.height() / line.height()), picture.height() // 3)
        return {picture.pixel(x + dx, y) & 0xFFFFFF for dx in range(-3, 4) for y in rows}

    wanted = int(current().error[1:], 16)
    stand_on(desk, HURT)
    assert line._told(place).startswith("Frame 13, ")
    assert "cannot be read" in line._told(place)
    desk.window.player.seek(0)
    desk.until(lambda: wanted in colours(), 5)


def test_no_former_picture_stands_under_its_number_beside_other_weights(desk, hurt) -> None:
    desk.open(hurt)
    desk.window.acts["weights_beside"].trigger()
    pane = desk.window.picture.layouts.weights
    stand_on(desk, HURT - 1)
    desk.until(lambda: pane.view.frame_item.frame is desk.session.cine.cached(HURT - 1))
    stand_on(desk, HURT)
    assert pane.view.frame_item.frame is None
    assert pane.view.contour_item.points is None
    assert not pane.view.lost.isHidden()
