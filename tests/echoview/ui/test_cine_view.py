"""What the picture draws, and keys that do one thing held and another let go, also where X11 lets them go between."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from echoview.domain.contour import Contour, Origin
from echoview.ui.cine_view import CineView
from echoview.ui.look import Look


@pytest.fixture
def view(qtbot) -> CineView:
    view = CineView()
    qtbot.addWidget(view)
    view.set_cine((120, 160))
    view.set_frame(np.zeros((120, 160), np.uint8))
    view.show()
    return view


def send(view: CineView, kind: QEvent.Type, key: Qt.Key, repeated: bool = False) -> None:
    QApplication.sendEvent(view, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "", repeated))


@pytest.mark.parametrize(
    ("key", "signal"), [(Qt.Key.Key_Space, "play_toggled"), (Qt.Key.Key_R, "revert_wanted")], ids=["space", "r"]
)
def test_a_key_that_repeats_is_let_go_once(view, key, signal) -> None:
    done: list[None] = []
    getattr(view, signal).connect(lambda: done.append(None))
    press, release = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
    send(view, press, key)
    for number in range(6):
        repeated = number != 3  # Qt took the third for a release and a new press
        send(view, release, key, repeated)
        send(view, press, key, repeated)
    QTest.qWait(120)
    assert done == [], "still held"
    send(view, release, key)
    QTest.qWait(120)
    assert len(done) == 1


def test_a_short_press_is_answered_at_once(view) -> None:
    done: list[None] = []
    view.play_toggled.connect(lambda: done.append(None))
    send(view, QEvent.Type.KeyPress, Qt.Key.Key_Space)
    send(view, QEvent.Type.KeyRelease, Qt.Key.Key_Space)
    assert len(done) == 1


def test_a_frame_that_is_drawn_already_is_not_made_anew(view) -> None:
    frame = np.full((120, 160), 90, np.uint8)
    view.set_frame(frame)
    drawn = view.frame_item.pixmap().cacheKey()
    view.set_frame(frame)  # the decoder says that it is there
    assert view.frame_item.pixmap().cacheKey() == drawn
    view.set_frame(frame.copy())
    assert view.frame_item.pixmap().cacheKey() != drawn


def test_a_line_over_a_bright_picture_has_a_dark_edge(view, qtbot) -> None:
    """Black that is inverted: nothing but the line and its edge is dark there."""
    line = np.column_stack([np.linspace(40, 120, 30), np.full(30, 60.0)])

    def dark() -> int:
        view.show_points(line)
        inside = view.grab().toImage().copy(view.width() // 2 - 60, view.height() // 2 - 20, 120, 40)
        return sum(inside.pixelColor(x, y).lightness() < 90 for x in range(120) for y in range(40))

    view.resize(400, 320)
    qtbot.waitExposed(view)
    view.fit()
    view.set_look(Look(inverted=True))
    assert dark() > 100
    view.contour_item.haloed = False
    assert dark() == 0


class Regions(QObject):
    """Where the picture is painted."""

    def __init__(self, view: CineView) -> None:
        super().__init__(view)
        self.seen: list[QRect] = []
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.seen.append(event.region().boundingRect())
        return False


def arch(x: float) -> np.ndarray:
    angle = np.linspace(np.pi, 0, 65)
    return np.column_stack([x + 10 * np.cos(angle), 70 - 30 * np.sin(angle)])


def test_where_the_contour_was_and_where_it_is_are_painted_and_not_the_whole_picture(view, qtbot) -> None:
    view.resize(600, 450)
    view.show_points(arch(60))
    qtbot.waitExposed(view)
    QTest.qWait(50)
    painted = Regions(view)
    view.show_points(arch(75))
    qtbot.waitUntil(lambda: bool(painted.seen))
    room = painted.seen[0]
    assert room.width() < view.viewport().width() / 2
    for x, y in (*arch(60), *arch(75)):
        assert room.contains(view.mapFromScene(view.box.mapViewToScene(QPointF(x, y))))
    handles = Contour.through(arch(75), Origin.PREDICTED)
    painted.seen.clear()
    view.contour_item.show_handles(handles)
    qtbot.waitUntil(lambda: bool(painted.seen))
    view.contour_item.show_handles(None)
    QTest.qWait(50)
    painted.seen.clear()
    view.contour_item.show_handles(None)
    view.tool_item.clear()
    view.show_ghost(None)
    QTest.qWait(50)
    assert painted.seen == [], "nothing was there and nothing is"
