"""Files that carry the same SOP Instance UID and show different pictures: copies that a program changed, or badly named
ones. What is kept for one of them is not the other's.

A file is also written again without another picture in it: recoded, or with another header. So other bytes alone tell
nothing; the fingerprints that are kept with the labels do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from echoview.domain.cine import Cine
from echoview.store.fingerprint import alike, fingerprint_of
from echoview.store.tables import CineRow, RevisionRow

_LOOKS = 5  # frames that are decoded at most to see whether it is another
_NOTE = "Another file of the library has the same DICOM identifier and other pictures; this one has labels of its own."


def told_apart(session: Session, cine: Cine) -> Cine:
    """The cine as the library knows it: by its content where its UID is that of another file, else as it is.

    One of another size keeps its UID; `Library.load` refuses it in words.
    """
    info = cine.info
    if info.identity == info.content_hash:
        return cine
    row = session.scalar(select(CineRow).where(CineRow.identity == info.identity))
    if row is None or (row.frames, row.height, row.width) != (len(cine), *cine.size):
        return cine
    apart = session.scalar(select(CineRow.id).where(CineRow.identity == info.content_hash)) is not None
    if not apart:
        changes = session.scalars(select(RevisionRow.change).where(RevisionRow.cine_id == row.id))
        apart = not belongs(cine, row.identity, row.content_hash, changes)
    return cine.known_as(replace(info, identity=info.content_hash, notes=(*info.notes, _NOTE))) if apart else cine


def belongs(cine: Cine, identity: str, content_hash: str, changes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a cine is the one whose revisions are `changes`: known by its content, else by its UID and a picture.

    Revisions without any fingerprint, as the first versions made them, are taken on trust.
    """
    info = cine.info
    if info.content_hash in (identity, content_hash) or info.identity != identity:
        return info.content_hash == identity or info.identity == identity
    changes = list(changes)
    seen = pictures_of(changes)
    if not seen:
        return bool(changes)
    known = sorted(seen.items())[:_LOOKS]
    return any(alike(one, fingerprint_of(cine, t) or "") for t, one in known)


def pictures_of(changes: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Frame, 0-based -> its newest fingerprint."""
    return {int(t): one for change in changes for t, one in change.get("pixels", {}).items()}
