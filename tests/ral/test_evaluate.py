"""Rows, curves, steadiness and sheets, on shapes whose numbers are known by hand and on a few phantoms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from ral.datasets.assemble import prepare_cine
from ral.evaluate import (
    camus_sequences,
    camus_stills,
    card_figures,
    evaluate,
    in_wild_looks,
    phantom_cases,
    steadiness,
)
from ral.evaluation.cases import Case, phase_from
from ral.evaluation.curves import phase_curves
from ral.evaluation.frames import score_cine, score_masks, sizes_of
from ral.evaluation.summary import summaries, summarise, view_table
from ral.evaluation.temporal import LIMITS, pooled_flags, temporal_flags
from ral.formats import write_nifti
from ral.geometry import interface_ends, open_contour, outline, raster
from ral.predict import FramePrediction
from ral.prepare import Preparation

SIZE = 120


def ventricle(length: float = 70, radius: float = 22, degrees: float = 0, shift: float = 0) -> np.ndarray:
    """(65,2) px: a half ellipse with its base level, turned about the middle of the picture."""
    angle = np.linspace(np.pi, 2 * np.pi, 65)
    points = np.column_stack([radius * np.cos(angle) + 60 + shift, length * np.sin(angle) + 95])
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return (points - 60) @ np.array([[c, s], [-s, c]]) + 60


def predicted(t: int, contour: np.ndarray, confidence: float = 0.9, view: int = 2) -> FramePrediction:
    logits = np.full((256, 256), -5.0, np.float32)
    return FramePrediction(t, contour, confidence, np.eye(3)[view], logits)


class Oracle:
    """A model that knows the answers: the contours it was made with, whatever the frames."""

    reads_hints = False

    def __init__(self, contours: Iterable[np.ndarray]) -> None:
        self.contours = list(contours)

    def stream(self, frames: Iterable[np.ndarray], preparation: Preparation) -> Iterator[FramePrediction]:
        for t, _ in enumerate(frames):
            yield predicted(t, self.contours[t])


def case(contours: list[np.ndarray], spacing: tuple[float, float] = (1.0, 1.0), **more) -> Case:
    frames = np.full((len(contours), SIZE, SIZE), 80, np.uint8)
    masks = np.stack([raster(c, (SIZE, SIZE)) for c in contours])
    given = {"view": "A4C", "labelled": np.ones(len(contours), bool)} | more
    return Case("one", "someone", frames, masks, spacing_mm=spacing, **given)


def rows_of(found: list[np.ndarray], truth: list[np.ndarray], spacing=(1.0, 1.0), **more) -> list[dict]:
    made = case(truth, spacing, **more)
    return score_cine([predicted(t, c) for t, c in enumerate(found)], prepare_cine(made.frames, spacing), made, "set")


NOTHING = np.full((65, 2), np.nan)


# CAMUS


def published(folder, patient: str = "patient0001", atrium: bool = True) -> list[np.ndarray]:
    """Four frames from ES to ED as a half sequence, and the two stills, in the data set's layout."""
    home = folder / patient
    home.mkdir()
    contours = [ventricle(length, radius) for length, radius in ((56, 14), (60, 17), (65, 20), (70, 22))]
    labels = np.stack([raster(c, (SIZE, SIZE)).astype(np.uint8) for c in contours])
    if atrium:
        for frame, c in zip(labels, contours, strict=True):
            frame[95:112, round(c[0, 0]) : round(c[-1, 0]) + 1] = 3
    grey = np.choose(labels, [120, 30, 120, 40]).astype(np.uint8)
    for name, part in (("half_sequence", slice(0, 4)), ("ED", slice(3, 4)), ("ES", slice(0, 1))):
        write_nifti(home / f"{patient}_4CH_{name}.nii.gz", grey[part], (0.5, 0.5))
        write_nifti(home / f"{patient}_4CH_{name}_gt.nii.gz", labels[part], (0.5, 0.5))
    return contours


