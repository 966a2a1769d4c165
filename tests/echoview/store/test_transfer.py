"""Histories out of one library and into another: nothing is lost, nothing comes twice, conflicts are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View
from echoview.errors import LibraryError
from echoview.store import Library, open_library
from echoview.store.place import library_url
from echoview.store.transfer import OURS, THEIRS, Entry, History, Merged, cines, histories, merge

ONE, TWO, THREE = (draw([(n, 10 + n), (5 + n, n), (10 + n, 10 + n)]) for n in (0, 1, 2))
LINE = Note(NoteKind.DISTANCE, 3, ((1.0, 2.0), (3.0, 4.0)))
WHO = {"annotator": "A", "app_version": "1", "weights": "w", "tool": "drag"}


class Frames:
    def decode(self, t: int) -> np.ndarray:
        return np.full((20, 30), t, np.uint8)


def cine(identity: str, frames: int = 9) -> Cine:
    return Cine(CineInfo((20, 30), np.arange(float(frames)), True, identity, "sha256:" + identity, "x"), Frames())


@pytest.fixture
def library(tmp_path: Path):
    opened = open_library(library_url(str(tmp_path / "ours.sqlite")))
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path):
    opened = open_library(library_url(str(tmp_path / "theirs.sqlite")))
    yield opened
    opened.close()


def put(library: Library, identity: str, *labels: Label, annotator: str = "A") -> History:
    before = library.label(identity)
    for label in labels:
        library.save(cine(identity), f"/x/{identity}", before, label, **{**WHO, "annotator": annotator})
        before = label
    return next(h for h in histories(library) if h.identity == identity)


def same_label(a: Label, b: Label) -> bool:
    from echoview.store.codec import difference

    return not difference(a, b)


def test_all_histories_come_from_three_queries(library):
    for n in range(30):
        put(library, f"uid-{n}", Label({0: ONE}), Label({0: ONE, 3: TWO}, View.A4C, 0, 3))
    asked: list[str] = []
    event.listen(library._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    found = list(histories(library))
    assert len([sql for sql in asked if "SELECT" in sql]) == 3, "revisions, acts, links: however many cines"
    assert [h.identity for h in found] == [f"uid-{n}" for n in range(30)]
    for history in found:
        assert same_label(history.label(), library.label(history.identity))
        assert [e.tool for e in history.entries] == ["drag", "drag"]
        assert all(e.made_at.tzinfo is not None for e in history.entries)
    assert [h.identity for h in histories(library, {"uid-7"})] == ["uid-7"]
    assert [h.shape for h in cines(library)] == [(9, 20, 30)] * 30


def test_an_unknown_cine_comes_with_its_whole_history(library, other):
    given = put(other, "uid", Label({0: ONE}), Label({0: TWO}, es=4))
    assert merge(library, given, "me", "2") == Merged(2, ())
    (found,) = histories(library)
    assert found.entries == given.entries
    assert merge(library, given, "me", "2") == Merged(0, ()), "nothing comes twice"


def test_what_goes_on_from_ours_is_no_conflict(library, other):
    ours = put(library, "uid", Label({0: ONE}))
    merge(other, ours, "me", "2")
    theirs = put(other, "uid", Label({0: TWO}), annotator="B")
    assert merge(library, theirs, "me", "2") == Merged(1, ())
    assert same_label(library.label("uid"), Label({0: TWO}))


def test_two_versions_of_a_frame_are_both_kept_and_named(library, other):
    put(library, "uid", Label({0: ONE, 2: ONE}, View.A4C, ed=0))
    theirs = put(other, "uid", Label({0: TWO, 5: TWO}, View.A2C, ed=0, es=5), annotator="B")
    merged = merge(library, theirs, "me", "2")
    assert merged.conflicts == ("frame 1", "view")
    assert merged.added == 2
    assert same_label(library.label("uid"), Label({0: ONE, 2: ONE, 5: TWO}, View.A4C, 0, 5)), "ours stays in force"
    entries = next(histories(library)).entries
    assert [e.annotator for e in entries] == ["A", "B", "me"]
    assert entries[-1].tool == OURS
    assert entries[1].change["contours"]["0"]["handles"] == TWO.handles.tolist(), "theirs is in the history"
    assert merge(library, theirs, "me", "2").added == 0


def test_what_only_one_side_changed_since_both_were_alike_joins(library, other):
    ours = put(library, "uid", Label({0: ONE, 1: ONE, 2: ONE}, ed=3).with_not_traceable(7))
    merge(other, ours, "me", "2")
    put(library, "uid", Label({1: ONE, 2: ONE, 4: ONE}, ed=3, notes=(LINE,)).with_not_traceable(8))
    theirs = put(other, "uid", Label({0: ONE, 1: TWO, 5: TWO}, ed=4).with_not_traceable(7), annotator="B")
    merged = merge(library, theirs, "me", "2")
    assert merged.conflicts == ()
    wanted = Label({1: TWO, 4: ONE, 5: TWO}, ed=4, notes=(LINE,), not_traceable=frozenset({8}))
    assert same_label(library.label("uid"), wanted), "frames 0 and 2 were removed, 7 can be traced again"
    back = next(histories(library))
    assert merge(other, back, "them", "2").conflicts == ()
    assert same_label(other.label("uid"), wanted)


def test_what_both_changed_since_both_were_alike_is_a_conflict(library, other):
    merge(other, put(library, "uid", Label({0: ONE, 1: ONE, 2: ONE})), "me", "2")
    put(library, "uid", Label({0: THREE, 2: THREE}))
    theirs = put(other, "uid", Label({0: TWO, 1: TWO, 2: THREE}).with_not_traceable(8), annotator="B")
    assert merge(library, theirs, "me", "2").conflicts == ("frame 1", "frame 2")
    assert same_label(library.label("uid"), Label({0: THREE, 2: THREE}).with_not_traceable(8))


def test_a_choice_is_a_revision_of_its_own_whichever_side_wins(library, other):
    put(library, "uid", Label({0: ONE}))
    theirs = put(other, "uid", Label({0: TWO}), annotator="B")
    assert merge(library, theirs, "me", "2", theirs=True).added == 2
    last = next(histories(library)).entries[-1]
    assert (last.tool, list(last.change["contours"]), last.base) == (THEIRS, ["0"], 2)
    ours = next(e for e in theirs.entries)
    assert last.change["pixels"] == ours.change["pixels"] != {}, "it stays on the picture that it was made on"


def test_effort_and_what_was_seen_come_along_under_the_numbers_of_here(library, other):
    put(library, "uid", Label({5: ONE}))
    before, after = Label({0: ONE}), Label({0: TWO})
    other.save(cine("uid"), "/y", Label(), before, base=0, seconds=3.5, **WHO)
    other.save(cine("uid"), "/y", before, after, base=1, drags=2, moved_mm=1.25, **WHO)
    merge(library, next(histories(other)), "me", "2")
    told = [(r.number, r.base, r.seconds, r.drags, r.moved_mm) for r in library.history("uid")]
    assert told == [(1, None, None, None, None), (2, 0, 3.5, None, None), (3, 2, None, 2, 1.25)]


def test_theirs_can_win(library, other):
    put(library, "uid", Label({0: ONE, 2: ONE}))
    theirs = put(other, "uid", Label({0: TWO}), annotator="B")
    assert merge(library, theirs, "me", "2", theirs=True).conflicts == ("frame 1",)
    assert same_label(library.label("uid"), Label({0: TWO, 2: ONE}))


def test_a_cine_of_another_size_and_a_damaged_revision_are_refused_whole(library, other):
    put(library, "uid", Label({0: ONE}))
    theirs = put(other, "uid", Label({1: TWO}), annotator="B")
    with pytest.raises(LibraryError, match="another size"):
        merge(library, replace(theirs, shape=(8, 20, 30)), "me", "2")
    bad = Entry(datetime.now(UTC), "B", "1", "", "x", {"contours": {"0": {"handles": [[1, 2]], "origins": ["drawn"]}}})
    with pytest.raises(LibraryError, match="damaged"):
        merge(library, replace(theirs, identity="uid-2", entries=(bad,)), "me", "2")
    assert [h.identity for h in cines(library)] == ["uid"]
    assert same_label(library.label("uid"), Label({0: ONE}))
