"""Contours that were half drawn when the hand went elsewhere: each waits at its frame until it is gone on with."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject

from echoview.session import Session
from echoview.ui.cine_view import CineView
from echoview.ui.player import Player
from echoview.ui.tools import Drawing, Tool
from echoview.ui.widgets import Banner, Message

_WAITS = "A contour is half drawn here; 3 goes on with it"
_Place = tuple[str, int]  # hash of the cine's content, frame


class Drafts(QObject):
    """As long as the window is open; the first two clicks of a contour are not worth keeping."""

    def __init__(self, session: Session, player: Player, view: CineView) -> None:
        super().__init__(view)
        self._session, self._player, self._view = session, player, view
        self._kept: dict[_Place, Drawing] = {}
        self._drawn_at: _Place = ("", 0)
        self._said: tuple[Banner, Message] | None = None
        view.drawing_changed.connect(self._clicked)
        view.put_away.connect(self._keep)

    def resume(self) -> str:
        """Into the hand with what waits at this frame, where the hand draws; else the words that it waits."""
        drawing = self._kept.get(self._place)
        if drawing is None or self._player.playing:
            return ""
        if self._view.tool is not Tool.DRAW:
            return _WAITS
        if not self._view.hand.busy:
            del self._kept[self._place]
            self._view.hand.resume(drawing)
        return ""

    def forget(self, frames: Collection[int]) -> None:
        """Another person has traced these frames of the open cine: what waits there would overwrite it."""
        for t in frames:
            self._kept.pop((self._place[0], t), None)

    def hold(self, banner: Banner, close: Callable[[], object]) -> bool:
        """Whether the window must not close yet: what would be lost is said once, and who closes again means it."""
        words = self.lost
        if not words or words in banner.text:
            return False
        hint = "Enter finishes it, Esc drops it."
        self._said = banner, Message(words, hint, True, "Close without it", lambda: self._give_up(close))
        banner.say(self._said[1])
        return True

    @property
    def lost(self) -> str:
        """What would be if the window closed now, "" where nothing would."""
        at = self._view.hand.gesture
        places = [*self._kept, *([self._place] if isinstance(at, Drawing) and at.ready else [])]
        if not places:
            return ""
        here = [str(t + 1) for content, t in sorted(places) if content == self._place[0]]
        others = len(places) - len(here)
        where = [f"in frame {' and '.join(here)}"] if here else []
        where += [f"in {others} other cine{'s' if others > 1 else ''}"] if others else []
        return f"A contour is half drawn {' and '.join(where)}."

    def _give_up(self, close: Callable[[], object]) -> None:
        self._view.cancel_gesture()
        self._kept.clear()
        close()

    @property
    def _place(self) -> _Place:
        cine = self._session.cine
        return ("" if cine is None else cine.info.content_hash), self._player.t

    def _clicked(self, clicks: int) -> None:
        if clicks:
            self._drawn_at = self._place
        elif self._said is not None and not self.lost:
            banner, message = self._said
            banner.withdraw(message)

    def _keep(self, drawing: Drawing) -> None:
        """By now another frame or cine may be shown."""
        self._kept[self._drawn_at] = drawing
