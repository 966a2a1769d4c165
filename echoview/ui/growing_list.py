"""A list that is as high as what is in it, up to so many rows, so that the panel scrolls and not the list."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QListWidget, QStyledItemDelegate, QStyleOptionViewItem

_PADDING, _ICON, _LINES = 10, 24, 4


class GrowingList(QListWidget):
    """Words are wrapped; rows are measured anew with the width."""

    def __init__(self, name: str, rows: int) -> None:
        super().__init__()
        self._rows = rows
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Wrapped(self))

    def fit(self) -> None:
        """Once the rows are there."""
        self.doItemsLayout()
        high = sum(self.sizeHintForRow(row) for row in range(min(self.count(), self._rows)))
        if self.height() != high + 4:
            self.setFixedHeight(high + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()


class _Wrapped(QStyledItemDelegate):
    """Rows as high as their words need at the list's width, which Qt's own hint does not ask for in time."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> object:  # type: ignore[override]
        hint = super().sizeHint(option, index)
        listing = self.parent()
        assert isinstance(listing, GrowingList)
        icon = _ICON if index.data(Qt.ItemDataRole.DecorationRole) is not None else 0
        wide = listing.viewport().width() - 2 * _PADDING - icon - 12
        words = QRect(0, 0, max(wide, 40), 10_000)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        needed = listing.fontMetrics().boundingRect(words, flags.value, str(index.data()))
        hint.setHeight(needed.height() + 2 * 8 + 4)
        hint.setWidth(max(wide, 40))
        return hint
