"""What is played round and round: the cine, the beat under the playhead, or a range that a person marked."""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum

import numpy as np
from PySide6.QtCore import QObject, Signal

from echoview.measure import confidence_shown, find_beats
from echoview.session import Session
from echoview.ui.player import Player
from echoview.ui.soon import Soon


class Over(Enum):
    """What the loop goes over."""

    CINE = "cine"
    BEAT = "beat"
    RANGE = "range"


def beat_starts(session: Session) -> list[int]:
    """Frames at which beats begin, rising: R waves where the file has them, else the end-diastoles of the contours."""
    cine = session.cine
    if cine is None:
        return []
    if cine.info.r_waves_s:
        return sorted({int(np.abs(cine.times_s - wave).argmin()) for wave in cine.info.r_waves_s})
    if session.measurements is None:
        return []
    beats = find_beats(session.measurements.volumes, confidence_shown(len(cine), session.prediction, session.label))
    return sorted({t for beat in beats for t in beat})


class Loops(QObject):
    """Tells the player which frames to play.

    Signals:
        changed(): `over`, `range` or `beats` is another.
    """

    changed = Signal()

    def __init__(self, session: Session, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._player = session, player
        self.over = Over.CINE
        self.range: tuple[int, int] | None = None
        self.beats: list[int] = []
        session.cine_changed.connect(self._new_cine)
        self._soon = Soon(self._find_beats, self)
        session.measured.connect(self._soon.ask)

    def choose(self, over: Over) -> None:
        """Loop over the cine, the beat that is shown, or the marked range; over the cine where there is none."""
        cine = self._session.cine
        if cine is None:
            return
        self.over = over
        span = self.range if over is Over.RANGE else self.beat_at(self._player.t) if over is Over.BEAT else None
        if span is None:  # also where no beat is seen here, or nothing is marked
            self.over, span = Over.CINE, (0, len(cine) - 1)
        self._player.set_span(*span)
        self.changed.emit()

    def cycle(self) -> None:
        """Cine, beat, range, and round again, leaving out what is not there."""
        there = {Over.BEAT: self.beat_at(self._player.t), Over.RANGE: self.range}
        ways = [Over.CINE, *(over for over, span in there.items() if span is not None)]
        at = ways.index(self.over) if self.over in ways else 0
        self.choose(ways[(at + 1) % len(ways)])

    def set_range(self, first: int, last: int) -> None:
        """Mark frames, both included, and loop over them; an empty range takes the mark away."""
        self.range = (first, last) if last > first else None
        self.choose(Over.RANGE if self.range else Over.CINE)

    def beat_at(self, t: int) -> tuple[int, int] | None:
        """First and last frame of the beat that holds frame t, or None outside of whole beats."""
        at = bisect_right(self.beats, t)
        if 0 < at < len(self.beats):
            return self.beats[at - 1], self.beats[at] - 1
        if at == len(self.beats) > 1 and t == self.beats[-1]:  # the frame that closes the last beat belongs to it
            return self.beats[-2], self.beats[-1] - 1
        return None

    @property
    def why_no_beat(self) -> str:
        """Why no beat can be looped over here, "" where one can."""
        if self.beat_at(self._player.t) is not None:
            return ""
        if len(self.beats) > 1:
            return "this frame is in no whole one"
        prediction = self._session.prediction
        growing = prediction is not None and not prediction.complete
        return "not found yet" if growing else "no whole one is seen"

    def to_beat(self, by: int) -> None:
        """The playhead goes to where the next (+1) or this (-1) beat begins; before that, the one before."""
        t, starts = self._player.t, self.beats
        found = [s for s in starts if s > t] if by > 0 else [s for s in reversed(starts) if s < t]
        if not found:
            return
        if self.over is Over.BEAT:
            self._player.seek(found[0])
            self.choose(Over.BEAT)
        else:
            self._player.seek(found[0])

    def _new_cine(self) -> None:
        self.over, self.range = Over.CINE, None
        self._find_beats()

    def _find_beats(self) -> None:
        starts = beat_starts(self._session)
        if starts != self.beats:
            self.beats = starts
            self.changed.emit()
