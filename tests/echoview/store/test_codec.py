"""What an edit changed, as JSON, and the label that a row of changes makes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin, draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View
from echoview.store.codec import difference, replay, seal_of

ONE = draw([(0, 10), (5.25, 0), (10, 10)])
TWO = draw([(1, 11), (6, 1), (11, 11)])
NOTES = (Note(NoteKind.DISTANCE, 3, ((1.5, 2), (30, 40))), Note(NoteKind.AREA, 0, ((0, 0), (9, 0), (9, 9.125))))
FULL = Label({0: ONE, 12: TWO}, View.A3C, 0, 12, Calibration(0.3, 1 / 3), notes=NOTES, frame_rate=48.5)


def values(label: Label) -> tuple:
    contours = {t: (c.handles.tolist(), c.origins) for t, c in label.contours.items()}
    return contours, label.view, label.ed, label.es, label.calibration, label.notes, label.frame_rate


def test_the_form_of_a_change():
    change = difference(Label({1: ONE, 2: ONE}), Label({2: ONE.moved(0, 0, 9), 3: TWO}, View.A2C, ed=0))
    assert change == {
        "contours": {
            "1": None,
            "2": {"handles": [[0, 9], [5.25, 0], [10, 10]], "origins": ["drawn", "drawn", "drawn"]},
            "3": {"handles": [[1, 11], [6, 1], [11, 11]], "origins": ["drawn", "drawn", "drawn"]},
        },
        "view": "A2C",
        "ed": 0,
    }


def test_labels_that_say_the_same_differ_in_nothing():
    again = replace(FULL, contours={0: draw(ONE.handles.tolist()), 12: TWO})
    assert difference(FULL, again) == {}
    assert difference(Label(), Label()) == {}


def test_another_origin_alone_is_a_change():
    predicted = Contour(ONE.handles, (Origin.PREDICTED,) * 3)
    change = difference(Label({4: predicted}), Label({4: predicted.accepted()}))
    assert change["contours"]["4"]["origins"] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("before", "after"),
    [(Label(), FULL), (FULL, Label()), (FULL, FULL.without_contour(0).with_es(None).with_view(View.A4C))],
)
def test_a_change_makes_the_second_label_of_the_first(before, after):
    changes = [difference(Label(), before), difference(before, after)]
    assert values(replay(json.loads(json.dumps(changes)))) == values(after)


def test_notes_are_written_whole_and_labels_from_before_them_have_none():
    assert difference(Label(), Label(notes=NOTES[:1])) == {"notes": [["distance", 3, [[1.5, 2], [30, 40]]]]}
    assert replay([{"ed": 3}]).notes == ()
    assert replay([difference(Label(), FULL), difference(FULL, FULL.with_notes(()))]).notes == ()


def test_a_frame_rate_is_part_of_what_a_verdict_is_about_and_leaves_older_seals_alone():
    label = Label({3: ONE}, View.A3C, 0, 12, Calibration(0.3, 0.25))
    assert seal_of(label) == "8b1eb37ee0bb1d5f"
    assert seal_of(label.with_frame_rate(50)) not in (seal_of(label), seal_of(label.with_frame_rate(51)))
    assert not Label(frame_rate=50).empty


@pytest.mark.parametrize("rate", [0, -5, 1e9, "fast"])
def test_a_frame_rate_that_no_cine_has_is_damage(rate):
    with pytest.raises(ValueError, match=r"frame rate|convert"):
        replay([{"frame_rate": rate}])


def random_edit(label: Label, rng: np.random.Generator) -> Label:
    t = int(rng.integers(6))
    edits = (
        lambda: label.with_contour(t, draw(rng.uniform(0, 99, (int(rng.integers(3, 9)), 2)).round(3).tolist())),
        lambda: label.without_contour(t),
        lambda: label.with_view([None, *View][t % 4]),
        lambda: label.with_ed(None if t == 0 else t),
        lambda: label.with_es(t),
        lambda: label.with_calibration(None if t == 1 else Calibration(*rng.uniform(0.1, 1, 2).tolist())),
        lambda: label.with_frame_rate(None if t == 1 else 10.0 + t),
    )
    return edits[int(rng.integers(7))]()


def test_a_long_row_of_random_edits_is_replayed():
    rng = np.random.default_rng(3)
    label, changes = Label(), []
    for _ in range(150):
        after = random_edit(label, rng)
        changes.append(difference(label, after))
        label = after
        assert values(replay(json.loads(json.dumps(changes)))) == values(label)


def test_handles_are_kept_to_a_thousandth_of_a_pixel():
    fine = draw([(1 / 3, 2 / 3), (5, 0), (10, 10)])
    [kept] = replay([difference(Label(), Label({0: fine}))]).contours.values()
    np.testing.assert_allclose(kept.handles, fine.handles, atol=0.0005)


def test_frames_that_cannot_be_traced_are_kept_and_older_changes_have_none():
    before, after = Label({3: ONE}), Label({3: ONE}).with_not_traceable(5).with_not_traceable(3)
    change = json.loads(json.dumps(difference(before, after)))
    assert change == {"contours": {"3": None}, "not_traceable": [3, 5]}
    assert replay([difference(Label(), before), change]).not_traceable == {3, 5}
    assert replay([difference(Label(), before)]).not_traceable == frozenset()
    assert difference(after, after.with_not_traceable(5, False))["not_traceable"] == [3]
