"""A cine as MP4 with its contours as the window draws them, and what they rest on in words.

The network's are dashed and cyan, those carried over from other frames dotted and violet, a person's solid: green where
all of it was only accepted, else yellow.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from echoview.domain.contour import Contour, Origin
from echoview.io.export_item import Outgoing, whole
from echoview.io.overlay import OverlayWriter

HUMAN_RGB, ACCEPTED_RGB, CARRIED_RGB = (0xFF, 0xD1, 0x66), (0x62, 0xD3, 0x94), (0xB9, 0x9B, 0xF8)
TEXT_RGB = (0x98, 0xA2, 0xB0)
_DOTS = 6.0  # line widths from one dot of a carried contour to the next


def write_overlay(path: Path, item: Outgoing) -> None:
    """mp4v, at the cine's own pace.

    Raises:
        EchoViewError: it cannot be written, or a frame cannot be read.
    """
    frames, height, width = item.shape
    words = "research use only  " + " ".join(item.weights)
    with whole(path) as part, OverlayWriter(part, (height, width), item.fps) as writer:
        for t in range(frames):
            frame = item.picture(t)
            colour = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_GRAY2RGB) if frame.ndim == 2 else frame.copy()
            contour = item.contours.get(t)
            if contour is not None and (own := item.own.get(t)) is not None:
                draw_own(colour, contour, own)
                contour = None
            mark = "  ED" if t == item.ed else "  ES" if t == item.es else ""
            _write_words(colour, words + mark)
            writer.add(colour, contour)


def draw_own(picture: np.ndarray, line: np.ndarray, own: Contour) -> None:
    """(H,W,3) RGB uint8, in place; `line` (N,2) x,y px is what is drawn of `own`."""
    width = max(1, round(picture.shape[0] / 400))
    if not own.human:
        _draw_dots(picture, own, width)
        return
    accepted = all(origin is Origin.ACCEPTED for origin in own.origins)
    points = np.round(line * 16).astype(np.int32)[:, None]
    cv2.polylines(picture, [points], False, ACCEPTED_RGB if accepted else HUMAN_RGB, width, cv2.LINE_AA, 4)


def _draw_dots(picture: np.ndarray, own: Contour, width: int) -> None:
    line = own.dense()
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    for x, y in own.dense(max(round(length / (_DOTS * width)), 2)):
        cv2.circle(picture, (round(x * 16), round(y * 16)), 16 * width, CARRIED_RGB, cv2.FILLED, cv2.LINE_AA, 4)


def _write_words(picture: np.ndarray, words: str) -> None:
    height, width = picture.shape[:2]
    scale = max(height / 1100, 0.3)
    (wide, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale = min(scale, scale * 0.96 * width / max(wide, 1))
    at = (max(round(width * 0.02), 2), height - max(round(height * 0.02), 3))
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT_RGB, 1, cv2.LINE_AA)
