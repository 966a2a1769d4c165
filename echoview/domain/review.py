"""Who reads, how blinded, and the states that follow from a label and the trail of what was said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from echoview.domain.study import Status
from echoview.domain.trail import (
    FIRST,
    VERDICTS,
    Act,
    ActKind,
    Comment,
    Issue,
    Reading,
    ReadKind,
    Role,
    Trail,
)

__all__ = [
    "FIRST", "VERDICTS", "Act", "ActKind", "Comment", "Guard", "Issue", "ReadKind", "Reader", "Reading", "Record",
    "Role", "Trail", "frame_status", "is_blind", "reading_due", "status_after", "waits", "why_not", "why_not_second",
]  # fmt: skip

_JUDGED = {ActKind.APPROVE: Status.APPROVED, ActKind.REJECT: Status.REJECTED}


@dataclass(frozen=True, slots=True)
class Guard:
    """The shares, in percent, of cines that are traced without the prediction, and read once more.

    Which ones is decided by a hash under `secret`, so that it is the same after every start and no person chooses.
    """

    blind: int = 0
    repeat: int = 0
    days: int = 7
    secret: bytes = field(default=b"", repr=False)

    def is_blind(self, identity: str) -> bool:
        return _falls(self.secret, "blind", identity, self.blind)

    def is_repeated(self, identity: str, reader: str) -> bool:
        return _falls(self.secret, f"repeat {reader}", identity, self.repeat)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever sits at the window."""

    name: str = ""
    role: Role = Role.LEAD
    guard: Guard = field(default_factory=Guard)
    second_blind: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What the library knows of a cine besides its labels.

    Attributes:
        readers: who made the first reading, with the time of their last revision.
        readings: keys of all readings that were begun.
        unblinded: keys of the readings of which a revision was made with the prediction in sight.
        by_annotator: whether an annotator, who may not approve, made the newest revision of the first reading.
        conflicts: what two people said otherwise without seeing each other's and nobody has decided between, each as
            `Label.settled` names it once it is decided.
    """

    trail: Trail = field(default_factory=Trail)
    readers: Mapping[str, datetime] = field(default_factory=dict)
    readings: frozenset[str] = frozenset()
    unblinded: frozenset[str] = frozenset()
    by_annotator: bool = False
    conflicts: frozenset[str] = frozenset()

    def with_revision(self, reading: str, reader: Reader, blind: bool, now: datetime) -> Record:
        """After that person has saved once more."""
        unblinded = self.unblinded if blind else self.unblinded | {reading}
        if reading:
            return replace(self, readings=self.readings | {reading}, unblinded=unblinded)
        annotator = reader.role is Role.ANNOTATOR
        return replace(self, readers={**self.readers, reader.name: now}, unblinded=unblinded, by_annotator=annotator)


def conflicts_over(choices: Iterable[str]) -> list[int | str]:
    """What conflicts are about, by their names (see `Record.conflicts`): frames, 0-based, then "view", "ed", ..."""
    keys = {choice.split(":", 1)[0] for choice in choices}
    return [*sorted(int(key) for key in keys if key.isdigit()), *sorted(key for key in keys if not key.isdigit())]


def is_blind(identity: str, reader: Reader, reading: Reading, record: Record, drawn: bool) -> bool:
    """Whether the prediction is to be hidden: until ED and ES are `drawn`, and never again once it has been seen."""
    if drawn or reading.key in record.unblinded:
        return False
    if reading.kind is ReadKind.SECOND and reader.second_blind:
        return True
    return reader.guard.is_blind(identity)


def status_after(
    plain: Status, record: Record, seal: str, rejected_frames: bool = False, unjudged: Status = Status.CORRECTED
) -> Status:
    """The status of a cine whose label alone stands for `plain`, after what was said of it.

    An approval or a rejection holds while the label is the one that was judged; a wish for a second reading until the
    next verdict. Where nobody judged, a label that is complete counts as approved, unless an annotator made it or one
    of its frames is rejected.

    Args:
        unjudged: what a complete label counts as where it does not count as approved, see `study.unjudged`.
    """
    verdict = record.trail.verdict()
    less = unjudged if plain is Status.APPROVED else plain
    asked = record.trail.asked().values()
    if (
        verdict is not None
        and (verdict.kind, verdict.seal) == (ActKind.REJECT, seal)
        and all(act.made_at < verdict.made_at for act in asked)
    ):
        return Status.REJECTED
    if record.trail.sent_on:
        return Status.SECOND_READ
    if verdict is None:
        return less if record.by_annotator or rejected_frames else plain
    if verdict.kind in _JUDGED and verdict.seal == seal:
        return _JUDGED[verdict.kind]
    return less


def frame_status(plain: Status, trail: Trail, t: int, reading: str, seal: str) -> Status:
    """The same of one frame."""
    verdict = trail.verdict(t, reading)
    if verdict is None:
        return plain
    if verdict.kind is ActKind.SECOND_READ:
        return Status.SECOND_READ if reading or t in trail.asked() else plain
    if verdict.kind in _JUDGED and verdict.seal == seal:
        return _JUDGED[verdict.kind]
    return plain


def reading_due(identity: str, reader: Reader, record: Record, status: Status, now: datetime) -> Reading:
    """The reading that this person has to make when they open the cine: mostly the first.

    Second: the cine was sent to a second reader, nobody has been that yet, and this person has had no hand in it.
    Repeat: it is theirs and approved or submitted, the hash chose it, and enough days have gone by.
    """
    trail = record.trail
    if not reader.name:
        return FIRST
    if status is Status.SECOND_READ and not trail.submitted(ReadKind.SECOND) and not why_not_second(reader, record):
        return Reading(ReadKind.SECOND, reader.name)
    repeat = Reading(ReadKind.REPEAT, reader.name)
    last = record.readers.get(reader.name)
    done = status is Status.APPROVED or ((verdict := trail.verdict()) is not None and verdict.kind is ActKind.SUBMIT)
    if last is None or not done or repeat in trail.submitted(ReadKind.REPEAT):
        return FIRST
    if (now - last).days < reader.guard.days or not reader.guard.is_repeated(identity, reader.name):
        return FIRST
    return repeat


def waits(status: Status, reader: Reader, record: Record, due: Reading = FIRST) -> bool:
    """Whether a cine waits for this person: "next unreviewed" passes the others over."""
    verdict = record.trail.verdict()
    if due != FIRST:
        return True
    if status is Status.APPROVED:
        return False
    if status is Status.SECOND_READ:  # for the second reader, else for whoever decides between both
        return reader.role is Role.LEAD and bool(record.trail.submitted(ReadKind.SECOND))
    if status is Status.REJECTED:  # for whoever has to mend it, not for whoever said so
        mends = reader.role is Role.ANNOTATOR or reader.name in record.readers
        return mends and verdict is not None and verdict.who != reader.name
    if verdict is not None and verdict.kind is ActKind.SUBMIT:
        return reader.role is not Role.ANNOTATOR
    return True


def why_not_second(reader: Reader, record: Record) -> str:
    """Why this person cannot be the cine's second reader, "" where they can."""
    if reader.name in record.readers:
        return "You made the first reading."
    if reader.name in record.trail.hands():
        return "You have seen the first reading."
    return ""


