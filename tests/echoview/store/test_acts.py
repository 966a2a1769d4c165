"""What reviewers say, and readings beside the first: kept apart, kept for ever, carried along."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from echoview.domain.calibration import Calibration
from echoview.domain.label import Label
from echoview.domain.review import FIRST, ActKind, Issue, Reading, ReadKind, Role
from echoview.domain.view import View
from echoview.store import contour_seal, new_act, open_library, seal_of
from echoview.store.engines import make_engine, sqlite_url
from echoview.store.health import examine
from echoview.store.rescue import rescue
from echoview.store.transfer import histories, merge

SECOND = Reading(ReadKind.SECOND, "Dr B")


def act(kind=ActKind.COMMENT, who="A", **told):
    return new_act(kind, who, Role.LEAD, **told)


def save(library, editing, label, who="A", before=None, cine=None, **told):
    said = {**editing.WHO, "annotator": who, **told}
    return library.save(cine or editing.cine(), "/x", Label() if before is None else before, label, **said)


def test_an_act_comes_back_as_it_was_said(library, editing):
    said = act(t=3, reading=SECOND.key, seal="abc", issue=Issue.ANNULUS, text="schräg 心")
    library.say(editing.cine(), "/x", said, "1.0")
    [kept] = library.record("uid-1").trail.acts
    assert kept == said
    assert library.record("uid-2").trail.acts == ()
    library.say(editing.cine(), "/x", said, "1.0")
    assert len(library.record("uid-1").trail.acts) == 1, "the answer was lost and it was said again"


def test_a_clock_set_back_does_not_change_the_order(library, editing):
    first = act(ActKind.REJECT)
    second = replace(act(ActKind.APPROVE), made_at=first.made_at - timedelta(days=400))
    for one in (first, second):
        library.say(editing.cine(), "/x", one, "1.0")
    assert [one.kind for one in library.record("uid-1").trail.acts] == [ActKind.REJECT, ActKind.APPROVE]


def test_acts_are_never_changed_or_deleted(library, path, editing):
    library.say(editing.cine(), "/x", act(), "1.0")
    with closing(sqlite3.connect(path)) as connection:
        for sql in ("UPDATE acts SET who = 'x'", "DELETE FROM acts"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                connection.execute(sql)


def test_another_reading_never_meets_the_first(library, editing):
    ours, theirs = editing.after(3), editing.after(9)
    save(library, editing, ours)
    saved = save(library, editing, theirs, "Dr B", reading=SECOND.key, base=0, role="reviewer", blind=True)
    assert (saved.number, saved.conflict, saved.joined) == (2, None, ())
    assert editing.values(library.load(editing.cine()).label) == editing.values(ours)
    assert editing.values(library.load(editing.cine(), SECOND.key).label) == editing.values(theirs)
    assert [one.annotator for one in library.history("uid-1")] == ["A"]
    assert [one.blind for one in library.history("uid-1", SECOND.key)] == [True]
    assert editing.values(library.labelled()[0].label) == editing.values(ours), "what training is given"
    assert library.corrected() == {"uid-1": 3}
    record = library.record("uid-1")
    assert (set(record.readers), record.readings, record.by_annotator) == ({"A"}, {SECOND.key}, False)
    after = save(library, editing, ours.with_ed(2), before=ours, base=1)
    assert (after.number, after.others) == (3, ()), "what lies between is of another reading"


def test_a_seal_is_of_what_is_said_and_not_of_how_it_is_kept(library, editing):
    label = editing.after(3).with_ed(0)
    save(library, editing, label)
    kept = library.label("uid-1")
    assert seal_of(kept) == seal_of(label) != seal_of(label.with_es(2))
    assert seal_of(label.with_settled("x")) == seal_of(label)
    assert contour_seal(kept.contour(1)) == contour_seal(label.contour(1)) != contour_seal(label.contour(2))
    assert (seal_of(Label()), contour_seal(None)) == ("", "")
    assert seal_of(Label(ed=0)) != "", "frame 0 is a frame"


def test_two_who_did_not_see_each_other_are_a_conflict_until_one_decides(library, editing):
    one, two = editing.edited(Label(), 0), editing.edited(Label(), 7)  # both of frame 0
    save(library, editing, one, "A", base=0)
    save(library, editing, two, "B", base=0)
    [found] = library.conflicts(editing.cine())
    assert (found.key, found.older.revision.annotator, found.newer.revision.annotator) == (0, "A", "B")
    assert contour_seal(found.older.contour) == contour_seal(one.contour(0))
    decided = one.with_settled(found.choice)
    save(library, editing, decided, "B", before=two, base=2)
    assert library.conflicts(editing.cine()) == []
    save(library, editing, two, "B", before=decided, base=3)  # undone
    assert len(library.conflicts(editing.cine())) == 1


def test_nothing_is_learnt_from_a_frame_in_conflict_and_it_is_counted(library, editing):
    one, two = editing.edited(Label(), 0), editing.edited(editing.edited(Label(), 7), 1)  # frame 0; frames 0 and 1
    save(library, editing, one, "A", base=0)
    save(library, editing, two, "B", base=0)
    [known] = library.labelled()
    assert (list(known.label.contours), known.disputed) == ([1], 1)
    assert (library.corrected(), library.disputed()) == ({"uid-1": 1}, {"uid-1": 1})
    [found] = library.conflicts(editing.cine())
    save(library, editing, two.with_settled(found.choice), "B", before=two, base=2)
    [known] = library.labelled()
    assert (list(known.label.contours), known.disputed) == ([0, 1], 0)
    assert (library.corrected(), library.disputed()) == ({"uid-1": 2}, {})
    other = editing.cine("uid-2")
    save(library, editing, one, "A", base=0, cine=other)
    save(library, editing, editing.edited(Label(), 7), "B", base=0, cine=other)
    assert [(list(known.label.contours), known.disputed) for known in library.labelled()] == [([0, 1], 0), ([], 1)]
    assert library.corrected() == {"uid-1": 2}


def test_two_frame_rates_are_in_conflict(library, editing):
    save(library, editing, Label(frame_rate=50.0), "A", base=0)
    save(library, editing, Label(frame_rate=60.0), "B", base=0)
    [found] = library.conflicts(editing.cine())
    assert (found.key, found.older.label.frame_rate, found.newer.label.frame_rate) == ("frame_rate", 50, 60)


def test_the_view_ed_es_and_the_calibration_are_in_conflict_too(library, editing):
    one = Label(view=View.A2C, ed=3, es=9, calibration=Calibration(0.3, 0.3))
    two = Label(view=View.A4C, ed=5, es=9, calibration=Calibration(0.4, 0.3))
    save(library, editing, one, "A", base=0)
    save(library, editing, two, "B", base=0)
    found = {one.key: one for one in library.conflicts(editing.cine())}
    assert list(found) == ["view", "ed", "calibration"], "both said the same of ES"
    assert (found["view"].older.label.view, found["view"].newer.label.view) == (View.A2C, View.A4C)
    assert found["ed"].choice == "ed:3:5"
    assert library.record("uid-1").conflicts == {one.choice for one in found.values()}
    assert next(histories(library)).record.conflicts == library.record("uid-1").conflicts
    decided = two.with_ed(3).with_settled("ed:3:5")
    save(library, editing, decided, "C", before=two, base=2)
    assert [one.key for one in library.conflicts(editing.cine())] == ["view", "calibration"]
    assert [one.annotator for one in library.history("uid-1")] == ["A", "B", "C"], "what was refused is there too"


def test_a_contour_and_not_traceable_are_in_conflict_whoever_was_first(library, editing):
    traced, none = editing.edited(Label(), 0), Label().with_not_traceable(0)
    save(library, editing, traced, "A", base=0)
    save(library, editing, none, "B", base=0)
    [found] = library.conflicts(editing.cine())
    assert (found.key, found.newer.label.not_traceable, found.older.contour is not None) == (0, {0}, True)
    held = library.label("uid-1")
    assert (dict(held.contours), held.not_traceable) == ({}, {0}), "never both"
    other = editing.cine("uid-2")
    save(library, editing, none, "A", base=0, cine=other)
    save(library, editing, traced, "B", base=0, cine=other)
    [found] = library.conflicts(other)
    assert (found.older.label.not_traceable, found.newer.contour is not None) == ({0}, True)


def test_marks_on_other_pictures_than_the_cine_shows_wait_for_nobody(library, editing):
    strange = editing.cine("uid-1", editing.Frames(look=5))
    save(library, editing, Label(ed=3), "A", base=0)
    save(library, editing, Label(ed=5), "B", base=0, cine=strange)
    assert library.conflicts(editing.cine()) == []


def test_whoever_has_seen_the_other_s_makes_no_conflict(library, editing):
    one, two = editing.edited(Label(), 0), editing.edited(Label(), 7)
    save(library, editing, one, "A", base=0)
    save(library, editing, two, "B", before=one, base=1)
    save(library, editing, editing.edited(two, 14), "A", before=two, base=2)
    assert library.conflicts(editing.cine()) == []


def test_a_merge_carries_readings_and_acts_and_comes_twice_for_nothing(library, tmp_path, editing):
    other = open_library(sqlite_url(tmp_path / "other.sqlite"))
    save(other, editing, editing.after(2))
    save(other, editing, editing.after(4), "Dr B", reading=SECOND.key, blind=True, role="reviewer")
    asked = act(ActKind.SECOND_READ)
    for one in (asked, act(ActKind.SUBMIT, "Dr B", reading=SECOND.key)):
        other.say(editing.cine(), "/x", one, "1.0")
    save(library, editing, editing.after(1))
    library.say(editing.cine(), "/x", act(text="ours"), "1.0")
    [given] = histories(other)
    came = merge(library, given, "import", "1.0")
    assert came.acts == 2
    assert merge(library, given, "import", "1.0") == type(came)(0, (), 0)
    assert editing.values(library.label("uid-1", SECOND.key)) == editing.values(editing.after(4))
    record = library.record("uid-1")
    assert record.trail.submitted(ReadKind.SECOND) == [SECOND]
    assert record.trail.verdict().uid == asked.uid
    assert len(record.trail.acts) == 3
    assert library.history("uid-1", SECOND.key)[0].blind is True
    other.close()


def test_a_cine_of_which_something_was_only_said_is_in_the_library(library, editing):
    library.say(editing.cine(), "/x", act(ActKind.REJECT), "1.0")
    [found] = histories(library)
    assert (found.entries, found.trail.verdict().kind, found.label().empty) == ((), ActKind.REJECT, True)
    assert library.labelled() == []


def test_nothing_is_learnt_from_what_a_reviewer_rejected(library, editing):
    label = editing.after(3)
    save(library, editing, label)
    library.say(editing.cine(), "/x", act(ActKind.REJECT, t=1, seal=contour_seal(label.contour(1))), "1.0")
    assert list(library.labelled()[0].label.contours) == [0, 2]
    library.say(editing.cine(), "/x", act(ActKind.REJECT, seal=seal_of(label)), "1.0")
    assert library.labelled() == []
    mended = label.with_contour(1, editing.after(9).contour(1))
    save(library, editing, mended, before=label)
    assert list(library.labelled()[0].label.contours) == [0, 1, 2], "it is another label now"


def test_the_doctor_counts_acts_and_a_repair_keeps_them(library, path, editing):
    save(library, editing, editing.after(3))
    save(library, editing, editing.after(5), "Dr B", reading=SECOND.key)
    library.say(editing.cine(), "/x", act(ActKind.APPROVE), "1.0")
    library.close()
    assert "Acts of review: 1." in [one.text for one in examine(sqlite_url(path))]
    made = rescue(path)
    assert (made.revisions, made.left) == (2, 0)
    again = open_library(sqlite_url(path))
    assert [one.kind for one in again.record("uid-1").trail.acts] == [ActKind.APPROVE]
    assert editing.values(again.label("uid-1", SECOND.key)) == editing.values(editing.after(5))
    again.close()


def test_a_backup_of_the_schema_before_helps_a_repair(library, path, editing):
    shutil.copy(Path(__file__).parent / "fixtures" / "schema-0002.sqlite", path.with_name("old.sqlite"))
    made = rescue(path.with_name("old.sqlite"))
    assert (made.revisions, made.cines) == (4, 2)
    again = open_library(sqlite_url(path.with_name("old.sqlite")))
    assert again.label("uid-2").ed == 2
    again.close()


def test_a_library_of_the_second_schema_is_brought_up_to_date(path, editing):
    shutil.copy(Path(__file__).parent / "fixtures" / "schema-0002.sqlite", path)
    library = open_library(sqlite_url(path))
    label = library.label("uid-2")
    assert (label.ed, label.not_traceable) == (2, {7})
    assert [(one.seconds, one.blind) for one in library.history("uid-2")][-1] == (12.5, None)
    assert set(library.record("uid-2").readers) == {"Жук 心", "A. Person"}
    assert library.record("uid-2").trail.acts == ()
    library.close()


def test_the_server_keeps_acts_and_readings_too(server_url, editing):
    shared, other = open_library(server_url), open_library(server_url)
    save(shared, editing, editing.after(3), base=0)
    save(other, editing, editing.after(5), "Dr B", reading=SECOND.key, blind=False)
    other.say(editing.cine(), "/x", act(ActKind.SECOND_READ, "B"), "1.0")
    shared.say(editing.cine(), "/x", act(ActKind.APPROVE), "1.0")
    record = other.record("uid-1")
    assert [one.kind for one in record.trail.acts] == [ActKind.SECOND_READ, ActKind.APPROVE]
    assert record.unblinded == {SECOND.key}
    engine = make_engine(server_url)
    with pytest.raises(Exception, match="never changed"), engine.begin() as connection:
        connection.execute(text("DELETE FROM acts"))
    engine.dispose()
    shared.close()
    other.close()


def test_reading_keys():
    assert (FIRST.key, SECOND.key, Reading.of("second:Dr B"), Reading.of("")) == ("", "second:Dr B", SECOND, FIRST)
    assert Reading.of("repeat:a:b") == Reading(ReadKind.REPEAT, "a:b")
    assert datetime.now(UTC) - act().made_at < timedelta(minutes=5)