def test_a_half_sequence_that_runs_backwards_starts_its_phase_at_ed(tmp_path):
    contours = published(tmp_path)
    (made,) = camus_sequences(tmp_path, ["patient0001"])
    assert made.instants == {3: "ED", 0: "ES"}
    np.testing.assert_allclose(made.phase, [1, 2 / 3, 1 / 3, 0])
    sheet = evaluate(Oracle(contours), [made], "half", "oracle")
    assert sheet["summary"]["all"]["dice"]["worst"] > 0.98
    assert sheet["summary"]["all"]["annulus_mm"]["worst"] < 1
    assert sheet["clinical"]["ef_percent"]["n"] == 1


def test_stills_are_judged_against_the_hinges_that_the_labels_show(tmp_path):
    contours = published(tmp_path)
    ed, es = camus_stills(tmp_path, ["patient0001"])
    assert (ed.instants, es.instants) == ({0: "ED"}, {0: "ES"})
    assert np.hypot(*(ed.annulus_px[0] - contours[3][[0, -1]]).T).max() < 2
    published(tmp_path, "patient0002", atrium=False)
    assert next(iter(camus_stills(tmp_path, ["patient0002"]))).annulus_px == {}


def test_the_figures_for_a_card_are_by_instant(tmp_path):
    contours = published(tmp_path)
    stills = camus_stills(tmp_path, ["patient0001"])
    card = card_figures(evaluate(Oracle([contours[3]]), stills, "stills", "oracle"))
    assert card["ED"]["dice"] > 0.98 > card["ES"]["dice"]  # it answers with the contour of ED
    assert (card["ED"]["frames"], card["ED"]["empty"], card["view_right"], card["view_cines"]) == (1, 0, 1.0, 2)
    assert "dice_by_view" not in card


# Masks


def square(x: int, y: int) -> np.ndarray:
    mask = np.zeros((40, 40), bool)
    mask[y : y + 10, x : x + 10] = True
    return mask


@pytest.mark.parametrize(("dx", "dy", "spacing"), [(2, 0, (0.5, 3.0)), (0, 2, (0.5, 3.0)), (3, 0, (1.0, 1.0))])
def test_a_shifted_square_is_measured_in_mm_of_its_own_axis(dx, dy, spacing):
    scores = score_masks(square(10 + dx, 10 + dy), square(10, 10), spacing)
    overlap = (10 - dx) * (10 - dy)
    assert scores["dice"] == pytest.approx(overlap / 100)
    assert scores["accuracy"] == pytest.approx(1 - 2 * (100 - overlap) / 1600)
    assert scores["hd_mm"] == pytest.approx(np.hypot(dx * spacing[0], dy * spacing[1]))
    assert scores["hd_mm"] >= scores["hd95_mm"] >= scores["mad_mm"] > 0


def test_the_largest_patch_counts_with_its_hole_filled():
    found = square(10, 10)
    found[14:16, 14:16] = False
    found[30:32, 30:32] = True
    assert score_masks(found, square(10, 10), (1.0, 1.0)) == {
        "dice": 1.0, "accuracy": 1.0, "hd_mm": 0.0, "hd95_mm": 0.0, "mad_mm": 0.0,
    }  # fmt: skip


def test_an_empty_prediction_is_counted_and_has_no_distance():
    rows = rows_of([ventricle(), NOTHING], [ventricle(), ventricle()], instants={0: "ED", 1: "ES"})
    assert [row["empty"] for row in rows] == [False, True]
    assert rows[1]["dice"] == 0
    assert np.isnan([rows[1][key] for key in ("hd_mm", "hd95_mm", "mad_mm", "annulus_mm", "apex_mm")]).all()
    assert rows[1]["disks"]["found"] is None
    table = summarise(rows)
    assert (table["frames"], table["empty"], table["dice"]["n"], table["hd_mm"]["n"]) == (2, 1, 2, 1)
    assert table["dice"]["mean"] == pytest.approx(rows[0]["dice"] / 2)
    assert table["dice"]["worst"] == 0
    assert table["hd_mm"]["mean"] == rows[0]["hd_mm"]


