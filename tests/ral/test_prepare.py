"""One way to the network's input and back: where each pixel lands, and what is left out on the way."""

import cv2
import numpy as np
import pytest

from ral.phantom import simulate
from ral.prepare import find_sector, normalise, prepare

HEIGHT, WIDTH = 150, 210
SECTOR = (40, 20, 170, 140)  # x0, y0, x1, y1 of a box that flickers


def flickering(frames: int = 8, box: tuple[int, int, int, int] = SECTOR, shape=(HEIGHT, WIDTH)) -> list[np.ndarray]:
    """Black pictures with a box of noise that moves, as an ultrasound sector does."""
    rng = np.random.default_rng(0)
    out = []
    for _ in range(frames):
        frame = np.zeros(shape, np.uint8)
        x0, y0, x1, y1 = box
        frame[y0:y1, x0:x1] = rng.integers(30, 220, (y1 - y0, x1 - x0))
        out.append(frame)
    return out


@pytest.mark.parametrize("spacing", [None, (0.3, 0.3), (0.308, 0.154), (0.154, 0.308)])
@pytest.mark.parametrize("size", [64, 128, 256])
def test_points_go_to_the_input_and_come_back(spacing, size):
    preparation = prepare(flickering(), spacing, size=size)
    points = np.random.default_rng(1).uniform(20, 140, (50, 2))
    there = preparation.to_input(points)
    np.testing.assert_allclose(preparation.to_native(there), points, atol=1e-9)
    assert not np.allclose(there, points)


@pytest.mark.parametrize("spacing", [None, (0.308, 0.154), (0.2, 0.3)])
def test_a_spot_in_the_picture_lands_where_its_point_lands(spacing):
    for x, y in ((60, 50), (120, 100), (155, 30)):
        frame = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.circle(frame, (x, y), 6, 255, -1)
        preparation = prepare(flickering(), spacing)
        seen = preparation.picture(frame).astype(float)
        v, u = np.mgrid[:256, :256]
        found = np.array([(u * seen).sum(), (v * seen).sum()]) / seen.sum()
        np.testing.assert_allclose(found, preparation.to_input(np.array([x, y], float)), atol=0.15)
        np.testing.assert_allclose(preparation.to_native(found), (x, y), atol=0.5)


@pytest.mark.parametrize("spacing", [(0.308, 0.154), (0.15, 0.3), (1.0, 1.0)])
def test_the_input_has_true_aspect(spacing):
    preparation = prepare(flickering(), spacing)
    across, along = preparation.scale
    mm = np.array([spacing[0] / across, spacing[1] / along])  # mm a px of the input
    assert mm[0] == pytest.approx(mm[1], rel=0.01)
    u0, v0, u1, v1 = preparation.inner
    assert max(u1 - u0, v1 - v0) == 256
    assert abs((u0 + u1) / 2 - 128) <= 0.5
    assert abs((v0 + v1) / 2 - 128) <= 0.5


def test_without_spacing_pixels_count_as_square():
    preparation = prepare(flickering())
    across, along = preparation.scale
    assert across == pytest.approx(along, rel=0.01)


def test_a_circle_in_millimetres_is_a_circle_in_the_input():
    spacing = (0.308, 0.154)
    frame = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(frame, (100, 80), (15, 30), 0, 0, 360, 255, -1)  # 4.62 mm either way
    seen = prepare(flickering(), spacing).picture(frame) >= 128
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    assert len(rows) == pytest.approx(len(columns), rel=0.05)


@pytest.mark.parametrize("spacing", [None, (0.308, 0.154)])
@pytest.mark.parametrize("size", [64, 256])
def test_masks_go_there_and_come_back(spacing, size):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    cv2.ellipse(view := mask.view(np.uint8), (100, 80), (25, 40), 10, 0, 360, 1, -1)
    assert view.any()
    preparation = prepare(flickering(), spacing, size=size)
    small = preparation.mask(mask)
    assert (small.shape, small.dtype) == ((size, size), bool)
    back = preparation.native_field(small.astype(np.float32), 0.0) > 0.5
    overlap = 2 * (back & mask).sum() / (back.sum() + mask.sum())
    assert overlap > (0.98 if size == 256 else 0.94)
    scale = np.prod(preparation.scale)
    assert small.sum() == pytest.approx(mask.sum() * scale, rel=0.03)


def test_a_field_is_filled_outside_the_crop():
    preparation = prepare(flickering())
    native = preparation.native_field(np.ones((256, 256), np.float32), -7.0)
    x0, y0, x1, y1 = preparation.box
    assert (native[y0:y1, x0:x1] == 1).all()
    outside = np.ones(native.shape, bool)
    outside[y0:y1, x0:x1] = False
    assert outside.any()
    assert (native[outside] == -7).all()


def test_the_sector_is_what_moves():
    x0, y0, x1, y1 = SECTOR
    sector = prepare(flickering()).sector
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[y0:y1, x0:x1] = 1
    assert (sector != expected).mean() < 0.005


def with_text(frames: list[np.ndarray]) -> list[np.ndarray]:
    written = []
    for frame in frames:
        frame = frame.copy()
        cv2.putText(frame, "JOHN DOE", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1)
        frame[30:130:10, 180:186] = 255  # a depth scale
        frame[30:130, 200:204] = 128  # a colour bar
        written.append(frame)
    return written


