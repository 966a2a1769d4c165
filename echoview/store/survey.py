"""All histories of a library in one reading: for training, and to count what was corrected."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from echoview.domain.contour import Origin
from echoview.domain.label import Label
from echoview.domain.review import ActKind, Trail
from echoview.store import acts, patients
from echoview.store.codec import NO_CHANGE, Item, Key, applied, fold, seal_of
from echoview.store.conflicts import suspected
from echoview.store.rows import waiting
from echoview.store.tables import CineRow, RevisionRow
from echoview.store.values import LabelledCine

_EDITED = {Origin.CORRECTED.value, Origin.DRAWN.value}  # as `Contour.edited` has it

log = logging.getLogger(__name__)


def labelled(session: Session) -> Iterator[LabelledCine]:
    """The cines with at least one contour by a person; one whose rows are damaged is left out, and logged.

    What a reviewer rejected and nobody has mended is left out too, and so are frames in conflict: nothing is to be
    learnt from them. A cine with such frames alone is named, for their number.
    """
    trails, same, conflicts = acts.trails(session), patients.links(session), disputed(session)
    for cine, items in _histories(session):
        try:
            label = applied(Label(), items)
        except NO_CHANGE:
            log.warning("the label of a cine is damaged and left out")
            continue
        label = _not_rejected(label, trails.get(cine.identity, Trail()))
        unsettled = conflicts.get(cine.identity, frozenset()) & label.contours.keys()
        for t in unsettled:
            label = label.without_contour(t)
        if label.contours or unsettled:
            known = {t: items[t].pixels for t in label.contours}
            pixels = {t: seen for t, seen in known.items() if seen is not None}
            shape = (cine.frames, cine.height, cine.width)
            yield LabelledCine(
                cine.identity, cine.path, same.of(cine.patient_key), shape, label, pixels, len(unsettled)
            )


def _not_rejected(label: Label, trail: Trail) -> Label:
    verdict = trail.verdict()
    if verdict is not None and verdict.kind is ActKind.REJECT and verdict.seal == seal_of(label):
        return Label()
    for t in acts.rejected(label, trail):
        label = label.without_contour(t)
    return label


def corrected(session: Session) -> Iterator[tuple[str, int]]:
    """Identity and number of edited frames of each cine that has any, without those in conflict.

    Makes no contours, which takes the time.
    """
    conflicts = disputed(session)
    for cine, items in _histories(session):
        left_out = conflicts.get(cine.identity, frozenset())
        contours = (i.value for key, i in items.items() if isinstance(key, int) and i.value and key not in left_out)
        try:
            edited = sum(not _EDITED.isdisjoint(contour["origins"]) for contour in contours)
        except NO_CHANGE:
            continue
        if edited:
            yield cine.identity, edited


def disputed(session: Session) -> dict[str, frozenset[int]]:
    """The frames in conflict of each cine that has any, see `conflicts.found`."""
    every = select(CineRow.identity, RevisionRow.number, RevisionRow.base, RevisionRow.tool).join(
        CineRow, CineRow.id == RevisionRow.cine_id
    )
    every = every.where(RevisionRow.reading == "").order_by(RevisionRow.cine_id, RevisionRow.number)
    found = {}
    for identity, rows in groupby(session.execute(every).all(), lambda row: row[0]):
        if suspected((number, base, tool) for _, number, base, tool in rows):
            try:
                waits = waiting(session, identity, None)
            except NO_CHANGE:  # said where the cine is opened
                continue
            if frames := frozenset(one.key for one in waits if isinstance(one.key, int)):
                found[identity] = frames
    return found


def _histories(session: Session) -> Iterator[tuple[CineRow, dict[Key, Item]]]:
    """Each cine that has a first reading and what it comes to, a few at a time in memory."""
    cines = {row.id: row for row in session.scalars(select(CineRow).order_by(CineRow.id))}
    every = select(RevisionRow.cine_id, cast(RevisionRow.change, Text)).where(RevisionRow.reading == "")
    rows = session.execute(
        every.order_by(RevisionRow.cine_id, RevisionRow.number), execution_options={"yield_per": 1000}
    )
    for cine_id, changes in groupby(rows, lambda row: row[0]):
        try:
            yield cines[cine_id], fold(json.loads(change) for _, change in changes)
        except NO_CHANGE:
            log.warning("the history of a cine is damaged and left out")
