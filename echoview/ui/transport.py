"""Play, speed, loop and the timeline: the strip below the picture."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout

from echoview.session import Session
from echoview.ui.player import SPEEDS, Player
from echoview.ui.theme import icon, tabular
from echoview.ui.timeline import Timeline
from echoview.ui.widgets import chip


class Transport(QFrame):
    """Buttons made from the window's actions, the speed menu, the frame counter, and the timeline."""

    def __init__(self, session: Session, player: Player, actions: dict[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("transport")
        self._session, self._player = session, player
        self._play = actions["play"]
        self.timeline = Timeline(session)
        self.counter = QLabel("")
        self.counter.setObjectName("quiet")
        self.counter.setFont(tabular(self.counter.font()))
        self.speed = chip("Speed", "Playback speed ([ and ])")
        menu = QMenu(self.speed)
        for speed in SPEEDS:
            menu.addAction(f"{speed:g}×").triggered.connect(lambda _=False, s=speed: player.set_speed(s))
        self.speed.setMenu(menu)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 14, 0)
        row.setSpacing(4)
        for name in ("back", "play", "forward"):
            row.addWidget(button(actions[name]))
        row.addWidget(self.speed)
        row.addWidget(button(actions["loop"]))
        row.addSpacing(16)
        for name in ("undo", "redo", "hide", "contrast", "fit"):
            row.addWidget(button(actions[name]))
        row.addStretch(1)
        row.addWidget(self.counter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.timeline)
        player.playing_changed.connect(self._show_playing)
        player.speed_changed.connect(self._show_speed)
        session.cine_changed.connect(lambda: self.set_frame(0))
        self._show_speed(player.speed)

    def set_frame(self, t: int) -> None:
        self.timeline.set_frame(t)
        cine = self._session.cine
        if cine is None:
            self.counter.setText("")
        else:
            guessed = "" if cine.info.timing_known else "  (assumed)"
            rate = f"  ·  {cine.fps:.0f} fps{guessed}" if len(cine) > 1 else ""
            self.counter.setText(f"frame {t + 1} / {len(cine)}  ·  {cine.times_s[t]:.2f} s{rate}")

    def _show_playing(self, playing: bool) -> None:
        self._play.setIcon(icon("pause" if playing else "play"))
        self._play.setText("Pause" if playing else "Play")

    def _show_speed(self, speed: float) -> None:
        self.speed.setText(f"{speed:g}×")


def button(action: QAction) -> QToolButton:
    """A flat icon button for an action; its tooltip names the key."""
    made = QToolButton()
    made.setDefaultAction(action)
    made.setAccessibleName(action.text())
    return made
