"""DICOM cines in every supported syntax and colour space, and every way in which they come damaged."""

from __future__ import annotations

import random
import threading
import tracemalloc

import numpy as np
import pydicom
import pytest
from pydicom import uid

from echoview.errors import CineUnreadable, CineUnsupported, EchoViewError
from echoview.io import open_cine

RGB = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0}
COLOUR = {
    # name: (transfer syntax, encoder, VR, elements, largest difference from the picture that was written)
    "implicit RGB": (uid.ImplicitVRLittleEndian, "plain", "OW", RGB, 0),
    "explicit RGB": (uid.ExplicitVRLittleEndian, "plain", "OB", RGB, 0),
    "deflated RGB": (uid.DeflatedExplicitVRLittleEndian, "plain", "OB", RGB, 0),
    "big endian RGB": (uid.ExplicitVRBigEndian, "plain", "OB", RGB, 0),
    "big endian RGB in words": (uid.ExplicitVRBigEndian, "swapped_words", "OW", RGB, 0),
    "planar RGB": (uid.ExplicitVRLittleEndian, "planar", "OB", RGB | {"PlanarConfiguration": 1}, 0),
    "YBR_FULL": (
        uid.ExplicitVRLittleEndian,
        "ybr_full",
        "OB",
        RGB | {"PhotometricInterpretation": "YBR_FULL"},
        2,
    ),
    "YBR_FULL_422": (
        uid.ExplicitVRLittleEndian,
        "ybr_422",
        "OB",
        RGB | {"PhotometricInterpretation": "YBR_FULL_422"},
        2,
    ),
    "RLE RGB": (uid.RLELossless, "rle", "OB", RGB, 0),
    "JPEG YBR_FULL_422": (
        uid.JPEGBaseline8Bit,
        "jpeg",
        "OB",
        RGB | {"PhotometricInterpretation": "YBR_FULL_422"},
        12,
    ),
    "JPEG RGB": (uid.JPEGBaseline8Bit, "jpeg_rgb", "OB", RGB, 12),
    "JPEG 2000 RCT": (
        uid.JPEG2000Lossless,
        "jpeg_2000",
        "OB",
        RGB | {"PhotometricInterpretation": "YBR_RCT"},
        0,
    ),
}
GREY = {
    "implicit": (uid.ImplicitVRLittleEndian, "plain", "OW", 0),
    "explicit": (uid.ExplicitVRLittleEndian, "plain", "OB", 0),
    "big endian": (uid.ExplicitVRBigEndian, "plain", "OB", 0),
    "deflated": (uid.DeflatedExplicitVRLittleEndian, "plain", "OB", 0),
    "RLE": (uid.RLELossless, "rle", "OB", 0),
    "JPEG": (uid.JPEGBaseline8Bit, "jpeg", "OB", 8),
    "JPEG 2000": (uid.JPEG2000Lossless, "jpeg_2000", "OB", 0),
}


@pytest.mark.parametrize("case", COLOUR)
def test_colours_and_order_are_those_that_were_written(case, write_dicom, encode, colour_frames):
    syntax, encoder, vr, elements, tolerance = COLOUR[case]
    stored = [getattr(encode, encoder)(frame) for frame in colour_frames]
    cine = open_cine(write_dicom(stored, syntax=syntax, vr=vr, **elements))
    assert len(cine) == len(colour_frames)
    assert cine.size == colour_frames.shape[1:3]
    for t in (3, 0, 4, 1, 2):
        picture = cine.frame(t)
        assert picture.dtype == np.uint8
        assert not picture.flags.writeable
        middles = (slice(4, None, 8), slice(4, None, 8))  # away from edges, where JPEG rings
        apart = np.abs(picture[middles].astype(int) - colour_frames[t][middles])
        assert apart.max() <= tolerance


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("case", GREY)
def test_grey_cines(case, photometric, write_dicom, encode, grey_frames):
    syntax, encoder, vr, tolerance = GREY[case]
    stored = [getattr(encode, encoder)(frame) for frame in grey_frames]
    path = write_dicom(stored, syntax=syntax, vr=vr, PhotometricInterpretation=photometric)
    cine = open_cine(path)
    for t, frame in enumerate(grey_frames):
        shown = frame if photometric == "MONOCHROME2" else 255 - frame
        assert np.abs(cine.frame(t)[4::8, 4::8].astype(int) - shown[4::8, 4::8]).max() <= tolerance


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless])
def test_palette(syntax, write_dicom, encode, colour_frames):
    colours, indices = np.unique(colour_frames.reshape(-1, 3), axis=0, return_inverse=True)
    frames = indices.reshape(colour_frames.shape[:3]).astype(np.uint8)
    tables = {}
    for channel, name in enumerate(("Red", "Green", "Blue")):
        entries = np.zeros(256, np.uint16)
        entries[: len(colours)] = colours[:, channel].astype(np.uint16) * 257
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tables[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    encoder = encode.rle if syntax.is_compressed else encode.plain
    stored = [encoder(frame) for frame in frames]
    path = write_dicom(stored, syntax=syntax, PhotometricInterpretation="PALETTE COLOR", **tables)
    cine = open_cine(path)
    for t, frame in enumerate(colour_frames):
        np.testing.assert_array_equal(cine.frame(t), frame)


def test_palette_without_a_table_is_refused(write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames], PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(CineUnreadable, match="palette"):
        open_cine(path)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.RLELossless])
