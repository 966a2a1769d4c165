"""What a trail of acts stands for, and who may do what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from echoview.domain.review import (
    FIRST,
    Act,
    ActKind,
    Guard,
    Issue,
    Reader,
    Reading,
    ReadKind,
    Record,
    Role,
    Trail,
    frame_status,
    is_blind,
    reading_due,
    status_after,
    why_not,
    why_not_second,
)
from echoview.domain.study import Status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
A, B = Reader("A", Role.REVIEWER), Reader("B", Role.ANNOTATOR)
LEAD = Reader("L", Role.LEAD)
SECOND = Reading(ReadKind.SECOND, "B")


def act(kind: ActKind, who: str = "A", **told) -> Act:
    act.count += 1
    return Act(f"{act.count:032x}", NOW + timedelta(seconds=act.count), who, Role.LEAD, kind, **told)


act.count = 0


def record(*acts: Act, readers=("A",), **told) -> Record:
    return Record(Trail(acts), dict.fromkeys(readers, NOW), **told)


@pytest.mark.parametrize(
    ("kinds", "plain", "status"),
    [
        ((), Status.APPROVED, Status.APPROVED),
        ((ActKind.APPROVE,), Status.CORRECTED, Status.APPROVED),
        ((ActKind.APPROVE, ActKind.REJECT), Status.APPROVED, Status.REJECTED),
        ((ActKind.REJECT, ActKind.WITHDRAW), Status.APPROVED, Status.CORRECTED),
        ((ActKind.SUBMIT,), Status.APPROVED, Status.CORRECTED),
        ((ActKind.SECOND_READ,), Status.PREDICTED, Status.SECOND_READ),
        ((ActKind.REJECT,), Status.NEW, Status.REJECTED),
        ((ActKind.COMMENT,), Status.PREDICTED, Status.PREDICTED),
    ],
)
def test_the_newest_verdict_decides(kinds, plain, status):
    assert status_after(plain, record(*(act(kind, seal="s") for kind in kinds)), "s") is status


def test_a_verdict_ends_when_the_label_is_another_and_holds_again_when_it_is_back():
    judged = record(act(ActKind.APPROVE, seal="s"))
    assert status_after(Status.APPROVED, judged, "other") is Status.CORRECTED
    assert status_after(Status.IN_CORRECTION, judged, "other") is Status.IN_CORRECTION
    assert status_after(Status.APPROVED, judged, "s") is Status.APPROVED
    waits = record(act(ActKind.SECOND_READ, seal="s"))
    assert status_after(Status.CORRECTED, waits, "other") is Status.SECOND_READ


def test_what_an_annotator_completes_waits_for_a_reviewer():
    assert status_after(Status.APPROVED, record(by_annotator=True), "s") is Status.CORRECTED
    as_it_was = status_after(Status.APPROVED, record(by_annotator=True), "s", unjudged=Status.FRAMES_APPROVED)
    assert as_it_was is Status.FRAMES_APPROVED, "nobody corrected anything"


def test_a_frame_has_a_verdict_of_its_own():
    trail = Trail((act(ActKind.REJECT, t=3, seal="s"), act(ActKind.SECOND_READ, t=4)))
    assert frame_status(Status.CORRECTED, trail, 3, "", "s") is Status.REJECTED
    assert frame_status(Status.CORRECTED, trail, 3, "", "other") is Status.CORRECTED
    assert frame_status(Status.CORRECTED, trail, 4, "", "s") is Status.SECOND_READ
    assert frame_status(Status.CORRECTED, trail, 5, "", "s") is Status.CORRECTED
    assert trail.verdict() is None, "that is of the cine"


def test_a_frame_that_waits_for_a_second_reader_makes_its_cine_wait():
    asked = record(act(ActKind.APPROVE, seal="s"), act(ActKind.SECOND_READ, t=4))
    assert (list(asked.trail.asked()), status_after(Status.APPROVED, asked, "s")) == ([4], Status.SECOND_READ)
    assert reading_due("x", B, asked, Status.SECOND_READ, NOW) == SECOND
    for later in (act(ActKind.APPROVE, seal="s"), act(ActKind.WITHDRAW, t=4), act(ActKind.REJECT, t=4)):
        trail = Trail((*asked.trail.acts, later))
        assert trail.asked() == {}
        assert frame_status(Status.CORRECTED, trail, 4, "", "s") is not Status.SECOND_READ
    read = Trail((*asked.trail.acts, act(ActKind.SUBMIT, reading=SECOND.key)))
    assert read.asked().keys() == {4}, "a lead has to decide"
    refused = record(act(ActKind.SECOND_READ, t=4), act(ActKind.REJECT, seal="s"))
    assert status_after(Status.APPROVED, refused, "s") is Status.REJECTED
    assert status_after(Status.APPROVED, refused, "mended") is Status.SECOND_READ, "the frame still waits"


def test_comments_are_closed_opened_again_and_kept_by_reading():
    said = act(ActKind.COMMENT, issue=Issue.ANNULUS, t=2)
    theirs = act(ActKind.COMMENT, "B", text="dark", reading=SECOND.key)
    trail = Trail((said, theirs, act(ActKind.RESOLVE, about=said.uid)))
    [one] = trail.comments()
    assert (one.words, one.closed is not None) == ("annulus off", True)
    assert [one.words for one in trail.comments(SECOND.key)] == ["dark"]
    again = Trail((*trail.acts, act(ActKind.REOPEN, about=said.uid)))
    assert again.comments()[0].closed is None


def test_who_may_read_second():
    asked = record(act(ActKind.SECOND_READ))
    due = reading_due("x", B, asked, Status.SECOND_READ, NOW)
    assert due == SECOND
    assert reading_due("x", A, asked, Status.SECOND_READ, NOW) == FIRST, "A made the first reading"
    assert "made" in why_not_second(A, asked)
    seen = record(act(ActKind.SECOND_READ), act(ActKind.SEEN, "B"))
    assert reading_due("x", B, seen, Status.SECOND_READ, NOW) == FIRST
    assert "seen" in why_not_second(B, seen)
    done = record(act(ActKind.SECOND_READ), act(ActKind.SUBMIT, "C", reading="second:C"))
    assert reading_due("x", B, done, Status.SECOND_READ, NOW) == FIRST, "one second reading is enough"
    assert reading_due("x", Reader(), asked, Status.SECOND_READ, NOW) == FIRST, "nobody in particular"


@pytest.mark.parametrize(
    ("reader", "kind", "allowed"),
    [
        (B, ActKind.APPROVE, False), (B, ActKind.REJECT, False), (B, ActKind.SUBMIT, True),
        (B, ActKind.SECOND_READ, True), (B, ActKind.COMMENT, True), (B, ActKind.ADJUDICATE, False),
        (A, ActKind.APPROVE, True), (A, ActKind.ADJUDICATE, False), (LEAD, ActKind.ADJUDICATE, True),
    ],
)  # fmt: skip
def test_roles(reader, kind, allowed):
    assert (why_not(kind, reader, record()) == "") is allowed


def test_a_second_reader_cannot_approve_what_a_lead_has_to_decide():
    waits = record(act(ActKind.SECOND_READ), act(ActKind.SUBMIT, "R", reading="second:R"))
    assert "second reader" in why_not(ActKind.APPROVE, Reader("R", Role.REVIEWER), waits)
    assert "lead" in why_not(ActKind.APPROVE, A, waits)
    assert why_not(ActKind.APPROVE, LEAD, waits) == ""
    assert "blinded" in why_not(ActKind.APPROVE, LEAD, waits, SECOND.key)


def test_the_hash_chooses_the_same_share_after_every_start():
    guard = Guard(blind=20, repeat=20, secret=b"k" * 32)
    chosen = [n for n in range(2000) if guard.is_blind(f"uid-{n}")]
    assert 320 < len(chosen) < 480
    assert chosen == [n for n in range(2000) if Guard(20, 20, 7, b"k" * 32).is_blind(f"uid-{n}")]
    assert chosen != [n for n in range(2000) if Guard(20, 20, 7, b"x" * 32).is_blind(f"uid-{n}")]
    assert chosen != [n for n in range(2000) if guard.is_repeated(f"uid-{n}", "A")]
    more = [n for n in range(2000) if Guard(40, 20, 7, b"k" * 32).is_blind(f"uid-{n}")]
    assert set(chosen) < set(more), "a larger share keeps the cines that were chosen before"
    assert not any(Guard(0, 0, 7, b"k").is_blind(f"uid-{n}") for n in range(100))
    assert all(Guard(100, 0, 7, b"k").is_blind(f"uid-{n}") for n in range(100))


def test_a_repeated_reading_is_due_once_and_not_too_soon():
    every = Reader("A", Role.REVIEWER, Guard(repeat=100, days=7, secret=b"k"))
    repeat = Reading(ReadKind.REPEAT, "A")
    later = NOW + timedelta(days=8)
    assert reading_due("x", every, record(), Status.APPROVED, later) == repeat
    assert reading_due("x", every, record(), Status.APPROVED, NOW + timedelta(days=6)) == FIRST
    assert reading_due("x", every, record(), Status.IN_CORRECTION, later) == FIRST, "it is not done"
    assert reading_due("x", every, record(act(ActKind.SUBMIT)), Status.CORRECTED, later) == repeat
    assert reading_due("x", every, record(readers=("B",)), Status.APPROVED, later) == FIRST, "another's"
    done = record(act(ActKind.SUBMIT, reading=repeat.key))
    assert reading_due("x", every, done, Status.APPROVED, later) == FIRST
    none = Reader("A", Role.REVIEWER, Guard(secret=b"k"))
    assert reading_due("x", none, record(), Status.APPROVED, later) == FIRST


def test_the_prediction_is_hidden_until_ed_and_es_are_drawn():
    every = Reader("B", Role.ANNOTATOR, Guard(blind=100, secret=b"k"))
    assert is_blind("x", every, FIRST, Record(), drawn=False)
    assert not is_blind("x", every, FIRST, Record(), drawn=True)
    assert not is_blind("x", every, FIRST, Record(unblinded=frozenset({""})), drawn=False), "it was seen already"
    assert is_blind("x", every, SECOND, Record(unblinded=frozenset({""})), drawn=False), "by another reader"
    assert not is_blind("x", B, SECOND, Record(), drawn=False)
    assert is_blind("x", Reader("B", second_blind=True), SECOND, Record(), drawn=False)
    assert not is_blind("x", Reader("B", second_blind=True), FIRST, Record(), drawn=False)
