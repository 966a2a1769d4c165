"""The cine on the screen, frame by frame: what the clock says is shown, as soon as it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.session import Session
from echoview.ui.cine_view import CineView
from echoview.ui.player import Player
from echoview.ui.widgets import Message

if TYPE_CHECKING:
    from echoview.services.frames import FrameFeeder


class Reading(QObject):
    """Asks the feeder for the frame that is due and draws it when it is there.

    Signals:
        frame_shown(t): the player stands on frame t; whoever draws about it follows.
        failed(message): frames cannot be shown, or the file is out of reach; each is said once.
        over(message): that one is of a former cine.
    """

    frame_shown = Signal(int)
    failed = Signal(object)
    over = Signal(object)

    def __init__(self, session: Session, player: Player, view: CineView, feeder: FrameFeeder) -> None:
        super().__init__(view)
        self._session, self._player, self._view, self._feeder = session, player, view, feeder
        self._begin: tuple[str, int, bool] | None = None
        self._told: Message | None = None  # that frames of this cine are passed by
        self._drawn = 0
        player.ready = self._ready
        player.lost = session.lost
        player.playing_changed.connect(self._try_again)
        player.awaited.connect(self._want)
        player.frame_changed.connect(self._show_frame)
        session.retimed.connect(self._retime)
        session.label_changed.connect(lambda: view.set_spacing(session.calibration))
        feeder.frame_ready.connect(self._frame_ready)
        feeder.frame_failed.connect(self._frame_failed)
        feeder.gone.connect(self._stop)

    def show_cine(self) -> None:
        """Another cine is open: from its first frame on, playing if it moves."""
        cine = self._session.cine
        self._view.set_cine(cine.size if cine else None, self._session.calibration)
        begin, self._begin = self._begin, None
        if self._told is not None:
            self.over.emit(self._told)
            self._told = None
        if cine is None:
            return
        self._player.load(cine.times_s)
        path, t, playing = begin or ("", 0, True)
        if path == self._session.path:
            self._player.seek(t)
        if len(cine) > 1 and (playing or path != self._session.path):
            self._player.play()

    def _retime(self) -> None:
        if self._session.cine is not None:
            self._player.retime(self._session.cine.times_s)

    def begin_at(self, path: str, t: int, playing: bool) -> None:
        """If the next cine that opens is this one, it begins at frame t, and plays only if `playing`."""
        self._begin = (path, t, playing)

    def scrub(self, t: int) -> None:
        """The hand goes to frame t."""
        self._player.pause()
        self._player.seek(t)

    def go_to(self, instant: str) -> None:
        """To "ed" or "es", where it is known."""
        measured = self._session.measurements
        t = None if measured is None else {"ed": measured.ed, "es": measured.es}[instant]
        if t is not None:
            self.scrub(t)

    def _show_frame(self, t: int) -> None:
        cine = self._session.cine
        if cine is None:
            return
        self._view.hand.put_away()  # it belongs to the frame it began on
        self._want(t)
        picture = cine.cached(t)
        if picture is not None:
            self._draw(t, picture)
        elif cine.lost(t):
            self._view.show_lost(t)
        self.frame_shown.emit(t)

    def _draw(self, t: int, picture: np.ndarray) -> None:
        self._view.set_frame(picture)
        self._session.seen.add(t)
        if self._player.playing and self._told is None:
            self._tell_lost(self._drawn, t)
        self._drawn = t

    def _tell_lost(self, before: int, t: int) -> None:
        """Said when the playhead has passed one on its way from frame `before`: so there are others."""
        lost = sorted(self._session.cine.unreadable) if self._session.cine is not None else []
        if any(before < k < t if before <= t else not t <= k <= before for k in lost):
            which = f"Frame {lost[0] + 1}" if len(lost) == 1 else f"{len(lost)} frames"
            self._told = Message(f"{which} cannot be read; the others play.", urgent=False)
            self.failed.emit(self._told)

    def _want(self, t: int) -> None:
        if self._session.cine is not None:
            self._feeder.want(self._session.cine, t, self._player.span)

    def _ready(self, t: int) -> bool:
        """Whether frame t can be drawn at once."""
        return self._session.cine is not None and self._session.cine.cached(t) is not None

    def _frame_ready(self, cine: Cine, t: int) -> None:
        """The decoder caught up with the playhead, or with the clock."""
        if cine is not self._session.cine:
            return
        picture = cine.cached(t)
        if t == self._player.t and picture is not None:
            self._draw(t, picture)
        else:
            self._player.arrived(t)

    def _frame_failed(self, cine: Cine, t: int, _sentence: str) -> None:
        if cine is not self._session.cine:
            return
        if t == self._player.t:
            self._view.show_lost(t)
            self.frame_shown.emit(t)

    def _stop(self, cine: Cine) -> None:
        back = not cine.gone  # it was tried again since this was said
        if cine is self._session.cine and self._player.playing and not back:
            self._player.pause()
            self.failed.emit(Message("The file cannot be read any more.", "Connect its disk again, then play."))

    def _try_again(self, playing: bool) -> None:
        cine = self._session.cine
        if playing and cine is not None and cine.gone:
            cine.try_again()
