"""Decodes frames around the playhead, so that drawing never waits for a decoder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError, plain_traceback

log = logging.getLogger(__name__)

AHEAD = 24
BEHIND = 6  # of a file that gives its frames in any order: a hand that jumped there often goes to and fro
_BACK = 8  # frames back from the last wish up to which a hand is stepping or scrubbing backwards


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    cine: Cine
    t: int
    first: int
    last: int
    backwards: bool

    def order(self) -> Iterator[int]:
        """The frame itself, the ones that come next on the way round the span, then a few on the other side.

        Of a video none there: it would have to be wound back for them, while the hand waits.
        """
        count = self.last - self.first + 1
        step = -1 if self.backwards else 1
        ahead = min(AHEAD, count)
        behind = min(BEHIND, count - ahead) if self.cine.any_order else 0
        for away in (*range(ahead), *range(-1, -behind - 1, -1)):
            yield self.first + (self.t - self.first + step * away) % count


class FrameFeeder(QObject):
    """One thread that decodes the frame that is wanted now, then its neighbours, those in the direction of play first.

    A newer wish takes the place of an older one between two frames, so that scrubbing keeps up with the hand.

    Signals:
        frame_ready(cine, t): `cine.cached(t)` answers now.
        frame_failed(cine, t, sentence): the frame that is wanted cannot be decoded.
        gone(cine): so many cannot that the file must be out of reach.
    """

    frame_ready = Signal(object, int)
    frame_failed = Signal(object, int, str)
    gone = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wish: _Wish | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def want(self, cine: Cine, t: int, span: tuple[int, int] | None = None) -> None:
        """Frame `t` is to be shown; of `span` (first, last frame; None = all) the ones after it are likely next.

        Against the direction of the last wish, by a frame or a few, the ones before it are.
        """
        first, last = span or (0, len(cine) - 1)
        if not first <= t <= last:
            first, last = 0, len(cine) - 1
        with self._changed:
            before = self._wish
            backwards = before is not None and before.cine is cine and 0 < before.t - t <= _BACK and t != first
            self._wish = _Wish(cine, t, first, last, backwards)
            self._changed.notify()

    def rest(self) -> None:
        """Nothing is wanted for now; the cine is let go of."""
        with self._changed:
            self._wish = None
            self._changed.notify()

    def end(self) -> None:
        """Stop the thread and let go of the cine."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        served: _Wish | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda last=served: self._ended or self._wish is not last)
                if self._ended:
                    return
                served = self._wish
            if served is not None:
                self._serve(served)

    def _serve(self, wish: _Wish) -> None:
        """A frame that cannot be decoded is passed by; of one ahead it is said when the playhead comes to it."""
        cine = wish.cine
        for t in wish.order():
            wanted = t == wish.t
            if wanted or not cine.lost(t):
                trouble = self._decode(cine, t)
                if wanted and trouble:
                    self.frame_failed.emit(cine, t, trouble)
                elif wanted:
                    self.frame_ready.emit(cine, t)
            if self._wish is not wish or self._ended:
                break
        if cine.gone:
            self.gone.emit(cine)

    def _decode(self, cine: Cine, t: int) -> str:
        """Why frame t cannot be shown, "" where it can."""
        try:
            cine.frame(t)
        except EchoViewError as error:
            return str(error)
        except Exception as error:  # a decoder's own; this thread must outlive it
            log.error("frame not decoded: %s", plain_traceback(error))
            return "Its decoder failed."
        return ""