def test_only_labelled_frames_give_rows():
    rows = rows_of([ventricle()] * 3, [ventricle()] * 3, labelled=np.array([False, True, False]))
    assert [row["t"] for row in rows] == [1]


def test_a_label_without_a_cavity_and_a_missing_prediction_are_refused():
    made = case([ventricle()])
    made.masks[:] = False
    with pytest.raises(ValueError, match="no cavity"):
        score_cine([predicted(0, ventricle())], prepare_cine(made.frames, None), made)
    with pytest.raises(ValueError, match="0 were predicted"):
        score_cine([], prepare_cine(made.frames, None), made)


# Landmarks


@pytest.mark.parametrize("degrees", [-30, 0, 30])
def test_a_known_shift_of_the_annulus_is_found_in_mm_however_the_picture_is_turned(degrees):
    truth = ventricle(degrees=degrees)
    across = (truth[-1] - truth[0]) / np.hypot(*(truth[-1] - truth[0]))
    (row,) = rows_of([truth + 6 * across], [truth], (0.5, 0.5), annulus_px={0: truth[[0, -1]]})
    assert row["annulus_mm"] == pytest.approx(3, abs=0.05)
    assert row["apex_mm"] == pytest.approx(3, abs=1)  # the reference's apex comes from the pixels of its mask


@pytest.mark.parametrize("degrees", [-30, 0, 30])
def test_without_known_hinges_the_references_own_ends_serve(degrees):
    truth = ventricle(degrees=degrees)
    (row,) = rows_of([truth], [truth])
    assert row["dice"] == 1
    assert row["annulus_mm"] < 2


def test_a_mirrored_contour_has_its_hinges_exchanged():
    truth = ventricle()
    (row,) = rows_of([truth[::-1]], [truth], annulus_px={0: truth[[0, -1]]})
    assert row["annulus_mm"] == pytest.approx(44)


def test_sizes_are_in_mm_on_unequal_pixels():
    sizes = sizes_of(np.stack([ventricle(70, 22), NOTHING]), (0.5, 2.0))
    assert sizes["base_mm"][0] == pytest.approx(22)
    assert sizes["length_mm"][0] == pytest.approx(140, rel=1e-3)
    assert sizes["area_mm2"][0] == pytest.approx(np.pi / 2 * 11 * 140, rel=2e-3)
    assert all(np.isnan(values[1]) for values in sizes.values())


def test_the_hinges_of_the_labels_agree_with_the_contours_ends():
    truth = ventricle(degrees=20)
    cavity = raster(truth, (SIZE, SIZE))
    down = np.array([-np.sin(np.deg2rad(20)), np.cos(np.deg2rad(20))])
    atrium = raster(np.vstack([truth[[0, -1]], truth[[-1, 0]] + 15 * down]), (SIZE, SIZE)) & ~cavity
    hinges = interface_ends(cavity, atrium)
    (row,) = rows_of([truth], [truth], annulus_px={0: hinges})
    assert row["annulus_mm"] < 3


# The cycle


def test_phase_starts_at_ed_and_wraps():
    np.testing.assert_allclose(phase_from(1, 4, 4), [0.75, 0, 0.25, 0.5])


def synthetic(value, phase, name="one") -> dict:
    return {"case": name, "phase": phase, "accuracy": value, "dice": value, "hd_mm": value, "mad_mm": value}


def test_a_curve_knows_its_range_and_its_slope():
    rows = [synthetic(0.9 + 0.06 * (b + 0.5) / 30, (b + 0.5) / 30) for b in range(30)]
    curve = phase_curves(rows)["dice"]
    assert curve["slope"] == pytest.approx(0.06)
    assert curve["max_minus_min"] == pytest.approx(0.06 * 29 / 30)


