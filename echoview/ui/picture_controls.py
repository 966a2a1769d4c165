"""The panel over the picture that sets how it looks and what is drawn over it."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from echoview.ui.cine_view import CineView
from echoview.ui.look import COLOURS, NEUTRAL_LEVEL, NEUTRAL_WINDOW, Look, Overlay
from echoview.ui.widgets import quiet, rule

_SHOWN = {
    "contour": "Contour", "annulus": "Annulus line", "fill": "Fill", "axis": "Long axis", "disks": "Disks",
}  # fmt: skip
_EDGE = 12


class PictureControls(QFrame):
    """Sliders and boxes for the look of `view`; lies in its lower right corner.

    Signals:
        chosen(): something that is kept for the next start changed.
    """

    chosen = Signal()

    def __init__(self, view: CineView, look: Look, overlay: Overlay) -> None:
        super().__init__(view)
        self.setObjectName("popup")
        self.setAccessibleName("Picture")
        self._view, self.overlay = view, overlay
        self._filling = False
        self.gain = self._slider("Gain", -100, 100)
        self.contrast = self._slider("Contrast", 50, 400)
        self.gamma = self._slider("Gamma", 40, 250)
        self.opacity = self._slider("Overlay strength", 15, 100)
        self.colours = QComboBox()
        self.colours.setAccessibleName("Colours")
        self.colours.view().setAccessibleName("Colours")
        for name in COLOURS:
            self.colours.addItem(name.capitalize(), name)
        self.inverted, self.smooth = QCheckBox("Invert"), QCheckBox("Smooth")
        self.shown = {name: QCheckBox(text) for name, text in _SHOWN.items()}
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("The picture as it is in the file (Ctrl+0)")
        self._values = {name: quiet("", wrap=False) for name in ("gain", "contrast", "gamma")}
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
        slider.setMinimumWidth(120)
        return slider

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 14, 16, 14)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        rows: list[tuple[str, QWidget, QLabel | None]] = [
            ("Gain", self.gain, self._values["gain"]), ("Contrast", self.contrast, self._values["contrast"]),
            ("Gamma", self.gamma, self._values["gamma"]), ("Colours", self.colours, None),
        ]  # fmt: skip
        for row, (name, control, value) in enumerate(rows):
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(control, row, 1)
            if value is not None:
                value.setMinimumWidth(36)
                value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(value, row, 2)
        at = len(rows)
        grid.addWidget(self.inverted, at, 0)
        grid.addWidget(self.smooth, at, 1)
        grid.addWidget(rule(), at + 1, 0, 1, 3)
        for index, box in enumerate(self.shown.values()):
            grid.addWidget(box, at + 2 + index // 2, index % 2)
        at += 2 + (len(self.shown) + 1) // 2
        grid.addWidget(QLabel("Strength"), at, 0)
        grid.addWidget(self.opacity, at, 1)
        grid.addWidget(self.reset, at + 1, 0, 1, 3)

    def _connect(self) -> None:
        for slider in (self.gain, self.contrast, self.gamma):
            slider.valueChanged.connect(self._look_changed)
        for box in (self.inverted, self.smooth):
            box.toggled.connect(self._look_changed)
        self.colours.currentIndexChanged.connect(self._look_changed)
        for box in self.shown.values():
            box.toggled.connect(self._overlay_changed)
        self.opacity.valueChanged.connect(self._overlay_changed)
        self.reset.clicked.connect(self.reset_look)

    def reset_look(self) -> None:
        """Gain, contrast, gamma and inversion back to the file's; colours and smoothing are taste and stay."""
        look = self._view.look
        self._view.set_look(Look(colours=look.colours, smooth=look.smooth))

    def invert(self) -> None:
        self._view.set_look(replace(self._view.look, inverted=not self._view.look.inverted))

    def _look_changed(self, *_: object) -> None:
        if self._filling:
            return
        look = self._view.look
        colours = str(self.colours.currentData())
        self._view.set_look(
            Look(
                window=100 * NEUTRAL_WINDOW / self.contrast.value(),
                level=NEUTRAL_LEVEL - self.gain.value(),
                gamma=self.gamma.value() / 100,
                colours=colours,
                inverted=self.inverted.isChecked(),
                smooth=self.smooth.isChecked(),
            )
        )
        if colours != look.colours:
            self.chosen.emit()

    def _overlay_changed(self, *_: object) -> None:
        if self._filling:
            return
        boxes = {name: box.isChecked() for name, box in self.shown.items()}
        self.overlay = Overlay(**boxes, opacity=self.opacity.value() / 100)
        self._view.set_overlay(self.overlay)
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
        self.smooth.setChecked(look.smooth)
        for name, box in self.shown.items():
            box.setChecked(getattr(self.overlay, name))
        self.opacity.setValue(round(100 * self.overlay.opacity))
        self._filling = False
        self._values["gain"].setText(f"{round(NEUTRAL_LEVEL - look.level):+d}".replace("-", "−"))
        self._values["contrast"].setText(f"{100 * NEUTRAL_WINDOW / look.window:.0f} %")
        self._values["gamma"].setText(f"{look.gamma:.2f}")

    def toggle(self) -> None:
        self.setVisible(not self.isVisible())
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.adjustSize()
        self.move(self._view.width() - self.width() - _EDGE, max(self._view.height() - self.height() - _EDGE, 0))
        self.raise_()


def overlay_of(names: tuple[str, ...]) -> Overlay:
    """The overlay that shows these; unknown names are left out."""
    known = [field.name for field in fields(Overlay) if field.name != "opacity"]
    return Overlay(**{name: name in names for name in known})


def names_of(overlay: Overlay) -> tuple[str, ...]:
    """What the overlay shows, for the settings."""
    return tuple(field.name for field in fields(Overlay) if field.name != "opacity" and getattr(overlay, field.name))


def look_of(colours: str) -> Look:
    """The look with these colours, grey where nobody knows them."""
    return Look(colours=colours if colours in COLOURS else "grey")
