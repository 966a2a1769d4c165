"""Names of two versions stand where no line runs through them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QSizeF

from echoview.ui.versions_item import tag


def test_a_name_stands_outside_of_both_lines() -> None:
    angles = np.linspace(np.pi * 0.9, np.pi * 2.1, 101)  # from the left annulus over the apex to the right
    oval = np.stack([200 + 60 * np.cos(angles), 200 + 120 * np.sin(angles)], axis=1)
    drawn = [[QPointF(x + dx, y) for x, y in oval] for dx in (22, 0)]
    boxes = [tag(QSizeF(40, 16), line, drawn, share) for line, share in zip(drawn, (0.25, 0.75), strict=True)]
    for box in boxes:
        assert not any(box.contains(point) for line in drawn for point in line)
    assert boxes[0].right() < boxes[1].left(), "on opposite sides"
