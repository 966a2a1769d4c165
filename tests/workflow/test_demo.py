"""The demo without a display: a picture and what was seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from PySide6.QtGui import QImage


def test_the_demo_saves_a_picture_and_says_what_it_saw(tmp_path) -> None:
    words = [sys.executable, "-m", "echoview", "demo", "--out", str(tmp_path / "demo")]
    offscreen = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, env=offscreen)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for pattern in (r"view\s+A[234]C", r"frames\s+30, 30 with", r"fps\s+\d", r"EF\s+\d+ %", r"device\s+\w+"):
        assert re.search(pattern, done.stdout), (pattern, done.stdout)
    picture = QImage(str(tmp_path / "demo" / "echoview.png"))
    assert picture.width() >= 960
    colours = {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 9) for y in range(0, picture.height(), 9)
    }
    assert len(colours) > 30, "not an empty window"
