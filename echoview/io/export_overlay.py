"""A cine as MP4 with its contours: the network's dashed, a person's solid, and what they rest on in words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from echoview.io.export_item import Outgoing, whole
from echoview.io.overlay import OverlayWriter

HUMAN_RGB, TEXT_RGB = (0xFF, 0xD1, 0x66), (0x98, 0xA2, 0xB0)


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
            if contour is not None and t not in item.predicted:
                draw_solid(colour, contour)
                contour = None
            mark = "  ED" if t == item.ed else "  ES" if t == item.es else ""
            _write_words(colour, words + mark)
            writer.add(colour, contour)


def draw_solid(picture: np.ndarray, contour: np.ndarray) -> None:
    """(H,W,3) RGB uint8, in place; contour (N,2) x,y px."""
    points = np.round(contour * 16).astype(np.int32)[:, None]
    cv2.polylines(picture, [points], False, HUMAN_RGB, max(1, round(picture.shape[0] / 400)), cv2.LINE_AA, 4)


def _write_words(picture: np.ndarray, words: str) -> None:
    height, width = picture.shape[:2]
    scale = max(height / 1100, 0.3)
    (wide, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    scale = min(scale, scale * 0.96 * width / max(wide, 1))
    at = (max(round(width * 0.02), 2), height - max(round(height * 0.02), 3))
    cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT_RGB, 1, cv2.LINE_AA)
