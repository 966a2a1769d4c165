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
    found = Prediction.none_yet(3, "w", "0", "cpu").with_frame(0, np.full((65, 2), np.nan), 0.0, np.eye(3)[2], 1.0)
    for hint, label, view in (
        (None, Label(), View.A4C),
        (View.A3C, Label(), View.A3C),
        (View.A3C, Label(view=View.A2C), View.A2C),
    ):
        session.open(Cine(replace(info, view_hint=hint), Grey()), "x", label)
        assert session.view is (label.view or hint)
        session.set_prediction(found)
        assert session.view is view
