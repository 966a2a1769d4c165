"""A single picture in the real window: what needs a cine is off, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from ral.phantom import simulate
from ral.phantom.write import write_dicom

NOTHING_TO_PLAY = "One picture: nothing to play"


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> Path:
    return write_dicom(tmp_path_factory.mktemp("still") / "still.dcm", simulate(21, "A4C", 1, 128))


def buttons_of(window, *names: str) -> list[QToolButton]:
    acts = [window.acts[name] for name in names]
    found = [one for one in window.transport.findChildren(QToolButton) if one.defaultAction() in acts]
    assert len(found) == len(names)
    return found


def test_what_plays_is_off_over_one_picture_and_on_again_over_a_cine(desk, still, sample) -> None:
    window = desk.window
    desk.open(still)
    plays = [*buttons_of(window, "play", "back", "forward", "loop"), window.transport.speed, window.transport.over]
    assert [(one.isEnabled(), one.toolTip()) for one in plays] == [(False, NOTHING_TO_PLAY)] * 6
    desk.open_known(sample)
    assert all(one.isEnabled() for one in plays)
    assert plays[0].toolTip().endswith("(Left)")
    assert plays[-1].toolTip() == "What the loop goes over (Shift+L)"
    window.player.seek(0)
    QTest.keyClick(window, Qt.Key.Key_End)
    assert window.player.t == len(desk.session.cine) - 1


def test_one_picture_takes_no_m_mode_and_the_button_says_why(desk, still, sample) -> None:
    window = desk.window
    desk.open(still)
    (button,) = buttons_of(window, "mmode")
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert not window.acts["mmode"].isChecked()
    assert (button.isEnabled(), button.toolTip()) == (False, "One picture: M-mode needs a cine")
    window.keys.apply(window.acts)  # as when a key was changed
    assert button.toolTip() == "One picture: M-mode needs a cine"
    desk.open_known(sample)
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.acts["mmode"].isChecked()
    desk.open(still)
    assert window.acts["point"].isChecked()


def test_the_first_steps_teach_no_playing_over_one_picture(desk, still, sample) -> None:
    steps = desk.window.picture.steps

    def taught() -> list[str]:
        return [key.text() for key, _ in steps._rows.values() if not key.isHidden()]

    desk.open(still)
    assert taught() == ["Drag a point", "A"]
    desk.open_known(sample)
    assert taught() == ["Space", "Drag a point", "A"]


def test_the_strip_of_an_m_mode_goes_with_its_cine(desk, still, sample) -> None:
    desk.open_known(sample)
    mmode = desk.window.picture.mmode
    mmode.draw((60, 60), (60, 160))
    desk.settle()
    assert mmode.strip.isVisible()
    at_once: list[tuple[bool, bool]] = []
    desk.session.cine_changed.connect(lambda: at_once.append((mmode.strip.isHidden(), mmode.line.isVisible())))
    desk.open(still)
    assert at_once == [(True, False)]