def test_text_outside_the_sector_is_masked_out():
    plain, written = flickering(), with_text(flickering())
    preparation = prepare(written)
    seen = preparation.picture(written[0])
    np.testing.assert_array_equal(seen, preparation.picture(plain[0]))
    around = cv2.dilate(preparation.sector_input, np.ones((5, 5), np.uint8))  # resampling blends the border
    assert not seen[around == 0].any()
    assert preparation.box == prepare(plain).box


@pytest.mark.parametrize("value", [0, 255])
def test_frames_of_one_grey_do_not_make_the_still_text_move(value):
    written = with_text(flickering())
    blank = np.full((HEIGHT, WIDTH), value, np.uint8)
    preparation, plain = prepare([blank, *written[1:7], blank]), prepare(written[1:7])
    assert preparation.box == plain.box
    np.testing.assert_array_equal(preparation.sector, plain.sector)


def test_the_sector_of_the_phantom_with_its_overlays_holds_the_ventricle():
    for seed in range(4):
        cine = simulate(seed, frames=8, size=160)
        preparation = prepare(list(cine.frames), (cine.mm_per_px,) * 2, size=96)
        visible = cine.masks & (cine.frames.max(0) > 0)
        assert (preparation.sector[None] > 0)[np.broadcast_to(visible.any(0), (1, 160, 160))].mean() > 0.97


@pytest.mark.parametrize("frames", [1, 8])
def test_colour_frames_are_read_as_their_luma(frames):
    grey = flickering(frames)
    colour = [np.stack([f] * 3, -1) for f in grey]
    one, other = prepare(grey), prepare(colour)
    assert (one.box, one.inner) == (other.box, other.inner)
    np.testing.assert_array_equal(one.picture(grey[0]), other.picture(colour[0]))
    red = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    red[..., 0] = 255
    inside = other.picture(red)[other.sector_input > 0]
    assert np.median(inside) == 76  # 0.299 of 255: RGB, not BGR


def test_a_single_frame_is_enough():
    [frame] = flickering(1)
    preparation = prepare([frame], (0.3, 0.3))
    assert preparation.box[0] <= SECTOR[0]
    assert preparation.box[2] >= SECTOR[2]
    assert preparation.box[2] - preparation.box[0] < WIDTH - 30
    assert preparation.picture(frame).shape == (256, 256)


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("value", [0, 255])
def test_a_cine_of_one_colour_is_taken_whole(count, value):
    frames = [np.full((HEIGHT, WIDTH), value, np.uint8)] * count
    preparation = prepare(frames)
    assert preparation.box == (0, 0, WIDTH, HEIGHT)
    picture = preparation.picture(frames[0])
    normal = normalise(picture, preparation.sector_input)
    assert np.isfinite(normal).all()
    assert np.abs(normal[preparation.sector_input > 0]).max() < 0.5


def test_a_region_bounds_the_sector():
    """Two pictures side by side: the region says which."""
    left, right = flickering(box=(5, 20, 95, 140)), flickering(box=(110, 20, 205, 140))
    both = [np.maximum(a, b) for a, b in zip(left, right, strict=True)]
    for region in ((0, 0, 100, 150), (105, 0, 210, 150)):
        preparation = prepare(both, region=region)
        x0, _, x1, _ = preparation.box
        assert not preparation.sector[:, : region[0]].any()
        assert not preparation.sector[:, region[2] :].any()
        assert x1 - x0 < 110
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)]
    assert find_sector(np.stack(black), (10, 20, 30, 40)).sum() == 20 * 20


@pytest.mark.parametrize("shape", [(8, 8), (3, 200), (200, 3), (1, 1)])
def test_tiny_and_narrow_pictures_do_not_crash(shape):
    frames = list(np.random.default_rng(0).integers(0, 255, (5, *shape), dtype=np.uint8))
    preparation = prepare(frames, size=64)
    assert preparation.picture(frames[0]).shape == (64, 64)
    assert preparation.sector_input.any()


def test_z_scores_are_taken_over_the_sector():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (32, 32)).astype(np.uint8)
    sector = np.zeros((32, 32), np.uint8)
    sector[8:24, 8:24] = 1
    normal = normalise(picture, sector)
    assert normal.dtype == np.float32
    assert normal[sector > 0].mean() == pytest.approx(0, abs=1e-4)
    assert normal[sector > 0].std() == pytest.approx(1, abs=1e-3)
    brighter = normalise(np.where(sector > 0, picture, 255).astype(np.uint8), sector)
    np.testing.assert_array_equal(brighter[sector > 0], normal[sector > 0])
    assert np.isfinite(normalise(picture, np.zeros_like(sector))).all()


@pytest.mark.parametrize("grey", [0, 17, 255])
def test_of_a_blank_frame_nothing_is_read_and_of_a_faint_one_as_much_as_of_a_bright_one(grey):
    frames = flickering()
    preparation = prepare(frames)
    noise = np.random.default_rng(0).normal(grey, 0.5, (HEIGHT, WIDTH)).clip(0, 255).astype(np.uint8)
    assert not preparation.read(noise).any()
    faint = (frames[0] // 30).astype(np.uint8)
    inside = preparation.sector_input > 0
    assert np.corrcoef(preparation.read(faint)[inside], preparation.read(frames[0])[inside])[0, 1] > 0.95
