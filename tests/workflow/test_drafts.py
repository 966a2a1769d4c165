"""A contour that is half drawn is not lost: it waits at its frame, and holds the window once."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from echoview.domain.contour import Origin
from echoview.ui.tools import Tool

PLACES = ((110, 150), (115, 110), (140, 80), (160, 110))


@pytest.fixture
def drawing(desk, sample):
    """Four clicks in frame 4 of the sample."""
    desk.open_known(sample)
    desk.window.player.seek(3)
    desk.until(lambda: desk.session.cine.cached(3) is not None)
    QTest.keyClick(desk.window.view, Qt.Key.Key_3)
    click(desk, *PLACES)
    yield desk
    desk.settle()
    desk.window.close()  # held once at most


def click(desk, *places) -> None:
    view = desk.window.view
    for x, y in places:
        at: QPoint = view.mapFromScene(view.box.mapViewToScene(QPointF(x, y)))
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def test_it_waits_at_its_frame_while_others_are_looked_at(drawing) -> None:
    hand = drawing.window.view.hand
    drawing.window.player.step(1)
    assert not hand.busy
    drawing.window.player.step(-1)
    np.testing.assert_allclose(hand.gesture.placed, PLACES, atol=1)
    click(drawing, (165, 150))
    QTest.keyClick(drawing.window.view, Qt.Key.Key_Return)
    drawn = drawing.session.label.contour(3)
    assert len(drawn.handles) == 5
    assert set(drawn.origins) == {Origin.DRAWN}
    drawing.window.player.step(1)
    drawing.window.player.step(-1)
    assert not hand.busy, "it is done"


def test_it_waits_in_its_cine_while_another_is_open(drawing, sample, tmp_path) -> None:
    other = tmp_path / "other.dcm"
    other.write_bytes(sample.read_bytes()[:180_000])
    drawing.open(other)
    hand = drawing.window.view.hand
    assert not hand.busy
    assert "in 1 other cine" in drawing.window.correcting.drafts.lost
    drawing.open(sample)
    drawing.window.player.seek(3)
    assert drawing.window.picture.advice.text() == "A contour is half drawn here; 3 goes on with it"
    assert hand.tool is Tool.POINT
    QTest.keyClick(drawing.window.view, Qt.Key.Key_3)
    np.testing.assert_allclose(hand.gesture.placed, PLACES, atol=1)
    QTest.keyClick(drawing.window.view, Qt.Key.Key_Escape)
    assert drawing.window.correcting.drafts.lost == ""


def test_closing_is_held_once_and_says_why(drawing) -> None:
    drawing.settle()
    drawing.window.close()
    assert drawing.window.isVisible()
    assert drawing.window.banner.text.startswith("A contour is half drawn in frame 4.")
    QTest.keyClick(drawing.window.view, Qt.Key.Key_Escape)
    assert "half drawn" not in drawing.window.banner.text, "there is nothing to lose any more"
    QTest.keyClick(drawing.window.view, Qt.Key.Key_3)
    click(drawing, *PLACES)
    for _ in range(2):
        drawing.window.close()
    assert not drawing.window.isVisible()


def test_the_button_closes_without_it(drawing) -> None:
    drawing.settle()
    drawing.window.close()
    drawing.window.banner._button.click()
    assert not drawing.window.isVisible()


def test_two_clicks_hold_nothing(desk, sample) -> None:
    desk.open(sample)
    QTest.keyClick(desk.window.view, Qt.Key.Key_3)
    click(desk, *PLACES[:2])
    assert desk.window.correcting.drafts.lost == ""
    desk.window.player.step(1)
    assert desk.window.correcting.drafts.lost == ""
