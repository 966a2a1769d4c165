"""Decodes frames ahead of the playhead, so that drawing never waits for a decoder."""

from __future__ import annotations

import logging
import threading

from PySide6.QtCore import QObject, Signal

from echoview.domain.cine import Cine
from echoview.errors import EchoViewError, plain_traceback

log = logging.getLogger(__name__)

AHEAD = 12


class FrameFeeder(QObject):
    """One thread that decodes the frame that is wanted now, then the next ones in the direction of play.

    Signals:
        frame_ready(cine, t): `cine.cached(t)` answers now.
        frame_failed(cine, t, sentence): the frame cannot be decoded.
    """

    frame_ready = Signal(object, int)
    frame_failed = Signal(object, int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wish: tuple[Cine, int] | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def want(self, cine: Cine, t: int) -> None:
        """Frame `t` is to be shown; the ones after it are likely next."""
        with self._changed:
            self._wish = (cine, t)
            self._changed.notify()

    def end(self) -> None:
        """Stop the thread and let go of the cine."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        served: tuple[Cine, int] | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda last=served: self._ended or self._wish is not last)
                if self._ended:
                    return
                served = self._wish
            assert served is not None
            cine, start = served
            for step in range(min(AHEAD, len(cine))):
                t = (start + step) % len(cine)
                if cine.cached(t) is None and not self._decode(cine, t):
                    break
                if step == 0:
                    self.frame_ready.emit(cine, t)
                if self._wish is not served or self._ended:
                    break

    def _decode(self, cine: Cine, t: int) -> bool:
        try:
            cine.frame(t)
        except EchoViewError as error:
            self.frame_failed.emit(cine, t, str(error))
            return False
        except Exception as error:  # a decoder's own; this thread must outlive it
            log.error("frame not decoded: %s", plain_traceback(error))
            self.frame_failed.emit(cine, t, "Its decoder failed.")
            return False
        return True
