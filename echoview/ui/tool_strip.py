"""The tools of the hand, below the picture."""

from __future__ import annotations

from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from echoview.correction import Correction
from echoview.ui.theme import icon
from echoview.ui.tools import Tool
from echoview.ui.widgets import MenuButton, set_narrow

_NARROW, _FEWEST = 530, 408  # px; the buttons stand nearer to each other below that
_WITH_ARROW = "QToolButton { padding-right: 20px; } QToolButton::menu-button { border: 0; width: 16px; }"
_ACTS = ("smooth", "copy_next", "not_traceable", "next_doubt")


class ToolStrip(QFrame):
    """A button a tool, then what is done to a frame, then how a correction is carried on."""

    def __init__(self, actions: dict[str, QAction], correction: Correction) -> None:
        super().__init__()
        self.setObjectName("transport")
        self._correction = correction
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(2)
        for tool in Tool:
            row.addWidget(_button(actions[tool.value]))
        row.addSpacing(14)
        for name in _ACTS:
            row.addWidget(_button(actions[name]))
        self.propagate = _button(actions["propagate"])
        self.propagate.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.propagate.setStyleSheet(_WITH_ARROW)
        menu = QMenu(self.propagate)
        menu.aboutToShow.connect(lambda: self._fill(menu, actions["propagate"]))
        self.propagate.setMenu(menu)
        row.addWidget(self.propagate)
        row.addStretch(1)
        self.setMinimumWidth(_FEWEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        set_narrow(self, self.width() < _NARROW)
        super().resizeEvent(event)

    def _fill(self, menu: QMenu, act: QAction) -> None:
        menu.clear()
        self._correction.look_around()  # while the hand goes to the way in the menu
        for way in self._correction.ways:
            item = menu.addAction(f"Propagate {way.value}")
            item.setCheckable(True)
            item.setChecked(way is self._correction.way)
            item.triggered.connect(lambda _=False, w=way: self._choose(w, act))

    def _choose(self, way: object, act: QAction) -> None:
        self._correction.way = way  # type: ignore[assignment]  # one of correction.ways
        act.trigger()


def under(picture: QWidget, strip: ToolStrip) -> QWidget:
    """The picture with the tools below it."""
    zone = QWidget()
    layout = QVBoxLayout(zone)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(picture, 1)
    layout.addWidget(strip)
    return zone


def _button(action: QAction) -> MenuButton:
    made = MenuButton()
    made.setDefaultAction(action)
    made.setAccessibleName(action.text())
    if action.icon().isNull():
        action.setIcon(icon("square"))
    return made
