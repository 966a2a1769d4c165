"""The zones that keep their place: list, picture, inspector side by side, and the way round them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QScrollArea, QSplitter, QTabWidget, QWidget

_INSPECTOR = 300


class Inspector(QTabWidget):
    """Tabs of panels that scroll up and down, never sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setAccessibleName("Inspector")
        self.tabBar().setAccessibleName("Tabs of the inspector")
        self.setDocumentMode(True)
        self.setMinimumWidth(_INSPECTOR)
        self.currentChanged.connect(self._turned)

    def add(self, panel: QWidget, name: str) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has the focus
        scroll.setWidget(panel)
        self.addTab(scroll, name)

    def _turned(self) -> None:
        """Qt gives the keyboard back to what had it in this tab: a line would swallow the keys of the window."""
        if isinstance(self.window().focusWidget(), QLineEdit):
            self.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)


class Zones(QSplitter):
    """List, picture and inspector; the picture takes the room that is left."""

    def __init__(self, cines: QWidget, picture: QWidget, inspector: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        for widget, stretch in ((cines, 0), (picture, 1), (inspector, 0)):
            self.addWidget(widget)
            self.setStretchFactor(self.count() - 1, stretch)
        self.setHandleWidth(1)
        self.setCollapsible(1, False)


def focus_next(zones: list[QWidget], focused: QWidget | None) -> None:
    """The keyboard goes to the visible zone after the one that holds `focused`."""
    visible = [zone for zone in zones if zone.isVisible()]
    holds = [zone is focused or (focused is not None and zone.isAncestorOf(focused)) for zone in visible]
    at = holds.index(True) if True in holds else -1
    visible[(at + 1) % len(visible)].setFocus(Qt.FocusReason.TabFocusReason)
