"""Frames of a cine side by side in one picture, to be looked through before they leave."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from echoview.io.export_bundle import png
from echoview.io.export_item import Outgoing, whole

COLUMNS, ROWS = 4, 3
TILE_PX, CAPTION_PX = 360, 22
_GROUND, _WORDS = (0x2B, 0x31, 0x3A), (0xE7, 0xEA, 0xEF)


def write_contact_sheet(path: Path, item: Outgoing) -> None:
    """Twelve frames spread over the cine, or all of a shorter one, as PNG.

    Raises:
        EchoViewError: it cannot be written, or a frame cannot be read.
    """
    count = item.shape[0]
    chosen = sorted({int(t) for t in np.linspace(0, count - 1, COLUMNS * ROWS).round()})
    tiles = [_tile(item.picture(t), f"{item.name}  frame {t + 1} of {count}") for t in chosen]
    tiles += [np.full_like(tiles[0], _GROUND)] * (-len(tiles) % min(COLUMNS, len(tiles)))
    wide = min(COLUMNS, len(tiles))
    with whole(path) as part:
        part.write_bytes(png(np.vstack([np.hstack(tiles[i : i + wide]) for i in range(0, len(tiles), wide)])))


def _tile(frame: np.ndarray, words: str) -> np.ndarray:
    """A frame (H,W) or (H,W,3) with a line of words above it and a border between it and the next."""
    scale = TILE_PX / frame.shape[1]
    size = (TILE_PX, max(round(frame.shape[0] * scale), 1))
    picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    tile = cv2.copyMakeBorder(picture, CAPTION_PX, 2, 2, 2, cv2.BORDER_CONSTANT, value=_GROUND)
    cv2.putText(tile, words, (6, CAPTION_PX - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _WORDS, 1, cv2.LINE_AA)
    return tile
