"""Volumes, agreement and reliability against numbers worked out by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ral.datasets.assemble import prepare_cine
from ral.datasets.camus import read_info
from ral.evaluation.cases import camus_stills
from ral.evaluation.clinical import agreement, clinical, volumes_by_patient
from ral.evaluation.frames import score_cine
from ral.evaluation.reliability import (
    border_ratios,
    confidence_reliability,
    coverage,
    expected_dice,
    fit_calibration,
    pixel_counts,
    pixel_reliability,
)
from ral.predict import FramePrediction

DATA = Path(os.environ.get("ECHOVIEW_DATA") or Path(__file__).parents[3] / "shared" / "data") / "camus_mhd"


def row(patient: str, view: str, instant: str, width: float | None, reference: float, length: float = 80) -> dict:
    def disks(w):
        return None if w is None else {"widths_mm": [w] * 20, "length_mm": length}

    both = {"found": disks(width), "reference": disks(reference)}
    return {"patient": patient, "view": view, "instant": instant, "disks": both}


def ml(a: float, b: float, length: float = 80) -> float:
    return np.pi / 4 * a * b * length / 1000


def test_bland_altman_numbers():
    found = agreement([12, 11, 18, 23], [10, 10, 20, 20])  # differences 2, 1, -2, 3
    sd = np.sqrt((1 + 0 + 9 + 4) / 3)
    assert found["bias"] == 1
    assert found["sd"] == pytest.approx(sd)
    assert found["mae"] == 2
    assert (found["low"], found["high"]) == (pytest.approx(1 - 1.96 * sd), pytest.approx(1 + 1.96 * sd))
    assert found["inside"] == 1
    assert found["r"] == pytest.approx(np.corrcoef([12, 11, 18, 23], [10, 10, 20, 20])[0, 1])


def test_one_of_twenty_outside_the_limits_is_seen():
    assert agreement([*[0.0] * 19, 10.0], [0.0] * 20)["inside"] == 0.95


def test_too_few_pairs_or_no_variation_give_no_number():
    assert agreement([1.0], [2.0]) == {"n": 1} | dict.fromkeys(("r", "bias", "sd", "mae", "low", "high", "inside"))
    assert agreement([1.0, 1.0], [2.0, 3.0])["r"] is None


def test_one_view_is_single_plane_and_says_so():
    rows = [row("p", "A4C", "ED", 50, 40), row("p", "A4C", "ES", 25, 20)]
    (patient,) = volumes_by_patient(rows)
    assert patient["planes"] == "A4C"
    assert patient["found"]["edv_ml"] == pytest.approx(ml(50, 50))
    assert patient["reference"]["ef_percent"] == pytest.approx(75)
    assert "camus" not in patient


def test_two_views_are_biplane_and_have_the_benchmarks_volumes_too():
    rows = [row("p", "A4C", "ED", 50, 50), row("p", "A4C", "ES", 30, 30, 60)]
    rows += [row("p", "A2C", "ED", 40, 40, 90), row("p", "A2C", "ES", 20, 20, 60)]
    (patient,) = volumes_by_patient(rows)
    assert patient["planes"] == "biplane"
    assert patient["found"]["edv_ml"] == pytest.approx(ml(50, 40, 90))
    assert patient["found"]["esv_ml"] == pytest.approx(ml(30, 20, 60))
    assert patient["camus"]["found"]["esv_ml"] == round(ml(30, 20, 90))


def test_a_patient_without_a_predicted_contour_is_counted_and_not_invented():
    rows = []
    for name, wide in (("a", 50), ("b", 44), ("c", None)):
        rows += [row(name, "A4C", "ED", wide, 45), row(name, "A4C", "ES", 30, 30)]
    found = clinical([*rows, row("d", "A4C", "ED", 50, 50)])  # d has no ES
    assert (len(found["patients"]), found["without"], found["edv_ml"]["n"]) == (3, 1, 2)
    assert found["planes"] == {"A4C": 3}
    assert clinical([]) == {}


def test_an_esv_no_smaller_than_the_edv_makes_no_ef_but_is_counted():
    rows = [row(p, "A4C", i, 50 if i == "ED" else 40, 50 if i == "ED" else 40) for p in "abc" for i in ("ED", "ES")]
    sound = clinical(rows)
    found = clinical([*rows, row("d", "A4C", "ED", 2, 50), row("d", "A4C", "ES", 40, 40)])
    assert (sound["turned"], found["turned"], found["without"]) == (0, 1, 0)
    assert found["ef_percent"] == sound["ef_percent"]  # one such patient would make the mean error thousands of points
    assert (found["edv_ml"]["n"], found["ef_percent"]["n"]) == (4, 3)
    assert found["patients"][-1]["found"]["ef_percent"] is None


@pytest.mark.skipif(not DATA.is_dir(), reason="the two CAMUS patients in MetaImage are not here")
@pytest.mark.parametrize("patient", ["patient0001", "patient0002"])
def test_reference_volumes_are_those_that_the_data_set_publishes(patient):
    """Biplane, from anisotropic masks; the publisher's contours were smooth, so to 2 %."""
    rows = []
    for view in ("2CH", "4CH"):
        for case in camus_stills(DATA, [patient], view):
            nothing = FramePrediction(0, np.full((65, 2), np.nan), 0.0, np.full(3, 1 / 3), np.zeros((256, 256)))
            rows += score_cine([nothing], prepare_cine(case.frames, case.spacing_mm), case)
    (found,) = volumes_by_patient(rows)
    said = read_info(DATA / patient / "Info_4CH.cfg").values
    assert found["planes"] == "biplane"
    assert found["found"] is None
    assert found["reference"]["edv_ml"] == pytest.approx(float(said["LVedv"]), rel=0.02)
    assert found["reference"]["esv_ml"] == pytest.approx(float(said["LVesv"]), rel=0.02)
    assert found["reference"]["ef_percent"] == pytest.approx(float(said["LVef"]), abs=0.5)


