"""The list itself: keys, clicks, and which rows are on the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QListView

from echoview.ui.theme import current
from echoview.ui.worklist_delegate import ROW_HEIGHT, WorklistDelegate
from echoview.ui.worklist_model import Heading, Row, WorklistModel

_OWN_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FAR_KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)  # of the cine after a click
NONE_FITS = "No cine fits. Empty the filter, or choose “Any status”."
_SETTLE_MS = 60  # a scroll that goes on asks for no pictures yet


class WorklistList(QListView):
    """Signals: chosen(path); seen_changed() when other rows are on the screen."""

    chosen = Signal(str)
    seen_changed = Signal()

    def __init__(self, model: WorklistModel) -> None:
        super().__init__()
        self._model, self._keys = model, _OWN_KEYS + _FAR_KEYS
        self.setModel(model)
        self.delegate = WorklistDelegate(model, self)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Cines of the study list")
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setObjectName("cines")
        self.verticalScrollBar().setSingleStep(ROW_HEIGHT // 2)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.seen_changed)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._settle.start())
        model.modelReset.connect(self._settle.start)
        self.activated.connect(self._open)

    def seen(self, pages_more: float = 0.0) -> range:
        """Positions on the screen, and so many pages beyond on either side."""
        height = self.viewport().height()
        first = self.indexAt(QPoint(4, 1))
        if not first.isValid():
            return range(0)
        last = self.indexAt(QPoint(4, height - 2))
        count = self._model.rowCount()
        top, bottom = first.row(), last.row() if last.isValid() else count - 1
        more = round(pages_more * max(height // ROW_HEIGHT, 1))
        return range(max(top - more, 0), min(bottom + more, count - 1) + 1)

    def show_open(self, path: str) -> None:
        """Mark the cine that is open and bring it into sight."""
        self.delegate.open_path = path
        place = self._model.place(path)
        if place >= 0:
            index = self._model.index(place)
            self.setCurrentIndex(index)
            self.scrollTo(index)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        self.viewport().update()

    def around_reset(self, change: Callable[[], None]) -> None:
        """Rows may come and go, but the hand's place in the list stays: the current row, and the scroll."""
        item = self._model.item(self.currentIndex().row())
        path = item.listed.path if isinstance(item, Row) else self.delegate.open_path
        scrolled = self.verticalScrollBar().value()
        change()
        place = self._model.place(path)
        if place >= 0:
            self.setCurrentIndex(self._model.index(place))
        self.verticalScrollBar().setValue(scrolled)

    def event(self, event: QEvent) -> bool:
        """While the list has the focus its keys are its own, though the window uses them too."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            and event.key() in self._keys
        ):
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever clicked a cine looks at it: Home is its first frame. Whoever came by the keyboard walks the list."""
        if event.reason() is not Qt.FocusReason.ActiveWindowFocusReason:
            self._keys = _OWN_KEYS if event.reason() is Qt.FocusReason.MouseFocusReason else _OWN_KEYS + _FAR_KEYS
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        elif event.key() in self._keys:
            super().keyPressEvent(event)
        else:
            event.ignore()  # no search by letters here: they are the window's keys

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        index = self.indexAt(event.position().toPoint())
        item = self._model.item(index.row()) if index.isValid() else None
        if isinstance(item, Heading):
            self._model.fold(item.study)
        elif isinstance(item, Row):
            self.chosen.emit(item.listed.path)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._model.rows and not self._model.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(current().colour("quiet"))
            room = self.viewport().rect().adjusted(16, 24, -16, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, NONE_FITS)
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._settle.start()

    def _open(self, index: QModelIndex) -> None:
        item = self._model.item(index.row()) if index.isValid() else None
        if isinstance(item, Row):
            self.chosen.emit(item.listed.path)
