"""The panel over the picture changes the pixels, and follows what the hand changed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.ui.cine_view import CineView
from echoview.ui.look import Lines, Look, Overlay, Smoothing
from echoview.ui.picture_controls import PictureControls, look_of, names_of, overlay_of

from .conftest import contour


@pytest.fixture
def view(qtbot) -> CineView:
    view = CineView()
    qtbot.addWidget(view)
    view.resize(480, 360)
    view.set_cine((120, 160))
    view.set_frame(np.full((120, 160), 100, np.uint8))
    view.show()
    return view


@pytest.fixture
def controls(view) -> PictureControls:
    return PictureControls(view, Look(), Overlay())


def colour(view: CineView, x: float, y: float) -> tuple[int, int, int]:
    at = view.mapFromScene(view.box.mapViewToScene(QPointF(x, y)))
    return view.grab().toImage().pixelColor(at).getRgb()[:3]


def choose(controls: PictureControls, smoothing: Smoothing) -> None:
    controls.smoothing.setCurrentIndex(controls.smoothing.findData(smoothing.value))


def test_gain_contrast_gamma_colours_and_inversion_reach_the_pixels(view, controls) -> None:
    assert colour(view, 20, 20) == (100, 100, 100)
    controls.gain.setValue(50)
    assert colour(view, 20, 20) == (150, 150, 150)
    controls.gain.setValue(0)
    controls.contrast.setValue(200)
    assert colour(view, 20, 20)[0] == pytest.approx(127.5 + 2 * (100 - 127.5), abs=1.5)
    controls.contrast.setValue(100)
    controls.gamma.setValue(200)
    assert colour(view, 20, 20)[0] == pytest.approx(255 * (100 / 255) ** 0.5, abs=1.5)
    controls.gamma.setValue(100)
    controls.inverted.setChecked(True)
    assert colour(view, 20, 20) == (155, 155, 155)
    controls.inverted.setChecked(False)
    controls.colours.setCurrentIndex(controls.colours.findData("bronze"))
    red, green, blue = colour(view, 20, 20)
    assert red > green > blue


def test_a_colour_frame_goes_the_same_way(view, controls) -> None:
    view.set_frame(np.full((120, 160, 3), 100, np.uint8))
    controls.gain.setValue(-40)
    assert colour(view, 20, 20) == (60, 60, 60)


def test_the_sliders_follow_the_hand_and_reset_brings_all_of_the_picture_back(view, controls) -> None:
    view.set_contrast(127.5, 100)
    assert (controls.contrast.value(), controls.gain.value()) == (200, 28)
    controls.colours.setCurrentIndex(controls.colours.findData("blue"))
    choose(controls, Smoothing.STRONG)
    controls.reset_look()
    assert view.look == Look()
    assert controls.contrast.value() == 100
    assert (controls.colours.currentData(), controls.smoothing.currentData()) == ("grey", "usual")


def test_without_smoothing_pixels_have_edges(view, controls) -> None:
    frame = np.zeros((120, 160), np.uint8)
    frame[:, 80:] = 200
    view.set_frame(frame)

    def shades() -> int:
        picture = view.grab().toImage()
        y = view.mapFromScene(view.box.mapViewToScene(QPointF(80, 60))).y()
        return len({picture.pixelColor(x, y).red() for x in range(100, 380)})

    view.zoom(6)
    assert shades() > 4
    choose(controls, Smoothing.PIXELS)
    assert shades() == 2


@pytest.mark.parametrize("channels", [(), (3,)])
def test_speckle_on_the_screen_is_smoothed_and_comes_back(view, controls, channels) -> None:
    frame = np.random.default_rng(4).integers(60, 180, (120, 160, *channels)).astype(np.uint8)
    view.set_frame(frame)

    def spread() -> float:
        picture = view.grab().toImage()
        return float(np.std([picture.pixelColor(x, 180).red() for x in range(100, 380)]))

    spreads = []
    for one in (Smoothing.USUAL, Smoothing.LIGHT, Smoothing.STRONG, Smoothing.USUAL):
        choose(controls, one)
        spreads.append(spread())
    assert spreads[0] > 1.3 * spreads[1] > 1.3 * 1.2 * spreads[2]
    assert spreads[3] == spreads[0]


def test_fill_axis_and_disks_are_drawn_inside_the_contour(view, controls) -> None:
    line = contour(0)
    view.show_points(line)
    plain = colour(view, 90, 70)
    controls.shown["fill"].setChecked(True)
    filled = colour(view, 90, 70)
    assert filled != plain
    assert colour(view, 20, 20) == (100, 100, 100), "outside is as it was"
    controls.opacity.setValue(20)
    weak = colour(view, 90, 70)
    assert abs(weak[2] - plain[2]) < abs(filled[2] - plain[2])
    controls.shown["fill"].setChecked(False)
    controls.opacity.setValue(100)
    before = view.grab().toImage()
    controls.shown["disks"].setChecked(True)
    disks = view.grab().toImage()
    assert before != disks
    controls.shown["disks"].setChecked(False)
    controls.shown["axis"].setChecked(True)
    assert view.grab().toImage() not in (before, disks)


def test_without_the_contour_its_handles_are_still_there(view, controls) -> None:
    view.show_points(contour(0))
    with_line = view.grab().toImage()
    controls.shown["contour"].setChecked(False)
    assert view.grab().toImage() != with_line


def test_pixels_that_are_not_square_are_shown_so(view) -> None:
    square = view.box.viewPixelSize()
    view.set_spacing(Calibration(0.3, 0.15))
    view.grab()
    across, down = view.box.viewPixelSize()
    assert square[0] == pytest.approx(square[1])
    assert down == pytest.approx(2 * across)


def test_what_is_kept_for_the_next_start_comes_back(view, controls) -> None:
    seen: list[Overlay] = []
    controls.chosen.connect(lambda: seen.append(controls.overlay))
    controls.shown["disks"].setChecked(True)
    assert names_of(seen[-1]) == ("contour", "annulus", "disks")
    assert overlay_of((*names_of(seen[-1]), "of a newer version")) == seen[-1]
    assert look_of("of a newer version", "of a newer version") == Look()
    choose(controls, Smoothing.LIGHT)
    assert len(seen) == 2, "the smoothing is kept too"
    assert look_of("bronze", "light") == Look(colours="bronze", smoothing=Smoothing.LIGHT)


def test_the_line_style_and_the_opacity_reach_the_contour_and_are_said(view, controls) -> None:
    controls.lines.setCurrentIndex(controls.lines.findData("bold"))
    assert view.contour_item.overlay.lines is Lines.BOLD
    assert names_of(controls.overlay) == ("contour", "annulus", "lines=bold")
    assert overlay_of(names_of(controls.overlay)).lines is Lines.BOLD
    controls.opacity.setValue(40)
    assert controls._values["opacity"].text() == "40 %"


@pytest.mark.parametrize("lines", list(Lines))
def test_a_prediction_a_persons_an_approved_and_a_carried_contour_differ_without_colour(view, lines) -> None:
    """What is drawn, not in which colour: no two kinds of contour leave nearly the same marks."""
    view.set_frame(np.zeros((120, 160), np.uint8))
    view.set_overlay(Overlay(annulus=False, lines=lines))
    line = contour(0)
    kinds = {
        "predicted": lambda: view.show_points(line),
        "carried": lambda: view.show_contour(Contour.through(line, Origin.PROPAGATED, 33)),
        "corrected": lambda: view.show_contour(Contour.through(line, Origin.CORRECTED, 33)),
        "approved": lambda: view.show_contour(Contour.through(line, Origin.ACCEPTED, 33)),
    }
    marks = {}
    for name, show in kinds.items():
        show()
        shown = view.grab().toImage()
        marks[name] = np.array(
            [[shown.pixelColor(x, y).value() > 90 for x in range(0, 480)] for y in range(60, 300)], bool
        )
    for one in marks:
        for other in marks:
            if one < other:
                apart = (marks[one] ^ marks[other]).sum() / (marks[one] | marks[other]).sum()
                assert apart > 0.2, f"{one} and {other} look alike: {apart:.2f}"
