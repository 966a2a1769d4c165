"""What two people, or two windows, said without seeing each other's: found in the history, decided once.

A frame, the view, ED, ES, the calibration or the frame rate is in conflict where a revision put something else in its
place whose maker had not seen what stood there. Nothing is lost, for both are in the history; this finds them again. A
choice is written down in the label itself (`Label.settled`), so that it is an edit like any other and undo takes it
back.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.domain.label import Label
from echoview.store.codec import Item, Key, applied, items_of, value_seal
from echoview.store.fingerprint import alike, fingerprint_of
from echoview.store.values import Revision

OURS = "import, ours kept"  # the tool of the revision that ends a merge of two libraries: see `transfer`
THEIRS, JOINED = "import, theirs kept", "import, joined"
CONTESTED = ("view", "ed", "es", "calibration", "frame_rate")
_NOT_TRACEABLE = "not traceable"  # said of a frame instead of a contour


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What one revision said: a label that holds nothing but that, and is empty where it was taken back."""

    revision: Revision
    label: Label

    @property
    def contour(self) -> Contour | None:
        return next(iter(self.label.contours.values()), None)


@dataclass(frozen=True, slots=True, eq=False)
class Conflicted:
    """What waits for a decision.

    Attributes:
        key: the frame, 0-based, or one of CONTESTED; older: what was overlaid unseen; newer: what is in force since.
        choice: what `Label.with_settled` gets once somebody has decided.
    """

    key: Key
    older: Version
    newer: Version
    choice: str


def suspected(told: Iterable[tuple[int, int | None, str]]) -> bool:
    """Whether a history of (number, base, tool), oldest first, can hold a conflict at all: quickly asked of many."""
    last = 0
    for number, base, tool in told:
        if tool == OURS or (base is not None and base < last):
            return True
        last = number
    return False


def found(history: Iterable[tuple[Revision, Mapping[str, Any]]], cine: Cine | None) -> list[Conflicted]:
    """The conflicts of a history, oldest revision first: frames in order, then the rest; without what is settled.

    Args:
        cine: whose pictures they must be of; None = both sides of a conflict must be of the same.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: a change is damaged.
    """
    said: dict[Key, list[_Said]] = {}
    clashes: list[tuple[_Said, _Said]] = []
    settled: frozenset[str] = frozenset()
    untraceable: frozenset[int] = frozenset()
    for revision, change in history:
        settled = frozenset(change["settled"]) if "settled" in change else settled
        before, untraceable = untraceable, frozenset(change.get("not_traceable", untraceable))
        for one in _statements(revision, change, before, untraceable):
            past = said.setdefault(one.key, [])
            if past and past[-1].value != one.value and _unseen(past[-1].revision, revision):
                clashes.append((past[-1], one))
            past.append(one)
    made: list[Conflicted] = []
    for older, newer in clashes:
        choice = f"{older.key}:{_seal(older)}:{_seal(newer)}"
        now = said[older.key][-1]  # whoever went on with the newer one
        if choice not in settled and now.value != older.value and _shown(cine, older, now):
            made.append(Conflicted(older.key, _version(older), _version(_maker(now, said[older.key])), choice))
    return sorted(made, key=lambda one: (isinstance(one.key, str), one.key if isinstance(one.key, int) else 0))


class _Said(NamedTuple):
    """One statement of a revision: JSON, and the fingerprint of the picture that it is about."""

    key: Key
    revision: Revision
    value: Any
    pixels: str | None


def _statements(
    revision: Revision, change: Mapping[str, Any], before: frozenset[int], after: frozenset[int]
) -> Iterator[_Said]:
    """`before`, `after`: the frames that cannot be traced; that a frame can be again is said by its contour too."""
    items = items_of(change)
    for key, item in items.items():
        if key in CONTESTED or (isinstance(key, int) and key not in after):
            yield _Said(key, revision, item.value, item.pixels)
    for t in sorted(after - before):
        yield _Said(t, revision, _NOT_TRACEABLE, None)
    for t in sorted(before - after - items.keys()):
        yield _Said(t, revision, None, None)


def _version(said: _Said) -> Version:
    if said.value == _NOT_TRACEABLE and isinstance(said.key, int):
        return Version(said.revision, Label(not_traceable=frozenset({said.key})))
    return Version(said.revision, applied(Label(), {said.key: Item(said.value, said.pixels)}))


def _maker(now: _Said, past: list[_Said]) -> _Said:
    """Whoever merged two libraries did not say what came into force by that."""
    merged = (OURS, THEIRS, JOINED)
    if now.revision.tool not in merged:
        return now
    return next((one for one in past if one.value == now.value and one.revision.tool not in merged), now)


def _seal(said: _Said) -> str:
    if isinstance(said.key, str) or said.value == _NOT_TRACEABLE:
        return json.dumps(said.value)
    return value_seal(said.value)


def _unseen(before: Revision, now: Revision) -> bool:
    """Whether whoever made `now` had not seen `before`."""
    return now.tool == OURS or (now.base is not None and now.base < before.number)


def _shown(cine: Cine | None, *said: _Said) -> bool:
    """Whether all of them were made on the pictures that this cine shows there, or on the same where it is None."""
    marked = [(one.key if isinstance(one.key, int) else one.value, one.pixels) for one in said if one.pixels]
    if cine is None:
        return all(t != u or alike(seen, other) for (t, seen), (u, other) in itertools.pairwise(marked))
    if any(isinstance(one.key, int) and not 0 <= one.key < len(cine) for one in said):
        return False
    return all(0 <= t < len(cine) and alike(seen, fingerprint_of(cine, t) or "") for t, seen in marked)
