"""Distance and area on a frame, kept with the label: click or drag, take an end again to move it, Alt+click deletes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QAction

from echoview.domain.note import Note, NoteKind
from echoview.measure.calipers import read
from echoview.ui.cine_view import CineView
from echoview.ui.notes_item import NoteShown, NotesItem
from echoview.ui.picture_tool import PictureTool
from echoview.ui.player import Player
from echoview.workflow import Workflow

_AsAnnotator = Callable[[Callable[[], object]], None]


class Calipers(QObject):
    """Both caliper tools, and the notes on the picture.

    Args:
        as_annotator: does something in the name of whoever corrects.
    """

    def __init__(
        self, workflow: Workflow, player: Player, view: CineView, acts: dict[str, QAction], as_annotator: _AsAnnotator
    ) -> None:
        super().__init__(view)
        self._workflow, self._session, self._player, self._view = workflow, workflow.session, player, view
        self._as_annotator = as_annotator
        self.item = NotesItem()
        view.box.addItem(self.item, ignoreBounds=True)
        self.tools = tuple(
            _Caliper(self, kind, acts[name])
            for name, kind in (("caliper", NoteKind.DISTANCE), ("caliper_area", NoteKind.AREA))
        )
        player.frame_changed.connect(self._another_frame)
        self._session.label_changed.connect(self._label_changed)
        self._session.cine_changed.connect(self._another_cine)

    @property
    def view(self) -> CineView:
        return self._view

    @property
    def player(self) -> Player:
        return self._player

    def here(self) -> tuple[Note, ...]:
        """The notes of the frame that is shown."""
        return tuple(note for note in self._session.label.notes if note.t == self._player.t)

    def keep(self, old: Note | None, new: Note | None) -> None:
        """Put `new` in the place of `old`, or at the end; None for `new` deletes."""
        notes = list(self._session.label.notes)
        what = "delete measurement" if new is None else f"measure {new.kind.value}"
        if old is None and new is not None:
            notes.append(new)
        elif old is not None:
            at = notes.index(old)
            notes[at : at + 1] = [] if new is None else [new]
        label = self._session.label.with_notes(tuple(notes))
        self._as_annotator(lambda: self._workflow.edit(f"{what}, frame {self._player.t + 1}", label))

    def finish(self) -> bool:
        """Enter: whether a caliper was at work and is done now."""
        return any(tool.active and tool.finish() for tool in self.tools)

    def refresh(self) -> None:
        if self._session.cine is None:
            self.item.show_notes((), None)
            return
        begun = next((tool.begun for tool in self.tools if tool.active and tool.begun is not None), None)
        moved = next((tool.held for tool in self.tools if tool.active and tool.held is not None), None)
        shown = tuple(note for note in self.here() if note is not moved)
        self.item.show_notes(tuple(map(self._read, shown)), None if begun is None else self._read(begun))

    def _label_changed(self) -> None:
        """A note in the hand that is not there any more, undone or taken away by another, is let go of."""
        for tool in self.tools:
            if tool.held is not None and tool.held not in self._session.label.notes:
                tool.cancel()
        self.refresh()

    def _read(self, note: Note) -> NoteShown:
        whole = len(note.points) >= note.kind.fewest
        return note, read(note, self._session.calibration_of(note.points)).text if whole else ""

    def _another_frame(self, _t: int) -> None:
        for tool in self.tools:
            tool.cancel()
        self.refresh()

    def _another_cine(self) -> None:
        if self._session.cine is not None:
            height, width = self._session.cine.size
            self.item.set_bounds(QRectF(0, 0, width, height))
        self._another_frame(0)


class _Caliper(PictureTool):
    """One kind of measurement under the hand.

    Attributes:
        begun: as it would be if the hand let go now; held: the finished note that is being moved, or None.
    """

    def __init__(self, calipers: Calipers, kind: NoteKind, action: QAction) -> None:
        super().__init__(calipers.view, action)
        self._calipers, self._kind = calipers, kind
        self.begun: Note | None = None
        self.held: Note | None = None
        self._index = 0
        self._clicks: tuple[tuple[float, float], ...] = ()

    def taken(self) -> None:
        self._calipers.player.pause()

    def click(self, x: float, y: float, away: bool) -> None:
        if self.held is not None:  # the second click, or the end of the drag, puts the point down
            self._put_down(x, y)
        elif not self._clicks and self._take_hold(x, y, away):
            return
        elif not away:
            self._add(x, y)

    def move(self, x: float, y: float) -> None:
        if self.held is not None:
            points = list(self.held.points)
            points[self._index] = (x, y)
            self.begun = replace(self.held, points=tuple(points))
        elif self._clicks:
            self.begun = Note(self._kind, self._calipers.player.t, (*self._clicks, (x, y)))
        self._calipers.refresh()

    def released(self) -> None:
        """A click on a point without moving it: it stays in the hand until the next click."""

    def finish(self) -> bool:
        if len(self._clicks) < self._kind.fewest:
            return False
        note = Note(self._kind, self._calipers.player.t, self._clicks)
        self.cancel()
        self._calipers.keep(None, note)
        return True

    def cancel(self) -> None:
        self._clicks, self.begun, self.held = (), None, None
        self._calipers.refresh()

    def _add(self, x: float, y: float) -> None:
        closes = len(self._clicks) >= self._kind.fewest and self._near(self._clicks[0], x, y)
        if not closes:
            self._clicks = (*self._clicks, (x, y))
        if closes or (self._kind is NoteKind.DISTANCE and len(self._clicks) == self._kind.fewest):
            self.finish()

    def _take_hold(self, x: float, y: float, away: bool) -> bool:
        """An end of a finished note is under the pointer: take it, or its note away."""
        for note in self._calipers.here():
            for index, point in enumerate(note.points):
                if self._near(point, x, y):
                    if away:
                        self._calipers.keep(note, None)
                    else:
                        self.held, self._index = note, index
                    return True
        return False

    def _put_down(self, x: float, y: float) -> None:
        held = self.held
        self.move(x, y)
        moved = self.begun
        self.cancel()
        if moved is not None and held is not None and moved != held:
            self._calipers.keep(held, moved)

    def _near(self, point: tuple[float, float], x: float, y: float) -> bool:
        return float(np.hypot(point[0] - x, point[1] - y)) <= self.reach
