"""What can be asked of the phantom: a pathology and a look; each must show in the truth or in the picture."""

import cv2
import numpy as np
import pytest

from ral.geometry import disk_widths
from ral.phantom import HELD_OUT_LOOKS, LOOKS, PATHOLOGIES, PhantomCine, simulate

SEEDS = range(8)


def _hearts(pathology: str) -> list[PhantomCine]:
    return [simulate(seed, view="A4C", frames=12, size=48, pathology=pathology) for seed in SEEDS]


@pytest.fixture(scope="module")
def hearts() -> dict[str, list[PhantomCine]]:
    return {pathology: _hearts(pathology) for pathology in PATHOLOGIES}


def _mean(cines: list[PhantomCine], of) -> float:
    return float(np.mean([of(cine) for cine in cines]))


def _length_mm(cine: PhantomCine) -> float:
    first, apex, second = cine.landmarks[cine.ed]
    return float(np.hypot(*(apex - (first + second) / 2)) * cine.mm_per_px)


def _roundness(cine: PhantomCine) -> float:
    """Greatest width of the cavity over its length."""
    contour = cine.contours[cine.ed] * cine.mm_per_px
    return float(disk_widths(contour).max() / _length_mm(cine))


def _inward_mm(cine: PhantomCine) -> np.ndarray:
    """How much nearer to the long axis each place of the border is at ES than at ED, (65,) mm."""
    return _off_axis_mm(cine, cine.ed) - _off_axis_mm(cine, cine.es)


def _off_axis_mm(cine: PhantomCine, t: int) -> np.ndarray:
    contour = cine.contours[t] * cine.mm_per_px
    first, apex, second = cine.landmarks[t] * cine.mm_per_px
    base = (first + second) / 2
    axis = (apex - base) / np.hypot(*(apex - base))
    return np.abs((contour - base) @ np.array([-axis[1], axis[0]]))


def test_pathology_and_look_are_drawn_and_recorded():
    drawn = [simulate(seed, frames=1, size=48) for seed in range(60)]
    assert {cine.pathology for cine in drawn} == set(PATHOLOGIES)
    assert {cine.look for cine in drawn} == set(LOOKS)


def test_what_is_asked_for_is_recorded(hearts):
    for pathology, cines in hearts.items():
        assert {cine.pathology for cine in cines} == {pathology}
    for look in (*LOOKS, *HELD_OUT_LOOKS):
        assert simulate(0, frames=1, size=48, look=look).look == look


def test_an_unknown_pathology_or_look_is_refused():
    with pytest.raises(ValueError, match="tamponade"):
        simulate(0, frames=1, size=48, pathology="tamponade")
    with pytest.raises(ValueError, match="sepia"):
        simulate(0, frames=1, size=48, look="sepia")


def test_asking_for_what_would_be_drawn_changes_nothing():
    drawn = simulate(31, frames=1, size=64)
    asked = simulate(31, drawn.view, frames=1, size=64, pathology=drawn.pathology, look=drawn.look)
    assert asked.frames.tobytes() == drawn.frames.tobytes()


def test_sick_hearts_differ_from_normal_ones_as_they_should(hearts):
    normal, dilated, thick = (hearts[name] for name in ("normal", "dilated", "hypertrophic"))

    def edv(cine: PhantomCine) -> float:
        return float(cine.volumes_ml.max())

    assert _mean(dilated, edv) > 1.4 * _mean(normal, edv)
    assert _mean(dilated, lambda c: c.ef_percent) < _mean(normal, lambda c: c.ef_percent) - 10
    assert _mean(thick, edv) < _mean(normal, edv)


def test_a_missed_apex_makes_a_short_round_ventricle_whose_tip_comes_down(hearts):
    normal, short = hearts["normal"], hearts["foreshortened"]

    def descent_mm(cine: PhantomCine) -> float:
        return float(cine.landmarks[cine.es, 1, 1] - cine.landmarks[cine.ed, 1, 1]) * cine.mm_per_px

    assert _mean(short, _length_mm) < 0.9 * _mean(normal, _length_mm)
    assert _mean(short, _roundness) > 1.1 * _mean(normal, _roundness)
    assert _mean(short, descent_mm) > _mean(normal, descent_mm) + 2


