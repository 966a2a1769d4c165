"""What fuzzing found in the libraries, and that none of it gets out of the room."""

from __future__ import annotations

import dataclasses
import time
import warnings
from itertools import pairwise

import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom import uid
from pydicom.pixels import pixel_array
from rle.utils import decode_pixel_data as decode_rle

from echoview.errors import CineUnreadable, CineUnsupported, EchoViewError
from echoview.io import apart, open_cine
from echoview.io.decoders import choose_decoder, j2k_sides, jpeg_sides, read_rle
from echoview.io.frames import DicomFrames, PixelFormat

# 99 bytes over which the CharLS in pyjpegls 1.5.1 sits for seconds.
HANGS = bytes.fromhex(
    "ffd8fff7000b100032000a01011100fff8000d01ffff0018004d01220040ffda000801010002000040201010102040820820"
    "1fff7000000000000733182082108421080ff0665a1084210844407e04cca22222222207c14ca88888888881f044ca2222"
)
# Sixteen 16-bit samples whose runs begin two bytes early: the Rust library panics.
PANICS = bytes.fromhex(
    "020000004000000054" + "00" * 57 + "0300010203030405070803090a0b0c030e0f1011"
    "03002c588403b0dc083403608cb8e403103c6894"
)
FORM = PixelFormat(
    rows=4, columns=4, samples=1, photometric="MONOCHROME2", planar=0,
    bits_allocated=16, bits_stored=16, signed=False, little=True, syntax=uid.RLELossless,
)  # fmt: skip


def test_a_panic_is_a_damaged_frame_and_nothing_worse():
    with pytest.raises(BaseException, match="out of bounds"):  # not even an Exception, so nobody else would catch it
        decode_rle(PANICS, version=2, rows=4, columns=4, bits_allocated=16)
    with pytest.raises(ValueError, match="run lengths"):
        read_rle(PANICS, FORM)


@pytest.mark.parametrize("colour", [True, False])
def test_bytes_after_the_last_run(colour, encode, colour_frames, grey_frames):
    frame = colour_frames[1] if colour else grey_frames[1].astype(np.uint16) * 257
    stored = bytearray(encode.rle(frame))
    count = int.from_bytes(stored[:4], "little")
    starts = [int.from_bytes(stored[at : at + 4], "little") for at in range(4, 4 + 4 * count, 4)]
    body = b""
    for number, (start, end) in enumerate(pairwise([*starts, len(stored)])):
        stored[4 + 4 * number : 8 + 4 * number] = (64 + len(body)).to_bytes(4, "little")
        body += bytes(stored[start:end]) + b"\xc0\x07"  # 65 bytes more than there are pixels
    stored[64:] = body
    form = dataclasses.replace(FORM, rows=48, columns=64)
    if colour:
        form = dataclasses.replace(form, samples=3, photometric="RGB", bits_allocated=8, bits_stored=8)
    np.testing.assert_array_equal(read_rle(bytes(stored), form), frame)


@pytest.mark.parametrize("end", [0, 3, 63, 64, 70, 90, 100])
def test_runs_that_are_cut_off(end):
    with pytest.raises(ValueError, match="run"):
        read_rle(PANICS[:end].ljust(5, b"\0"), FORM)


def test_a_decoder_that_hangs_is_ended_and_the_next_frame_is_read(monkeypatch, encode, grey_frames):
    monkeypatch.setattr(apart, "LIMIT_S", 1.0)
    stored = encode.jpeg_ls(grey_frames[1])
    form = dataclasses.replace(FORM, rows=48, columns=64, bits_allocated=8, bits_stored=8, syntax=uid.JPEGLSLossless)
    decode = choose_decoder("x", form)
    np.testing.assert_array_equal(decode(stored), grey_frames[1])
    start = time.monotonic()
    with pytest.raises(ValueError, match="hangs"):
        choose_decoder("x", dataclasses.replace(form, rows=50, columns=10))(HANGS)
    assert time.monotonic() - start < 30
    np.testing.assert_array_equal(decode(stored), grey_frames[1])


