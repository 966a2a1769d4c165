"""A label comes back only onto the picture that it was made on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import data_store
import numpy as np
import pydicom
import pytest

from echoview.domain.contour import draw
from echoview.domain.label import Label
from echoview.domain.note import Note, NoteKind
from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io import open_cine
from echoview.store import open_library
from echoview.store.engines import sqlite_url
from echoview.store.fingerprint import alike, fingerprint, fingerprint_of
from echoview.store.transfer import as_change, histories, merge

ONE, TWO = draw([(0, 10), (5, 0), (10, 10)]), draw([(1, 11), (6, 1), (11, 11)])
REAL = [
    Path(data_store.__file__).parent / "data" / "color3d_jpeg_baseline.dcm",
    Path(pydicom.__file__).parent / "data" / "test_files" / "examples_ybr_color.dcm",
]


def other_decoders(frame: np.ndarray) -> dict[str, np.ndarray]:
    """The same picture as another program may deliver it; RGB uint8."""
    noise = np.random.default_rng(0).integers(-2, 3, frame.shape)
    _, jpeg = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return {
        "rounding": np.clip(frame + noise, 0, 255).astype(np.uint8),
        "video range": (16 + frame * (219 / 255)).round().astype(np.uint8),
        "coded again": cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1],
        "grey": cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY),
    }


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_the_same_picture_is_alike_and_the_next_one_is_not(path):
    cine = open_cine(path)
    different = 0
    for t in range(0, 29):
        own, after = cine.frame(t), cine.frame(t + 1)
        if t % 7 == 0:
            for name, picture in other_decoders(own).items():
                assert alike(fingerprint(own), fingerprint(picture)), name
        assert alike(fingerprint(own), fingerprint(after)) == np.array_equal(own, after), "repeated pictures are there"
        different += not np.array_equal(own, after)
    assert different > 20


def test_a_turned_mirrored_moved_or_scaled_picture_is_another():
    frame = open_cine(REAL[1]).frame(0)
    own = fingerprint(frame)
    for other in (frame[::-1], frame[:, ::-1], np.roll(frame, 12, axis=1), np.roll(frame, 9, axis=0), frame[20:, 20:]):
        assert not alike(own, fingerprint(other))


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (16, 16), (17, 31, 3), (600, 800, 3)])
def test_any_size_has_a_fingerprint(size):
    picture = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    assert len(fingerprint(picture)) == 344
    assert alike(fingerprint(picture), fingerprint(picture.copy(order="F")))


def test_cells_are_averages_of_the_grey_level():
    frame = np.zeros((32, 32, 3), np.uint8)
    frame[:16] = (100, 50, 200)
    import base64

    cells = np.frombuffer(base64.b64decode(fingerprint(frame)), np.int8).reshape(16, 16)
    assert np.unique(cells[:8]).tolist() == [32]
    assert np.unique(cells[8:]).tolist() == [-32]
    assert not np.frombuffer(base64.b64decode(fingerprint(np.full((9, 9), 77, np.uint8))), np.int8).any()


@pytest.mark.parametrize("damage", ["", "no base64 !", "AAAA"])
def test_a_damaged_fingerprint_is_like_nothing(damage):
    assert not alike(damage, fingerprint(np.zeros((20, 20), np.uint8)))
    assert not alike(damage, damage)


class Broken:
    def decode(self, t: int) -> np.ndarray:
        raise CineUnreadable("Damaged.")


def test_a_frame_that_cannot_be_decoded_has_none(editing):
    assert fingerprint_of(editing.cine(frames=Broken()), 3) is None
    assert fingerprint_of(editing.cine(), 1000) is None


# In a library


@pytest.fixture
def labelled(library, editing):
    label = Label({3: ONE, 9: TWO}, View.A2C, 3, 9)
    library.save(editing.cine(), "/x", Label(), label, **editing.WHO)
    return library


class Late:
    """The same file through a decoder that swallows the first frame of a part, from frame 5 on."""

    def __init__(self, frames) -> None:
        self.frames = frames

    def decode(self, t: int) -> np.ndarray:
        return self.frames.decode(t + 1 if t >= 5 else t)


def test_labels_of_frames_that_show_something_else_are_set_aside_and_kept(labelled, editing):
    held = labelled.load(editing.cine())
    assert (list(held.label.contours), held.aside, held.note, held.revision) == ([3, 9], {}, "", 1)
    strange = editing.cine(frames=Late(editing.Frames()))
    held = labelled.load(strange)
    assert list(held.label.contours) == [3]
    assert (held.label.view, held.label.ed, held.label.es) == (View.A2C, 3, None)
    assert held.aside[9].handles.tolist() == TWO.handles.tolist()
    assert held.note == "The labels of frame 10 were made on other pictures and are not drawn."
    assert labelled.load(strange).label.contours.keys() == {3}
    # work goes on, and what was set aside is still there for the program that made it
    labelled.save(strange, "/x", held.label, held.label.with_contour(4, TWO), base=held.revision, **editing.WHO)
    assert sorted(labelled.load(editing.cine()).label.contours) == [3, 4, 9]


def test_a_frame_that_cannot_be_decoded_shows_no_label(labelled, editing):
    held = labelled.load(editing.cine(frames=Broken()))
    assert (held.label.contours, sorted(held.aside)) == ({}, [3, 9])


def test_a_drawing_on_the_other_picture_is_kept_beside_the_first(labelled, editing):
    strange = editing.cine(frames=Late(editing.Frames()))
    before = labelled.load(strange).label
    labelled.save(strange, "/x", before, before.with_contour(9, ONE), **editing.WHO)
    assert sorted(labelled.load(strange).label.contours) == [3, 9]
    assert sorted(labelled.load(editing.cine()).aside) == [9]
    assert [revision.frames for revision in labelled.history("uid-1")] == [(3, 9), (9,)]


def test_training_leaves_out_what_was_made_on_other_pictures(labelled, editing):
    [one] = labelled.labelled()
    assert list(one.label_on(editing.cine()).contours) == [3, 9]
    assert list(one.label_on(editing.cine(frames=Late(editing.Frames()))).contours) == [3]


def test_the_fingerprint_is_stored_with_the_frames_that_a_revision_speaks_of(labelled, path, editing):
    with closing(sqlite3.connect(path)) as connection:
        [(change,)] = connection.execute("SELECT change FROM revisions").fetchall()
    frames = editing.Frames()
    assert json.loads(change)["pixels"] == {str(t): fingerprint(frames.decode(t)) for t in (3, 9)}


NEAR, FAR = Note(NoteKind.DISTANCE, 3, ((0.0, 0.0), (5.0, 5.0))), Note(NoteKind.DISTANCE, 9, ((0.0, 0.0), (5.0, 6.0)))


@pytest.fixture
def measured(library, editing):
    """Calipers in frames 3 and 9; 4 and 7 are not traceable."""
    label = Label(notes=(NEAR, FAR)).with_not_traceable(4).with_not_traceable(7)
    library.save(editing.cine(), "/x", Label(), label, **editing.WHO)
    return library


def test_calipers_and_untraceable_frames_stay_on_their_pictures_too(measured, editing):
    held = measured.load(editing.cine())
    assert (held.label.notes, held.label.not_traceable, held.note) == ((NEAR, FAR), {4, 7}, "")
    held = measured.load(editing.cine(frames=Late(editing.Frames())))
    assert (held.label.notes, held.label.not_traceable) == ((NEAR,), {4})
    assert held.note == "The labels of frames 8 and 10 were made on other pictures and are not drawn."


def test_what_was_set_aside_outlasts_work_on_the_other_pictures(measured, editing):
    strange, mine = editing.cine(frames=Late(editing.Frames())), replace(FAR, t=12)
    held = measured.load(strange)
    after = held.label.with_not_traceable(4, False).with_not_traceable(20).with_notes((mine,))
    measured.save(strange, "/x", held.label, after, base=held.revision, **editing.WHO)
    again = measured.load(strange)
    assert (again.label.notes, again.label.not_traceable) == ((mine,), {20})
    there = measured.load(editing.cine())
    assert (there.label.notes, there.label.not_traceable) == ((FAR,), {7}), "what was taken back is gone for both"
    assert there.note == "The labels of frames 13 and 21 were made on other pictures and are not drawn."


def test_without_a_fingerprint_they_are_trusted_as_before(measured, path, editing):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER revisions_no_UPDATE")
        connection.execute("UPDATE revisions SET change = json_remove(change, '$.seen')")
    strange = editing.cine(frames=Late(editing.Frames()))
    held = measured.load(strange)
    assert (held.label.notes, held.label.not_traceable, held.note) == ((NEAR, FAR), {4, 7}, "")
    measured.save(strange, "/x", held.label, held.label.with_not_traceable(20), base=held.revision, **editing.WHO)
    assert measured.load(editing.cine()).label.not_traceable == {4, 7}, "and get no fingerprint afterwards"


def test_the_fingerprints_of_calipers_go_along_into_another_library(measured, editing, tmp_path):
    strange = editing.cine(frames=Late(editing.Frames()))
    other = open_library(sqlite_url(tmp_path / "other.sqlite"))
    merge(other, next(histories(measured)), "B", "1.2")
    assert other.load(strange).label.notes == (NEAR,)
    other.close()
    one = as_change(measured.label("uid-1"), next(histories(measured)).entries)
    assert len(one["seen"]["notes"]) == len(one["seen"]["not_traceable"]) == 2
    assert None not in one["seen"]["notes"]
