"""DICOM files that are cut off, lie, or are not read: a refusal in words, or what is sound of them."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pydicom
import pytest
from pydicom import uid

from echoview.errors import CineUnreadable, CineUnsupported, EchoViewError
from echoview.io import list_cines, open_cine


def check_opens_whole_or_is_refused(path) -> int:
    """The number of frames, 0 where the file was refused; anything else is a failure."""
    refusal = None
    try:
        cine = open_cine(path)
    except EchoViewError as error:
        refusal = error
    if refusal is not None:
        assert not any(secret in str(refusal) for secret in ("Fake", "4711", str(path.parent)))
        assert refusal.message.endswith(".")
        assert refusal.hint
        return 0
    for t in range(len(cine)):
        assert cine.frame(t).shape[:2] == cine.size
    return len(cine)


@pytest.mark.parametrize("case", ["plain", "jpeg", "jpeg_fragments", "rle", "deflated"])
def test_cut_off_at_any_tenth(case, write_dicom, encode, grey_frames):
    noisy = np.random.default_rng(1).integers(0, 256, grey_frames.shape).astype(np.uint8)
    syntax = {"plain": uid.ExplicitVRLittleEndian, "rle": uid.RLELossless}.get(case, uid.JPEGBaseline8Bit)
    syntax = uid.DeflatedExplicitVRLittleEndian if case == "deflated" else syntax
    encoder = {"plain": encode.plain, "rle": encode.rle, "deflated": encode.plain}.get(case, encode.jpeg)
    per_frame = 3 if case == "jpeg_fragments" else 1
    path = write_dicom([encoder(f) for f in noisy], syntax=syntax, per_frame=per_frame, FrameTime="40")
    whole = path.read_bytes()
    found = []
    for tenth in range(1, 10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        found.append(check_opens_whole_or_is_refused(path))
    assert found == sorted(found)
    assert max(found) == (0 if case == "deflated" else 4)


def test_a_cut_cine_says_so_and_keeps_its_times(write_dicom, grey_frames):
    vector = {"FrameTimeVector": [0, 20, 30, 20, 30], "FrameTime": None}
    path = write_dicom([f.tobytes() for f in grey_frames], FrameIncrementPointer=0x00181065, **vector)
    path.write_bytes(path.read_bytes()[: -2 * grey_frames[0].size + 100])
    cine = open_cine(path)
    assert len(cine) == 3
    np.testing.assert_allclose(cine.times_s, [0, 0.02, 0.05])
    assert "5 frames" in cine.info.notes[0]
    assert "only 3" in cine.info.notes[0]
    assert cine.info.missing == 2
    np.testing.assert_array_equal(cine.frame(2), grey_frames[2])


def test_the_real_cine_cut_off_at_any_tenth(bundled, tmp_path):
    whole = bundled("examples_ybr_color.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    found = []
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        found.append(check_opens_whole_or_is_refused(path))
    assert found[0] == 0
    assert found == sorted(found)
    assert 20 < found[-1] < 30


@pytest.mark.parametrize("length", [140, 400, 3000, 30_000])
def test_cut_off_within_the_header_is_said_and_listed(length, bundled, tmp_path):
    path = tmp_path / "cut.dcm"
    path.write_bytes(bundled("examples_ybr_color.dcm").read_bytes()[:length])
    with pytest.raises(CineUnreadable, match=r"cut\.dcm is cut off before its first frame"):
        open_cine(path)
    assert [one.trouble for one in list_cines(tmp_path, lambda: False)] == [
        "cut.dcm is cut off before its first frame."
    ]


def test_damaged_bytes_never_do_worse_than_a_refusal(write_dicom, encode, grey_frames):
    chance = random.Random(3)
    for syntax, encoder in ((uid.ExplicitVRLittleEndian, encode.plain), (uid.JPEGBaseline8Bit, encode.jpeg)):
        path = write_dicom([encoder(f) for f in grey_frames], syntax=syntax)
        whole = path.read_bytes()
        for _ in range(150):
            hurt = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                hurt[chance.randrange(132, 1200)] = chance.randrange(256)
            path.write_bytes(hurt)
            try:
                cine = open_cine(path)
                for t in range(min(len(cine), 5)):
                    cine.frame(t)
            except EchoViewError:
                continue


@pytest.mark.parametrize(
    ("promised", "frames", "note"), [("500", 5, "500"), ("2", 2, ""), ("0", 5, "5 were found"), (None, 1, "")]
)
@pytest.mark.parametrize("encoder", ["plain", "jpeg"])
def test_a_lying_number_of_frames(encoder, promised, frames, note, write_dicom, encode, grey_frames):
    stored = [getattr(encode, encoder)(frame) for frame in grey_frames]
    syntax = uid.JPEGBaseline8Bit if encoder == "jpeg" else uid.ExplicitVRLittleEndian
    cine = open_cine(write_dicom(stored, syntax=syntax, NumberOfFrames=promised))
    assert len(cine) == frames
    assert note in " ".join(cine.info.notes)
    cine.frame(frames - 1)


def test_a_number_of_frames_that_is_no_number(write_dicom, grey_frames, bundled):
    path = write_dicom([f.tobytes() for f in grey_frames], NumberOfFrames="55")
    whole = path.read_bytes()
    assert whole.count(b"IS\x02\x0055") == 1
    path.write_bytes(whole.replace(b"IS\x02\x0055", b"IS\x02\x001A"))
    cine = open_cine(path)
    assert len(cine) == 5
    assert "no readable number of frames" in cine.info.notes[0]
    with pytest.raises(CineUnsupported, match="32 bits"):  # pydicom's own, a dose map
        open_cine(bundled("badVR.dcm"))


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGBaseline8Bit])
@pytest.mark.parametrize("side", [8000, 60000])
def test_absurd_sizes_allocate_nothing(syntax, side, write_dicom, encode, grey_frames):
    stored = [encode.rle(f) if syntax == uid.RLELossless else encode.jpeg(f) for f in grey_frames]
    path = write_dicom(stored, syntax=syntax, Rows=side, Columns=side, NumberOfFrames=2000000000)
    tracemalloc.start()
    try:
        with pytest.raises(CineUnreadable):
            open_cine(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_a_jpeg_that_claims_another_size_than_the_header(write_dicom, encode, grey_frames):
    stored = [encode.jpeg(frame) for frame in grey_frames]
    stored[3] = stored[3].replace(bytes([0, 48, 0, 64]), b"\xf0\0\xf0\0", 1)
    cine = open_cine(write_dicom(stored, syntax=uid.JPEGBaseline8Bit))
    with pytest.raises(CineUnreadable, match=r"Frame 4 of cine\.dcm is damaged"):
        cine.frame(3)
    cine.frame(4)


def test_without_pictures(write_dicom, bundled):
    with pytest.raises(CineUnreadable, match="holds no pictures"):
        open_cine(write_dicom([], Rows=None, Columns=None, SOPClassUID=uid.ComprehensiveSRStorage))
    for nothing in ({}, {"Rows": None, "Columns": None}):  # a class that has pictures: what there was is gone
        with pytest.raises(CineUnreadable, match="cut off"):
            open_cine(write_dicom([], **nothing))
    with pytest.raises(CineUnreadable, match="holds no pictures"):
        open_cine(bundled("rtplan.dcm"))


@pytest.mark.parametrize(
    ("elements", "error", "words"),
    [
        ({"Rows": 0}, CineUnreadable, "how large"),
        ({"BitsAllocated": 32}, CineUnsupported, "32 bits"),
        ({"SamplesPerPixel": 4}, CineUnsupported, "4 values a pixel"),
        ({"PhotometricInterpretation": "CMYK"}, CineUnsupported, "CMYK"),
    ],
)
def test_layouts_that_are_not_read(elements, error, words, write_dicom, grey_frames):
    with pytest.raises(error, match=words):
        open_cine(write_dicom([f.tobytes() for f in grey_frames], **elements))


def test_an_unsupported_syntax_is_named(bundled, write_dicom, grey_frames, tmp_path):
    progressive = bundled("JPGExtended.dcm").read_bytes()
    start = progressive.index(b"\xff\xc1\x00\x0b\x0c")
    other = tmp_path / "progressive.dcm"
    other.write_bytes(progressive[: start + 1] + b"\xc2" + progressive[start + 2 :])
    with pytest.raises(CineUnsupported, match="12-bit JPEG") as refused:
        open_cine(other)
    assert "uncompressed" in refused.value.hint
    path = write_dicom([f.tobytes() for f in grey_frames], syntax=uid.UID("1.2.840.10008.1.2.4.57"))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"1.2.840.10008.1.2.4.57", b"1.2.840.99999.1.2.4.57"))
    with pytest.raises(CineUnsupported, match="unknown transfer syntax"):
        open_cine(path)


@pytest.mark.parametrize("name", ["no_preamble", "preamble"])
def test_a_file_without_preamble(name, write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames], syntax=uid.ImplicitVRLittleEndian, vr="OW")
    if name == "no_preamble":
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(open_cine(path).frame(4), grey_frames[4])


def test_every_file_of_the_packages_opens_or_is_refused_with_a_reason(bundled):
    folders = [bundled("badVR.dcm").parent, bundled("color3d_jpeg_baseline.dcm").parent]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    assert len(files) > 200
    opened = [check_opens_whole_or_is_refused(path) > 0 for path in files]
    assert sum(opened) > 120


def test_a_packed_bomb_is_refused(write_dicom, grey_frames, monkeypatch):
    path = write_dicom([f.tobytes() for f in grey_frames] * 200, syntax=uid.DeflatedExplicitVRLittleEndian)
    assert len(open_cine(path)) == 1000
    monkeypatch.setattr("echoview.io.dicom_header._MAX_INFLATED", 2**20)
    with pytest.raises(CineUnreadable, match="too large within its deflated data"):
        open_cine(path)


def test_a_file_too_large_for_the_memory_is_not_read(write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames])
    with path.open("r+b") as file:
        file.truncate(2**31 + 1)  # a hole: it takes no room on the disk
    with pytest.raises(CineUnsupported, match="too large for a cine"):
        open_cine(path)


def test_a_file_that_vanishes_while_it_plays(write_dicom, encode, grey_frames):
    for syntax, encoder in ((uid.ExplicitVRLittleEndian, encode.plain), (uid.RLELossless, encode.rle)):
        path = write_dicom([encoder(f) for f in grey_frames], syntax=syntax)
        cine = open_cine(path)
        path.write_bytes(b"")
        path.unlink()
        for t, frame in enumerate(grey_frames):
            np.testing.assert_array_equal(cine.frame(t), frame)


def test_a_missing_fragment_costs_its_frame_only(write_dicom, encode, grey_frames):
    noisy = np.random.default_rng(1).integers(0, 256, grey_frames.shape).astype(np.uint8)
    stored = [encode.jpeg(frame) for frame in noisy]
    path = write_dicom(stored, syntax=uid.JPEGBaseline8Bit, offset_table=False)
    whole = path.read_bytes()
    at = whole.index(stored[2]) - 8
    path.write_bytes(whole[:at] + whole[at + 8 + len(stored[2]) + len(stored[2]) % 2 :])
    cine = open_cine(path)
    assert len(cine) == 4
    assert "only 4" in cine.info.notes[0]
    np.testing.assert_array_equal(
        cine.frame(2), open_cine(write_dicom(stored[3:], syntax=uid.JPEGBaseline8Bit)).frame(0)
    )


@pytest.mark.parametrize("vr", [b"??", b"\0\0", b"ZZ"])
@pytest.mark.parametrize("element", ["Rows", "FrameTime", "PatientName", "PhotometricInterpretation"])
def test_an_undefined_value_representation(vr, element, write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames])
    tag = int(pydicom.datadict.tag_for_keyword(element))
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    whole = path.read_bytes()
    at = whole.index(head, 132)
    path.write_bytes(whole[: at + 4] + vr + whole[at + 6 :])
    check_opens_whole_or_is_refused(path)
