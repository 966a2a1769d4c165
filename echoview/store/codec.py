"""Labels as JSON: what changed between two labels, and the label that a row of changes makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View


def difference(before: Label, after: Label) -> dict[str, Any]:
    """What `after` has other than `before`; {} where nothing changed.

    Keys: "contours" {frame: {"handles": [[x, y], ...], "origins": [...]} or None for a removed one},
    "view", "ed", "es", "calibration" (None = nothing said), "notes" (all of them, each [kind, frame, [[x, y], ...]]).
    """
    change: dict[str, Any] = {}
    contours: dict[str, Any] = {}
    for t in sorted(set(before.contours) | set(after.contours)):
        old, new = before.contour(t), after.contour(t)
        if new is None:
            contours[str(t)] = None
        elif old is None or not same(old, new):
            contours[str(t)] = {
                "handles": new.handles.round(3).tolist(),
                "origins": [o.value for o in new.origins],
            }
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
    if before.notes != after.notes:
        change["notes"] = [[n.kind.value, n.t, [[round(x, 3), round(y, 3)] for x, y in n.points]] for n in after.notes]
    return change


def replay(changes: Iterable[dict[str, Any]]) -> Label:
    """The label after all the changes, oldest first.

    Raises:
        KeyError, ValueError, TypeError: a change is not of this form.
    """
    contours: dict[int, Contour] = {}
    said: dict[str, Any] = {"view": None, "ed": None, "es": None, "calibration": None, "notes": []}
    for change in changes:
        for t, values in change.get("contours", {}).items():
            if values is None:
                contours.pop(int(t), None)
            else:
                contours[int(t)] = Contour(np.array(values["handles"]), tuple(Origin(o) for o in values["origins"]))
        said.update({key: change[key] for key in said if key in change})
    return Label(
        contours,
        View(said["view"]) if said["view"] else None,
        said["ed"],
        said["es"],
        Calibration(*said["calibration"]) if said["calibration"] else None,
        tuple(Note(NoteKind(kind), int(t), tuple((x, y) for x, y in points)) for kind, t, points in said["notes"]),
    )


def same(a: Contour, b: Contour) -> bool:
    return a is b or (a.origins == b.origins and np.array_equal(a.handles, b.handles))
