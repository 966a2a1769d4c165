"""A file that is too long to be held answers like its bytes, and a disk that goes away is a sentence."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid

from echoview.errors import CineUnreadable
from echoview.io import longfile, open_cine
from echoview.io.longfile import LongFile, read_file

REAL = (
    "examples_ybr_color.dcm", "color3d_jpeg_baseline.dcm", "emri_small_big_endian.dcm", "image_dfl.dcm",
    "SC_rgb_rle_2frame.dcm", "JPEG2000.dcm",
)  # fmt: skip


@pytest.fixture
def long(monkeypatch) -> None:
    """Every file counts as long."""
    monkeypatch.setattr(longfile, "HELD_BYTES", 0)


def test_it_answers_like_bytes(tmp_path, long):
    path = tmp_path / "x"
    path.write_bytes(bytes(range(256)) * 3)
    held, (data, content_hash) = path.read_bytes(), read_file(path)
    assert isinstance(data, LongFile)
    assert len(data) == len(held)
    for span in (slice(0, 5), slice(700, None), slice(760, 9999), slice(9999, 99999), slice(9, 3), slice(None, 12)):
        assert data[span] == held[span]
    for prefix, at in ((b"\x05\x06", 5), (b"\x05\x06", 6), ((b"zz", b"\x07"), 7), (b"\xff", 767), (b"\xff\0", 767)):
        assert data.startswith(prefix, at) == held.startswith(prefix, at)
    (tmp_path / "y").write_bytes(held)
    assert content_hash == read_file(tmp_path / "y")[1]


@pytest.mark.parametrize("name", REAL)
def test_real_files_open_alike_held_or_not(name, bundled, monkeypatch):
    held = open_cine(bundled(name))
    monkeypatch.setattr(longfile, "HELD_BYTES", 0)
    streamed = open_cine(bundled(name))
    assert len(held) == len(streamed)
    assert (held.info.identity, held.info.content_hash) == (streamed.info.identity, streamed.info.content_hash)
    for t in {0, len(held) // 2, len(held) - 1}:
        np.testing.assert_array_equal(held.frame(t), streamed.frame(t))


def test_swapped_words_of_a_big_endian_file(write_dicom, grey_frames, long):
    stored = [np.frombuffer(f.tobytes(), np.uint16).byteswap().tobytes() for f in grey_frames]
    cine = open_cine(write_dicom(stored, syntax=uid.ExplicitVRBigEndian, vr="OW"))
    np.testing.assert_array_equal(cine.frame(3), grey_frames[3])


def descriptors(path: Path) -> list[int]:
    """Of this process, of a file."""
    links = [(int(one.name), one) for one in Path("/proc/self/fd").iterdir()]
    return [fd for fd, link in links if link.exists() and link.resolve() == path.resolve()]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files on this system")
def test_a_disk_that_goes_away_is_a_sentence_and_the_file_is_closed_with_its_cine(write_dicom, grey_frames, long):
    path = write_dicom([f.tobytes() for f in grey_frames])
    cine = open_cine(path)
    (fd,) = descriptors(path)
    deaf = os.open(path.with_name("other"), os.O_WRONLY | os.O_CREAT)
    os.dup2(deaf, fd)  # from now on reading it is an error of the system
    path.unlink()
    with pytest.raises(CineUnreadable, match=r"cine\.dcm cannot be read: "):
        cine.frame(4)
    os.close(deaf)
    del cine
    gc.collect()
    assert not descriptors(path.with_name("other"))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files on this system")
def test_a_disk_that_is_plugged_in_again_is_read_again(write_dicom, grey_frames, long):
    """What was open on it stays dead for ever: the same file is opened once more, and no other one."""
    path = write_dicom([f.tobytes() for f in grey_frames])
    cine, away = open_cine(path), path.with_name("away")
    (fd,) = descriptors(path)
    path.rename(away)
    deaf = os.open(path.with_name("other"), os.O_WRONLY | os.O_CREAT)
    os.dup2(deaf, fd)
    with pytest.raises(CineUnreadable):
        cine.frame(4)
    path.write_bytes(away.read_bytes()[:-100])
    with pytest.raises(CineUnreadable):
        cine.frame(4)
    away.rename(path)
    np.testing.assert_array_equal(cine.frame(4), grey_frames[4])
    os.close(deaf)
    del cine
    gc.collect()
    assert not descriptors(path)


def test_a_file_that_is_cut_off_while_it_is_open(write_dicom, grey_frames, long):
    path = write_dicom([f.tobytes() for f in grey_frames])
    cine = open_cine(path)
    os.truncate(path, path.stat().st_size - grey_frames[0].size)
    np.testing.assert_array_equal(cine.frame(1), grey_frames[1])
    with pytest.raises(CineUnreadable, match=r"cine\.dcm has become shorter"):
        cine.frame(4)
