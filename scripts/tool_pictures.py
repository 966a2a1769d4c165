"""Pictures of the tools: each in the middle of a gesture, and a correction that is proposed for the other frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def by(point: np.ndarray, x: float, y: float) -> np.ndarray:
    """A point moved by so many px."""
    return point + np.array([x, y])


def take_tools(app, shot, on_screen, out: Path) -> None:
    """Each tool in the middle of a gesture, on one sheet; then a correction that is proposed for the other frames."""
    from PySide6.QtCore import QPoint, QRect, Qt
    from PySide6.QtGui import QPainter, QPixmap
    from PySide6.QtTest import QTest

    from echoview.demo import until

    window, session, port = app.window, app.session, app.window.view.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.player.seek(20)
    line = session.editable(20).dense(65)
    first, apex, side = line[0], line[32], line[48]
    strokes = {
        "point": [side, by(side, 7, 0)],
        "nudge": [by(side, -14, 0), by(side, -4, 0), by(side, 2, 0)],
        "draw": [first, line[16], apex],
        "arc": [line[40], by(line[44], 9, -3), by(line[50], 9, 0)],
        "brush": [side, by(side, 9, 4)],
        "eraser": [by(side, 12, 0), by(side, 2, 0)],
        "reseed": [by(first, 3, 2), by(apex, 2, -4)],
        "move": [line.mean(0), by(line.mean(0), 8, 4)],
    }
    pictures = []
    for name, stroke in strokes.items():
        window.acts[name].trigger()
        by_clicks = name in ("draw", "reseed")
        QTest.mouseMove(port, on_screen(*stroke[0]))
        for number, point in enumerate(stroke):
            if by_clicks:
                QTest.mouseClick(port, left, none, on_screen(*point))
            elif number == 0:
                QTest.mousePress(port, left, none, on_screen(*point))
            QTest.mouseMove(port, on_screen(*point))
            QTest.qWait(20)
        middle = on_screen(*line.mean(0))
        pictures.append(window.view.grab(QRect(middle - QPoint(150, 190), middle + QPoint(149, 189))))
        QTest.keyClick(window.view, Qt.Key.Key_Escape)
        if not by_clicks:
            QTest.mouseRelease(port, left, none, on_screen(*stroke[-1]))
        QTest.keyClick(window.view, Qt.Key.Key_Escape)
    wide, high = pictures[0].width(), pictures[0].height()
    sheet = QPixmap(4 * wide + 24, 2 * high + 8)
    sheet.fill(Qt.GlobalColor.black)
    painter = QPainter(sheet)
    for number, picture in enumerate(pictures):
        painter.drawPixmap(number % 4 * (wide + 8), number // 4 * (high + 8), picture)
    painter.end()
    sheet.save(str(out / "tools.png"))
    window.acts["point"].trigger()
    window.acts["propagate"].trigger()
    until(lambda: window.correcting.correction.proposal and app.workflow.jobs.idle)
    window.player.seek(24)
    shot("proposal")
    QTest.keyClick(window.view, Qt.Key.Key_Escape)
    window.player.seek(10)
