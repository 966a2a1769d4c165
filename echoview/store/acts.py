"""What reviewers said, into the library and out of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from echoview.domain.label import Label
from echoview.domain.review import Act, ActKind, Issue, Record, Role, Trail
from echoview.store.codec import contour_seal
from echoview.store.tables import ActRow, CineRow, RevisionRow

_TICK = timedelta(microseconds=1)


def new_act(kind: ActKind, who: str, role: Role, **told: object) -> Act:
    """An act of now; `told` are further attributes of `domain.review.Act`."""
    return Act(uuid.uuid4().hex, datetime.now(UTC), who, role, kind, **told)  # type: ignore[arg-type]


def append(session: Session, cine_id: int, acts: Iterable[Act], app_version: str) -> list[Act]:
    """Those of the acts that are not there yet, as they were kept.

    An act is later than every act of its cine before it, whatever the clock says, so that order and time agree.
    """
    kept: list[Act] = []
    known = set(session.scalars(select(ActRow.uid).where(ActRow.cine_id == cine_id)))
    last = session.scalar(select(func.max(ActRow.made_at)).where(ActRow.cine_id == cine_id))
    for act in acts:
        if act.uid in known:
            continue
        if last is not None and utc(last) >= act.made_at:
            act = replace(act, made_at=utc(last) + _TICK)
        session.add(row_of(act, cine_id, app_version))
        kept.append(act)
        last = act.made_at
    return kept


def joined(session: Session, cine_id: int, acts: Iterable[Act], app_version: str) -> int:
    """Acts from another library, each at the time that it has there; how many were new."""
    known = set(session.scalars(select(ActRow.uid).where(ActRow.cine_id == cine_id)))
    fresh = [act for act in acts if act.uid not in known]
    session.add_all(row_of(act, cine_id, app_version) for act in fresh)
    return len(fresh)


def trails(session: Session, identity: str | None = None) -> dict[str, Trail]:
    """By the cine's identity; only that cine's, or all. A cine without acts is not named."""
    query = select(CineRow.identity, ActRow).join(ActRow, ActRow.cine_id == CineRow.id)
    if identity is not None:
        query = query.where(CineRow.identity == identity)
    found: dict[str, list[Act]] = {}
    for name, row in session.execute(query.order_by(ActRow.cine_id, ActRow.made_at, ActRow.uid)):
        act = act_of(row)
        if act is not None:
            found.setdefault(name, []).append(act)
    return {name: Trail(tuple(acts)) for name, acts in found.items()}


def rejected(label: Label, trail: Trail, reading: str = "") -> list[int]:
    """The frames that a reviewer rejected and that are still as they were then."""
    frames = sorted({act.t for act in trail.acts if act.t is not None and act.kind is ActKind.REJECT})
    verdicts = ((t, trail.verdict(t, reading)) for t in frames)
    return [
        t
        for t, verdict in verdicts
        if verdict is not None and verdict.kind is ActKind.REJECT and verdict.seal == contour_seal(label.contour(t))
    ]


def record(session: Session, identity: str, conflicts: frozenset[str] = frozenset()) -> Record:
    """Who has read the cine and what was said of it; `conflicts` are those that wait for a decision."""
    said = (RevisionRow.reading, RevisionRow.role, RevisionRow.blind)
    query = select(RevisionRow.annotator, RevisionRow.made_at, *said)
    query = query.join(CineRow).where(CineRow.identity == identity).order_by(RevisionRow.number)
    return record_of(session.execute(query), trails(session, identity).get(identity, Trail()), conflicts)


def record_of(revisions: Iterable, trail: Trail, conflicts: frozenset[str] = frozenset()) -> Record:
    """The same from rows of (annotator, made_at, reading, role, blind), oldest first."""
    readers: dict[str, datetime] = {}
    readings, unblinded, by_annotator = set(), set(), False
    for annotator, made_at, reading, role, blind in revisions:
        if blind is False:
            unblinded.add(reading)
        if reading:
            readings.add(reading)
        else:
            readers[annotator] = utc(made_at)
            by_annotator = role == Role.ANNOTATOR.value
    return Record(trail, readers, frozenset(readings), frozenset(unblinded), by_annotator, conflicts)


def row_of(act: Act, cine_id: int, app_version: str) -> ActRow:
    return ActRow(
        uid=act.uid, cine_id=cine_id, made_at=act.made_at, who=act.who[:200], role=act.role.value, kind=act.kind.value,
        frame=act.t, reading=act.reading, seal=act.seal, issue=act.issue.value if act.issue else "", text=act.text,
        about=act.about, app_version=app_version[:40],
    )  # fmt: skip


def act_of(row: ActRow) -> Act | None:
    """None for one of a kind that only a newer version knows."""
    try:
        issue = Issue(row.issue) if row.issue else None
        return Act(
            row.uid, utc(row.made_at), row.who, Role(row.role), ActKind(row.kind), row.frame, row.reading, row.seal,
            issue, row.text, row.about,
        )  # fmt: skip
    except ValueError:
        return None


def utc(moment: datetime) -> datetime:
    """SQLite gives back what it was given without its zone, which was UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
