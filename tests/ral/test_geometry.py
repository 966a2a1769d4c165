"""Masks and contours against shapes whose numbers are known by hand, and landmarks against the phantom's."""

import cv2
import numpy as np
import pytest

from ral.geometry import (
    Disks,
    area,
    areas,
    boundary_distances_mm,
    contour_landmarks,
    dice,
    disk_widths,
    disks_of,
    find_landmarks,
    interface_ends,
    largest_component,
    long_axes,
    long_axis,
    open_contour,
    outline,
    raster,
    resample,
    signed_area,
    simpson_ase,
    simpson_camus,
    volume_single_plane_ml,
    volumes_single_plane_ml,
)
from ral.phantom import PhantomCine, simulate

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
NO_MASK = np.zeros((9, 9), bool)


def half_ellipse(length: float, radius: float, points: int = 2001) -> np.ndarray:
    """Base on y = 0 from -radius to radius, apex at y = -length."""
    angle = np.linspace(np.pi, 2 * np.pi, points)
    return np.column_stack([radius * np.cos(angle), length * np.sin(angle)])


def turned(points: np.ndarray, degrees: float, about: tuple[float, float] = (0, 0)) -> np.ndarray:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return (points - about) @ np.array([[c, s], [-s, c]]) + about


def ventricle(size: int = 128) -> np.ndarray:
    """A half ellipse with its base level, in the middle of a picture."""
    return half_ellipse(0.5 * size, 0.22 * size) + size * np.array([0.5, 0.72])


@pytest.fixture(scope="module")
def cines() -> list[PhantomCine]:
    views, sizes = ("A2C", "A3C", "A4C"), (128, 160, 192, 256)
    return [simulate(100 + n, views[n % 3], frames=2, size=sizes[n % 4]) for n in range(20)]


# Areas and lengths


@pytest.mark.parametrize(("a", "b"), [(50, 20), (30, 30), (7, 3)])
def test_the_area_of_an_ellipse(a, b):
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    ellipse = np.column_stack([a * np.cos(angle), b * np.sin(angle)])
    assert area(ellipse) == pytest.approx(np.pi * a * b, rel=1e-5)
    assert area(turned(ellipse, 37) + np.array([1000, -400])) == pytest.approx(np.pi * a * b, rel=1e-5)


def test_the_sign_of_an_area_tells_the_direction():
    assert signed_area(SQUARE) == 16
    assert signed_area(SQUARE[::-1]) == -16
    assert area(SQUARE[::-1]) == 16


def test_resampled_points_stand_at_equal_steps():
    line = np.array([[0, 0], [3, 4], [3, 14]], float)  # 5 + 10 long
    np.testing.assert_allclose(resample(line, 4), [[0, 0], [3, 4], [3, 9], [3, 14]])
    np.testing.assert_allclose(resample(SQUARE, 8, closed=True)[:4], [[0, 0], [2, 0], [4, 0], [4, 2]])


def test_the_long_axis_runs_from_the_middle_of_the_annulus_to_the_farthest_point():
    contour = np.array([[-3, 0], [0, -12], [5, 0]], float)
    assert long_axis(contour) == pytest.approx(np.hypot(1, 12))
    assert long_axis(contour, (0.5, 2.0)) == pytest.approx(np.hypot(0.5, 24))
    assert long_axis(half_ellipse(80, 30), (0.5, 0.5)) == pytest.approx(40)


# Disks


def test_the_widths_of_the_disks_of_a_half_ellipse():
    length, radius = 80.0, 25.0
    levels = (np.arange(20) + 0.5) / 20
    widths = disk_widths(half_ellipse(length, radius, 20001))
    np.testing.assert_allclose(widths, 2 * radius * np.sqrt(1 - levels**2), rtol=1e-4)


