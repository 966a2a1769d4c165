"""Small widgets that several panels share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QCursor
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from echoview.ui.theme import current, icon, put_icon, tabular

_EDGE, _WIDEST = 12, 700  # px, of a message


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence, what to do about it, and a button that does it; an urgent one comes before the others.

    `done` says that all went well: a tick stands before it, and no warning. `of_cine` says that it is about the open
    cine, with which it goes.
    """

    text: str
    hint: str = ""
    urgent: bool = True
    button: str = ""
    act: Callable[[], None] | None = None
    done: bool = False
    of_cine: bool = False


class Banner(QFrame):
    """One message at a time over the picture, which does not move for it. The others wait until it is dismissed.

    Signals: covers(px): how much of the picture's lower edge, 0 when it is gone.
    """

    covers = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._over: QWidget | None = None
        self.setObjectName("banner")
        self._mark = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._button = QPushButton()
        self._button.clicked.connect(self._pressed)
        self._close = QToolButton()
        put_icon(self._close, "x")
        self._close.setToolTip("Dismiss")
        self._close.setAccessibleName("Dismiss")
        self._close.clicked.connect(self.dismiss)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._mark)
        row.addWidget(self._text, 1)
        row.addWidget(self._button)
        row.addWidget(self._close)
        self._shown: Message | None = None
        self._waiting: list[Message] = []
        self.hide()

    def lie_over(self, widget: QWidget, window: QWidget) -> None:
        """In the lower right corner of `widget`, whatever its layout, as a child of `window`."""
        self.setParent(window)
        self._over = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _place(self) -> None:
        window = self.parentWidget()
        if self._over is None or window is None or self._shown is None:
            return
        wide = min(self._over.width() - 2 * _EDGE, _WIDEST)
        self.ensurePolished()
        within = self.contentsRect()  # its frame is none of the layout's
        across, down = self.width() - within.width(), self.height() - within.height()
        high = max(self._row.heightForWidth(wide - across), self._row.minimumSize().height()) + down
        corner = self._over.mapTo(window, self._over.rect().bottomRight())
        self.setGeometry(corner.x() - wide - _EDGE + 1, corner.y() - high - _EDGE + 1, wide, high)
        self.raise_()
        self.covers.emit(high + _EDGE)

    @property
    def text(self) -> str:
        return f"{self._shown.text} {self._shown.hint}".strip() if self._shown else ""

    def say(self, message: Message) -> None:
        """Show it now, or after an urgent one; a newer urgent one takes the place of an older.

        Of the cine for as long as it is open: what has a button, and is true of all of them, comes back after it.
        """
        shown = self._shown
        if shown is not None and not message.urgent:
            self._waiting.append(message)
            return
        if shown is not None and (not shown.urgent or (message.of_cine and shown.button)):
            self._waiting.insert(0, shown)
        self._show(message)

    def dismiss(self) -> None:
        """Show the next message, or nothing."""
        if self._waiting:
            self._show(self._waiting.pop(0))
        else:
            self._shown = None
            self.hide()
            self.covers.emit(0)

    def withdraw(self, message: Message) -> None:
        """It is not asked any more, whether it is shown or waits."""
        self._waiting = [other for other in self._waiting if other is not message]
        if self._shown is message:
            self.dismiss()

    def leave_cine(self) -> None:
        """Another cine is open: what was said of the one before is not true of it, shown or waiting."""
        self._waiting = [message for message in self._waiting if not message.of_cine]
        if self._shown is not None and self._shown.of_cine:
            self.dismiss()
        self.dismiss_urgent()

    def dismiss_urgent(self) -> None:
        """What went wrong is over, since the next thing went well; what has a button still waits for it."""
        if self._shown is not None and self._shown.urgent and not self._shown.button:
            self.dismiss()

    def _show(self, message: Message) -> None:
        self._shown = message
        self.setProperty("urgent", message.urgent)
        self.setProperty("done", message.done)
        self.style().polish(self)
        self._draw_mark()
        self._text.setText(f"<b>{escape(message.text)}</b> {escape(message.hint)}")
        self._button.setText(message.button)
        self._button.setVisible(bool(message.button))
        self._place()
        self.show()
        self.setAccessibleName(self.text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))  # read out at once

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_mark()
        super().changeEvent(event)

    def _draw_mark(self) -> None:
        if self._shown is not None:
            colour = current().error if self._shown.urgent else current().flag
            sign = icon("circle-check", current().approved) if self._shown.done else icon("triangle-alert", colour)
            self._mark.setPixmap(sign.pixmap(18, 18))

    def _pressed(self) -> None:
        act = self._shown.act if self._shown else None
        self.dismiss()
        if act is not None:
            act()


