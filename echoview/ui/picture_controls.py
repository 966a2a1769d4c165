"""The panel over the picture that sets how it looks and what is drawn over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.look import COLOURS, NEUTRAL_LEVEL, NEUTRAL_WINDOW, Lines, Look, Overlay, Smoothing
from echoview.ui.out_of_the_way import corners, hidden_of, hidden_of_picture, hidden_of_words, place_in
from echoview.ui.soon import Soon
from echoview.ui.widgets import quiet, rule

_SHOWN = {
    "contour": "Contour", "annulus": "Annulus line", "fill": "Fill", "axis": "Long axis", "disks": "Disks",
}  # fmt: skip
_LINES = {Lines.USUAL: "Usual", Lines.THIN: "Thin", Lines.BOLD: "Bold", Lines.POINTS: "Points"}
_SMOOTHING = {
    Smoothing.USUAL: "Off", Smoothing.LIGHT: "Light", Smoothing.STRONG: "Strong",
    Smoothing.PIXELS: "Off, square pixels",
}  # fmt: skip
_KEPT = "lines="  # the style among the names that the settings keep
_EDGE = 12
_PICTURE, _MESSAGE = 4, 40  # so many times as much as a word of the panel beside is not to be hidden
_FEWEST_LETTERS = 8  # of a list; it is as wide as there is room


class PictureControls(QFrame):
    """Sliders and boxes for the look of `view`; lies where it hides the least.

    Signals:
        chosen(): something that is kept for the next start changed; opened(bool): it came or went.
    """

    chosen = Signal()
    opened = Signal(bool)

    def __init__(self, view: CineView, look: Look, overlay: Overlay) -> None:
        super().__init__(view)
        self.setObjectName("popup")
        self.setAccessibleName("Picture")
        self._view, self.overlay = view, overlay
        self._beside: QWidget | None = None  # where it may lie too
        self._others: Sequence[QWidget] = ()  # which it is kept off
        self._pictures: Callable[[], Sequence[CineView]] = lambda: [view]
        self._soon = Soon(self._place, self)
        self._filling = False
        self.gain = self._slider("Gain", -100, 100)
        self.contrast = self._slider("Contrast", 50, 400)
        self.gamma = self._slider("Gamma", 40, 250)
        self.opacity = self._slider("Overlay opacity", 15, 100)
        self.colours = _choice("Colours", {name: name.capitalize() for name in COLOURS})
        self.lines = _choice("Contour lines", {style.value: text for style, text in _LINES.items()})
        self.smoothing = _choice("Smoothing", {one.value: text for one, text in _SMOOTHING.items()})
        self.inverted = QCheckBox("Invert")
        self.shown = {name: QCheckBox(text) for name, text in _SHOWN.items()}
        self.reset = QPushButton("Reset picture")
        self.reset.setToolTip("The picture as it is in the file (Ctrl+0)")
        self._values = {name: quiet("", wrap=False) for name in ("gain", "contrast", "gamma", "opacity")}
        self._lay_out()
        self._connect()
        view.set_look(look)
        view.set_overlay(overlay)
        view.contrast_changed.connect(self._fill)
        view.installEventFilter(self)
        self._fill()
        self.hide()

    def _slider(self, name: str, low: int, high: int) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setAccessibleName(name)
        slider.setMinimumWidth(100)
        return slider

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        rows: list[tuple[str, QWidget, QLabel | None]] = [
            ("Gain", self.gain, self._values["gain"]), ("Contrast", self.contrast, self._values["contrast"]),
            ("Gamma", self.gamma, self._values["gamma"]), ("Colours", self.colours, None),
            ("Smoothing", self.smoothing, None),
        ]  # fmt: skip
        for row, (name, control, value) in enumerate(rows):
            _row(grid, row, name, control, value)
        at = len(rows)
        left = Qt.AlignmentFlag.AlignLeft  # a box is as wide as its words: a click beside them means nothing
        grid.addWidget(self.inverted, at, 0, left)
        grid.addWidget(rule(), at + 1, 0, 1, 3)
        for index, box in enumerate(self.shown.values()):
            grid.addWidget(box, at + 2 + index // 2, index % 2, left)
        at += 2 + (len(self.shown) + 1) // 2
        _row(grid, at, "Lines", self.lines, None)
        _row(grid, at + 1, "Overlay opacity", self.opacity, self._values["opacity"])
        grid.addWidget(self.reset, at + 2, 0, 1, 3)

    def _connect(self) -> None:
        for slider in (self.gain, self.contrast, self.gamma):
            slider.valueChanged.connect(self._look_changed)
        self.inverted.toggled.connect(self._look_changed)
        for choice in (self.colours, self.smoothing):
            choice.currentIndexChanged.connect(self._look_changed)
        for box in self.shown.values():
            box.toggled.connect(self._overlay_changed)
        self.opacity.valueChanged.connect(self._overlay_changed)
        self.lines.currentIndexChanged.connect(self._overlay_changed)
        self.reset.clicked.connect(self.reset_look)

    def reset_look(self) -> None:
        """The picture as it is in the file: gain, contrast, gamma, inversion, colours and smoothing."""
        kept = self._kept()
        self._view.set_look(Look())
        if kept != self._kept():
            self.chosen.emit()

    def _kept(self) -> tuple[str, Smoothing]:
        """What of the look is kept for the next start."""
        return self._view.look.colours, self._view.look.smoothing

    def invert(self) -> None:
        self._view.set_look(replace(self._view.look, inverted=not self._view.look.inverted))

    def _look_changed(self, *_: object) -> None:
        if self._filling:
            return
        kept = self._kept()
        self._view.set_look(
            Look(
                window=100 * NEUTRAL_WINDOW / self.contrast.value(),
                level=NEUTRAL_LEVEL - self.gain.value(),
                gamma=self.gamma.value() / 100,
                colours=str(self.colours.currentData()),
                inverted=self.inverted.isChecked(),
                smoothing=Smoothing(self.smoothing.currentData()),
            )
        )
        if kept != self._kept():
            self.chosen.emit()

    def _overlay_changed(self, *_: object) -> None:
        if self._filling:
            return
        boxes = {name: box.isChecked() for name, box in self.shown.items()}
        lines = Lines(self.lines.currentData())
        self.overlay = Overlay(**boxes, opacity=self.opacity.value() / 100, lines=lines)
        self._view.set_overlay(self.overlay)
        self._say_values()
        self.chosen.emit()

    def _fill(self) -> None:
        """The controls say what the view shows, also after a right-drag."""
        look = self._view.look
        self._filling = True
        self.gain.setValue(round(NEUTRAL_LEVEL - look.level))
        self.contrast.setValue(round(100 * NEUTRAL_WINDOW / look.window))
        self.gamma.setValue(round(100 * look.gamma))
        self.colours.setCurrentIndex(COLOURS.index(look.colours))
        self.inverted.setChecked(look.inverted)
        self.smoothing.setCurrentIndex(list(_SMOOTHING).index(look.smoothing))
        for name, box in self.shown.items():
            box.setChecked(getattr(self.overlay, name))
        self.opacity.setValue(round(100 * self.overlay.opacity))
        self.lines.setCurrentIndex(list(Lines).index(self.overlay.lines))
        self._filling = False
        self._say_values()

    def _say_values(self) -> None:
        look = self._view.look
        gain = round(NEUTRAL_LEVEL - look.level)
        self._values["gain"].setText(f"{gain:+d}".replace("-", "−") if gain else "0")
        self._values["contrast"].setText(f"{100 * NEUTRAL_WINDOW / look.window:.0f} %")
        self._values["gamma"].setText(f"{look.gamma:.2f}")
        self._values["opacity"].setText(f"{100 * self.overlay.opacity:.0f} %")

    def toggle(self) -> None:
        self.setVisible(not self.isVisible())
        self._place()
        self.opened.emit(self.isVisible())

    def close_over(self) -> bool:
        """Esc; whether it was there."""
        there = self.isVisible()
        if there:
            self.toggle()
        return there

    def lie_over(
        self, window: QWidget, beside: QWidget, pictures: Callable[[], Sequence[CineView]], others: Sequence[QWidget]
    ) -> None:
        """As a child of `window`, in a corner of a picture or of the panel `beside`, off the `others`."""
        self.setParent(window)
        self._beside, self._pictures, self._others = beside, pictures, others
        for one in (beside, *others):
            one.installEventFilter(self)

    def place_again(self) -> None:
        """There is another picture, once it is shown."""
        self._soon.ask()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show) and self.isVisible():
            self._place()
            self._soon.ask()  # again, once all is laid out
        return False

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None or not self.isVisible():
            return
        self.adjustSize()
        self.move(min(self._places(window), key=lambda room: self._hides(room, window)).topLeft())
        self.raise_()
        for one in self._others:  # a message comes first where there is no other room
            if one.isVisible() and one.parentWidget() is window:
                self.stackUnder(one)

    def _places(self, window: QWidget) -> list[QRect]:
        """The corners of the panel beside and of the pictures, above what lies there."""
        found: list[QRect] = []
        zone = QRect()  # the top bar stays free
        beside = QRect() if self._beside is None else place_in(self._beside, window)
        if beside.width() >= self.width() and window.rect().contains(beside):  # it is not folded away
            found.append(corners(self.rect(), beside, 4)[0])
            zone = beside
        for view in self._pictures():
            if view.isVisible():
                place = place_in(view, window)
                found += corners(self.rect(), place, _EDGE)
                zone = zone.united(place)
        for one in self._others:
            covered = place_in(one, window) if one.isVisible() else QRect()
            found += [
                QRect(room.left(), covered.top() - _EDGE - room.height(), room.width(), room.height())
                for room in found
                if room.intersects(covered)
            ]
        return [_inside(_inside(room, zone), window.rect()) for room in found]

    def _hides(self, room: QRect, window: QWidget) -> float:
        hidden = _PICTURE * sum(hidden_of_picture(view, room, window) for view in self._pictures())
        if self._beside is not None:
            hidden += hidden_of_words(self._beside, room, window)
        return hidden + _MESSAGE * hidden_of(self._others, room, window)


def _inside(room: QRect, whole: QRect) -> QRect:
    """Moved so that it lies within, at the top and at the left where it is too large."""
    left, top = min(room.left(), whole.right() - room.width() + 1), min(room.top(), whole.bottom() - room.height() + 1)
    return QRect(max(left, whole.left()), max(top, whole.top()), room.width(), room.height())


def _choice(name: str, texts: dict[str, str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.view().setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(_FEWEST_LETTERS)
    for key, text in texts.items():
        box.addItem(text, key)
    return box


def _row(grid: QGridLayout, at: int, name: str, control: QWidget, value: QLabel | None) -> None:
    grid.addWidget(QLabel(name), at, 0)
    grid.addWidget(control, at, 1, 1, 1 if value is not None else 2)
    if value is not None:
        value.setMinimumWidth(36)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(value, at, 2)


def overlay_of(names: tuple[str, ...]) -> Overlay:
    """The overlay that shows these, in the line style among them; unknown names are left out."""
    styles = {_KEPT + style.value: style for style in Lines}
    lines = next((styles[name] for name in names if name in styles), Lines.USUAL)
    return Overlay(**{name: name in names for name in _SHOWN}, lines=lines)


def names_of(overlay: Overlay) -> tuple[str, ...]:
    """What the overlay shows and how, for the settings."""
    shown = tuple(name for name in _SHOWN if getattr(overlay, name))
    return shown if overlay.lines is Lines.USUAL else (*shown, _KEPT + overlay.lines.value)


def look_of(colours: str, smoothing: str) -> Look:
    """The look with these colours and this smoothing, grey and the usual one where nobody knows them."""
    known = next((one for one in Smoothing if one.value == smoothing), Smoothing.USUAL)
    return Look(colours=colours if colours in COLOURS else "grey", smoothing=known)
