"""What reviewers say of a cine and its frames: acts that are never changed, and the trail of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Role(Enum):
    """What a person may do; each may all that the one before may."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    LEAD = "lead"


class ReadKind(Enum):
    """FIRST is the label that all share; SECOND another person's, blinded; REPEAT the same person's once more."""

    FIRST = "first"
    SECOND = "second"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader's label of a cine; the first reading is everyone's and names nobody."""

    kind: ReadKind = ReadKind.FIRST
    reader: str = ""

    @property
    def key(self) -> str:
        """As the library keeps it: "" for the first reading, else "second:Dr B"."""
        return "" if self.kind is ReadKind.FIRST else f"{self.kind.value}:{self.reader}"

    @classmethod
    def of(cls, key: str) -> Reading:
        """The reading of a key; one that nobody understands is a second reading of that name."""
        kind, _, reader = key.partition(":")
        known = {one.value: one for one in ReadKind}
        return cls(known.get(kind, ReadKind.SECOND), reader) if key else FIRST


FIRST = Reading()


class ActKind(Enum):
    """What a person may say in a review.

    SUBMIT: a reading is done. WITHDRAW: the verdict before does not stand any more. SEEN: they looked at a first
    reading that they could have read blinded.
    """

    APPROVE = "approve"
    REJECT = "reject"
    SECOND_READ = "second read"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    ADJUDICATE = "adjudicate"
    SEEN = "seen"
    COMMENT = "comment"
    RESOLVE = "resolve"
    REOPEN = "reopen"


VERDICTS = (ActKind.APPROVE, ActKind.REJECT, ActKind.SECOND_READ, ActKind.SUBMIT, ActKind.WITHDRAW)


class Issue(Enum):
    """What is wrong, said with one key."""

    ANNULUS = "annulus off"
    APEX = "apex foreshortened"
    BORDER = "border unclear"
    PAPILLARY = "papillary cut"
    PHASE = "ED or ES off"
    VIEW = "wrong view"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that one person said, never changed afterwards.

    Attributes:
        uid: 32 hex digits, the same in every library that the act comes to.
        t: the frame, 0-based; None = of the cine.
        reading: key of the reading that it is about; seal: of the label or the contour that was judged, "" where
            there was none: a verdict holds as long as that stays as it was.
        issue, text: of a comment; about: the uid of the comment that is resolved or reopened.
    """

    uid: str
    made_at: datetime
    who: str
    role: Role
    kind: ActKind
    t: int | None = None
    reading: str = ""
    seal: str = ""
    issue: Issue | None = None
    text: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment or an issue, and who closed it: None while it is open."""

    act: Act
    closed: Act | None

    @property
    def words(self) -> str:
        issue = self.act.issue.value if self.act.issue else ""
        return ": ".join(part for part in (issue, self.act.text) if part) or "a comment whose words were not exported"


@dataclass(frozen=True, slots=True)
class Trail:
    """All acts of a cine in their order."""

    acts: tuple[Act, ...] = ()

    def verdict(self, t: int | None = None, reading: str = "") -> Act | None:
        """The newest verdict on a frame, or on the cine (None)."""
        found = (a for a in reversed(self.acts) if a.kind in VERDICTS and a.t == t and a.reading == reading)
        return next(found, None)

    def asked(self) -> dict[int, Act]:
        """Frames of the first reading that wait for a second reader: nobody judged them or approved the cine since."""
        waiting: dict[int, Act] = {}
        for act in self.acts:
            if act.reading or act.kind not in VERDICTS:
                continue
            if act.t is None:
                if act.kind is ActKind.APPROVE:
                    waiting.clear()
            elif act.kind is ActKind.SECOND_READ:
                waiting[act.t] = act
            else:
                waiting.pop(act.t, None)
        return dict(sorted(waiting.items()))

    @property
    def sent_on(self) -> bool:
        """Whether the cine, or one of its frames, waits for a second reader or for a decision between two readings."""
        verdict = self.verdict()
        return (verdict is not None and verdict.kind is ActKind.SECOND_READ) or bool(self.asked())

    def comments(self, reading: str = "") -> list[Comment]:
        """Comments on a reading, oldest first."""
        closed: dict[str, Act | None] = {}
        for act in self.acts:
            if act.kind in (ActKind.RESOLVE, ActKind.REOPEN):
                closed[act.about] = act if act.kind is ActKind.RESOLVE else None
        said = [act for act in self.acts if act.kind is ActKind.COMMENT and act.reading == reading]
        return [Comment(act, closed.get(act.uid)) for act in said]

    def submitted(self, kind: ReadKind) -> list[Reading]:
        """Readings of a kind that their readers have ended."""
        keys = dict.fromkeys(act.reading for act in self.acts if act.kind is ActKind.SUBMIT)
        return [reading for reading in map(Reading.of, keys) if reading.kind is kind]

    def hands(self) -> frozenset[str]:
        """Who has said anything about the first reading, and so has seen it."""
        return frozenset(act.who for act in self.acts if not act.reading)