class Figure(QWidget):
    """A name, a number and its unit in one row; the number may be replaced by a reason."""

    def __init__(self, name: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._value, self._unit = QLabel(name), QLabel("–"), QLabel(unit)
        self._name.setObjectName("quiet")
        self._unit.setObjectName("quiet")
        self._value.setFont(tabular(self._value.font()))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._unit.setFixedWidth(24)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._name)
        row.addStretch(1)
        row.addWidget(self._value)
        row.addWidget(self._unit)

    def show_value(self, value: float | None, decimals: int = 0) -> None:
        self._value.setText("–" if value is None else f"{value:.{decimals}f}")

    def set_name(self, name: str) -> None:
        self._name.setText(name)

    def set_unit(self, unit: str) -> None:
        self._unit.setText(unit)

    @property
    def shown(self) -> str:
        return self._value.text()


class ProgressLine(QFrame):
    """What runs, how far it is, and a cross that cancels it. Hidden while nothing runs."""

    cancelled = Signal()

    def __init__(self, cancels: str = "Cancel the prediction", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QLabel()
        self._text.setObjectName("quiet")
        self._text.setMinimumWidth(150)
        self._text.setFont(tabular(self._text.font()))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Progress")
        self._bar.setFixedWidth(96)
        self._cross = QToolButton()
        put_icon(self._cross, "x", "quiet", 14)
        self._cross.setToolTip(cancels)
        self._cross.setAccessibleName(cancels)
        self._cross.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._text, self._bar, self._cross):
            row.addWidget(widget)
        self.hide()

    def show_progress(self, text: str, share: float) -> None:
        """share 0..1, or -1 when nothing runs any more."""
        self.setVisible(share >= 0)
        self._text.setText(text)
        self._bar.setValue(round(1000 * max(share, 0)))


def off(button: QAbstractButton, reason: str, tip: str) -> None:
    """A button that is off, where there is a reason, says why; else what it does."""
    button.setEnabled(not reason)
    button.setToolTip(reason or tip)


def rule() -> QFrame:
    """A thin line between groups."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def quiet(text: str, wrap: bool = True) -> QLabel:
    """A label that recedes."""
    label = QLabel(text)
    label.setObjectName("quiet")
    label.setWordWrap(wrap)
    return label


def column(*widgets: QWidget, margin: int = 16, spacing: int = 8) -> QVBoxLayout:
    """Widgets below each other on the 8 px grid."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


class MenuButton(QToolButton):
    """Not lit any more once its menu is closed and the pointer elsewhere: of that way Qt hears nothing on X11."""

    def setMenu(self, menu: QMenu) -> None:
        super().setMenu(menu)
        menu.aboutToHide.connect(self.find_pointer)

    def find_pointer(self) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, self.rect().contains(self.mapFromGlobal(QCursor.pos())))
        self.update()


def chip(accessible: str, tooltip: str) -> QToolButton:
    """A flat button that opens a menu."""
    button = MenuButton()
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setToolTip(tooltip)
    button.setAccessibleName(accessible)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


def hold_width(button: QToolButton, texts: list[str]) -> None:
    """As wide as the widest of its texts: what stands beside it does not jump."""
    shown, widest = button.text(), 0
    button.ensurePolished()
    for text in texts:
        button.setText(text)
        widest = max(widest, button.sizeHint().width())
    button.setText(shown)
    button.setMinimumWidth(widest)


def set_narrow(bar: QFrame, narrow: bool) -> bool:
    """Buttons of a bar nearer to each other, or not; whether that is a change."""
    if bool(bar.property("narrow")) is narrow:
        return False
    bar.setProperty("narrow", narrow)
    for button in bar.findChildren(QToolButton):
        button.style().unpolish(button)
        button.style().polish(button)
    return True
