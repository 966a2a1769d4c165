"""A zone of the window that folds to a strip with one button and remembers its width."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QToolButton, QVBoxLayout, QWidget

from echoview.ui.theme import put_icon

_NARROWEST, _STRIP, _WIDEST = 240, 38, 16777215


class FoldingZone(QWidget):
    """Put the zone's widgets into a layout of `body`."""

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self._width = max(width, _NARROWEST)
        self._folded = self._for_room = False
        self.body = QWidget()
        self._unfold = QToolButton()
        put_icon(self._unfold, "panel-left", "quiet")
        self._unfold.setToolTip(f"Show the {name.lower()}")
        self._unfold.setAccessibleName(f"Show the {name.lower()}")
        self._unfold.clicked.connect(lambda: self.set_folded(False))
        self._unfold.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._unfold, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        whole.addWidget(self.body, 1)
        self.setMinimumWidth(_NARROWEST)

    @property
    def folded(self) -> bool:
        return self._folded

    @property
    def unfolded_width(self) -> int:
        """The width that it has, or had before it was folded or hidden, px."""
        return self._width if self._folded or not self.isVisible() else self.width()

    def set_folded(self, folded: bool) -> None:
        """A strip with one button, or the whole zone at the width that it had."""
        if folded == self._folded:
            return
        self._width = self.unfolded_width
        self._folded, self._for_room = folded, False
        self.body.setVisible(not folded)
        self._unfold.setVisible(folded)
        self.setMinimumWidth(_STRIP if folded else _NARROWEST)
        self.setMaximumWidth(_STRIP if folded else _WIDEST)
        self._take_width()

    def make_room(self, narrow: bool) -> None:
        """Folded for as long as the window is narrow, if a person has not unfolded it there."""
        if narrow and not self._folded:
            self.set_folded(True)
            self._for_room = True
        elif not narrow and self._for_room:
            self.set_folded(False)

    @property
    def folded_by_hand(self) -> bool:
        """Whether a person wants it folded."""
        return self._folded and not self._for_room

    def sizeHint(self) -> QSize:
        return QSize(_STRIP if self._folded else self._width, 400)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._take_width()

    def _take_width(self) -> None:
        """The splitter asks for no size hint again once it has laid out."""
        splitter = self.parentWidget()
        if isinstance(splitter, QSplitter) and splitter.width() > 0 and self.isVisible():
            sizes, at = splitter.sizes(), splitter.indexOf(self)
            wanted = _STRIP if self._folded else self._width
            if at + 1 < len(sizes):
                sizes[at + 1] += sizes[at] - wanted
                sizes[at] = wanted
                splitter.setSizes(sizes)