def test_16_bits_are_shown_through_the_window(syntax, write_dicom, encode, grey_frames):
    deep = grey_frames.astype(np.uint16) * 10 + 100
    encoder = {uid.ExplicitVRBigEndian: encode.big_endian, uid.RLELossless: encode.rle}.get(syntax, encode.plain)
    bits = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}
    window = {"WindowCenter": 100 + 1275 + 0.5, "WindowWidth": 2551}
    stored = [encoder(frame) for frame in deep]
    cine = open_cine(write_dicom(stored, syntax=syntax, vr="OW", **bits, **window))
    for t, frame in enumerate(grey_frames):
        assert np.abs(cine.frame(t).astype(int) - frame).max() <= 1


def test_16_bits_without_a_window_are_stretched_alike_in_all_frames(write_dicom, grey_frames):
    deep = grey_frames.astype(np.uint16) * 10 + 100
    deep[2, 0, 0] = 100  # the frames differ in content, not in their scale
    path = write_dicom([f.tobytes() for f in deep], vr="OW", BitsAllocated=16, BitsStored=16, HighBit=15)
    cine = open_cine(path)
    same = deep[1] == deep[3]
    np.testing.assert_array_equal(cine.frame(1)[same], cine.frame(3)[same])
    assert cine.frame(0).min() == 0
    assert cine.frame(0).max() == 255


@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "US1_UNCI.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_real_files_look_as_pydicom_shows_them(name, bundled):
    frames = pydicom.dcmread(bundled(name)).pixel_array
    frames = frames if frames.ndim == 4 else frames[None]
    cine = open_cine(bundled(name))
    assert len(cine) == len(frames)
    for t, frame in enumerate(frames):
        assert np.abs(cine.frame(t).astype(int) - frame).max() <= 1


def test_the_long_cine_looks_as_pydicom_shows_it(bundled):
    path = bundled("color3d_jpeg_baseline.dcm")
    cine = open_cine(path)
    assert len(cine) == 120
    assert cine.size == (480, 640)
    for t, frame in enumerate(pydicom.pixels.iter_pixels(path, indices=[0, 7, 119])):
        assert np.abs(cine.frame([0, 7, 119][t]).astype(int) - frame).max() <= 1


@pytest.mark.parametrize("offset_table", [True, False])
@pytest.mark.parametrize("per_frame", [1, 3])
def test_frames_in_several_fragments(offset_table, per_frame, write_dicom, encode, grey_frames):
    stored = [encode.jpeg(frame) for frame in grey_frames]
    path = write_dicom(
        stored, syntax=uid.JPEGBaseline8Bit, offset_table=offset_table, per_frame=per_frame
    )
    cine = open_cine(path)
    assert len(cine) == len(grey_frames)
    for t, frame in enumerate(grey_frames):
        assert np.abs(cine.frame(t)[4::8, 4::8].astype(int) - frame[4::8, 4::8]).max() <= 8


def test_frames_may_be_asked_for_from_several_threads(write_dicom, encode, grey_frames):
    stored = [encode.rle(frame) for frame in grey_frames]
    cine = open_cine(write_dicom(stored, syntax=uid.RLELossless))
    wrong: list[int] = []

    def read(seed: int) -> None:
        for t in random.Random(seed).choices(range(len(cine)), k=30):
            if not np.array_equal(cine._source.decode(t), grey_frames[t]):
                wrong.append(t)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_mpeg_in_dicom(write_dicom, write_video, colour_frames):
    big = colour_frames.repeat(4, axis=1).repeat(4, axis=2)
    stream = write_video(big, "cine.mp4").read_bytes()
    path = write_dicom([stream], syntax=uid.MPEG4HP41, NumberOfFrames=5, Rows=192, Columns=256)
    cine = open_cine(path)
    assert len(cine) == 5
    assert cine.size == (192, 256)
    for t in (4, 0, 2):
        assert np.abs(cine.frame(t)[16::32, 16::32].astype(int) - big[t][16::32, 16::32]).mean() < 8


# Damage


def check_opens_whole_or_is_refused(path) -> int:
    """The number of frames, 0 where the file was refused; anything else is a failure."""
    try:
        cine = open_cine(path)
    except EchoViewError as error:
        assert str(path.parent) not in str(error)
        assert "Fake" not in str(error)
        assert "4711" not in str(error)
        assert error.message.endswith(".")
        assert error.hint
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
        assert tracemalloc.get_traced_memory()[1] < (100 if syntax == uid.RLELossless else 20) * 2**20
    finally:
        tracemalloc.stop()


def test_a_jpeg_that_claims_another_size_than_the_header(write_dicom, encode, grey_frames):
    stored = [encode.jpeg(frame) for frame in grey_frames]
    stored[3] = stored[3].replace(bytes([0, H_BYTE, 0, W_BYTE]), b"\xf0\0\xf0\0", 1)
    cine = open_cine(write_dicom(stored, syntax=uid.JPEGBaseline8Bit))
    with pytest.raises(CineUnreadable, match="Frame 4 of cine.dcm is damaged"):
        cine.frame(3)
    cine.frame(4)


H_BYTE, W_BYTE = 48, 64


def test_without_pictures(write_dicom, bundled):
    with pytest.raises(CineUnreadable, match="holds no pictures"):
        open_cine(write_dicom([], Rows=None, Columns=None))
    with pytest.raises(CineUnreadable):
        open_cine(write_dicom([]))
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


def test_an_unsupported_syntax_is_named(bundled, write_dicom, grey_frames):
    with pytest.raises(CineUnsupported, match="JPEG Extended"):
        open_cine(bundled("JPGExtended.dcm"))  # 12 bits
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


def test_every_file_of_the_packages_opens_or_is_refused(bundled):
    folders = [bundled("badVR.dcm").parent, bundled("color3d_jpeg_baseline.dcm").parent]
    opened = 0
    for path in sorted(p for folder in folders for p in folder.iterdir() if p.is_file()):
        if path.stat().st_size < 2**20:
            opened += bool(check_opens_whole_or_is_refused(path))
    assert opened > 60
