import cv2
import numpy as np
import pytest

from ral.corners import sharpened
from ral.geometry import open_contour, outline, raster


def _cavity(tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A half ellipse on a straight base as a soft field (200,200), and its hinges (2,2) x,y px."""
    y, x = np.mgrid[:200, :200].astype(float)
    x, y = x - 100, y - 100
    across, up = np.cos(tilt) * x + np.sin(tilt) * y, np.sin(tilt) * x - np.cos(tilt) * y + 40
    inside = ((across / 35) ** 2 + ((up - 15) / 75) ** 2 < 1) & (up > 0)
    half = 35 * np.sqrt(1 - (15 / 75) ** 2)
    right, back = np.array([np.cos(tilt), np.sin(tilt)]), np.array([np.sin(tilt), -np.cos(tilt)])
    base = np.array([100.0, 100.0]) - 40 * back
    return inside.astype(np.float32), np.stack([base - half * right, base + half * right])


def _rounded(field: np.ndarray) -> np.ndarray:
    """The outline (N,2) of a field whose corners have been blurred away."""
    closed = outline(cv2.GaussianBlur(field, (0, 0), 6))
    assert closed is not None
    return closed


def _off_px(contour: np.ndarray, hinges: np.ndarray) -> float:
    return float(np.hypot(*(contour[[0, -1]] - hinges).T).mean())


@pytest.mark.parametrize("tilt", [0.0, 0.4, -0.4])
def test_the_ends_of_a_rounded_outline_come_nearer_to_its_hinges(tilt: float):
    field, hinges = _cavity(tilt)
    closed = _rounded(field)
    before = open_contour(closed)
    after = sharpened(before, closed)
    assert _off_px(after, hinges) < 0.75 * _off_px(before, hinges)
    np.testing.assert_array_equal(after[1:-1], before[1:-1])


def test_the_cavity_gets_back_what_the_rounding_took():
    field, _ = _cavity()
    closed = _rounded(field)
    truth = field > 0
    before, after = (
        np.logical_xor(raster(contour, truth.shape), truth).sum()
        for contour in (open_contour(closed), sharpened(open_contour(closed), closed))
    )
    assert after < before


def test_a_circle_keeps_its_contour_nearly():
    """No corners: the ends may move a little, never far."""
    y, x = np.mgrid[:100, :100]
    closed = _rounded((np.hypot(x - 50, y - 50) < 30).astype(np.float32))
    before = open_contour(closed)
    width = np.hypot(*(before[-1] - before[0]))
    assert np.hypot(*(sharpened(before, closed) - before).T).max() <= 0.061 * width


def test_a_handful_of_points_is_left_as_it_is():
    closed = np.array([[10.0, 10.0], [14.0, 10.0], [14.0, 16.0], [10.0, 16.0]])
    contour = np.array([[10.0, 16.0], [10.0, 10.0], [14.0, 10.0], [14.0, 16.0]])
    assert np.isfinite(sharpened(contour, closed)).all()


@pytest.mark.parametrize("thick", [1, 2, 3, 4])
@pytest.mark.parametrize("turn", [0.0, 0.2, 1.5])
def test_a_sliver_whose_base_is_a_pixel_keeps_its_ends_nearly(thick: int, turn: float):
    field = np.zeros((200, 200), np.uint8)
    way = np.round(60 * np.array([np.cos(turn), np.sin(turn)])).astype(int)
    cv2.line(field, (100 - way).tolist(), (100 + way).tolist(), 1, thick)
    closed = outline(field.astype(np.float32) - 0.5, 0.0)
    assert closed is not None
    before = open_contour(closed)
    after = sharpened(before, closed)
    assert np.isfinite(after).all()
    assert np.hypot(*(after - before).T).max() <= 0.061 * np.hypot(*(before[-1] - before[0]))
