"""Labels as JSON: what changed between two labels, and the label that a row of changes makes."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.cine import possible_rate
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View

Key = int | str  # a frame's contour, or one of SAID
SAID = ("view", "ed", "es", "calibration", "frame_rate", "not_traceable", "notes", "settled")
SETS = ("not_traceable", "notes")  # of these a change names all, and each is of a frame
NO_CHANGE = (KeyError, ValueError, TypeError, AttributeError)  # what a damaged change raises somewhere


class Item(NamedTuple):
    """The newest that was said of a contour, the view, ED, ES, the calibration or the frame rate.

    `value` is its JSON, None = taken back; `pixels` the fingerprint of the frame that it was said of, None where it
    is of no frame or was saved before there were fingerprints. `seen`: the same of each element of one of `SETS`.
    """

    value: Any
    pixels: str | None
    seen: tuple[str | None, ...] = ()

    @property
    def elements(self) -> list[tuple[Any, str | None]]:
        """Of one of `SETS`: each element as JSON, with its fingerprint."""
        value = self.value or ()
        return list(itertools.zip_longest(value, self.seen[: len(value)]))


def difference(before: Label, after: Label) -> dict[str, Any]:
    """What `after` has other than `before`; {} where nothing changed.

    Keys: "contours" {frame: {"handles": [[x, y], ...], "origins": [...]} or None for a removed one},
    "view", "ed", "es", "calibration", "frame_rate" (None = nothing said), "not_traceable" (all such frames), "notes"
    (all of them, each [kind, frame, [[x, y], ...]]), "settled" (all of them). The library adds fingerprints: "pixels"
    {frame: ...} and, parallel to the elements of `SETS`, "seen" {"not_traceable": [...], "notes": [...]}.
    """
    change: dict[str, Any] = {}
    contours: dict[str, Any] = {}
    for t in sorted(set(before.contours) | set(after.contours)):
        old, new = before.contour(t), after.contour(t)
        if new is None:
            contours[str(t)] = None
        elif old is None or not same(old, new):
            contours[str(t)] = _value(new)
    if contours:
        change["contours"] = contours
    if before.view is not after.view:
        change["view"] = after.view.value if after.view else None
    if before.ed != after.ed:
        change["ed"] = after.ed
    if before.es != after.es:
        change["es"] = after.es
    if before.calibration != after.calibration:
        change["calibration"] = list(after.calibration) if after.calibration else None
    if before.frame_rate != after.frame_rate:
        change["frame_rate"] = after.frame_rate
    if before.not_traceable != after.not_traceable:
        change["not_traceable"] = sorted(after.not_traceable)
    if before.notes != after.notes:
        change["notes"] = [[n.kind.value, n.t, [[round(x, 3), round(y, 3)] for x, y in n.points]] for n in after.notes]
    if before.settled != after.settled:
        change["settled"] = sorted(after.settled)
    return change


def seal_of(label: Label) -> str:
    """What a verdict was about: the same for two labels that say the same of the heart, "" for an empty one."""
    if replace(label, notes=(), settled=frozenset()).empty:
        return ""
    made = hashlib.blake2b(digest_size=8)
    for t, contour in label.contours.items():
        made.update(f"{t} {','.join(o.value for o in contour.origins)}".encode())
        made.update(contour.handles.round(3).tobytes())
    view, calibration = label.view.value if label.view else None, list(label.calibration or ())
    made.update(json.dumps([view, label.ed, label.es, calibration, sorted(label.not_traceable)]).encode())
    if label.frame_rate is not None:  # others keep the seal that they had before rates could be said
        made.update(f"{label.frame_rate:g} fps".encode())
    return made.hexdigest()


def contour_seal(contour: Contour | None) -> str:
    """The same of one contour, "" for none."""
    return "" if contour is None else seal_of(Label({0: contour}))


def value_seal(value: Any) -> str:
    """`contour_seal` of a contour's JSON, as a change holds it."""
    return "" if value is None else contour_seal(contour_of(value))