def test_a_cine_counts_once_in_a_bin_and_an_empty_bin_stays_empty():
    rows = [synthetic(1.0, 0.01)] * 3 + [synthetic(0.0, 0.02, "two"), synthetic(float("nan"), 0.02, "three")]
    curves = phase_curves(rows)
    assert curves["dice"]["mean"][0] == 0.5
    assert curves["cines"][:2] == [3, 0]
    assert curves["dice"]["mean"][1] is None
    assert phase_curves([synthetic(1.0, None)]) == {}


# Steadiness


def beat(frames: int = 30) -> list[np.ndarray]:
    phase = 2 * np.pi * np.arange(frames) / frames
    return [ventricle(70 + 5 * np.cos(p), 22 + 5 * np.cos(p)) for p in phase]


def test_a_smooth_beat_is_not_flagged_and_a_jump_is():
    assert temporal_flags(np.stack(beat()))["share"] == 0
    jumping = beat()
    jumping[10] = jumping[10] * (1, 0.8)
    flags = temporal_flags(np.stack(jumping))
    assert flags["flagged"][10]
    assert sum(flags["flagged"]) <= 3


def test_the_bend_is_the_share_of_the_median_by_which_a_frame_leaves_its_neighbours():
    contours = np.stack([ventricle(), ventricle(70 * 1.1), ventricle()])
    flags = temporal_flags(contours)
    assert flags["bend"]["area_mm2"] == pytest.approx(0.1)
    assert flags["bend"]["base_mm"] == pytest.approx(0, abs=1e-9)
    assert flags["flagged"] == [False, True, False]  # 10 % in area, over its limit
    assert LIMITS["area_mm2"] < 0.1 < 2 * LIMITS["area_mm2"]
    assert flags["judged"] == 1


def test_an_empty_frame_is_flagged_and_its_neighbours_are_not_judged():
    contours = np.stack(beat())
    contours[5] = np.nan
    flags = temporal_flags(contours)
    assert np.flatnonzero(flags["flagged"]).tolist() == [5]
    assert flags["judged"] == 28 - 2
    assert temporal_flags(contours[:2])["share"] is None


def test_cines_are_pooled_by_frames():
    calm, wild = (temporal_flags(np.stack(c)) for c in (beat(), beat(12)))
    wild["flagged"] = [True] * 12
    pooled = pooled_flags([calm, wild])
    assert pooled["judged"] == 28 + 10
    assert pooled["share"] == pytest.approx(12 / 38)


# Sheets


def test_views_are_decided_once_a_cine():
    cines = [{"view": v, "view_found": f} for v, f in (("A2C", "A2C"), ("A2C", "A4C"), ("A4C", "A4C"), (None, "A2C"))]
    table = view_table(cines)
    assert table["counts"] == [[1, 0, 1], [0, 0, 0], [0, 0, 1]]
    assert (table["n"], table["right"]) == (3, pytest.approx(2 / 3))
    assert view_table([{"view": "A4C", "view_found": None}]) == {}


def test_a_model_that_knows_the_answers_gets_full_marks_on_phantoms():
    (made,) = phantom_cases([900_002], frames=12)
    answers = [open_contour(outline(mask)) for mask in made.masks]
    sheet = evaluate(Oracle(answers), [made], "phantoms", "oracle", worst=2)
    whole = sheet["summary"]["all"]
    assert sheet["simulated"]
    assert whole["dice"]["mean"] > 0.99
    assert whole["mad_mm"]["mean"] < 0.2
    assert whole["annulus_mm"]["median"] < 2
    assert set(sheet["summary"]) == {"all", "ED", "ES"}
    assert abs(sheet["clinical"]["patients"][0]["found"]["ef_percent"]
               - sheet["clinical"]["patients"][0]["reference"]["ef_percent"]) < 1  # fmt: skip
    assert len(sheet["curves"]["phase"]) == 30
    assert sheet["temporal"]["reference"]["judged"] == 10
    assert sheet["views"]["n"] == 1
    assert len(sheet["worst"]) == 1  # one a cine


