"""The tools of the hand, one a file, each a small state machine without Qt types."""

from __future__ import annotations

from echoview.domain.contour import Contour
from echoview.domain.prediction import LogitMap
from echoview.ui.tools import arc, brush, move, nudge, point, rule
from echoview.ui.tools.base import Gesture, Pointer, Tool
from echoview.ui.tools.draw import Drawing
from echoview.ui.tools.reseed import Seeds

__all__ = ["Drawing", "Gesture", "Pointer", "Seeds", "Tool", "begin"]


def begin(tool: Tool, contour: Contour | None, at: Pointer, seen: LogitMap | None = None) -> Gesture | None:
    """What a press with a tool begins; None where there is nothing to take hold of.

    Args:
        contour: that of the frame, None where there is none or it must not be edited.
        seen: what the network saw in the frame, where that is known.
    """
    if tool is Tool.DRAW:
        return Drawing()
    if tool is Tool.RESEED:
        return Seeds(contour, seen)
    if tool is Tool.CALIBRATE:
        return rule.begin(at)
    if contour is None:
        return None
    if tool in (Tool.BRUSH, Tool.ERASER):
        return brush.begin(contour, at, tool is Tool.BRUSH)
    starts = {Tool.POINT: point.begin, Tool.NUDGE: nudge.begin, Tool.ARC: arc.begin, Tool.MOVE: move.begin}
    return starts[tool](contour, at)