# Reliability


def scored(confidence: float, dice: float, **more) -> dict:
    return {"confidence": confidence, "dice": dice, "empty": False} | more


def test_expected_calibration_error_is_the_mean_gap():
    rows = [scored(0.9, 0.8), scored(0.9, 0.8), scored(0.5, 0.6), scored(0.5, 0.6)]
    found = confidence_reliability(rows, bins=2)
    assert found["ece"] == pytest.approx(0.1)
    assert [(b["n"], b["confidence"], b["dice"]) for b in found["bins"]] == [(2, 0.5, 0.6), (2, 0.9, 0.8)]
    assert confidence_reliability([scored(0.99, 0.95), scored(0.98, 0.5)], bins=1)["bins"][0]["good"] == 0.5
    assert confidence_reliability([]) == {}


def test_pixels_are_counted_inside_the_sector_alone():
    truth = np.zeros((4, 4), bool)
    truth[0] = True
    preparation = SimpleNamespace(sector_input=np.array([[1] * 4] * 2 + [[0] * 4] * 2), mask=lambda mask: mask)
    counts = pixel_counts(np.full((4, 4), np.log(0.75 / 0.25)), truth, preparation)
    assert counts[7].tolist() == [8, pytest.approx(6), 4]
    assert counts.sum(0)[0] == 8
    found = pixel_reliability(counts)
    assert found["ece"] == pytest.approx(0.25)
    assert found["ece_border"] == pytest.approx(0.25)


def test_coverage_is_the_share_of_the_border_within_the_spread():
    line = np.column_stack([np.linspace(0, 64, 65), np.zeros(65)])
    away = line + np.array([0, 3.0])
    found = SimpleNamespace(contour=line, spread_px=np.where(np.arange(65) < 32, 4.0, 2.0), empty=False)
    ratios = border_ratios(found, away)
    assert ratios["within_1s"] == pytest.approx(0.5, abs=0.02)
    assert ratios["within_2s"] == 1
    assert ratios["border_z"][0] == 0.75
    assert ratios["border_z"][-1] == 1.5
    assert coverage([ratios, {}])["frames"] == 1
    assert border_ratios(SimpleNamespace(contour=line, spread_px=None, empty=False), away) == {}
    assert coverage([{}]) == {}


def test_the_calibration_rises_pools_what_falls_and_fits_in_a_card():
    rows = [scored(0.9, 0.7), scored(0.92, 0.9), scored(0.94, 0.8), scored(0.96, 0.95)]
    fit = json.loads(json.dumps(fit_calibration([*rows, scored(0.0, 0.0, empty=True)])))
    assert fit["frames"] == 4
    assert fit["confidence"] == pytest.approx([0.9, 0.93, 0.96])
    assert fit["dice"] == pytest.approx([0.7, 0.85, 0.95])
    assert expected_dice(0.93, fit) == pytest.approx(0.85)
    assert expected_dice(0.45, fit) == pytest.approx(0.35)  # below all that was seen it falls to nothing
    np.testing.assert_allclose(expected_dice(np.array([0.915, 1.0]), fit), [0.775, 0.95])
    assert "spread_factor" not in fit


def test_what_is_hard_says_what_a_low_confidence_is_worth_and_nothing_of_the_spread():
    rows = [scored(0.97, 0.9, border_z=[1.0, 2.0]), scored(0.98, 0.95, border_z=[1.0, 2.0])]
    hard = [scored(0.9, 0.3, border_z=[90.0]), scored(0.95, 0.6, border_z=[90.0]), scored(0.0, 0.0, empty=True)]
    fit = fit_calibration(rows, hard)
    assert (fit["frames"], fit["confidence"]) == (4, pytest.approx([0.9, 0.95, 0.97, 0.98]))
    assert fit["dice"] == pytest.approx([0.3, 0.6, 0.9, 0.95])
    assert fit["spread_factor"] == fit_calibration(rows)["spread_factor"]


def test_the_spread_factor_makes_two_thirds_of_the_border_lie_within_one_sigma():
    rng = np.random.default_rng(0)
    rows = [scored(0.9, 0.9, border_z=np.abs(rng.normal(0, 2.5, 400)).tolist()) for _ in range(10)]
    assert fit_calibration(rows)["spread_factor"] == pytest.approx(2.5, rel=0.05)


def test_a_calibration_needs_contours():
    with pytest.raises(ValueError, match="two frames"):
        fit_calibration([scored(0.9, 0.9), scored(0.0, 0.0, empty=True)])
