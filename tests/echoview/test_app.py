"""What the first start does, and the later ones do not."""

from __future__ import annotations

from echoview.app import first_cine, sample_path
from echoview.settings import Settings


def test_the_sample_opens_by_itself_until_something_was_opened():
    assert first_cine(Settings()) == sample_path() is not None
    assert first_cine(Settings().with_recent("/cines/one.dcm")) is None
