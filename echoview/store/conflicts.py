"""Frames that two people, or two windows, changed without seeing each other's: found in the history, decided once.

A contour is in conflict where a revision put another in its place whose maker had not seen it. Nothing is lost, for
both are in the history; this finds them again. A choice is written down in the label itself (`Label.settled`), so
that it is an edit like any other and undo takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from echoview.domain.cine import Cine
from echoview.domain.contour import Contour
from echoview.store.codec import contour_of, value_seal
from echoview.store.fingerprint import alike, fingerprint_of
from echoview.store.values import Revision

OURS = "import, ours kept"  # the tool of the revision that ends a merge of two libraries: see `transfer`


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """What one revision made of a frame; `contour` None = taken back."""

    revision: Revision
    contour: Contour | None


@dataclass(frozen=True, slots=True, eq=False)
class Conflicted:
    """A frame that waits for a decision.

    Attributes:
        t: frame, 0-based; older: what was overlaid unseen; newer: what is in force since.
        choice: what `Label.with_settled` gets once somebody has decided.
    """

    t: int
    older: Version
    newer: Version
    choice: str

    def version_of(self, who: str) -> Version | None:
        """The version of that person, where only one of both is theirs."""
        own = [one for one in (self.older, self.newer) if one.revision.annotator == who]
        return own[0] if len(own) == 1 else None


def found(history: Iterable[tuple[Revision, Mapping[str, Any]]], cine: Cine) -> list[Conflicted]:
    """The conflicts of a history, oldest revision first, by frame; those that are settled are left out.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: a change is damaged.
    """
    newest: dict[int, _Said] = {}
    clashes: list[tuple[int, _Said, _Said]] = []
    settled: frozenset[str] = frozenset()
    for revision, change in history:
        if "settled" in change:
            settled = frozenset(change["settled"])
        for key, value in change.get("contours", {}).items():
            t, before = int(key), newest.get(int(key))
            newest[t] = _Said(revision, value, change.get("pixels", {}).get(key))
            if before is not None and before.value != value and _unseen(before.revision, revision):
                clashes.append((t, before, newest[t]))
    made: list[Conflicted] = []
    for t, older, newer in sorted(clashes, key=lambda clash: clash[0]):
        choice = f"{t}:{value_seal(older.value)}:{value_seal(newer.value)}"
        now = newest[t]  # whoever went on with the newer one
        if choice not in settled and now.value != older.value and _shown(cine, t, older, now):
            made.append(Conflicted(t, older.version(), now.version(), choice))
    return made


class _Said(NamedTuple):
    """A frame's contour as a revision has it: JSON, and the fingerprint of its picture."""

    revision: Revision
    value: Any
    pixels: str | None

    def version(self) -> Version:
        return Version(self.revision, None if self.value is None else contour_of(self.value))


def _unseen(before: Revision, now: Revision) -> bool:
    """Whether whoever made `now` had not seen `before`."""
    return now.tool == OURS or (now.base is not None and now.base < before.number)


def _shown(cine: Cine, t: int, *said: _Said) -> bool:
    """Whether all of them were made on the picture that this cine shows there."""
    if not 0 <= t < len(cine):
        return False
    seen = fingerprint_of(cine, t) or ""
    return all(one.pixels is None or alike(one.pixels, seen) for one in said)
