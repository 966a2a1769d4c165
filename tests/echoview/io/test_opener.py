"""The content decides; names never do."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io import open_cine
from ral.formats import write_nifti


def refuse(path: Path, error: type, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        open_cine(path)
    assert str(path.parent) not in str(caught.value)
    assert path.name in caught.value.message
    assert caught.value.hint


def test_what_holds_no_cine(tmp_path):
    refuse(tmp_path / "gone.dcm", CineUnreadable, "does not exist")
    empty = tmp_path / "empty.dcm"
    empty.touch()
    refuse(empty, CineUnreadable, "is empty")
    for name, content, words in (
        ("text.dcm", b"Dear colleague,\nthank you for ...", "text file"),
        ("free.mp4", b"The free text of a report", "text file"),
        ("accents.dcm", ("é" * 3000).encode(), "text file"),
        ("page.mp4", b"%PDF-1.7\n%\xe2\xe3", "PDF document"),
        ("zip.dcm", b"PK\x03\x04\x14\0\0\0", "ZIP archive"),
        ("noise.avi", bytes(range(255, 0, -1)) * 9, "does not know"),
        ("one.dcm", b"D", "text file"),
    ):
        (tmp_path / name).write_bytes(content)
        refuse(tmp_path / name, CineUnsupported, words)
    refuse(tmp_path, CineUnreadable, "is a folder")


@pytest.mark.parametrize("head", [b"RIFF\0\0\0\0AVI LIST", b"\0\0\0\x20ftypisom", b"\0" * 128 + b"DICM"])
@pytest.mark.parametrize("tail", [b"", b"\xff" * 5000, bytes(range(256)) * 20])
def test_a_right_beginning_and_nothing_sound_after_it(head, tail, tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(head + tail)
    refuse(path, CineUnreadable, "x.bin")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    refuse(tmp_path / "pipe.dcm", CineUnreadable, "not a regular file")


def test_names_do_not_matter(tmp_path, write_dicom, write_video, grey_frames, colour_frames):
    dicom = write_dicom([f.tobytes() for f in grey_frames])
    video = write_video(colour_frames.repeat(2, axis=1).repeat(2, axis=2))
    write_nifti(tmp_path / "volume.nii.gz", grey_frames, None)
    for path, name, kind in (
        (dicom, "x.mp4", "dicom"),
        (video, "IM0001", "video"),
        (tmp_path / "volume.nii.gz", "x.dcm", "nifti"),
    ):
        other = path.rename(tmp_path / f"{kind}-{name}")
        assert open_cine(other).info.kind == kind
        assert len(open_cine(str(other))) == 5


def test_the_cache_hands_out_the_same_frame(write_dicom, grey_frames):
    cine = open_cine(write_dicom([f.tobytes() for f in grey_frames]))
    assert cine.cached(2) is None
    picture = cine.frame(2)
    assert cine.cached(2) is picture
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0] = 1
    with pytest.raises(IndexError):
        cine.frame(5)
    assert np.array_equal(picture, grey_frames[2])


def test_the_index_of_a_medium(bundled, tmp_path):
    medium = bundled("badVR.dcm").parent / "dicomdirtests"
    refuse(medium / "DICOMDIR", CineUnsupported, "index of a DICOM medium")
