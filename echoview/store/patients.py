"""One patient, one key: the secret under which all desks of a library hash IDs, and which older keys are the same.

Keys that another desk made under a secret of its own stay as they are in the rows of their cines. When such a cine is
opened and the patient's ID is in the file, a link says that both keys are one patient; links are only ever added.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from echoview.store.tables import CineRow, PatientRow, SecretRow

_SECRET, _HASH = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")

log = logging.getLogger(__name__)


def sound_secret(text: object) -> bool:
    return isinstance(text, str) and _SECRET.fullmatch(text) is not None


def secret_of(engine: Engine, own: bytes = b"") -> bytes:
    """The library's secret, b"" where it has none; where two desks come at once, the first one's.

    Args:
        own: the desk's, 32 bytes, which becomes the library's where that has none yet; b"" = only look.

    Raises:
        SQLAlchemyError: the library cannot be read, or its first secret cannot be written.
    """
    kept = _kept(engine)
    if kept is None and own:
        try:
            with Session(engine) as session, session.begin():
                session.connection(execution_options={"writes": True})
                session.add(SecretRow(id=1, patient_secret=own.hex(), made_at=datetime.now(UTC)))
        except IntegrityError:
            log.info("another desk has given the library its secret")
        kept = _kept(engine)
    if kept is not None and not sound_secret(kept):
        log.warning("the library's secret is damaged; the desk's own is used")
        return b""
    return b"" if kept is None else bytes.fromhex(kept)


def _kept(engine: Engine) -> str | None:
    with Session(engine) as session:
        return session.scalar(select(SecretRow.patient_secret))


class Links:
    """Which keys are one patient."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._same: dict[str, str] = {}
        for key, same_as in pairs:
            key, same_as = self.of(key), self.of(same_as)
            if key != same_as:  # nothing new, or the way back of two desks that linked at once
                self._same[key] = same_as

    def of(self, key: str) -> str:
        """The one key of a patient; `key` itself where nothing is known."""
        while key in self._same:
            key = self._same[key]
        return key


def links(session: Session) -> Links:
    rows = session.execute(select(PatientRow.key, PatientRow.same_as).order_by(PatientRow.id))
    return Links((row[0], row[1]) for row in rows)


def news(session: Session, identity: str, key: str) -> tuple[CineRow, bool] | None:
    """The row of a cine whose patient is now known as `key`, and whether a link is due; None where nothing is new."""
    row = session.scalar(select(CineRow).where(CineRow.identity == identity))
    if row is None or not key or row.patient_key == key:
        return None
    if not row.patient_key:
        return row, False
    hashes = _HASH.fullmatch(row.patient_key) and _HASH.fullmatch(key)  # the name of a folder links nobody
    known = links(session)
    return (row, True) if hashes and known.of(row.patient_key) != known.of(key) else None


def meet(session: Session, identity: str, key: str) -> None:
    """Write down what `news` finds."""
    found = news(session, identity, key)
    if found is None:
        return
    row, link = found
    if link:
        session.add(PatientRow(key=row.patient_key, same_as=key, made_at=datetime.now(UTC)))
    else:
        row.patient_key = key
