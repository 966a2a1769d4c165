"""The inspector: true contours give nothing, and every fault that is put in is found where it is."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.contour_edit import crossing
from echoview.domain.view import View
from echoview.measure.inspect import Finding, Severity, in_words, inspect
from ral.phantom import simulate

SIZE = (128, 128)


@pytest.fixture(scope="module")
def heart():
    return simulate(2, "A4C", frames=24, size=128, beats=2.0)


@pytest.fixture
def contours(heart) -> np.ndarray:
    return heart.contours.copy()


def said(found) -> list[tuple[int, str]]:
    return [(one.t, one.sentence) for one in found]


@pytest.mark.parametrize("seed", range(8))
def test_true_contours_give_nothing(seed):
    heart = simulate(seed, frames=24, size=128, beats=1.0 + seed % 2)
    assert inspect(heart.contours, SIZE, None, heart.ed, heart.es) == []


def test_an_area_that_jumps(contours):
    middle = contours[9].mean(0)
    contours[9] = middle + 1.15 * (contours[9] - middle)
    assert (9, "The area jumps against the frames around.") in said(inspect(contours, SIZE))


def test_an_annulus_point_that_jumps(contours):
    contours[14, -4:] += np.linspace(0, 1, 4)[:, None] * (0, 14)
    found = [one for one in inspect(contours, SIZE, view=View.A4C) if "lateral annulus point" in one.sentence]
    assert [one.t for one in found] == [14]
    assert found[0].at == pytest.approx(tuple(contours[14, -1]))


@pytest.mark.parametrize(
    ("view", "walls"),
    [
        (View.A4C, ("septal", "lateral")),
        (View.A2C, ("inferior", "anterior")),
        (View.A3C, ("inferolateral", "anteroseptal")),
        (None, ("left", "right")),
    ],
)
def test_annulus_points_are_called_by_the_walls_of_the_view(contours, view, walls):
    for end, wall in zip((slice(0, 4), slice(-4, None)), walls, strict=True):
        wrong = contours.copy()
        wrong[14, end] += (0, 14)
        assert f"The {wall} annulus point jumps against the frames around." in [
            one.sentence for one in inspect(wrong, SIZE, view=view)
        ]


def test_an_apex_that_jumps_and_one_that_drifts(contours):
    share = np.exp(-0.5 * ((np.arange(65) - 32) / 8) ** 2)[:, None]
    jumped = contours.copy()
    jumped[7] += share * (0, -16)
    assert (7, "The apex jumps against the frames around.") in said(inspect(jumped, SIZE))
    drifted = contours + np.linspace(0, 1, 24)[:, None, None] ** 3 * share[None] * (26, -10)
    frames = [t for t, sentence in said(inspect(drifted, SIZE)) if sentence.startswith("The apex lies far")]
    assert frames
    assert min(frames) > 12


def test_a_contour_that_crosses_itself(contours):
    contours[5, 20], contours[5, 44] = contours[5, 44].copy(), contours[5, 20].copy()
    found = [one for one in inspect(contours, SIZE) if one.sentence == "The contour crosses itself."]
    assert [one.t for one in found] == [5]
    assert found[0].severity is Severity.MEND
    assert found[0].at is not None


@pytest.mark.parametrize("jag", [0.5, 3.0, 12.0])
def test_every_contour_that_crosses_itself_is_found(heart, jag):
    lines = np.repeat(heart.contours[:1], 200, axis=0) + np.random.default_rng(5).normal(0, jag, (200, 65, 2))
    found = {one.t for one in inspect(lines, SIZE) if one.sentence == "The contour crosses itself."}
    assert found == {t for t in range(200) if crossing(lines[t]) is not None}
    assert found or jag < 1


def test_a_contour_that_winds_twice_crosses_itself():
    turn = np.linspace(0, 4 * np.pi, 65)
    line = 64 + (20 + 3 * turn)[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    assert "The contour crosses itself." in [one.sentence for one in inspect(line[None], SIZE)]


def test_a_contour_that_leaves_the_picture_or_the_sector(contours):
    out = contours.copy()
    out[3] += (0, 140 - out[3][:, 1].max())
    assert (3, "The contour leaves the picture.") in said(inspect(out, SIZE))
    sector = np.ones(SIZE, bool)
    sector[:, int(contours[6][:, 0].max()) - 2 :] = False
    found = [one for one in inspect(contours, SIZE, sector) if "sector" in one.sentence]
    assert 6 in [one.t for one in found]
    assert all(one.severity is Severity.LOOK for one in found)


def test_ed_smaller_than_es(contours, heart):
    found = inspect(contours, SIZE, None, heart.es, heart.ed)
    assert said(found) == [(heart.es, "The cavity is smaller at ED than at ES.")]


def test_a_beat_unlike_the_others(heart):
    """Four even beats of twelve frames, ED at 6, 18, 30 and 42; the third fills to half as much again."""
    t, border = np.arange(48), heart.contours[0]
    sizes = 1 - 0.12 * np.cos(2 * np.pi * t / 12)
    middle = border.mean(0)

    def beating(sizes: np.ndarray) -> np.ndarray:
        return middle + sizes[:, None, None] * (border - middle)

    assert [one for one in inspect(beating(sizes), SIZE) if "beat" in one.sentence] == []
    odd = sizes * (1 + 0.22 * np.exp(-0.5 * ((t - 30) / 2.5) ** 2))
    found = [one for one in inspect(beating(odd), SIZE) if "beat" in one.sentence]
    assert [one.sentence for one in found] == ["This beat's ED differs much from the other beats'."]
    assert abs(found[0].t - 30) <= 1


def test_frames_without_a_contour_are_no_finding(contours):
    contours[[0, 8, 9, 23]] = np.nan
    assert [one for one in inspect(contours, SIZE) if one.t in (0, 8, 9, 23)] == []
    assert inspect(np.full((5, 65, 2), np.nan), SIZE) == []


def test_what_jumps_in_one_frame_is_said_together():
    jumps = " jumps against the frames around."
    found = [
        Finding(3, words, Severity.MEND)
        for words in (f"The area{jumps}", f"The lateral annulus point{jumps}", "The contour crosses itself.")
    ]
    together = "The area and the lateral annulus point jump against the frames around."
    assert in_words(found) == f"{together} The contour crosses itself."
    assert in_words(found[1:]) == f"The lateral annulus point{jumps} The contour crosses itself."
