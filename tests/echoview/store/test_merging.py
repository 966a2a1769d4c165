"""Two people on one cine: both kept, joined where they can be, and told of where not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View
from echoview.store import merge, open_library
from echoview.store.engines import sqlite_url
from echoview.store.merging import Conflict
from echoview.store.values import Revision, Saved, in_words

ONE, TWO, THREE = (draw([(n, 10), (5, n), (10, 10)]) for n in (0, 1, 2))
BASE = Label({1: ONE, 2: ONE, 3: ONE}, View.A4C, 0, 9)


def test_frames_that_one_side_edited_join_by_themselves():
    ours = BASE.with_contour(1, TWO).without_contour(2).with_es(10)
    theirs = BASE.with_contour(3, TWO).with_contour(7, THREE).with_view(View.A2C)
    merged = merge(BASE, ours, theirs)
    assert merged.conflict is None
    assert merged.joined == (3, 7, "view")
    label = merged.label
    assert sorted(label.contours) == [1, 3, 7]
    assert (label.contour(1), label.contour(3).handles.tolist()) == (TWO, TWO.handles.tolist())
    assert (label.view, label.ed, label.es) == (View.A2C, 0, 10)


def test_what_both_edited_is_the_conflict_and_ours_is_shown():
    ours = BASE.with_contour(1, TWO).without_contour(2).with_ed(4).with_calibration(Calibration(0.2, 0.2))
    theirs = BASE.with_contour(1, THREE).with_contour(2, TWO).without_contour(3).with_ed(5)
    merged = merge(BASE, ours, theirs)
    assert set(merged.conflict.frames) == {1, 2}
    assert merged.conflict.frames[1].ours is TWO
    assert merged.conflict.frames[1].theirs.handles.tolist() == THREE.handles.tolist()
    assert merged.conflict.frames[2].ours is None
    assert merged.conflict.said == {"ed": (4, 5)}
    assert list(merged.label.contours) == [1]
    assert merged.label.contour(1) is TWO
    assert (merged.label.ed, merged.joined) == (4, (3,))


def test_the_same_edit_on_both_sides_is_no_conflict():
    again = draw(TWO.handles.tolist())
    merged = merge(BASE, BASE.with_contour(1, TWO).with_ed(3), BASE.with_contour(1, again).with_ed(3))
    assert (merged.conflict, merged.joined) == (None, ())


def test_merging_with_nothing_changes_nothing():
    ours = BASE.with_contour(1, TWO)
    assert merge(BASE, ours, BASE).label.contours == ours.contours
    assert merge(BASE, BASE, ours).label.contour(1).handles.tolist() == TWO.handles.tolist()


LINE, OTHER = (Note(NoteKind.DISTANCE, t, ((1.0, 2.0), (30.0, 4.0))) for t in (3, 4))


def test_calipers_of_both_are_there_and_what_either_took_away_is_gone():
    base = BASE.with_notes((LINE, OTHER))
    third = Note(NoteKind.AREA, 5, ((1.0, 2.0), (3.0, 4.0), (5.0, 1.0)))
    merged = merge(base, base.with_notes((LINE, OTHER, third)), base.with_notes((OTHER,)))
    assert (merged.label.notes, merged.conflict, merged.joined) == ((OTHER, third), None, ("notes",))
    assert merge(base, base.with_notes((OTHER,)), base).label.notes == (OTHER,)


def test_a_frame_that_cannot_be_traced_is_a_frame_like_any_other():
    ours, theirs = BASE.with_not_traceable(1), BASE.with_not_traceable(7).with_contour(2, TWO)
    merged = merge(BASE, ours, theirs)
    assert (merged.label.not_traceable, merged.conflict, merged.joined) == ({1, 7}, None, (2, 7))
    assert sorted(merged.label.contours) == [2, 3]
    merged = merge(BASE, ours.with_not_traceable(8), BASE.with_contour(1, TWO).with_contour(8, TWO))
    assert set(merged.conflict.frames) == {1, 8}
    assert merged.label.not_traceable == {1, 8}
    assert sorted(merged.label.contours) == [2, 3], "no frame is both"
    left = BASE.with_not_traceable(1)
    assert merge(left, left.with_not_traceable(1, False), left).label.not_traceable == frozenset()


# In a library


@pytest.fixture
def save(library, editing):
    """Saves as one of two people."""

    def save(who: str, before: Label, after: Label, base: int) -> Saved:
        said = {**editing.WHO, "annotator": who}
        return library.save(editing.cine(), "/x", before, after, base=base, **said)

    return save


def test_a_save_on_what_one_has_seen_is_no_conflict(save):
    first = save("A", Label(), BASE, 0)
    assert (first.number, first.others, first.conflict) == (1, (), None)
    second = save("A", BASE, BASE.with_ed(2), 1)
    assert (second.number, second.others, second.label.ed) == (2, (), 2)


def test_a_save_on_a_stale_base_keeps_both_and_reports(save, library, editing):
    save("A", Label(), BASE, 0)
    save("B", BASE, BASE.with_contour(1, TWO).with_contour(8, TWO), 1)
    ours = BASE.with_contour(1, THREE).with_contour(9, THREE)
    saved = save("A", BASE, ours, 1)
    assert (saved.number, [r.annotator for r in saved.others]) == (3, ["B"])
    assert set(saved.conflict.frames) == {1}
    assert saved.conflict.frames[1].theirs.handles.tolist() == TWO.handles.tolist()
    assert sorted(saved.label.contours) == [1, 2, 3, 8, 9]
    assert editing.values(library.label("uid-1")) == editing.values(saved.label), "what is told is what is held"
    assert [(r.number, r.base, r.annotator) for r in library.history("uid-1")] == [
        (1, 0, "A"),
        (2, 1, "B"),
        (3, 1, "A"),
    ]
    assert library.history("uid-1")[1].frames == (1, 8), "theirs is in the history"


def test_calipers_and_untraceable_frames_of_both_are_held(save, library):
    save("A", Label(), BASE, 0)
    save("B", BASE, BASE.with_notes((LINE,)).with_not_traceable(3).with_not_traceable(5), 1)
    saved = save("A", BASE, BASE.with_notes((OTHER,)).with_not_traceable(2).with_contour(3, TWO), 1)
    for label in (saved.label, library.label("uid-1")):
        assert set(label.notes) == {LINE, OTHER}
        assert label.not_traceable == {2, 5}
        assert sorted(label.contours) == [1, 3]
    assert set(saved.conflict.frames) == {3}


def test_a_save_whose_answer_was_lost_is_not_taken_for_somebody_else(save):
    save("A", Label(), BASE, 0)
    again = save("A", Label(), BASE, 0)
    assert (again.number, again.others, again.conflict) == (2, (), None)


def test_what_another_decoder_saw_does_not_join(library, editing):
    elsewhere = editing.cine(frames=editing.Frames(look=5))
    library.save(elsewhere, "/x", Label(), Label({3: ONE}), base=0, **editing.WHO)
    saved = library.save(editing.cine(), "/x", Label(), Label({4: TWO}), base=0, **editing.WHO)
    assert list(saved.label.contours) == [4]


def test_a_damaged_revision_of_theirs_does_not_cost_ours(library, path, save, editing):
    save("A", Label(), BASE, 0)
    save("B", BASE, BASE.with_ed(3), 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER revisions_no_UPDATE")
        connection.execute("UPDATE revisions SET change = '{' WHERE number = 2")
    assert save("A", BASE, BASE.with_es(5), 1).number == 3


def told(*, clash=(), joined=(), names=("B",), days=0, us="A") -> str:
    made = datetime.now(UTC) - timedelta(days=days)
    others = tuple(Revision(2, made, name, "1", "", "", ()) for name in names)
    conflict = Conflict(dict.fromkeys(clash), {}) if clash else None
    news = Saved(3, Label(), others, conflict, joined).news(us)
    return str(news) if news else ""


def test_the_sentences_say_who_when_and_what():
    now = f"{datetime.now():%H:%M}"
    sentence = told(clash=(3, 8), joined=(1, "view"))
    assert sentence.startswith("B also changed frames 4 and 9 at ")
    assert now[:2] in sentence
    assert "theirs are kept in the history. What else they changed, frame 2, the view, has joined." in sentence
    assert told(joined=(1, 2, 3), names=("B", "C")).startswith("B and C changed frames 2, 3 and 4 at ")
    assert told(joined=(1,), names=("A",)).startswith("Another window of yours changed frame 2")
    assert told(joined=(1,), names=("",)).startswith("Another window changed")
    assert f"on {datetime.now() - timedelta(days=3):%Y-%m-%d} at" in told(joined=(1,), days=3)
    assert told() == ""
    assert in_words(range(7)) == "7 frames"
    assert in_words(["view", "new_thing"]) == "the view, new thing", "also of what a later version adds to a label"


def test_two_processes_write_150_edits_each_and_all_are_there(path, run_editing, editing):
    url = sqlite_url(path)
    writers = [run_editing("edits", url, 150, first) for first in (0, 20)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, err = writer.communicate(timeout=200)
        assert (out, err, writer.returncode) == ("." * 150, "", 0)
    library = open_library(url)
    assert [revision.number for revision in library.history("uid-1")] == list(range(1, 301))
    both = {t: c for first in (0, 20) for t, c in editing.after(150, first).contours.items()}
    assert editing.values(library.label("uid-1")) == editing.values(Label(both))
    library.close()
