"""How much each place of a labelled picture counts, by where the nearest stretch of its contour comes from."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

PARTS = 100  # a count of 1 as it is stored
MOVED, LEFT = 2.0, 0.3  # what a stretch counts that a person moved or drew; one that was left as the network drew it
BY_HAND = ("corrected", "drawn")
_REACH = 0.06  # of the picture's side: how far from the border a vertex has a say


def care_of(line: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
    """What each pixel counts: near the border what the nearest point of it does, elsewhere 1.

    Args:
        line: (N,2) x,y px of a picture of `size` px, close enough to leave no gap; counts: (N,), 1 = as usual.

    Returns:
        (size,size) uint8, hundredths.
    """
    x, y = np.clip(np.round(line).astype(np.intp), 0, size - 1).T
    away = np.ones((size, size), np.uint8)
    away[y, x] = 0
    distance, nearest = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = np.asarray(nearest, np.intp)
    of_label = np.ones(int(labels.max()) + 1)
    of_label[labels[y, x]] = counts
    care = np.where(np.asarray(distance) <= _REACH * size, of_label[labels], 1.0)
    return np.round(care * PARTS).clip(0, 255).astype(np.uint8)


def counts_along(line: np.ndarray, handles: np.ndarray, origins: Sequence[str]) -> np.ndarray:
    """What each point of a line counts: (N,) by the origin of the nearest handle.

    Args:
        line: (N,2) and handles: (M,2), x,y of one grid; origins: of the M handles, as EchoView names them.
    """
    of_handle = np.array([MOVED if origin in BY_HAND else LEFT for origin in origins])
    apart = np.square(handles).sum(1) - 2 * line @ handles.T  # squared, less what all have in common
    return of_handle[apart.argmin(1)]