def why_not(kind: ActKind, reader: Reader, record: Record, reading: str = "") -> str:
    """Why this person may not do that, "" where they may; a sentence for a button that is off."""
    if reading and kind in (ActKind.APPROVE, ActKind.REJECT, ActKind.SECOND_READ, ActKind.ADJUDICATE):
        return "This is your own blinded reading; submit it when it is done."
    if kind is ActKind.ADJUDICATE and reader.role is not Role.LEAD:
        return "Only a lead decides between two readings."
    if kind in (ActKind.APPROVE, ActKind.REJECT) and reader.role is Role.ANNOTATOR:
        return "A reviewer or a lead does this; you submit the cine when it is done."
    second = [one.reader for one in record.trail.submitted(ReadKind.SECOND)]
    if kind is ActKind.APPROVE and record.trail.sent_on and reader.role is not Role.LEAD:
        if reader.name in second:
            return "You are the second reader; a lead decides between the readings."
        return "It waits for a second reading; a lead decides after it."
    return ""


def _falls(secret: bytes, purpose: str, identity: str, percent: int) -> bool:
    digest = hashlib.blake2b(f"{purpose}\0{identity}".encode(), key=secret[:64], digest_size=8).digest()
    return int.from_bytes(digest) % 10_000 < 100 * percent
