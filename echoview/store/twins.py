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
    """The cine as the library knows it: by its content where its UID is that of another file, else as it is."""
    info = cine.info
    return _by_content(cine) if info.identity != info.content_hash and _is_anothers(session, cine) else cine


def apart_from(unsaved: Cine | None, cine: Cine) -> Cine:
    """As `told_apart`, from a cine of the same UID whose labels are still on their way into the library."""
    return cine if unsaved is None or _same_pictures(cine, unsaved) else _by_content(cine)


def _by_content(cine: Cine) -> Cine:
    info = cine.info
    return cine.known_as(replace(info, identity=info.content_hash, notes=(*info.notes, _NOTE)))


def _is_anothers(session: Session, cine: Cine) -> bool:
    """Whether the UID of a cine is that of a file with other pictures."""
    info = cine.info
    if session.scalar(select(CineRow.id).where(CineRow.identity == info.content_hash)) is not None:
        return True
    row = session.scalar(select(CineRow).where(CineRow.identity == info.identity))
    if row is None or is_cut_off(cine, row):  # `Library.load` refuses it: the whole one is to be corrected
        return False
    if not fits(cine, row):
        return True
    changes = session.scalars(select(RevisionRow.change).where(RevisionRow.cine_id == row.id))
    return not belongs(cine, row.identity, row.content_hash, changes)


def _same_pictures(one: Cine, other: Cine) -> bool:
    if one.info.content_hash == other.info.content_hash:
        return True
    alike_first = alike(fingerprint_of(one, 0) or "", fingerprint_of(other, 0) or "")
    return (len(one), one.size) == (len(other), other.size) and alike_first


def fits(cine: Cine, row: CineRow) -> bool:
    """Whether it has as many frames, and as large, as what was labelled."""
    return (len(cine), cine.size) == (row.frames, (row.height, row.width))


def is_cut_off(cine: Cine, row: CineRow) -> bool:
    """Whether it would be as long as what was labelled if its file were whole."""
    missing = cine.info.missing
    return missing > 0 and (len(cine) + missing, cine.size) == (row.frames, (row.height, row.width))


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