def test_an_infarct_moves_less_than_the_rest_and_an_aneurysm_moves_outwards(hearts):
    def least_over_most(cine: PhantomCine) -> float:
        inward = np.convolve(_inward_mm(cine), np.ones(7) / 7, "same")[4:-4]
        inward = np.concatenate((inward[:22], inward[-22:]))  # the apex lies on the axis and stays there
        return float(inward.min() / inward.max())

    least = {name: _mean(hearts[name], least_over_most) for name in ("normal", "akinesia", "dyskinesia")}
    assert least["akinesia"] < least["normal"] - 0.1
    assert least["dyskinesia"] < least["akinesia"] - 0.1
    assert least["dyskinesia"] < 0


def test_ejection_fractions_and_heart_rates_span_what_clinics_see():
    drawn = [simulate(seed, frames=1, size=40) for seed in range(150)]
    ef = np.array([cine.drawn_ef_percent for cine in drawn])
    rate = np.array([cine.heart_rate_bpm for cine in drawn])
    assert (ef.min() >= 15, ef.max() <= 75) == (True, True)
    assert ef.min() < 22
    assert ef.max() > 68
    assert (rate.min() >= 45, rate.max() <= 130) == (True, True)
    assert np.ptp(rate) > 75


def test_each_look_makes_another_picture_of_one_pathology():
    cines = [simulate(7, "A4C", frames=4, size=64, look=look) for look in LOOKS]
    assert len({cine.pathology for cine in cines}) == 1
    assert len({cine.frames.tobytes() for cine in cines}) == len(LOOKS)


def test_the_held_out_look_is_unlike_every_other():
    """Wider fan, harder greys, rougher speckle, a machine's text round it: each beyond the mean of all others."""
    measured = {look: _style(look) for look in (*LOOKS, *HELD_OUT_LOOKS)}
    known = [measured[look] for look in LOOKS]
    for look in HELD_OUT_LOOKS:
        fan, hard, rough, overlay = measured[look]
        assert fan > max(style[0] for style in known) + 5
        assert hard > max(style[1] for style in known)
        assert rough > max(style[2] for style in known)
        assert overlay > max(style[3] for style in known)


def _style(look: str) -> tuple[float, float, float, float]:
    """Mean fan angle in degrees, share of black or burnt pixels, roughness, lit share at the picture's rim."""
    cines = [simulate(seed, frames=1, size=128, look=look) for seed in SEEDS]
    pictures = [cine.frames[0] for cine in cines]
    rim = [np.concatenate((p[:, :5].ravel(), p[:, -8:].ravel())) for p in pictures]
    return (
        float(np.mean([_fan_deg(p) for p in pictures])),
        float(np.mean([_hardness(p, c.masks[0]) for p, c in zip(pictures, cines, strict=True)])),
        float(np.mean([_roughness(p) for p in pictures])),
        float(np.mean([(r > 60).mean() for r in rim])),
    )


def _sector(picture: np.ndarray) -> np.ndarray:
    """The filled hull of the largest lit patch, (H, W) bool."""
    lit = cv2.morphologyEx((picture > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(lit)
    patch = (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    points = np.argwhere(patch)[:, ::-1].astype(np.int32)
    return cv2.fillConvexPoly(np.zeros_like(patch), cv2.convexHull(points), 1) > 0


def _fan_deg(picture: np.ndarray) -> float:
    """Opening of the fan as its width against its height says."""
    rows, columns = np.nonzero(_sector(picture))
    return float(2 * np.degrees(np.arctan2(np.ptp(columns) / 2, np.ptp(rows))))


def _hardness(picture: np.ndarray, mask: np.ndarray) -> float:
    tissue = picture[_sector(picture) & ~mask]
    return float(((tissue < 12) | (tissue > 240)).mean())


def _roughness(picture: np.ndarray) -> float:
    """Spread of the fine texture against the grey it lies on."""
    grey = picture.astype(np.float32)
    ground = cv2.GaussianBlur(grey, (0, 0), 4)
    inner = cv2.erode(_sector(picture).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    lit = inner & (ground > 20)
    return float((grey - ground)[lit].std() / ground[lit].mean())
