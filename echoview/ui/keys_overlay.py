"""All keys over the picture, by group; a click on one gives its action another key."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from echoview.ui.actions import ACTS, MOUSE, groups, shown
from echoview.ui.keymap import KeyMap
from echoview.ui.widgets import off, quiet

_TEXTS = {act.name: act.text for act in ACTS}
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
_EDGE, _GAP = 24, 24
_KEY = 152  # px
_MOST = 3  # columns: more would stand far apart
_ASK = "Click a key to change it. Esc closes."


class KeysOverlay(QFrame):
    """Lies over `over` until Esc, F1 or a click beside it.

    Args:
        below: stays in sight above it.
        keep: is given what the settings keep when a key was changed.
    """

    def __init__(
        self, over: QWidget, below: QWidget, keys: KeyMap, actions: dict[str, QAction],
        keep: Callable[[tuple[str, ...]], None],
    ) -> None:  # fmt: skip
        super().__init__(over)
        self.setObjectName("keys")
        self.setAccessibleName("Keys")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._over, self._below = over, below
        self._keys, self._actions, self._keep = keys, actions, keep
        self._waiting: str | None = None  # the action that gets the next key
        self._clash: tuple[str, str] | None = None  # action and key, where the key is another's
        self._before: QWidget | None = None
        self._count = 0  # of columns
        self.buttons: dict[str, QPushButton] = {}
        self.said = QLabel(_ASK)
        self.take, self.leave = QPushButton("Take it"), QPushButton("Leave it")
        self.reset = QPushButton("Reset all keys")
        self._lay_out()
        self.take.clicked.connect(self._take)
        self.leave.clicked.connect(self._rest)
        self.reset.clicked.connect(self._reset)
        over.installEventFilter(self)
        self._refresh()
        self.hide()

    def _lay_out(self) -> None:
        blocks = [*groups().items(), ("Mouse", [hand for hand, _ in MOUSE])]
        self._blocks = [self._block(title, names) for title, names in blocks]
        self._columns = QHBoxLayout()
        self._columns.setSpacing(_GAP)
        inside = QWidget()
        inside.setObjectName("panel")
        inside.setLayout(self._columns)
        self._columns.setContentsMargins(0, 4, 4, 4)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot = QHBoxLayout()
        for widget in (self.said, self.take, self.leave):
            foot.addWidget(widget)
        foot.addStretch(1)
        foot.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, 16, _EDGE, 16)
        layout.addWidget(scroll, 1)
        layout.addLayout(foot)

    def _block(self, title: str, names: list[str]) -> QWidget:
        """One group: its title, and a row a key."""
        block = QWidget()
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, _KEY)
        grid.addWidget(quiet(title, wrap=False), 0, 0, 1, 2)
        hands = dict(MOUSE)
        for row, name in enumerate(names, 1):
            if name in hands:
                left: QWidget = QLabel(name)
                left.setContentsMargins(8, 1, 0, 1)
            else:
                left = self.buttons[name] = QPushButton()
                left.setObjectName("key")
                left.clicked.connect(lambda _=False, n=name: self._listen(n))
            grid.addWidget(left, row, 0)
            grid.addWidget(QLabel(hands.get(name) or _TEXTS[name]), row, 1)
        return block

    def _spread_in(self, room: int) -> None:
        """As many columns as have their whole words in so many px."""
        for count in range(max(room // min(block.sizeHint().width() for block in self._blocks), 1), 0, -1):
            self._spread(min(count, _MOST))
            if self._columns.minimumSize().width() <= room:
                return

    def _spread(self, count: int) -> None:
        """The groups in so many columns of about one height."""
        if count == self._count:
            return
        self._count = count
        while self._columns.takeAt(0) is not None:
            pass  # the groups stay and move into new columns
        height = sum(block.sizeHint().height() for block in self._blocks) / count
        filled, column = 0.0, None
        for block in self._blocks:
            own = block.sizeHint().height()
            if column is None or (filled + own / 2 > height and self._columns.count() < count):
                column, filled = QVBoxLayout(), 0.0
                column.setSpacing(0)
                column.setAlignment(Qt.AlignmentFlag.AlignTop)
                self._columns.addLayout(column, 1)
            column.addWidget(block)
            filled += own

    # ---- open and close

    def toggle(self) -> None:
        if self.isVisible():
            self.close_over()
            return
        self._before = self.window().focusWidget()
        self._rest()
        self._place()
        self.show()
        self.raise_()
        self.setFocus()

    def close_over(self) -> None:
        self._waiting = self._clash = None
        self.hide()
        if self._before is not None:
            self._before.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        elif event.type() == QEvent.Type.MouseButtonPress and self.isVisible():
            self.close_over()
        return False

    def _place(self) -> None:
        beside = min(_EDGE, self._over.width() // 60)
        self.setGeometry(self._over.rect().adjusted(beside, self._below.height() + 8, -beside, -8))
        self._spread_in(self.width() - 2 * _EDGE - self._scroll.verticalScrollBar().sizeHint().width())

    # ---- another key

    def event(self, event: QEvent) -> bool:
        """While a key is waited for, and for Esc, keys come here and not to the window's shortcuts."""
        key = event.key() if isinstance(event, QKeyEvent) else None
        ours = self._waiting is not None or key == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and ours:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._waiting is not None:
            if event.key() == Qt.Key.Key_Escape:
                self._rest()
            elif event.key() not in _MODIFIERS:
                self._choose(self._waiting, _sequence(event))
        elif event.key() == Qt.Key.Key_Escape and self._clash is not None:
            self._rest()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_over()
        else:
            super().keyPressEvent(event)

    def _listen(self, name: str) -> None:
        self._rest()
        self._waiting = name
        self.said.setText(f"Press the new key for “{_TEXTS[name]}”. Esc leaves it as it is.")
        self.buttons[name].setText("…")
        self.setFocus()

    def _choose(self, name: str, key: str) -> None:
        owner = self._keys.owner(key)
        if owner is not None and owner != name:
            self._waiting, self._clash = None, (name, key)
            self.said.setText(f"{shown(key)} is “{_TEXTS[owner]}” already, which would lose it. Esc leaves it.")
            self.take.show()
            self.leave.show()
            self.leave.setFocus()
        else:
            self._give(name, key)

    def _take(self) -> None:
        if self._clash is not None:
            self._give(*self._clash)

    def _give(self, name: str, key: str) -> None:
        self._keys.give(name, key)
        self._changed()

    def _reset(self) -> None:
        self._keys.reset()
        self._changed()

    def _changed(self) -> None:
        self._keys.apply(self._actions)
        self._keep(self._keys.chosen())
        self._rest()

    def _rest(self) -> None:
        self._waiting = self._clash = None
        self.said.setText(_ASK)
        self.take.hide()
        self.leave.hide()
        self._refresh()
        if self.isVisible():
            self._place()  # another key may need more room
            self.setFocus()

    def _refresh(self) -> None:
        for name, button in self.buttons.items():
            keys = "  ".join(dict.fromkeys(shown(key) for key in self._keys.keys(name)))
            button.setText(keys or "–")
            button.setAccessibleName(f"Key for {_TEXTS[name]}: {keys or 'none'}")
        off(self.reset, "" if self._keys.chosen() else "No key was changed.", "All keys as they came")


def _sequence(event: QKeyEvent) -> str:
    """The key as portable text; Shift is left out where it only makes the sign (? and +)."""
    modifiers, key = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, Qt.Key(event.key())
    if event.text() and not event.text().isalnum() and event.text().isprintable() and not event.text().isspace():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeySequence(QKeyCombination(modifiers, key)).toString(QKeySequence.SequenceFormat.PortableText)
