"""Which file names tell a person something."""

import pytest

from echoview.io.naming import tells, title_of

UID = "1.2.840.113619.2.21.848.246800003.0.1952805748.3"


@pytest.mark.parametrize(
    "name",
    ["IM000000", "IM_0001", "IMG00001.dcm", "I1000001", "A00001", "0002.DCM", "image-12.dcm", UID, "3f2a9c0d11", "7"],
)
def test_counted_names_tell_nothing(name):
    assert not tells(name)
    assert title_of(name, 3, 5) == "Series 3, no. 5"


@pytest.mark.parametrize("name", ["0-A4C.dcm", "rest.dcm", "IM_0001_4CH", "stress 12", "patient0001_2CH", "cine 3.dcm"])
def test_words_do(name):
    assert tells(name)
    assert title_of(name, 3, 5) == ""


def test_what_the_header_does_not_count_keeps_its_file_name():
    assert title_of("IM000000", 0, 0) == ""
    assert title_of("IM000000", 0, 5) == "No. 5"
