"""A picture beside the main one: it follows, takes no gesture but a click, and says above it what it shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour
from echoview.ui.cine_view import CineView
from echoview.ui.contour_item import DASH_DOTTED, DASHED
from echoview.ui.theme import current, tabular
from echoview.ui.widgets import chip

_INDENT_PX = 15  # where the text of a chip begins


class Sample(QWidget):
    """A short piece of the line that stands for a set of weights in the picture and in the timeline."""

    def __init__(self, token: str, dashes: tuple[float, ...]) -> None:
        super().__init__()
        self._token, self._dashes = token, dashes
        self.setFixedSize(QSize(30, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        pen = QPen(current().colour(self._token), 2)
        pen.setDashPattern(self._dashes)
        painter = QPainter(self)
        painter.setPen(pen)
        painter.drawLine(0, self.height() // 2, self.width(), self.height() // 2)


class Elided(QLabel):
    """Quiet words in one line; cut where there is no room, whole in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("quiet")
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""

    def say(self, text: str) -> None:
        self._whole = text
        self._cut()

    @property
    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class PaneTitle(QWidget):
    """Two lines above a picture: what it is and its EF; frame and phase. The name may open a menu."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = chip("What is shown here", "")
        self.name.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.sample: Sample | None = None
        self.ef = QLabel()
        self.ef.setFont(tabular(self.ef.font()))
        self.line = Elided()
        first = self._first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self.name)
        first.addStretch(1)
        first.addWidget(self.ef)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 3, 12, 5)
        whole.setSpacing(0)
        whole.addLayout(first)
        second = QHBoxLayout()
        second.setContentsMargins(_INDENT_PX, 0, 0, 0)
        second.addWidget(self.line)
        whole.addLayout(second)

    def give_menu(self, fill: Callable[[QMenu], None], tooltip: str) -> None:
        """The name opens a menu, filled as it opens."""
        menu = QMenu(self.name)
        menu.aboutToShow.connect(lambda: fill(menu))
        self.name.setMenu(menu)
        self.name.setToolTip(tooltip)
        self.name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)

    def show_sample(self, other: bool | None) -> None:
        """The line that stands for the weights in use (False) or for the other set (True); None takes it away."""
        if self.sample is not None:
            self._first.removeWidget(self.sample)
            self.sample.deleteLater()
            self.sample = None
        if other is not None:
            self.sample = Sample("other", DASH_DOTTED) if other else Sample("prediction", DASHED)
            self._first.insertWidget(0, self.sample)
        self._first.setContentsMargins(0 if other is None else _INDENT_PX, 0, 0, 0)

    def say(self, name: str, ef_percent: float | None, line: str, more: str = "") -> None:
        """`more` stands after the EF; without an EF, alone in its place."""
        self.name.setText(f"{name}  ▾" if self.name.menu() is not None else name)
        self.ef.setText("  ".join(part for part in (ef_words(ef_percent), more) if part))
        self.line.say(line)


def ef_words(ef_percent: float | None) -> str:
    return "" if ef_percent is None else f"EF {ef_percent:.0f} %"


class Pane(QWidget):
    """Signals: pressed(): its picture was clicked."""

    pressed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.title = PaneTitle()
        self.view = CineView()
        self.view.setAccessibleName(name)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in (self.view, self.view.viewport()):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = QLabel(self)
        self._words.setObjectName("over")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)
        self.view.setMinimumSize(120, 90)

    def show_contour(self, shown: Contour | np.ndarray | None) -> None:
        """A person's contour, predicted points (N,2), or none."""
        if isinstance(shown, Contour):
            self.view.show_contour(shown)
        else:
            self.view.show_points(shown)

    def show_size(self, size: tuple[int, int] | None, spacing: Calibration | None) -> None:
        """Another cine, its pictures (height, width) px, or none; nothing of the former one stays in the pane."""
        self.view.set_cine(size, spacing)
        self.view.frame_item.show_frame(None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if size else Qt.CursorShape.ArrowCursor)

    def explain(self, words: str) -> None:
        """Why there is no picture, over its middle; "" takes it away."""
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._place_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_words()
        self.refit()

    def refit(self) -> None:
        """After the pane's size changed: the whole picture."""
        self.view.fit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.view.geometry().contains(event.position().toPoint()):
            self.pressed.emit()

    def _place_words(self) -> None:
        room = QRectF(self.view.geometry()).adjusted(12, 12, -12, -12).toRect()
        self._words.setWordWrap(False)
        wide = min(self._words.sizeHint().width(), max(room.width(), 60))
        self._words.setWordWrap(True)  # only where there is no room for one line
        self._words.resize(wide, self._words.heightForWidth(wide))
        self._words.move(room.center() - self._words.rect().center())
        self._words.raise_()
