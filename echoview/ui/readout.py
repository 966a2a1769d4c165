"""What the correction under the hand does to the numbers, beside the contour."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel

from echoview.measure.effect import BORDER_MM, Effect
from echoview.ui.cine_view import CineView
from echoview.ui.theme import DARK, tabular

_GAP, _EDGE = 24, 8


class Readout(QLabel):
    """EF, its change and its band; shown while a gesture goes on, out of the hand's way."""

    def __init__(self, view: CineView) -> None:
        super().__init__(view)
        self._view = view
        self.setFont(tabular(self.font()))
        self.setStyleSheet(f"color: {DARK.text}; background: {DARK.raised}; border-radius: 6px; padding: 6px 10px;")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Effect of the correction")
        self.hide()

    def show_effect(self, effect: Effect | None, line: np.ndarray | None, note: str = "") -> None:
        """Beside the contour line (N,2) px, or hidden; `note`: what else changed."""
        if effect is None or line is None:
            self.hide()
            return
        self.setText(sentence(effect, note))
        self.adjustSize()
        self._place(line)
        self.show()

    def _place(self, line: np.ndarray) -> None:
        """To the right of the contour, or to its left where there is no room; never over the edge."""
        view = self._view
        low, high = (view.mapFromScene(view.box.mapViewToScene(QPointF(*p))) for p in (line.min(0), line.max(0)))
        left = high.x() + _GAP
        if left + self.width() > view.width() - _EDGE:
            left = max(low.x() - _GAP - self.width(), _EDGE)
        top = min(max(low.y(), _EDGE), view.height() - self.height() - _EDGE)
        self.move(int(left), int(top))


def sentence(effect: Effect, note: str = "") -> str:
    """Three short lines of rich text, four with a note."""
    quiet = f"color: {DARK.quiet}; font-size: 11px;"
    ef = "no EF" if effect.ef_percent is None else f"EF {effect.ef_percent:.0f} %"
    change = "" if effect.change is None else f" &nbsp;{effect.change:+.1f} points".replace("-", "−")
    lines = [f"<b>{ef}</b>{change}"]
    if effect.band is not None:
        low, high = effect.band
        lines.append(f"<span style='{quiet}'>±{BORDER_MM:.0f} mm of border: {low:.0f} to {high:.0f} %</span>")
    elif effect.ef_percent is not None and not effect.decides:
        lines.append(f"<span style='{quiet}'>this frame is neither ED nor ES</span>")
    volume = "" if effect.volume_ml is None else f" · {effect.volume_ml:.0f} ml"
    area = f"{effect.area:.1f}" if effect.area_unit == "cm²" else f"{effect.area:.0f}"
    lines.append(f"<span style='{quiet}'>{area} {effect.area_unit}{volume}</span>")
    if note:
        lines.append(f"<span style='color: {DARK.flag}; font-size: 11px;'>{note}</span>")
    return "<br>".join(lines)
