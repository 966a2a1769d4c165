"""Files with the same SOP Instance UID: a copy that was written again, and another cine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.review import ActKind, Role
from echoview.errors import LibraryError
from echoview.store import new_act
from echoview.store.twins import apart_from, belongs

ONE = draw([(0, 10), (5, 0), (10, 10)])


@pytest.fixture
def make(editing):
    """A cine of the UID "1.2.3": its pictures and the bytes of its file are numbers."""

    def cine(pictures: int, content: int, count: int = 40):
        plain = editing.cine("1.2.3", editing.Frames(pictures), count=count)
        return plain.known_as(replace(plain.info, content_hash=f"sha256:{content}"))

    return cine


@pytest.mark.parametrize("label", [Label({3: ONE}), Label(calibration=Calibration(0.5, 0.5))])
def test_another_cine_with_the_same_uid_has_labels_of_its_own(library, editing, make, label):
    first, copy, other = make(1, 1), make(1, 2), make(2, 3)
    assert library.told_apart(first) is first, "nothing is known yet"
    library.save(first, "/first", Label(), label, base=0, **editing.WHO)
    for same in (first, copy):
        assert library.told_apart(same) is same
        assert library.load(same).revision == 1
    apart = library.told_apart(other)
    assert apart.info.identity == "sha256:3"
    assert "same DICOM identifier" in apart.info.notes[-1]
    assert library.load(apart).label.empty
    library.save(apart, "/other", Label(), Label({5: ONE}), **editing.WHO)
    assert sorted(library.load(library.told_apart(make(2, 3))).label.contours) == [5]
    assert library.load(first).label.contours.keys() == label.contours.keys()


def test_what_reviewers_said_of_one_is_not_said_of_the_other(library, make):
    first, other = make(1, 1), make(2, 2)
    library.say(first, "/first", new_act(ActKind.REJECT, "B", Role.REVIEWER), "1")
    assert library.told_apart(first) is first
    assert not library.record(library.told_apart(other).info.identity).trail.acts


def test_one_of_another_size_has_labels_of_its_own(library, editing, make):
    library.save(make(1, 1), "/x", Label(), Label({3: ONE}), **editing.WHO)
    part = library.told_apart(make(1, 2, count=30))
    assert part.info.identity == "sha256:2"
    assert library.load(part).label.empty


def test_of_two_that_were_open_before_either_had_a_label_the_second_is_refused(library, editing, make):
    part = library.told_apart(make(1, 2, count=30))
    library.save(make(1, 1), "/x", Label(), Label({3: ONE}), **editing.WHO)
    with pytest.raises(LibraryError, match="Open this one again"):
        library.save(part, "/part", Label(), Label({5: ONE}), base=0, **editing.WHO)
    with pytest.raises(LibraryError, match="Open this one again"):
        library.load(part)
    again = library.told_apart(part)
    library.save(again, "/part", Label(), Label({5: ONE}), base=0, **editing.WHO)
    assert [sorted(library.load(one).label.contours) for one in (make(1, 1), again)] == [[3], [5]]


def test_labels_that_came_without_those_of_the_other_file_are_found(library, editing, make):
    """As after an import of its labels alone, or where the other's never reached the library."""
    other = make(2, 2)
    library.save(apart_from(make(1, 1), other), "/x", Label(), Label({5: ONE}), base=0, **editing.WHO)
    assert sorted(library.load(library.told_apart(other)).label.contours) == [5]


def test_apart_from_what_is_not_saved_yet(make):
    first = make(1, 1)
    for other in (make(2, 2), make(1, 2, count=30)):
        assert apart_from(first, other).info.identity == "sha256:2"
    for same in (make(1, 1), make(1, 2)):
        assert apart_from(first, same) is same
        assert apart_from(None, same) is same


def test_revisions_without_fingerprints_are_taken_on_trust(make):
    assert belongs(make(2, 2), "1.2.3", "sha256:1", [{"view": "A4C"}])
    assert not belongs(make(2, 2), "1.2.3", "sha256:1", [])
    assert not belongs(make(2, 2), "1.2.4", "sha256:1", [{"view": "A4C"}])
