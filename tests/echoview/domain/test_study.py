"""The status of a cine, from what a person stands behind."""

from __future__ import annotations

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin, draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.study import Status, approved, instant_named, status_of, unjudged
from echoview.domain.view import View

LINE = np.array([(0.0, 10.0), (5.0, 0.0), (10.0, 10.0), (12.0, 12.0)])
DRAWN = draw([(0, 10), (5, 0), (10, 10)])
PREDICTED = Contour.through(LINE, Origin.PREDICTED)


@pytest.mark.parametrize(
    ("label", "predicted", "status"),
    [
        (Label(), False, Status.NEW),
        (Label(), True, Status.PREDICTED),
        (Label(ed=3), True, Status.IN_CORRECTION),
        (Label(view=View.A2C), False, Status.IN_CORRECTION),
        (Label(calibration=Calibration(0.5, 0.5)), True, Status.IN_CORRECTION),
        (Label(not_traceable=frozenset({2})), True, Status.IN_CORRECTION),
        (Label(notes=(Note(NoteKind.DISTANCE, 2, ((0.0, 0.0), (3.0, 4.0))),)), True, Status.PREDICTED),
        (Label({3: PREDICTED.moved(2, 1, 1)}), True, Status.IN_CORRECTION),
        (Label({3: DRAWN, 4: PREDICTED.moved(2, 1, 1)}), True, Status.IN_CORRECTION),
        (Label({3: DRAWN}), False, Status.CORRECTED),
        (Label({3: DRAWN, 7: PREDICTED.accepted()}), True, Status.CORRECTED),
        (Label({3: DRAWN, 7: PREDICTED.accepted()}, ed=3), True, Status.CORRECTED),
        (Label({3: DRAWN, 7: PREDICTED.accepted()}, ed=3, es=8), True, Status.CORRECTED),
        (Label({3: DRAWN, 7: PREDICTED.accepted()}, ed=3, es=7), True, Status.APPROVED),
        (Label({3: PREDICTED.accepted()}), True, Status.FRAMES_APPROVED),
        (Label({3: PREDICTED.accepted(), 7: PREDICTED.accepted()}, ed=3, es=8), True, Status.FRAMES_APPROVED),
        (Label({3: PREDICTED.accepted(), 7: PREDICTED.accepted()}, ed=3, es=7), True, Status.APPROVED),
    ],
)
def test_status(label, predicted, status):
    assert status_of(label, predicted) is status


def test_approving_accepts_ed_es_and_every_touched_frame():
    begun = Label({5: PREDICTED.moved(1, 2, 2)})
    label = approved(begun, (0, PREDICTED), (9, DRAWN))
    assert (label.ed, label.es) == (0, 9)
    assert sorted(label.contours) == [0, 5, 9]
    assert set(label.contours[0].origins) == {Origin.ACCEPTED}
    assert label.contours[5].origins[1] is Origin.CORRECTED
    assert set(label.contours[9].origins) == {Origin.DRAWN}
    assert status_of(label) is Status.APPROVED


@pytest.mark.parametrize(
    ("label", "status"),
    [(Label({3: PREDICTED.accepted()}), Status.FRAMES_APPROVED), (Label({3: DRAWN}), Status.CORRECTED)],
)
def test_what_a_label_counts_as_while_the_cine_is_not_approved(label, status):
    assert unjudged(label) is status


@pytest.mark.parametrize(
    ("path", "instant"),
    [
        ("/d/patient0001_4CH_ED.nii.gz", "ED"), ("C:\\d\\patient0001_2CH_ES.mhd", "ES"), ("heart-es.png", "ES"),
        ("ED.dcm", "ED"), ("a_ES/IM0001", ""), ("need.png", ""), ("patient0001_4CH_ED_gt.mhd", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_name_of_a_file_may_say_the_instant(path, instant) -> None:
    assert instant_named(path) == instant
