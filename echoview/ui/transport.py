"""Play, speed, loop and the timeline: the strip below the picture."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout

from echoview.session import Session
from echoview.ui.actions import switch
from echoview.ui.loops import Loops, Over
from echoview.ui.player import SPEEDS, Player
from echoview.ui.theme import put_icon, tabular
from echoview.ui.timeline import Timeline
from echoview.ui.widgets import chip, hold_width, off, set_narrow

_SPEED, _LOOP_OVER = "Playback speed ([ and ])", "What the loop goes over (Shift+L)"
_NARROW, _FEWEST = 1000, 640  # px; below the first the row is tighter
_MOVES = ("play", "back", "forward", "back_five", "forward_five", "first", "last", "beat_back", "beat_on", "back_human",
          "forward_human", "slower", "faster", "loop", "loop_over", "every_frame")  # fmt: skip
_OVER = {Over.CINE: "Whole cine", Over.BEAT: "This beat", Over.RANGE: "Marked range"}


class Transport(QFrame):
    """Buttons made from the window's actions, the speed and loop menus, the frame counter, and the timeline."""

    def __init__(self, session: Session, player: Player, loops: Loops, actions: dict[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("transport")
        self._session, self._player, self._loops = session, player, loops
        self._play, self._actions = actions["play"], actions
        self.timeline = Timeline(session, loops)
        self.counter = QLabel("")
        self.counter.setObjectName("quiet")
        self.counter.setFont(tabular(self.counter.font()))
        self.counter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = chip("Speed", _SPEED)
        self._fill_speeds(actions["every_frame"])
        self.over = chip("Loop over", _LOOP_OVER)
        self._over_actions = self._fill_over()
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 14, 0)
        row.setSpacing(4)
        for name in ("back", "play", "forward"):
            row.addWidget(button(actions[name]))
        row.addWidget(self.speed)
        row.addWidget(button(actions["loop"]))
        row.addWidget(self.over)
        row.addSpacing(8)
        for name in ("caliper", "caliper_area", "mmode"):
            row.addWidget(button(actions[name]))
        row.addSpacing(8)
        for name in ("undo", "redo", "hide", "picture"):
            row.addWidget(button(actions[name]))
        row.addWidget(side_by_side(actions))
        row.addWidget(button(actions["fit"]))
        row.addStretch(1)
        row.addWidget(self.counter)
        self.rate = button(actions["frame_rate"])
        row.addWidget(self.rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.timeline)
        self.setMinimumWidth(_FEWEST)
        player.playing_changed.connect(self._show_playing)
        player.speed_changed.connect(self._show_speed)
        loops.changed.connect(self._show_loop)
        session.cine_changed.connect(self._another_cine)
        session.retimed.connect(lambda: self.set_frame(player.t))
        self._show_speed(player.speed)
        self._show_loop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if set_narrow(self, self.width() < _NARROW) and self._session.cine is not None:
            self.set_frame(self._player.t)
        super().resizeEvent(event)

    def _another_cine(self) -> None:
        """Over a single picture what plays, steps and loops is off."""
        cine = self._session.cine
        one = cine is not None and len(cine) == 1
        reason = "One picture: nothing to play" if one else ""
        for name in _MOVES:
            switch(self._actions[name], reason)
        off(self.speed, reason, _SPEED)
        off(self.over, reason, _LOOP_OVER)
        switch(self._actions["mmode"], "One picture: M-mode needs a cine" if one else "")
        self.set_frame(0)

    def set_frame(self, t: int) -> None:
        self.timeline.set_frame(t)
        self.counter.setText(self._counted(t))
        layout = self.layout()
        if layout is not None:
            layout.activate()  # at once: the frame is painted before Qt does it, with the counter cut off

    def _counted(self, t: int) -> str:
        cine = self._session.cine
        self.rate.setVisible(cine is not None and cine.rate_assumed)
        if cine is None:
            return ""
        by_hand = "  (by hand)" if cine.rate_assumed else ""
        guessed = by_hand if cine.info.timing_known else "  (assumed)"
        rate = f"  ·  {cine.fps:.0f} fps{guessed}" if len(cine) > 1 else ""
        at, pace = f"{t + 1} / {len(cine)}", self._pace()
        if self.property("narrow"):
            return "\n".join(filter(None, (f"{at}{rate}", pace)))
        at = f"frame {at}  ·  {cine.times_s[t]:.2f} s"
        return "  ·  ".join(filter(None, (pace, f"{at}{rate}")))

    def _pace(self) -> str:
        """How true the playback is: frames dropped, or in every-frame mode the speed that it came to."""
        player = self._player
        if player.every_frame:
            slow = f" at {player.rate * player.speed:.2f}×" if player.playing and player.rate < 0.98 else ""
            return f"every frame{slow}"
        return f"{player.dropped} dropped" if player.dropped else ""

    def _fill_speeds(self, every_frame: QAction) -> None:
        menu, group = QMenu(self.speed), QActionGroup(self.speed)
        self._speeds: dict[float, QAction] = {}
        for speed in SPEEDS:
            made = self._speeds[speed] = menu.addAction(f"{speed:g}×")
            made.setCheckable(True)
            made.triggered.connect(partial(self._set_speed, speed))
            group.addAction(made)
        hold_width(self.speed, [made.text() for made in self._speeds.values()])
        menu.addSeparator()
        menu.addAction(every_frame)
        self.speed.setMenu(menu)

    def _set_speed(self, speed: float, _checked: bool = False) -> None:
        self._player.set_speed(speed)

    def _fill_over(self) -> dict[Over, QAction]:
        menu, made = QMenu(self.over), {}
        group = QActionGroup(menu)
        for over, text in _OVER.items():
            made[over] = menu.addAction(text)
            made[over].setCheckable(True)
            made[over].triggered.connect(partial(self._choose_over, over))
            group.addAction(made[over])
        self.over.setMenu(menu)
        menu.aboutToShow.connect(self._show_what_is_there)
        hold_width(self.over, [over.value for over in Over])
        return made

    def _choose_over(self, over: Over, _checked: bool = False) -> None:
        self._loops.choose(over)

    def _show_loop(self) -> None:
        over = self._loops.over
        self.over.setText(over.value)
        self._over_actions[over].setChecked(True)
        self._show_what_is_there()

    def _show_what_is_there(self) -> None:
        """A menu shows no tooltips: why a line is off, and which frames are marked, stand in the line."""
        reason, marked = self._loops.why_no_beat, self._loops.range
        beat, ranged = self._over_actions[Over.BEAT], self._over_actions[Over.RANGE]
        beat.setEnabled(not reason)
        beat.setText(f"{_OVER[Over.BEAT]}: {reason}" if reason else _OVER[Over.BEAT])
        ranged.setEnabled(marked is not None)
        which = f"frames {marked[0] + 1} to {marked[1] + 1}" if marked else "Shift+drag in the timeline marks one"
        ranged.setText(f"{_OVER[Over.RANGE]}: {which}")

    def _show_playing(self, playing: bool) -> None:
        put_icon(self._play, "pause" if playing else "play")
        self._play.setText("Pause" if playing else "Play")
        if self._session.cine is not None:
            self.set_frame(self._player.t)

    def _show_speed(self, speed: float) -> None:
        self.speed.setText(f"{speed:g}×")
        if speed in self._speeds:
            self._speeds[speed].setChecked(True)


def button(action: QAction) -> QToolButton:
    """A flat icon button for an action; its tooltip names the key."""
    made = QToolButton()
    made.setDefaultAction(action)
    made.setAccessibleName(action.text())
    return made


def side_by_side(actions: dict[str, QAction]) -> QToolButton:
    """A button with a menu of the layouts; the one that is on is checked."""
    made = chip("Side by side", "Side by side")
    put_icon(made, "columns-2")
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    made.setCheckable(True)
    menu = QMenu(made)
    layouts = [actions[name] for name in ("side_by_side", "views_beside", "weights_beside")]
    for action in layouts:
        action.setIconVisibleInMenu(False)  # the mark of the one that is on stands there
    menu.addActions(layouts)
    made.setMenu(menu)

    def show() -> None:
        made.setChecked(any(action.isChecked() for action in layouts))

    menu.aboutToHide.connect(show)  # opening the menu may have toggled it
    for action in layouts:
        action.toggled.connect(show)
    return made
