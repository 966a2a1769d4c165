"""Rows of cines and revisions within one transaction: found, made, and put into order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from echoview.domain.cine import Cine
from echoview.domain.label import Label
from echoview.store import acts, conflicts, refusals
from echoview.store.codec import NO_CHANGE, SETS, applied, difference, fold, frame_of, seen_with
from echoview.store.conflicts import Conflicted
from echoview.store.fingerprint import alike, fingerprint_of
from echoview.store.merging import merge
from echoview.store.tables import ActRow, CineRow, RevisionRow
from echoview.store.twins import fits
from echoview.store.values import Revision, Written

if TYPE_CHECKING:
    from echoview.store.transfer import Entry


def cine_row(session: Session, cine: Cine, path: str) -> CineRow:
    """The cine's row, locked, made where it is not known yet; it lies at `path` now.

    Raises:
        LibraryError: a file of another size was labelled under this identity since the cine was opened.
    """
    row = session.scalar(select(CineRow).where(CineRow.identity == cine.info.identity).with_for_update())
    if row is not None and not fits(cine, row):
        raise refusals.another_size()
    if row is None:
        height, width = cine.size
        row = CineRow(
            identity=cine.info.identity, content_hash=cine.info.content_hash, frames=len(cine),
            patient_key=cine.info.patient_key, height=height, width=width,
        )  # fmt: skip
        session.add(row)
    row.path = path
    session.flush()
    return row


def rows_of(identity: str, reading: str) -> Select[RevisionRow]:
    """A reading's revisions in their order, which no clock can change."""
    which = select(RevisionRow).join(CineRow).where(CineRow.identity == identity, RevisionRow.reading == reading)
    return which.order_by(RevisionRow.number)


def changes(session: Session, identity: str, reading: str) -> list[tuple[int, dict[str, Any]]]:
    """(number, change) of a reading's revisions."""
    which = select(RevisionRow.number, RevisionRow.change).join(CineRow)
    which = which.where(CineRow.identity == identity, RevisionRow.reading == reading)
    return [(number, change) for number, change in session.execute(which.order_by(RevisionRow.number))]


def newest(session: Session, count: int) -> list[Written]:
    """The last revisions, and the last that reviewers said, of all cines, newest first; `count` of either at most."""
    found = []
    for kind, row, number, who in (
        ("revision", RevisionRow, RevisionRow.number, RevisionRow.annotator),
        ("act", ActRow, literal(0), ActRow.who),
    ):
        which = select(row.id, CineRow.identity, row.reading, number, who, row.made_at).join(
            CineRow, CineRow.id == row.cine_id
        )
        for key, identity, reading, of, by, made_at in session.execute(which.order_by(row.id.desc()).limit(count)):
            found.append(Written((kind, key), identity, reading, of, by, acts.utc(made_at)))
    return found


def waiting(session: Session, identity: str, cine: Cine | None) -> list[Conflicted]:
    """What of the first reading two said at once and nobody has decided, see `conflicts.found`."""
    told = select(RevisionRow.number, RevisionRow.base, RevisionRow.tool).join(CineRow)
    told = told.where(CineRow.identity == identity, RevisionRow.reading == "").order_by(RevisionRow.number)
    if not conflicts.suspected((row[0], row[1], row[2]) for row in session.execute(told)):
        return []
    return conflicts.found([(revision(row), row.change) for row in session.scalars(rows_of(identity, ""))], cine)


def whole_sets(session: Session, identity: str, values: dict[str, Any], before: Label, after: Label) -> dict[str, Any]:
    """A change names all calipers, decisions, and frames that cannot be traced: also what others added since."""
    try:
        rows = changes(session, identity, values["reading"])
        theirs = applied(before, fold(change for number, change in rows if number > values["base"]))
    except NO_CHANGE:  # a damaged row of theirs must not cost ours
        return {}
    whole = difference(theirs, merge(before, after, theirs).label)
    sets = {key: whole[key] for key in ("not_traceable", "notes", "settled") if key in whole}
    gone = {str(t): None for t in (after.not_traceable - before.not_traceable) & set(theirs.contours)}
    return {**sets, "contours": {**values["change"].get("contours", {}), **gone}} if gone else sets


def with_aside(
    session: Session, cine: Cine, values: dict[str, Any], before: Label, fresh: dict[int, str | None]
) -> dict[str, Any]:
    """A change names all calipers and frames that cannot be traced: also those of pictures that the cine does not show.

    Each with the fingerprint of its picture, which those that were there before keep.
    """
    change = values["change"]
    keys = [key for key in SETS if key in change]
    if not keys:
        return change
    try:
        kept = fold(one for _, one in changes(session, cine.info.identity, values["reading"]))
    except NO_CHANGE:  # a damaged row must not cost ours
        kept = {}
    whole, seen, shown = {}, {}, difference(Label(), before)
    for key in keys:
        known = kept[key].elements if key in kept else []
        there = shown.get(key, [])
        found = [(one, seen_with(one, known) if one in there else fresh.get(frame_of(one))) for one in change[key]]
        found += [(one, pixels) for one, pixels in known if one not in change[key] and _strange(cine, one, pixels)]
        whole[key], seen[key] = [one for one, _ in found], [pixels for _, pixels in found]
    return {**change, **whole, "seen": seen}


def _strange(cine: Cine, element: Any, pixels: str | None) -> bool:
    """Whether it was said of another picture than the cine shows there."""
    return pixels is not None and not alike(pixels, fingerprint_of(cine, frame_of(element)) or "")


def revision(row: RevisionRow | Entry) -> Revision:
    """What the library hands out of a row, or of one that is on its way into or out of it."""
    return Revision(
        row.number, acts.utc(row.made_at), row.annotator, row.app_version, row.weights, row.tool,
        tuple(int(t) for t in row.change.get("contours", {})), row.base, row.seconds, row.drags, row.moved_mm,
        row.blind,
    )  # fmt: skip
