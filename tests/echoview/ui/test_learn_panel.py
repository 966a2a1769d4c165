"""What the LEARN tab says of the corrections that it would learn from."""

from __future__ import annotations

import pytest

from echoview.ui.learn_panel import _data_sentence


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((3, 1, 0), "3 corrected frames in 1 cine. The network learns from all of them"),
        ((3, 1, 2), "does not forget. 2 frames in conflict are left out until somebody decides in REVIEW."),
        ((0, 0, 1), "Nothing to learn from yet. 1 frame in conflict is left out until somebody decides in REVIEW."),
        ((0, 0, 0), "Correct the contour of a frame"),
    ],
)
def test_frames_in_conflict_are_named_beside_those_that_count(counts, words) -> None:
    said = _data_sentence(*counts)
    assert words in said
    assert ("conflict" in said) is bool(counts[2])
