"""What is open now, without a window."""

from dataclasses import replace

import numpy as np

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.label import Label
from echoview.domain.prediction import Prediction
from echoview.domain.view import View
from echoview.session import Session


class Grey:
    def decode(self, t: int) -> np.ndarray:
        return np.zeros((8, 8), np.uint8)


def test_the_person_names_the_view_before_the_file_and_the_file_before_the_network(qapp):
    session = Session()
    info = CineInfo((8, 8), np.arange(3) / 30, True, "x", "sha256:0", "test")
    nothing = Prediction.none_yet(3, "w", "0", "cpu").with_frame(0, np.full((65, 2), np.nan), 0.0, np.eye(3)[2], 1.0)
    found = Prediction.none_yet(3, "w", "0", "cpu").with_frame(0, np.ones((65, 2)), 0.9, np.eye(3)[2], 1.0)
    for hint, label, view in (
        (None, Label(), View.A4C),
        (View.A3C, Label(), View.A3C),
        (View.A3C, Label(view=View.A2C), View.A2C),
    ):
        session.open(Cine(replace(info, view_hint=hint), Grey()), "x", label)
        assert session.view is (label.view or hint)
        session.set_prediction(nothing)
        assert session.view is (label.view or hint), "where it found no ventricle it names no view"
        session.set_prediction(found)
        assert session.view is view


def test_what_was_measured_is_there_again_after_an_undo_unless_the_prediction_is_another(qapp):
    session = Session()
    angle = np.linspace(0.2, np.pi - 0.2, 65)
    ring = 30 + 20 * np.column_stack([np.cos(angle), -np.sin(angle)])
    found = Prediction.none_yet(3, "w", "0", "cpu")
    for t in range(3):
        found = found.with_frame(t, ring * (1 - 0.1 * t), 0.9, np.eye(3)[2], 1.0)
    info = CineInfo((64, 64), np.arange(3) / 30, True, "x", "sha256:0", "test")
    session.open(Cine(info, Grey()), "x", Label())
    session.set_prediction(found)
    before = session.measurements
    contour = session.editable(1)
    session.edit("move point", session.label.with_contour(1, contour.moved(7, 30, 2)))
    after = session.measurements
    assert after.area_px2[1] != before.area_px2[1]
    session.undo_stack.undo()
    assert session.measurements is before
    session.undo_stack.redo()
    assert session.measurements is after
    session.set_prediction(replace(found, contours=found.contours * 0.9))
    session.undo_stack.undo()
    np.testing.assert_allclose(session.measurements.area_px2, 0.81 * before.area_px2, rtol=1e-6)