def test_the_worst_frames_come_first_one_a_cine():
    made = [case([ventricle()] * 2) for _ in range(3)]
    for n, c in enumerate(made):
        object.__setattr__(c, "name", f"cine {n}")

    class Drifting:
        reads_hints = False

        def __init__(self):
            self.cine = -1

        def stream(self, frames, preparation):
            self.cine += 1
            for t, _ in enumerate(frames):
                yield predicted(t, ventricle(shift=5 * self.cine + 2 * t))

    worst = evaluate(Drifting(), made, "set", "drifting", worst=2)["worst"]
    assert [(w["case"], w["t"]) for w in worst] == [("cine 2", 1), ("cine 1", 1)]
    assert worst[0]["dice"] < worst[1]["dice"]


class Follower:
    """A model that is a shift away from the truth, and right from a hint on; it sees the time in the grey level."""

    reads_hints = True

    def __init__(self, truth: list[np.ndarray], shifts: list[float]) -> None:
        self.truth, self.shifts = truth, shifts

    def stream(self, frames, preparation, hints=None):
        hinted = False
        for n, frame in enumerate(frames):
            t = int(frame[0, 0])
            hinted |= hints is not None and n in hints
            yield predicted(n, self.truth[t] + (0 if hinted else self.shifts[t], 0))


def test_one_corrected_frame_steers_its_neighbours_both_ways():
    truth = [ventricle(70 - t, 22) for t in range(12)]
    shifts = [3.0] * 12
    shifts[4] = 9.0  # the worst frame: it is the one that is corrected
    made = case(truth)
    made.frames[:] = np.arange(12, dtype=np.uint8)[:, None, None]
    found = evaluate(Follower(truth, shifts), [made], "set", "follower")["steering"]
    by = {row["distance"]: row for row in found["by_distance"]}
    assert by[1]["n"] == by[4]["n"] == 2  # frames 3 and 5, 0 and 8
    assert by[5]["n"] == by[7]["n"] == 1  # only frames after it are that far
    assert 8 not in by
    assert found["n"] == 11
    assert found["again"] == pytest.approx(found["before"])  # this one has no memory that reading again would change
    assert found["before"] < 0.97 < found["after"] <= 1
    assert card_figures(evaluate(Follower(truth, shifts), [made], "set", "f"))["steered"][1] > 0.97


def test_a_model_that_reads_no_hints_is_not_steered():
    assert evaluate(Oracle(beat()), [case(beat())], "set", "x")["steering"] == {}


def test_real_and_simulated_cines_share_no_sheet():
    with pytest.raises(ValueError, match="sheets apart"):
        evaluate(Oracle([ventricle()]), [case([ventricle()]), case([ventricle()], simulated=True)], "set", "x")
    with pytest.raises(ValueError, match="nothing to judge"):
        evaluate(Oracle([]), [], "set", "x")


def test_a_cine_without_labels_is_judged_for_steadiness():
    found = steadiness(Oracle(beat()), np.full((30, SIZE, SIZE), 60, np.uint8))
    assert (found["frames"], found["temporal"]["share"]) == (30, 0)
    assert (found["view"], found["view_share"]) == ("A4C", 1.0)


def test_summaries_split_by_instant_and_by_view():
    rows = rows_of([ventricle(), ventricle(shift=4)], [ventricle()] * 2, instants={0: "ED", 1: "ES"})
    tables = summaries([*rows, *({**row, "view": "A2C"} for row in rows)])
    assert set(tables) == {"all", "ED", "ES", "A2C", "A4C"}
    assert tables["ED"]["dice"]["mean"] > tables["ES"]["dice"]["mean"]


def test_in_wild_looks_the_picture_changes_and_nothing_else():
    made = case([ventricle(70, 22)])
    [one], [same], [other] = ([*in_wild_looks([made], seed)] for seed in (0, 0, 1))
    assert one.frames.shape == made.frames.shape and one.frames.dtype == np.uint8
    np.testing.assert_array_equal(one.frames, same.frames)
    assert (one.frames != made.frames).any() and (one.frames != other.frames).any()
    assert one.masks is made.masks