def test_a_decoder_that_dies_is_replaced(encode, grey_frames):
    stored = encode.jpeg_ls(grey_frames[2])
    apart.jpeg_ls_apart.decode(stored)
    process, _ = apart.jpeg_ls_apart._child
    process.kill()
    process.join()
    values, _ = apart.jpeg_ls_apart.decode(stored)
    assert values == grey_frames[2].tobytes()
    assert apart.jpeg_ls_apart._child[0].pid != process.pid


def test_a_decoder_answers_damage_in_words(encode, grey_frames):
    with pytest.raises(ValueError, match="damaged"):
        apart.jpeg_ls_apart.decode(encode.jpeg_ls(grey_frames[2])[:60])


@pytest.mark.parametrize(
    ("syntax", "encoder"),
    [
        (uid.JPEGLSLossless, "jpeg_ls"),
        (uid.JPEGLosslessSV1, "lossless_jpeg"),
        (uid.JPEG2000Lossless, "jpeg_2000"),
        (uid.JPEGBaseline8Bit, "jpeg"),
    ],
)
def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_decoded(
    syntax, encoder, write_dicom, encode, grey_frames
):
    stored = getattr(encode, encoder)(grey_frames[0])
    huge = stored.replace(bytes([0, 48, 0, 64]), b"\xea\x60\xea\x60", 1)
    if encoder == "jpeg_2000":
        huge = stored.replace(bytes([0, 0, 0, 64, 0, 0, 0, 48]), bytes([0, 0, 0xEA, 0x60] * 2), 1)
    assert huge != stored
    with pytest.raises(CineUnreadable, match=r"Frame 1 of cine\.dcm is damaged"):
        open_cine(write_dicom([huge], syntax=syntax))
    with pytest.raises(CineUnreadable, match="no scanner makes"):
        open_cine(write_dicom([huge], syntax=syntax, Rows=60_000, Columns=60_000))


def test_a_codestream_of_countless_tiles_is_not_begun():
    stored = bytearray(encode_array(np.zeros((48, 64), np.uint8)))
    assert j2k_sides(bytes(stored))[2:4] == (48, 64)
    at = stored.index(b"\xff\x51")
    stored[at + 22 : at + 30] = bytes([0, 0, 0, 0, 0, 0, 0, 1])
    assert j2k_sides(bytes(stored)) == (0, 0, 0, 0, 0)


def test_sides_of_a_jpeg(encode, grey_frames, colour_frames):
    assert jpeg_sides(encode.jpeg(colour_frames[0])) == (0xC0, 8, 48, 64, 3)
    assert jpeg_sides(encode.lossless_jpeg(grey_frames[0].astype(np.uint16))) == (0xC3, 16, 48, 64, 1)
    assert jpeg_sides(encode.jpeg_ls(grey_frames[0])) == (0xF7, 8, 48, 64, 1)
    for nothing in (b"", b"\xff\xd8", b"\xff\xd8\xff\xff\xff", b"\xff\xd8\xff\xd9" * 9):
        assert jpeg_sides(nothing) == (0, 0, 0, 0, 0)


def test_large_deep_lossless_frames_are_refused_because_they_would_take_too_long(write_dicom):
    stored = b"\xff\xd8\xff\xc3\0\x0b\x10" + (2100).to_bytes(2, "big") + (4096).to_bytes(2, "big") + b"\x01\x01\x11\0"
    elements = {"Rows": 2100, "Columns": 4096, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
    path = write_dicom([stored + bytes(99_999)], syntax=uid.JPEGLosslessSV1, **elements)
    with pytest.raises(CineUnsupported, match="too large"):
        open_cine(path)


def test_values_are_those_that_pydicom_decodes(bundled):
    """Over all real files that both can read; pydicom goes other ways and has other libraries behind it."""
    folders = [bundled("badVR.dcm").parent, bundled("color3d_jpeg_baseline.dcm").parent]
    compared = 0
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        if path.stat().st_size > 7e5:
            continue
        try:
            source = open_cine(path)._source
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = pixel_array(path, index=0)
        except (EchoViewError, RuntimeError, ValueError, AttributeError):  # one of the two cannot
            continue
        if isinstance(source, DicomFrames):
            apart = np.abs(source.values(0).astype(np.int64) - expected)
            assert apart.max() <= 1, path.name
            compared += 1
    assert compared > 70
