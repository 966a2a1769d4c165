"""The panel of the picture in the real window: where it lies, how it goes, what its button brings back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtTest import QTest

from echoview.ui.look import Look, Smoothing
from echoview.ui.widgets import Message
from ral.phantom import simulate
from ral.phantom.write import write_dicom


@pytest.fixture(scope="module")
def cine(tmp_path_factory) -> Path:
    return write_dicom(tmp_path_factory.mktemp("panel") / "a.dcm", simulate(20, "A4C", 9, 128))


@pytest.fixture
def opened(desk, cine):
    desk.open_known(cine)
    desk.window.resize(1280, 800)
    while desk.window.banner.isVisible():
        desk.window.banner.dismiss()
    QTest.qWait(60)
    return desk


def place(window, widget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def cavity(window, view) -> QRect:
    """Where the contour of a picture lies in the window."""
    low, high = (
        view.mapFromScene(view.box.mapViewToScene(QPointF(*corner)))
        for corner in (view.contour_item.points.min(0), view.contour_item.points.max(0))
    )
    return QRect(view.mapTo(window, low), view.mapTo(window, high))


def lit_share(window, view, room: QRect) -> float:
    """How much of what is lit in a picture lies under `room`."""
    rows, columns = np.nonzero(view.frame_item.frame > 24)
    spots = [
        view.mapTo(window, view.mapFromScene(view.box.mapViewToScene(QPointF(x, y))))
        for x, y in zip(columns[::7], rows[::7], strict=True)
    ]
    return sum(room.contains(spot) for spot in spots) / len(spots)


def test_the_panel_hides_no_cavity_alone_and_side_by_side(opened) -> None:
    window, controls = opened.window, opened.window.picture.controls
    window.acts["picture"].trigger()
    for layout in ("", "side_by_side", "weights_beside"):
        if layout:
            window.acts[layout].trigger()
        opened.settle()
        QTest.qWait(100)
        views = [window.view, *(p.view for p in window.picture.layouts.panes if p.isVisible())]
        assert len(views) == (2 if layout else 1)
        room = place(window, controls)
        for view in views:
            if view.contour_item.points is not None:
                assert not room.intersects(cavity(window, view)), layout
            assert lit_share(window, view, room) == 0, layout
    assert controls.gain.width() >= 100
    assert controls.smoothing.width() >= 100


def test_the_panel_finds_its_place_anew_for_another_picture(opened, sample, cine) -> None:
    window, controls = opened.window, opened.window.picture.controls
    window.acts["picture"].trigger()
    assert place(window, window.inspector).contains(place(window, controls)), "this one fills its frame"
    for path, zone in ((sample, window.view), (cine, window.inspector)):
        opened.open_known(path)
        QTest.qWait(60)
        assert place(window, zone).contains(place(window, controls))


def test_above_a_message_and_the_first_steps_it_leaves_the_top_bar_free(opened, sample) -> None:
    window, controls = opened.window, opened.window.picture.controls
    opened.open_known(sample)
    window.acts["picture"].trigger()
    window.banner.say(Message("This set is for research only. " * 6, "Nobody may use it for patients. " * 4))
    QTest.qWait(100)
    assert place(window, window.view).top() <= place(window, controls).top()


def test_without_the_inspector_the_panel_takes_the_darkest_corner(opened) -> None:
    window, controls = opened.window, opened.window.picture.controls
    window.zones.setSizes([250, 1030, 0])
    QTest.qWait(60)
    window.acts["picture"].trigger()
    QTest.qWait(60)
    room, whole = place(window, controls), place(window, window.view)
    assert whole.contains(room)
    assert not room.intersects(cavity(window, window.view))
    shares = [
        lit_share(window, window.view, QRect(QPoint(x, y), room.size()))
        for x in (whole.left() + 12, whole.right() - 11 - room.width())
        for y in (whole.top() + 12, whole.bottom() - 11 - room.height())
    ]
    assert lit_share(window, window.view, room) <= min(shares) + 0.01
    window.banner.say(Message("This file is a copy.", "Open the other to correct it."))
    QTest.qWait(60)
    assert not place(window, controls).intersects(place(window, window.banner))


def test_esc_closes_the_panel_when_no_tool_is_busy(opened) -> None:
    window, controls = opened.window, opened.window.picture.controls
    QTest.keyClick(window, Qt.Key.Key_G)
    window.acts["caliper"].trigger()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert controls.isVisible(), "the tool came first"
    assert window.acts["point"].isChecked()
    QTest.keyClick(controls.gain, Qt.Key.Key_Escape)
    assert not controls.isVisible()
    assert not window.acts["picture"].isChecked()
    QTest.keyClick(window, Qt.Key.Key_G)
    assert controls.isVisible()
    assert window.acts["picture"].isChecked()


def test_the_picture_of_the_file_is_brought_back_whole_and_kept(opened) -> None:
    window, controls = opened.window, opened.window.picture.controls
    for bring_back in (controls.reset.click, window.acts["contrast"].trigger):
        controls.colours.setCurrentIndex(controls.colours.findData("bronze"))
        controls.smoothing.setCurrentIndex(controls.smoothing.findData(Smoothing.STRONG.value))
        controls.gamma.setValue(200)
        controls.inverted.setChecked(True)
        assert opened.workflow.settings.colours == "bronze"
        bring_back()
        assert window.view.look == Look()
        assert (opened.workflow.settings.colours, opened.workflow.settings.smoothing) == ("grey", "usual")
        assert controls.smoothing.currentData() == "usual"
