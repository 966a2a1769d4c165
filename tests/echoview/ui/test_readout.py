"""The words beside the contour while it is corrected."""

from __future__ import annotations

import re

from echoview.measure.effect import Effect
from echoview.ui.readout import sentence


def plain(effect: Effect) -> list[str]:
    return [re.sub("<[^>]*>", "", line).replace("&nbsp;", " ").strip() for line in sentence(effect).split("<br>")]


def test_ef_its_change_and_its_band():
    found = plain(Effect(21.44, "cm²", 61.2, 53.6, -2.25, (50.4, 56.6), "ED"))
    assert found == ["EF 54 %  −2.2 points", "±1 mm of border: 50 to 57 %", "21.4 cm² · 61 ml"]


def test_a_frame_that_ef_does_not_hang_on_says_so():
    found = plain(Effect(21.44, "cm²", 61.2, 53.6, 0.0, None, ""))
    assert found == ["EF 54 %  +0.0 points", "this frame is neither ED nor ES", "21.4 cm² · 61 ml"]


def test_without_calibration_and_without_ef_there_is_less_to_say():
    assert plain(Effect(1456.2, "px²", None, 53.6, None, None, "ES")) == ["EF 54 %", "1456 px²"]
    assert plain(Effect(1456.2, "px²", None, None, None, None, "")) == ["no EF", "1456 px²"]