@pytest.mark.parametrize(("length_mm", "radius_mm"), [(80, 25), (95, 22), (60, 30)])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.25, 0.25), (0.308, 0.154)])
@pytest.mark.parametrize("degrees", [0, 25])
def test_the_volume_of_half_an_ellipsoid(length_mm, radius_mm, spacing, degrees):
    """Twenty disks give 2/3 + 1/4800 of the cylinder, where the integral is 2/3."""
    contour = turned(half_ellipse(length_mm, radius_mm), degrees) / np.asarray(spacing)
    volume = np.pi * radius_mm**2 * length_mm / 1000
    found = volume_single_plane_ml(contour, spacing)
    assert found == pytest.approx(volume * (2 / 3 + 1 / 4800), rel=2e-4)
    assert found == pytest.approx(volume * 2 / 3, rel=1e-3)


def test_the_volume_of_a_cylinder_seen_from_the_side():
    box = np.array([[-20, 0], [-20, -100], [0, -100.0], [20, -100], [20, 0]])
    # the farthest points are the corners; one of them is the apex: the axis leans, the area stays
    assert disk_widths(box).mean() * long_axis(box) == pytest.approx(area(box), rel=0.01)


def test_a_leaning_annulus_line_costs_no_volume():
    """Widths are taken across the long axis, below the middle of a leaning annulus as well as above it."""
    contour = half_ellipse(80, 25)
    lean = contour + np.column_stack([np.zeros(len(contour)), 0.1 * contour[:, 0]])
    straight, leaning = (volume_single_plane_ml(c, (1.0, 1.0)) for c in (contour, lean))
    assert leaning == pytest.approx(straight, rel=0.02)


# Raster


def inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Even-odd, pixel by pixel, by the textbook."""
    out = np.zeros(shape, bool)
    edges = list(zip(points, np.roll(points, -1, 0), strict=True))
    for y in range(shape[0]):
        for x in range(shape[1]):
            for (x0, y0), (x1, y1) in edges:
                if (y0 <= y) != (y1 <= y) and x >= x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                    out[y, x] = ~out[y, x]
    return out


def test_a_raster_holds_the_pixels_whose_centres_are_inside():
    rng = np.random.default_rng(1)
    for _ in range(12):
        points = rng.uniform(-6, 26, (int(rng.integers(3, 9)), 2))
        np.testing.assert_array_equal(raster(points, (18, 20)), inside(points, (18, 20)))


def test_the_raster_of_a_rectangle_between_the_pixels_is_exact():
    box = np.array([[1.5, 2.5], [5.5, 2.5], [5.5, 7.5], [1.5, 7.5]])
    expected = np.zeros((10, 9), bool)
    expected[3:8, 2:6] = True
    for corners in (box, box[::-1], np.roll(box, 1, 0)):
        np.testing.assert_array_equal(raster(corners, (10, 9)), expected)


def test_the_raster_of_a_ventricle_has_its_area(cines):
    contour = ventricle(256)
    assert raster(contour, (256, 256)).sum() == pytest.approx(area(contour), rel=0.005)
    for cine in cines:
        size = cine.frames.shape[-1]
        for line in cine.contours:
            if line.min() > 0 and line.max() < size - 1:
                assert raster(line, (size, size)).sum() == pytest.approx(area(line), rel=0.015)


def test_a_contour_outside_the_picture_or_with_no_numbers_paints_nothing():
    assert not raster(SQUARE + 100, (20, 20)).any()
    assert not raster(SQUARE - 100, (20, 20)).any()
    assert not raster(np.full((65, 2), np.nan), (20, 20)).any()
    assert raster(SQUARE * 100 - 100, (20, 20)).all()


# Outline


def test_the_outline_of_a_disk_is_its_circle():
    y, x = np.mgrid[:64, :64]
    field = 20.0 - np.hypot(x - 30, y - 33)
    line = outline(field, 0.0)
    np.testing.assert_allclose(np.hypot(*(line - (30, 33)).T), 20, atol=0.02)


def test_of_two_patches_the_longest_outline_is_taken():
    mask = np.zeros((40, 60), bool)
    mask[5:12, 5:12] = True
    mask[10:30, 30:50] = True
    line = outline(mask)
    np.testing.assert_allclose([line.min(0), line.max(0)], [[29.5, 9.5], [49.5, 29.5]])


def test_the_outline_of_a_mask_at_the_border_is_closed():
    line = outline(np.ones((10, 12), bool))
    np.testing.assert_allclose([line.min(0), line.max(0)], [[-0.5, -0.5], [11.5, 9.5]], atol=0.2)


def test_an_empty_mask_has_no_outline():
    assert outline(NO_MASK) is None
    assert outline(np.full((9, 9), -3.0), 0.0) is None
    one = NO_MASK.copy()
    one[4, 4] = True
    assert outline(one) is None


def test_the_largest_patch_is_kept_with_its_holes_filled():
    mask = np.zeros((20, 30), bool)
    mask[2:12, 2:12] = True
    mask[5:7, 5:7] = False
    mask[12:16, 12:20] = True  # touches by a corner only: another patch
    expected = np.zeros((20, 30), bool)
    expected[2:12, 2:12] = True
    np.testing.assert_array_equal(largest_component(mask), expected)
    assert not largest_component(NO_MASK).any()
    assert largest_component(NO_MASK).dtype == bool
    assert largest_component(~NO_MASK).all()


# Landmarks


def test_the_landmarks_of_a_half_ellipse():
    truth = ventricle()
    marks = find_landmarks(outline(raster(truth, (128, 128))))
    np.testing.assert_allclose(marks.first, truth[0], atol=1.5)
    np.testing.assert_allclose(marks.second, truth[-1], atol=1.5)
    assert np.hypot(*(marks.apex - truth[1000])) < 4  # the apex is blunt: a few pixels along it are as far
    assert abs(marks.apex[1] - truth[1000, 1]) < 1


def test_a_small_bump_beside_the_apex_does_not_take_it_along():
    truth = half_ellipse(60, 26, 65)
    bumped = truth.copy()
    bumped[28, 1] -= 1.2  # now the farthest point, 5 px beside the apex
    farthest = bumped[np.hypot(*(bumped - (bumped[0] + bumped[-1]) / 2).T).argmax()]
    assert np.hypot(*(farthest - truth[32])) > 4.5
    assert np.hypot(*(contour_landmarks(bumped).apex - truth[32])) < 1.5


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_the_landmarks_of_a_half_ellipse_turn_with_it(degrees):
    truth = turned(ventricle(), degrees, about=(64, 64))
    marks = find_landmarks(outline(raster(truth, (128, 128))))
    away = [np.hypot(*(found - known)) for found, known in zip(marks, truth[[0, 1000, -1]], strict=True)]
    assert max(away[0], away[2]) < 2
    assert away[1] < 4


def errors_mm(cine: PhantomCine, masks: np.ndarray, truth: np.ndarray) -> list[list[float]]:
    """Distances of first annulus point, apex and second from where they are, a row a frame."""
    rows = []
    for mask, known in zip(masks, truth, strict=True):
        marks = contour_landmarks(open_contour(outline(largest_component(mask))))
        rows.append([np.hypot(*(f - k)) * cine.mm_per_px for f, k in zip(marks, known, strict=True)])
    return rows


def test_the_landmarks_of_the_phantom_are_found_within_two_millimetres(cines):
    errors = np.array([row for cine in cines for row in errors_mm(cine, cine.masks, cine.landmarks)])
    assert len(errors) == 40
    assert (np.median(errors, axis=0) <= 2).all(), np.median(errors, axis=0)
    assert (np.percentile(errors, 90, axis=0) <= 6).all(), np.percentile(errors, 90, axis=0)


@pytest.mark.parametrize("degrees", [-30, 30])
def test_the_landmarks_of_the_phantom_stay_when_the_picture_is_turned(cines, degrees):
    errors = []
    for cine in cines:
        side = 2 * cine.frames.shape[-1]  # room for what would turn out of the picture
        middle = (side / 4, side / 4)
        lines = [turned(line, degrees, middle) + side / 4 for line in cine.contours]
        masks = np.stack([raster(line, (side, side)) for line in lines])
        truth = np.stack([turned(marks, degrees, middle) + side / 4 for marks in cine.landmarks])
        errors += errors_mm(cine, masks, truth)
    assert (np.median(errors, axis=0) <= 2).all(), np.median(errors, axis=0)


def test_an_open_contour_follows_the_border_from_left_to_right(cines):
    for cine in cines:
        for mask, line in zip(cine.masks, cine.contours, strict=True):
            found = open_contour(outline(largest_component(mask)))
            assert found.shape == (65, 2)
            assert found[0, 0] < found[-1, 0]
            assert dice(raster(found, mask.shape), mask) > 0.97
            assert area(found) == pytest.approx(area(line), rel=0.06)


def test_open_contour_does_not_mind_where_the_outline_begins_or_which_way_it_runs():
    closed = outline(raster(ventricle(), (128, 128)))
    wanted = open_contour(closed)
    for start in (1, 57, 200):
        np.testing.assert_allclose(open_contour(np.roll(closed, start, 0)), wanted, atol=1.5)
    np.testing.assert_allclose(open_contour(closed[::-1]), wanted, atol=1.5)


def test_a_round_patch_has_landmarks_too():
    y, x = np.mgrid[:64, :64]
    marks = find_landmarks(outline(np.hypot(x - 32, y - 32) < 12))
    assert all(np.isfinite(m).all() for m in marks)
    assert marks.first[0] < marks.second[0]
    assert marks.apex[1] < min(marks.first[1], marks.second[1])


@pytest.mark.parametrize("shape", [(3, 3), (2, 20), (20, 2), (4, 5)])
def test_the_smallest_patches_do_not_crash(shape):
    mask = np.zeros((40, 40), bool)
    mask[10 : 10 + shape[0], 10 : 10 + shape[1]] = True
    assert np.isfinite(open_contour(outline(mask))).all()


# Distances


def test_dice_by_hand():
    a, b = NO_MASK.copy(), NO_MASK.copy()
    a[0, :4] = b[0, 2:8] = True
    assert dice(a, b) == pytest.approx(2 * 2 / 10)
    assert dice(a, a) == 1
    assert dice(a, NO_MASK) == 0
    assert dice(NO_MASK, NO_MASK) == 1


def test_distances_of_two_pixels():
    a, b = NO_MASK.copy(), NO_MASK.copy()
    a[2, 1], b[6, 4] = True, True  # 3 px in x, 4 px in y
    assert boundary_distances_mm(a, b, (1.0, 1.0)) == pytest.approx((5, 5, 5))
    assert boundary_distances_mm(a, b, (0.5, 2.0)) == pytest.approx((np.hypot(1.5, 8),) * 3)


def test_distances_of_two_frames_one_inside_the_other():
    """Rings of 20 and of 12 px side, 4 px apart: the corners of the outer one are 4 sqrt 2 px away."""
    outer, inner = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    outer[10:30, 10:30] = True
    inner[14:26, 14:26] = True
    hd, hd95, mad = boundary_distances_mm(outer, inner, (0.5, 0.5))
    assert hd == pytest.approx(0.5 * 4 * np.sqrt(2))
    # each side of the outer ring: 12 px at 4, on either end 4 px at hypot(4, 1 .. 4), its corners shared
    beside = [np.hypot(4, k) for k in (1, 2, 3)]
    there = 4 * (12 * 4 + 2 * sum(beside) + 4 * np.sqrt(2)) / 76
    assert mad == pytest.approx(0.5 * (there + 4) / 2)
    assert hd95 == pytest.approx(0.5 * np.percentile([4.0] * 48 + 8 * beside + [4 * np.sqrt(2)] * 4, 95))


def test_distances_of_a_point_and_a_line():
    """The directed distances differ: the Hausdorff distance is the larger, the mean that of both means."""
    a, b = np.zeros((9, 30), bool), np.zeros((9, 30), bool)
    a[4, 5] = True
    b[4, 5:26] = True  # 0 .. 20 px away
    hd, hd95, mad = boundary_distances_mm(a, b, (1.0, 1.0))
    assert hd == pytest.approx(20)
    assert hd95 == pytest.approx(19)
    assert mad == pytest.approx((0 + 10) / 2)


def test_a_mask_against_itself_and_against_nothing():
    a = raster(ventricle(64), (64, 64))
    assert boundary_distances_mm(a, a, (0.3, 0.3)) == (0, 0, 0)
    empty = np.zeros_like(a)
    for pair in ((a, empty), (empty, a), (empty, empty)):
        assert np.isnan(boundary_distances_mm(*pair, (1.0, 1.0))).all()


def test_only_the_border_counts():
    solid = np.zeros((40, 40), bool)
    solid[5:35, 5:35] = True
    hollow = solid & ~(cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    assert boundary_distances_mm(solid, hollow, (1.0, 1.0))[0] <= 1


# Two views


def cylinder(width_mm: float, length_mm: float) -> Disks:
    return Disks(np.full(20, width_mm), length_mm)


def test_two_views_give_elliptic_disks_and_the_longer_axis_counts():
    volume = simpson_ase(cylinder(40, 80), cylinder(50, 90))
    assert volume.planes == "biplane"
    assert volume.ml == pytest.approx(np.pi / 4 * 40 * 50 * 90 / 1000)


@pytest.mark.parametrize(("four", "two", "said"), [(True, False, "A4C"), (False, True, "A2C")])
def test_one_view_gives_round_disks_and_says_so(four, two, said):
    volume = simpson_ase(cylinder(40, 80) if four else None, cylinder(40, 80) if two else None)
    assert volume.planes == said
    assert volume.ml == pytest.approx(np.pi / 4 * 40 * 40 * 80 / 1000)


def test_no_view_has_no_volume():
    with pytest.raises(ValueError, match="at least one view"):
        simpson_ase(None, None)


def test_a_contour_has_the_volume_of_its_disks():
    contour, spacing = half_ellipse(80, 30), (0.5, 0.7)
    assert volume_single_plane_ml(contour, spacing) == simpson_ase(disks_of(contour, spacing), None).ml


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 100])
def test_many_contours_at_once_have_the_numbers_of_each(count):
    rng, spacing = np.random.default_rng(count), (0.5, 0.7)
    contours = np.array(half_ellipse(80, 30)) + rng.normal(0, 2, (count, *half_ellipse(80, 30).shape))
    together = areas(contours), long_axes(contours, spacing), volumes_single_plane_ml(contours, spacing)
    each = [(area(c), long_axis(c, spacing), volume_single_plane_ml(c, spacing)) for c in contours]
    np.testing.assert_array_equal(np.array(together).T, np.array(each).reshape(count, 3))


def test_the_benchmarks_volumes_share_the_largest_disk_height_and_are_whole():
    found = simpson_camus(cylinder(40, 80), cylinder(30, 60), cylinder(50, 70), cylinder(20, 100))
    assert found == (round(np.pi / 4 * 40 * 50 * 100 / 1000), round(np.pi / 4 * 30 * 20 * 100 / 1000))
    assert found[1] > simpson_ase(cylinder(30, 60), None).ml * 0.9  # the end-systolic height is not its own


# Where two cavities touch


def heart(degrees: float, size: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """A ventricle above an atrium, turned about the middle of the picture; their common line is 61 px wide."""
    middle = (size / 2, size / 2)
    chambers = [np.array(box, float) for box in ([(50, 30), (110, 30), (110, 89), (50, 89)],
                                                  [(50, 89), (110, 89), (110, 130), (50, 130)])]  # fmt: skip
    cavity, atrium = (raster(turned(box - 0.5, degrees, middle), (size, size)) for box in chambers)
    return cavity, atrium & ~cavity


@pytest.mark.parametrize("degrees", [-30, 0, 17, 30])
def test_the_ends_of_the_common_line_turn_with_the_picture(degrees):
    ends = interface_ends(*heart(degrees))
    expected = turned(np.array([[50, 89], [109, 89]], float), degrees, (80, 80))
    assert ends is not None
    assert np.hypot(*(ends - expected).T).max() < 2.5


def test_the_farthest_pair_is_sought_in_mm():
    cavity, atrium = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    cavity[5:26, 5:36] = True
    atrium[26, [10, 30]] = atrium[4, 20] = True  # touches at two places below and at one above
    assert sorted(interface_ends(cavity, atrium)[:, 1]) == [5, 25]
    np.testing.assert_array_equal(interface_ends(cavity, atrium, (3.0, 1.0)), [[9, 25], [31, 25]])


def test_chambers_that_do_not_touch_have_no_common_line():
    cavity, atrium = heart(0)
    assert interface_ends(cavity, np.roll(atrium, 3, axis=0)) is None
