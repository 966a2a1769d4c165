"""The panel over the picture that sets how it looks and what is drawn over it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.look import COLOURS, NEUTRAL_LEVEL, NEUTRAL_WINDOW, Lines, Look, Overlay, Smoothing
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


class PictureControls(QFrame):
    """Sliders and boxes for the look of `view`; lies in its lower right corner until it is put elsewhere.

    Signals:
        chosen(): something that is kept for the next start changed.
    """

    chosen = Signal()

    def __init__(self, view: CineView, look: Look, overlay: Overlay) -> None:
        super().__init__(view)
        self.setObjectName("popup")
        self.setAccessibleName("Picture")
        self._view, self.overlay = view, overlay
        self._beside: QWidget = view
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
        """Gain, contrast, gamma and inversion back to the file's; colours and smoothing are taste and stay."""
        look = self._view.look
        self._view.set_look(Look(colours=look.colours, smoothing=look.smoothing))

    def invert(self) -> None:
        self._view.set_look(replace(self._view.look, inverted=not self._view.look.inverted))

    def _look_changed(self, *_: object) -> None:
        if self._filling:
            return
        look = self._view.look
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
        if (look.colours, look.smoothing) != (self._view.look.colours, self._view.look.smoothing):
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

    def lie_over(self, widget: QWidget, window: QWidget) -> None:
        """In the lower right corner of `widget`, as a child of `window`: beside the picture and not over it."""
        self.setParent(window)
        self._beside = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None or not self.isVisible():
            return
        self.adjustSize()
        beside = self._beside if self._beside.isVisible() and self._beside.width() >= self.width() else self._view
        corner = beside.mapTo(parent, beside.rect().bottomRight())
        edge = _EDGE if beside is self._view else 4
        highest = min(beside.mapTo(parent, beside.rect().topLeft()).y(), parent.height() - self.height())
        top = max(corner.y() - self.height() - edge + 1, highest, 0)
        self.move(max(corner.x() - self.width() - edge + 1, 0), top)
        self.raise_()


def _choice(name: str, texts: dict[str, str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.view().setAccessibleName(name)
    for key, text in texts.items():
        box.addItem(text, key)
    return box


def _row(grid: QGridLayout, at: int, name: str, control: QWidget, value: QLabel | None) -> None:
    grid.addWidget(QLabel(name), at, 0)
    grid.addWidget(control, at, 1)
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