def frames_of(change: Mapping[str, Any]) -> set[int]:
    """The frames whose pictures a change speaks of; one that takes something back speaks of none."""
    frames = {int(t) for t, value in change.get("contours", {}).items() if value is not None}
    return frames | {change[key] for key in ("ed", "es") if change.get(key) is not None}


def items_of(change: Mapping[str, Any]) -> dict[Key, Item]:
    """A change, item by item."""
    pixels = change.get("pixels", {})
    items: dict[Key, Item] = {int(t): Item(value, pixels.get(t)) for t, value in change.get("contours", {}).items()}
    for key in SAID:
        if key in SETS and key in change:
            items[key] = Item(change[key], None, tuple(change.get("seen", {}).get(key, ())))
        elif key in change:
            items[key] = Item(change[key], pixels.get(str(change[key])) if key in ("ed", "es") else None)
    return items


def frame_of(element: Any) -> int:
    """The frame that an element of one of `SETS` is of."""
    return int(element[1] if isinstance(element, list) else element)


def newly_said(before: Label, change: Mapping[str, Any]) -> set[int]:
    """The frames of the elements of `SETS` that were not in the label before."""
    was = difference(Label(), before)
    return {frame_of(one) for key in SETS for one in change.get(key, ()) if one not in was.get(key, ())}


def seen_with(element: Any, known: Iterable[tuple[Any, str | None]]) -> str | None:
    """The fingerprint of an element of one of `SETS`, out of pairs of both."""
    return next((pixels for one, pixels in known if one == element and pixels is not None), None)


def seen_in(change: Mapping[str, Any], known: Iterable[Mapping[Key, Item]]) -> dict[str, Any]:
    """The part of a change that holds the fingerprints of its `SETS`, as far as they are known; {} where none is."""
    pairs = {key: [pair for items in known if key in items for pair in items[key].elements] for key in SETS}
    seen = {key: [seen_with(one, pairs[key]) for one in change[key]] for key in SETS if key in change}
    return {"seen": seen} if any(pixels for row in seen.values() for pixels in row) else {}


def fold(changes: Iterable[Mapping[str, Any]]) -> dict[Key, Item]:
    """The newest of every item after all the changes, oldest first."""
    newest: dict[Key, Item] = {}
    for change in changes:
        newest.update(items_of(change))
    return newest


def applied(label: Label, items: Mapping[Key, Item]) -> Label:
    """The label after the items.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: an item is not of the form that `difference` writes.
    """
    contours = dict(label.contours)
    for t, item in items.items():
        if isinstance(t, int):
            contours.pop(t, None)
            if item.value is not None:
                contours[t] = contour_of(item.value)
    said: dict[str, Any] = {key: items[key].value for key in SAID if key in items}
    if said.get("view") is not None:
        said["view"] = View(said["view"])
    if said.get("calibration") is not None:
        said["calibration"] = Calibration(*said["calibration"])
    if said.get("frame_rate") is not None:
        said["frame_rate"] = possible_rate(float(said["frame_rate"]))
    if "not_traceable" in said:
        said["not_traceable"] = frozenset(int(t) for t in said["not_traceable"])
    if "settled" in said:
        said["settled"] = frozenset(str(choice) for choice in said["settled"])
    if "notes" in said:
        said["notes"] = tuple(_note(*note) for note in said["notes"])
    return replace(label, contours=contours, **said)


def replay(changes: Iterable[Mapping[str, Any]]) -> Label:
    """The label after all the changes, oldest first; raises as `applied`."""
    return applied(Label(), fold(changes))


def _note(kind: str, t: int, points: list[list[float]]) -> Note:
    return Note(NoteKind(kind), int(t), tuple((x, y) for x, y in points))


def same(a: Contour, b: Contour) -> bool:
    return a is b or (a.origins == b.origins and np.array_equal(a.handles, b.handles))


def _value(contour: Contour) -> dict[str, Any]:
    return {"handles": contour.handles.round(3).tolist(), "origins": [o.value for o in contour.origins]}


def contour_of(value: Mapping[str, Any]) -> Contour:
    return Contour(np.array(value["handles"]), tuple(Origin(o) for o in value["origins"]))
