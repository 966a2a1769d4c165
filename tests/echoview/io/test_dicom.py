"""DICOM cines in every supported syntax and colour space: colours and order are those that were written."""

from __future__ import annotations

import random
import threading

import numpy as np
import pydicom
import pytest
from pydicom import uid

from echoview.errors import CineUnreadable
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


@pytest.mark.parametrize(
    "window",
    [
        {"WindowWidth": "1e300"},
        {"WindowWidth": "2551", "RescaleSlope": "1e-300"},
        {"WindowWidth": "2551", "RescaleIntercept": "1e300"},
        {"WindowWidth": "0"},
    ],
)
def test_a_window_that_makes_no_sense_is_passed_over(window, write_dicom, grey_frames):
    bits = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "WindowCenter": "1375"}
    cine = open_cine(write_dicom([f.astype(np.uint16).tobytes() for f in grey_frames], vr="OW", **bits, **window))
    assert (cine.frame(0).min(), cine.frame(0).max()) == (0, 255)


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
    path = write_dicom(stored, syntax=uid.JPEGBaseline8Bit, offset_table=offset_table, per_frame=per_frame)
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


@pytest.mark.parametrize("name", ["a4c_1024x768_20fps.mp4", "a3c_630x584_25fps_scale.mp4"])
def test_a_stream_in_dicom_brings_its_own_times(name, write_dicom, shared_data):
    video = open_cine(shared_data / "cines" / name)
    stream = (shared_data / "cines" / name).read_bytes()
    rows, columns = video.size
    elements = {"NumberOfFrames": len(video), "Rows": rows, "Columns": columns, "SamplesPerPixel": 3}
    cine = open_cine(write_dicom([stream], syntax=uid.MPEG4HP41, **elements, FrameTime=None))
    assert len(cine) == len(video)
    for t in (len(video) - 1, 0, 7):
        np.testing.assert_array_equal(cine.frame(t), video.frame(t))
    assert cine.info.timing_known  # the header gives no times, so the stream's own are taken
    np.testing.assert_allclose(cine.times_s, video.times_s)


@pytest.mark.parametrize(
    "retired", ["1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.7"]
)
def test_the_object_class_does_not_matter(retired, write_dicom, grey_frames):
    """The retired ultrasound classes, and secondary captures as archives make them."""
    cine = open_cine(write_dicom([f.tobytes() for f in grey_frames], SOPClassUID=retired))
    np.testing.assert_array_equal(cine.frame(4), grey_frames[4])


@pytest.mark.parametrize(
    ("case", "elements"),
    [
        ("RGB", {"PhotometricInterpretation": None}),
        ("YBR_FULL", {"PhotometricInterpretation": "YBR_FULL_422"}),
        ("JPEG", {"PhotometricInterpretation": "YBR_PARTIAL_422"}),
        ("JPEG", {"PhotometricInterpretation": "YBR_PARTIAL_420"}),
    ],
)
def test_colours_under_a_wrong_name(case, elements, write_dicom, encode, colour_frames):
    """No name at all, the subsampled one over whole pixels, that of MPEG over JPEG."""
    encoder = {"RGB": encode.plain, "YBR_FULL": encode.ybr_full, "JPEG": encode.jpeg}[case]
    syntax = uid.JPEGBaseline8Bit if case == "JPEG" else uid.ExplicitVRLittleEndian
    cine = open_cine(write_dicom([encoder(f) for f in colour_frames], syntax=syntax, **RGB | elements))
    assert len(cine) == len(colour_frames)
    for t, frame in enumerate(colour_frames):
        apart = np.abs(cine.frame(t)[4::8, 4::8].astype(int) - frame[4::8, 4::8])
        assert apart.max() <= (12 if case == "JPEG" else 2)


@pytest.mark.parametrize("shared", [True, False])
def test_the_narrow_range_of_video(shared, write_dicom, colour_frames):
    """The retired YBR_PARTIAL_422 without compression, by the standard's own equations; some writers share nothing."""
    matrix = [[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]]
    stored = np.rint(colour_frames @ np.array(matrix).T + [16, 128, 128]).astype(np.uint8)
    if shared:  # Y Y Cb Cr
        stored = np.concatenate(
            [stored[:, :, 0::2, :1], stored[:, :, 1::2, :1], stored[:, :, 0::2, 1:]], axis=-1
        )  # fmt: skip
    elements = RGB | {"PhotometricInterpretation": "YBR_PARTIAL_422"}
    cine = open_cine(write_dicom([frame.tobytes() for frame in stored], **elements))
    assert len(cine) == len(colour_frames)
    for t, frame in enumerate(colour_frames):
        assert np.abs(cine.frame(t).astype(int) - frame).max() <= 3
