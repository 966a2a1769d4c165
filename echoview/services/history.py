"""Who did what to a cine and said what of it, as lines of one history. No Qt here."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from echoview.domain.review import Act, ActKind, Reading, Trail
from echoview.store import Library


class Entry(NamedTuple):
    """A line of a history: an edit, or (`said`) an act; `t` is its one frame, or None.

    `number` and `frames` are those of the edit's revision; 0 and none of an act.
    """

    made_at: datetime
    who: str
    what: str
    t: int | None
    said: bool
    blind: bool
    number: int = 0
    frames: tuple[int, ...] = ()


def history(library: Library, identity: str, reading: str, trail: Trail) -> list[Entry]:
    """Of a reading, newest first; the acts that chose between it and others are part of it.

    Raises:
        LibraryError: the library cannot be read.
    """
    done = [
        Entry(
            one.made_at, one.annotator, one.tool, one.frames[0] if len(one.frames) == 1 else None, False,
            one.blind is True, one.number, one.frames,
        )
        for one in library.history(identity, reading)
    ]  # fmt: skip
    said = [_entry(act) for act in trail.acts if act.reading == reading or act.kind is ActKind.ADJUDICATE]
    return sorted([*done, *said], key=lambda one: one.made_at, reverse=True)


def _entry(act: Act) -> Entry:
    what = act.kind.value if act.issue is None else act.issue.value
    if act.kind is ActKind.ADJUDICATE:
        what = f"adjudicate: {Reading.of(act.reading).reader or 'the first reading'}"
    where = "cine" if act.t is None else f"frame {act.t + 1}"
    words = f": {act.text}" if act.text else ""
    return Entry(act.made_at, act.who, f"{what}, {where}{words}", act.t, True, False)
