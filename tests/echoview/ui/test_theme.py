"""Text can be read in both themes, and icons go with the theme."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

import echoview.ui
from echoview.ui import theme
from echoview.ui.theme import DARK, LIGHT, Tokens


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [channel / 255 for channel in QColor(colour).getRgb()[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_is_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_text_stands_out_from_every_ground(tokens: Tokens) -> None:
    words = ("text", "quiet", "prediction", "human", "propagated", "other", "approved", "flag", "error")
    grounds = ("ground", "panel", "raised", "hover")
    weak = [
        f"{word} on {ground}: {contrast(getattr(tokens, word), getattr(tokens, ground)):.2f}"
        for word, ground in itertools.product(words, grounds)
        if contrast(getattr(tokens, word), getattr(tokens, ground)) < 4.5
    ]
    assert weak == []
    for accent in (tokens.prediction, tokens.accent_hover):
        assert contrast(tokens.on_accent, accent) >= 4.5


def test_what_lies_over_the_picture_is_dark_in_both() -> None:
    for word in (DARK.text, DARK.quiet, DARK.prediction, DARK.human):
        assert contrast(word, DARK.ground) >= 4.5


def test_the_theme_in_use_styles_nothing_anew(qapp, qtbot) -> None:
    theme.apply(qapp, DARK)

    class Styled(QLabel):
        times = 0

        def changeEvent(self, event: QEvent) -> None:
            self.times += event.type() == QEvent.Type.StyleChange
            super().changeEvent(event)

    label = Styled("EF")
    qtbot.addWidget(label)
    label.show()
    label.times = 0
    theme.apply(qapp, DARK)
    assert label.times == 0
    try:
        theme.apply(qapp, LIGHT)
        assert label.times > 0
    finally:
        theme.apply(qapp, DARK)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_the_style_leaves_no_token_unnamed(qapp, tokens) -> None:
    theme.apply(qapp, tokens)
    try:
        assert "@" not in qapp.styleSheet()
    finally:
        theme.apply(qapp, DARK)


def test_icons_change_their_colour_with_the_theme(qapp, qtbot) -> None:
    window = QWidget()
    button = QToolButton()
    QVBoxLayout(window).addWidget(button)
    qtbot.addWidget(window)
    theme.put_icon(button, "square")

    def tint() -> str:
        picture = button.icon().pixmap(18, 18).toImage()
        return max((picture.pixelColor(x, 9) for x in range(18)), key=QColor.alpha).name().upper()

    assert tint() == DARK.text
    theme.apply(qapp, LIGHT)
    try:
        assert tint() == LIGHT.text
    finally:
        theme.apply(qapp, DARK)


# What is drawn over the picture, which is dark in every theme; and who chooses the theme.
OVER_THE_PICTURE = {
    "calibrating", "cavity_item", "cine_view", "contour_item", "hints", "lost_frame", "mmode", "notes_item", "readout",
    "theme", "tool_item", "versions_item",
}  # fmt: skip


def test_only_what_lies_over_the_picture_is_painted_dark_whatever_the_theme() -> None:
    folder = Path(echoview.ui.__file__).parent
    fixed = {f.stem for f in folder.rglob("*.py") if re.search(r"\bDARK\.", f.read_text(encoding="utf-8"))}
    assert fixed - OVER_THE_PICTURE == set(), "these would stay dark in the light theme: use current()"


@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_a_field_can_be_told_from_the_dialog_around_it(tokens, qapp, qtbot) -> None:
    theme.apply(qapp, tokens)
    try:
        dialog = QDialog()
        qtbot.addWidget(dialog)
        field = QLineEdit(dialog)
        field.setGeometry(20, 20, 100, 30)
        dialog.resize(140, 70)
        picture = dialog.grab().toImage()
        assert picture.pixelColor(100, 35) != picture.pixelColor(10, 10)
    finally:
        theme.apply(qapp, DARK)
