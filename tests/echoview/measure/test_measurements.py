"""The numbers of a cine against shapes whose area, length and volume are known."""

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin, draw
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.measure import confidence_shown, contours_shown, find_ed_es, measure, remeasure, remeasure_frames
from echoview.measure.measurements import Doubt, mostly_unsure
from ral.phantom import simulate

FRAMES = 16
HALF = Calibration(0.5, 0.5)


def half_ellipse(length: float, radius: float, points: int = 2001) -> np.ndarray:
    """Base at y = 0 from -radius to radius, apex at y = -length."""
    angle = np.linspace(np.pi, 2 * np.pi, points)
    return np.column_stack([200 + radius * np.cos(angle), 200 + length * np.sin(angle)])


def beating() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contours (T,N,2) of a half ellipsoid and its lengths and radii in px."""
    share = 0.5 + 0.5 * np.cos(2 * np.pi * (np.arange(FRAMES) - 3) / FRAMES)
    lengths, radii = 120 + 30 * share, 40 + 20 * share
    return np.stack([half_ellipse(a, b) for a, b in zip(lengths, radii, strict=True)]), lengths, radii


def ellipsoid_ml(length_mm: np.ndarray, radius_mm: np.ndarray) -> np.ndarray:
    """Half an ellipsoid by twenty disks: the midpoint rule gives 1/4800 more than 2/3."""
    return np.pi * radius_mm**2 * length_mm * (2 / 3 + 1 / 4800) / 1000


def test_areas_lengths_volumes_and_ef_of_half_ellipsoids():
    contours, lengths, radii = beating()
    found = measure(contours, HALF)
    np.testing.assert_allclose(found.area_px2, np.pi * lengths * radii / 2, rtol=1e-5)
    np.testing.assert_allclose(found.area_mm2, np.pi * lengths * radii / 8, rtol=1e-5)
    np.testing.assert_allclose(found.length_px, lengths, rtol=1e-6)
    np.testing.assert_allclose(found.length_mm, lengths / 2, rtol=1e-6)
    volumes = ellipsoid_ml(lengths / 2, radii / 2)
    np.testing.assert_allclose(found.volumes, volumes, rtol=1e-4)
    assert (found.ed, found.es) == (3, 11)
    assert found.edv_ml == pytest.approx(volumes[3], rel=1e-4)
    assert found.esv_ml == pytest.approx(volumes[11], rel=1e-4)
    assert found.ef_percent == pytest.approx(100 * (1 - volumes[11] / volumes[3]), abs=0.01)
    assert found.calibration == HALF


def test_without_calibration_there_are_no_ml_and_the_ef_stays_the_same():
    contours, _, _ = beating()
    known, unknown = measure(contours, HALF), measure(contours, None)
    assert (unknown.area_mm2, unknown.length_mm, unknown.edv_ml, unknown.esv_ml) == (None,) * 4
    assert unknown.ef_percent == pytest.approx(known.ef_percent, abs=1e-9)
    np.testing.assert_allclose(unknown.volumes, known.volumes * 8)
    assert unknown.calibration is None


def test_pixels_that_are_not_square():
    contours, lengths, radii = beating()
    squeezed = contours * (1 / 0.3, 1 / 0.15)  # the same heart seen with other pixels
    found = measure(squeezed, Calibration(0.3, 0.15))
    np.testing.assert_allclose(found.length_mm, lengths, rtol=1e-6)
    np.testing.assert_allclose(found.area_mm2, np.pi * lengths * radii / 2, rtol=1e-5)
    np.testing.assert_allclose(found.volumes, ellipsoid_ml(lengths, radii), rtol=1e-4)


def test_the_phantom_s_volumes_and_ef_come_back():
    for seed in range(3):
        cine = simulate(seed, ("A2C", "A3C", "A4C")[seed], frames=10, size=96)
        found = measure(cine.contours, Calibration(cine.mm_per_px, cine.mm_per_px))
        np.testing.assert_allclose(found.volumes, cine.volumes_ml, rtol=1e-9)
        assert (found.ed, found.es) == find_ed_es(cine.volumes_ml)
        chosen = measure(cine.contours, None, ed=cine.ed, es=cine.es)
        assert chosen.ef_percent == pytest.approx(cine.ef_percent, abs=1e-6)


def test_frames_that_a_person_chose_are_taken():
    contours, lengths, radii = beating()
    found = measure(contours, HALF, ed=0, es=9)
    volumes = ellipsoid_ml(lengths / 2, radii / 2)
    assert (found.ed, found.es) == (0, 9)
    assert found.ef_percent == pytest.approx(100 * (1 - volumes[9] / volumes[0]), abs=0.01)
    assert measure(contours, HALF, es=9).ed == 3


def test_frames_without_a_contour_are_unknown():
    contours, _, _ = beating()
    contours[5] = np.nan
    found = measure(contours, HALF)
    for numbers in (found.area_px2, found.length_px, found.area_mm2, found.length_mm, found.volumes):
        assert np.flatnonzero(np.isnan(numbers)).tolist() == [5]
    assert (found.ed, found.es) == (3, 11)
    chosen = measure(contours, HALF, ed=5, es=11)
    assert (chosen.edv_ml, chosen.ef_percent) == (None, None)
    assert chosen.esv_ml == pytest.approx(found.esv_ml)


def test_one_frame_is_no_beat():
    contours, _, _ = beating()
    chosen = measure(contours, HALF, ed=4, es=4)
    assert chosen.ef_percent is None
    assert chosen.edv_ml == chosen.esv_ml


def test_a_cine_with_no_contour_at_all_says_nothing():
    found = measure(np.full((9, 65, 2), np.nan), HALF)
    assert (found.ed, found.es, found.edv_ml, found.esv_ml, found.ef_percent) == (None,) * 5


def test_unsure_frames_are_not_ed_or_es():
    contours, _, _ = beating()
    confidence = np.ones(FRAMES)
    confidence[3] = 0.1
    assert measure(contours, HALF, confidence).ed in (2, 4)


@pytest.mark.parametrize("calibration", [None, HALF])
def test_another_contour_in_one_frame_gives_what_measuring_all_would(calibration):
    contours, _, _ = beating()
    confidence = np.full(FRAMES, 0.9)
    known = measure(contours, calibration, confidence)
    before = known.volumes.copy()
    contours[6] = half_ellipse(160, 70)
    again, whole = remeasure(known, 6, contours[6], confidence), measure(contours, calibration, confidence)
    for field in ("area_px2", "length_px", "area_mm2", "length_mm", "volumes"):
        np.testing.assert_array_equal(getattr(again, field), getattr(whole, field))
    for field in ("ed", "es", "edv_ml", "esv_ml", "ef_percent", "calibration"):
        assert getattr(again, field) == getattr(whole, field)
    np.testing.assert_array_equal(known.volumes, before)  # a drag that is given up leaves no trace


def test_a_person_s_contour_goes_before_the_predicted_one():
    line = np.column_stack([np.linspace(0, 64, 65), np.zeros(65)])
    prediction = Prediction.none_yet(3, "w", "id", "cpu").with_frame(0, line, 0.7, np.ones(3) / 3, 1.0)
    mine = draw([(0, 10), (5, 0), (10, 10)])
    label = Label({2: mine})
    shown = contours_shown(3, prediction, label)
    np.testing.assert_array_equal(shown[0], line)
    assert np.isnan(shown[1]).all()
    np.testing.assert_array_equal(shown[2], mine.dense())
    assert confidence_shown(3, prediction, label).tolist() == [0.7, 0.0, 1.0]
    assert confidence_shown(3, prediction, Label()).tolist() == [0.7, 0.0, 0.0]
    shown[0] = 0  # a copy: the prediction itself cannot be written
    np.testing.assert_array_equal(prediction.contour(0), line)
    assert np.isnan(contours_shown(3, None, label)[:2]).all()
    assert confidence_shown(3, None, label).tolist() == [0.0, 0.0, 1.0]


def test_several_frames_measured_anew_give_what_measuring_all_gives():
    heart = simulate(4, frames=FRAMES, size=64)
    contours, confidence = heart.contours.copy(), np.ones(FRAMES)
    known = measure(contours, HALF, confidence)
    contours[[2, 9]] *= 1.1
    contours[5] = np.nan
    again = remeasure_frames(known, {t: contours[t] for t in (2, 5, 9)}, confidence)
    whole = measure(contours, HALF, confidence)
    for field in ("area_px2", "length_px", "area_mm2", "length_mm", "volumes"):
        np.testing.assert_array_equal(getattr(again, field), getattr(whole, field))
    assert (again.ed, again.es, again.ef_percent) == (whole.ed, whole.es, whole.ef_percent)


def test_a_contour_that_was_carried_over_counts_but_is_no_person_s():
    line = draw([(0, 10), (5, 0), (10, 10)])
    carried = Contour(line.handles, (Origin.PROPAGATED,) * 3)
    label = Label({0: line, 1: carried}).with_not_traceable(2)
    confidence = confidence_shown(4, None, label)
    assert confidence[0] == 1
    assert 0.6 <= confidence[1] < 1
    assert confidence[2] == confidence[3] == 0
    assert np.isnan(contours_shown(4, None, label)[2]).all()


def test_an_ef_of_ed_and_es_the_wrong_way_round_is_not_told():
    contours, _, _ = beating()
    turned = measure(contours, HALF, ed=11, es=3)
    assert (turned.edv_ml, turned.esv_ml, turned.ef_percent, turned.doubt) == (None, None, None, Doubt.TURNED)
    right = remeasure_frames(turned, {}, np.ones(FRAMES), 3, 11)
    assert right.doubt is None
    assert right.ef_percent == pytest.approx(measure(contours, HALF).ef_percent)


@pytest.mark.parametrize("unsure", [4, 5])
def test_no_ef_where_more_than_a_quarter_of_the_contours_is_unsure(unsure):
    contours, _, _ = beating()
    contours, confidence = contours[:16], np.full(16, 0.9)
    confidence[[0, 1, 5, 6, 7][:unsure]] = 0.5
    found = measure(contours, HALF, confidence)
    assert (found.ed, found.es) == (3, 11)
    if unsure == 4:
        assert found.doubt is None and found.ef_percent == pytest.approx(measure(contours, HALF).ef_percent)
        return
    assert (found.ef_percent, found.edv_ml, found.doubt) == (None, None, Doubt.UNSURE)
    said = remeasure_frames(found, {}, confidence, 3, 11)
    assert said.doubt is None and said.ef_percent == pytest.approx(measure(contours, HALF).ef_percent)
    confidence[5] = 1.0  # a person drew it
    assert remeasure_frames(found, {}, confidence).doubt is None


def test_of_a_file_that_was_cut_off_a_person_has_to_say_ed_and_es():
    contours, _, _ = beating()
    found = measure(contours, HALF, whole=False)
    assert (found.ed, found.es, found.ef_percent, found.edv_ml, found.doubt) == (3, 11, None, None, Doubt.CUT_OFF)
    half_said = remeasure(found, 5, contours[5], np.ones(FRAMES), ed=3)
    assert (half_said.ef_percent, half_said.doubt) == (None, Doubt.CUT_OFF)
    said = remeasure(found, 5, contours[5], np.ones(FRAMES), ed=3, es=11)
    assert said.ef_percent == pytest.approx(measure(contours, HALF).ef_percent)


def test_contours_are_mostly_unsure_by_those_that_are_there():
    volumes, confidence = np.array([np.nan, np.nan, 3.0, 2.0, 1.0, 2.0]), np.array([0.0, 0.0, 0.5, 0.9, 0.9, 0.9])
    assert not mostly_unsure(volumes, confidence)  # one of four
    assert mostly_unsure(volumes, np.full(6, 0.5))
    assert not mostly_unsure(np.full(6, np.nan), np.zeros(6))
