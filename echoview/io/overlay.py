"""Writes a cine with its contours drawn in, as MP4."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

CYAN_BGR = (0xE0, 0xC8, 0x45)
_DASH = 3  # points of a contour drawn, then as many left out


class OverlayWriter:
    """A context that takes frames one at a time.

    Args:
        path: of the MP4; size: height and width of the frames, px; fps: frames a second.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        height, width = size
        self._size = (height + height % 2, width + width % 2)  # the codec wants even sides
        self._writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*"mp4v"), float(np.clip(fps, 1, 120)), self._size[::-1]
        )
        if not self._writer.isOpened():
            raise OSError(5, f"{path.name} cannot be made")

    def __enter__(self) -> OverlayWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.release()

    def add(self, frame: np.ndarray, contour: np.ndarray | None) -> None:
        """A frame (H,W) or (H,W,3) RGB uint8, and its contour (N,2) x,y px or None."""
        code = cv2.COLOR_GRAY2BGR if frame.ndim == 2 else cv2.COLOR_RGB2BGR
        picture = cv2.cvtColor(np.ascontiguousarray(frame), code)
        height, width = picture.shape[:2]
        picture = cv2.copyMakeBorder(picture, 0, self._size[0] - height, 0, self._size[1] - width, cv2.BORDER_CONSTANT)
        if contour is not None:
            draw_dashed(picture, contour)
        self._writer.write(picture)


def draw_dashed(picture: np.ndarray, contour: np.ndarray) -> None:
    """Dashed, since a prediction is no one's label; (H,W,3) BGR uint8, in place."""
    thickness = max(1, round(picture.shape[0] / 400))
    points = np.round(contour * 16).astype(np.int32)
    for start in range(0, len(points) - 1, 2 * _DASH):
        piece = points[start : start + _DASH + 1]
        cv2.polylines(picture, [piece[:, None]], False, CYAN_BGR, thickness, cv2.LINE_AA, 4)
