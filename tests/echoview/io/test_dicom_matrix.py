"""Every transfer syntax with every way to write colours and depths: what is shown is the picture that was written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom import uid
from pydicom.pixels import convert_color_space

from echoview.io import open_cine

GREY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
T = 5


def jpeg_2000(frame: np.ndarray, mct: bool, ratio: float = 0) -> bytes:
    options = {"compression_ratios": [ratio]} if ratio else {}
    return encode_array(frame, 8 * frame.itemsize, photometric_interpretation=int(mct), **options)


class Way(NamedTuple):
    """A transfer syntax, what it may hold, and how its frames are written."""

    syntax: uid.UID
    colours: tuple[str, ...]
    encode: Callable[[type, np.ndarray, str], bytes]
    depths: tuple[int, ...] = (8, 16)
    tolerance: int = 0
    vr: str = "OB"


def plain(encode, frame: np.ndarray, photometric: str) -> bytes:
    if photometric == "YBR_FULL_422":
        pairs = [frame[:, 0::2, 0], frame[:, 1::2, 0], frame[:, 0::2, 1], frame[:, 0::2, 2]]
        return np.stack(pairs, axis=-1).tobytes()
    return frame.tobytes()


def big_endian(encode, frame: np.ndarray, photometric: str) -> bytes:
    stored = plain(encode, frame, photometric)
    return np.frombuffer(stored, frame.dtype).byteswap().tobytes()


def jpeg(encode, frame: np.ndarray, photometric: str) -> bytes:
    """YBR pictures come here as RGB: the JPEG itself turns them into YCbCr."""
    return encode.jpeg_rgb(frame) if photometric == "RGB" else encode.jpeg(frame)


RAW = ("RGB", "YBR_FULL", "YBR_FULL_422")
WAYS = {
    "implicit": Way(uid.ImplicitVRLittleEndian, (*GREY, *RAW), plain, vr="OW"),
    "explicit": Way(uid.ExplicitVRLittleEndian, (*GREY, *RAW), plain),
    "big endian": Way(uid.ExplicitVRBigEndian, (*GREY, *RAW), big_endian),
    "deflated": Way(uid.DeflatedExplicitVRLittleEndian, (*GREY, *RAW), plain),
    "RLE": Way(uid.RLELossless, (*GREY, "RGB", "YBR_FULL"), lambda e, f, p: e.rle(f)),
    "JPEG": Way(uid.JPEGBaseline8Bit, ("MONOCHROME1", "MONOCHROME2", *RAW), jpeg, (8,), 12),
    "extended JPEG": Way(uid.JPEGExtended12Bit, ("MONOCHROME1", "MONOCHROME2", *RAW), jpeg, (8,), 12),
    "lossless JPEG": Way(uid.JPEGLossless, (*GREY, "RGB", "YBR_FULL"), lambda e, f, p: e.lossless_jpeg(f, predictor=6)),
    "lossless JPEG SV1": Way(uid.JPEGLosslessSV1, (*GREY, "RGB", "YBR_FULL"), lambda e, f, p: e.lossless_jpeg(f)),
    "lossless JPEG with JFIF": Way(
        uid.JPEGLosslessSV1, ("MONOCHROME2", "RGB", "YBR_FULL"), lambda e, f, p: e.lossless_jpeg(f, jfif=True)
    ),
    "lossless JPEG with other names": Way(
        uid.JPEGLosslessSV1, ("RGB", "YBR_FULL"), lambda e, f, p: e.lossless_jpeg(f, first=7)
    ),
    "JPEG-LS": Way(uid.JPEGLSLossless, (*GREY, "RGB", "YBR_FULL"), lambda e, f, p: e.jpeg_ls(f)),
    "JPEG-LS near": Way(
        uid.JPEGLSNearLossless, ("MONOCHROME2", "RGB", "YBR_FULL"), lambda e, f, p: e.jpeg_ls(f, 2), (8,), 8
    ),
    "JPEG 2000 lossless": Way(
        uid.JPEG2000Lossless, (*GREY, "RGB", "YBR_FULL", "YBR_RCT"), lambda e, f, p: jpeg_2000(f, p == "YBR_RCT")
    ),
    "JPEG 2000": Way(
        uid.JPEG2000, ("MONOCHROME2", "RGB", "YBR_ICT"), lambda e, f, p: jpeg_2000(f, p == "YBR_ICT", 3), (8,), 16
    ),
}


def cases() -> Iterator:
    for name, way in WAYS.items():
        for photometric in way.colours:
            for bits in way.depths:
                if bits == 16 and photometric.startswith("YBR"):
                    continue  # 16-bit YCbCr is written by nobody
                planars = (0, 1) if photometric == "RGB" else (0,)
                for planar in planars:
                    yield pytest.param(way, photometric, bits, planar, id=f"{name}-{photometric}-{bits}-{planar}")


def palette(colours: np.ndarray) -> dict:
    """Elements of a palette of (N,3) uint8 colours."""
    tables: dict = {}
    for channel, name in enumerate(("Red", "Green", "Blue")):
        entries = np.zeros(256, np.uint16)
        entries[: len(colours)] = colours[:, channel].astype(np.uint16) * 257
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        tables[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    return tables


def prepared(shown: np.ndarray, photometric: str, bits: int, way: Way) -> tuple[np.ndarray, np.ndarray, dict]:
    """What to store, what must be shown, and the elements that say so."""
    elements: dict = {"PhotometricInterpretation": photometric, "BitsAllocated": bits, "BitsStored": bits}
    elements["HighBit"] = bits - 1
    if photometric == "PALETTE COLOR":
        colours, indices = np.unique(shown.reshape(-1, 3), axis=0, return_inverse=True)
        stored = indices.reshape(shown.shape[:3]).astype(f"u{bits // 8}")
        return stored, shown, elements | palette(colours) | {"BitsStored": 8, "HighBit": 7}
    if photometric in GREY:
        grey = np.ascontiguousarray(shown[..., 1])
        visible = 255 - grey if photometric == "MONOCHROME1" else grey
        if bits == 8:
            return grey, visible, elements
        window = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 100 + 1275 + 0.5, "WindowWidth": 2551}
        return grey.astype(np.uint16) * 10 + 100, visible, elements | window
    elements["SamplesPerPixel"] = 3
    if bits == 16:
        return shown.astype(np.uint16) << 8, shown, elements
    if photometric in ("YBR_FULL", "YBR_FULL_422") and way.encode is not jpeg:
        return convert_color_space(shown, "RGB", "YBR_FULL"), shown, elements
    return shown, shown, elements


@pytest.mark.parametrize(("way", "photometric", "bits", "planar"), list(cases()))
def test_what_is_shown_is_what_was_written(way, photometric, bits, planar, write_dicom, encode, colour_frames):
    stored, visible, elements = prepared(colour_frames, photometric, bits, way)
    if elements.get("SamplesPerPixel") == 3:
        elements["PlanarConfiguration"] = planar
    frames = stored
    if planar == 1 and not way.syntax.is_compressed:  # compressed frames are the same, whatever the header says
        frames = np.moveaxis(stored, -1, 1)
    written = [way.encode(encode, np.ascontiguousarray(frame), photometric) for frame in frames]
    vr = "OW" if bits == 16 else way.vr
    cine = open_cine(write_dicom(written, syntax=way.syntax, vr=vr, **elements))
    assert len(cine) == T
    tolerance = way.tolerance + (1 if bits == 16 and photometric in GREY else 2 if "YBR_FULL" in photometric else 0)
    for t in (3, 0, 4, 1, 2):
        picture = cine.frame(t)
        assert picture.dtype == np.uint8
        middles = (slice(4, None, 8), slice(4, None, 8))  # away from edges, where lossy pictures ring
        assert np.abs(picture[middles].astype(int) - visible[t][middles]).max() <= tolerance


def with_opencv(path: Path, frames: np.ndarray, codec: str) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, frames.shape[2:0:-1])
    assert writer.isOpened()
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()


def with_ffmpeg(path: Path, frames: np.ndarray, codec: str) -> None:
    """What OpenCV's wheels decode but do not write; raw streams, as scanners put them in."""
    if not (ffmpeg := shutil.which("ffmpeg")):
        pytest.skip(f"no encoder of {codec}: ffmpeg is not on the path")
    height, width = frames.shape[1:3]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
    words = [ffmpeg, "-v", "error", *raw, "-c:v", codec, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(words, input=frames.tobytes(), check=True)


@pytest.mark.parametrize(
    ("syntax", "write", "name", "codec"),
    [
        (uid.MPEG2MPML, with_opencv, "x.mpg", "MPG2"),
        (uid.MPEG4HP41, with_opencv, "x.mp4", "mp4v"),
        (uid.MPEG2MPHL, with_ffmpeg, "x.m2v", "mpeg2video"),
        (uid.MPEG4HP41, with_ffmpeg, "x.mp4", "libx264"),
        (uid.MPEG4HP41BD, with_ffmpeg, "x.h264", "libx264"),
        (uid.MPEG4HP422D, with_ffmpeg, "x.ts", "libx264"),
        (uid.HEVCMP51, with_ffmpeg, "x.mp4", "libx265"),
        (uid.HEVCMP51, with_ffmpeg, "x.hevc", "libx265"),
    ],
)
def test_moving_pictures(syntax, write, name, codec, tmp_path, write_dicom, colour_frames):
    big = colour_frames.repeat(6, axis=1).repeat(6, axis=2)
    path = tmp_path / name
    write(path, big, codec)
    elements = {"PhotometricInterpretation": "YBR_PARTIAL_420", "SamplesPerPixel": 3, "Rows": 288, "Columns": 384}
    cine = open_cine(write_dicom([path.read_bytes()], syntax=syntax, NumberOfFrames=T, **elements))
    assert len(cine) == T
    for t in (4, 0, 2):
        middles = (slice(24, None, 48), slice(24, None, 48))
        assert np.abs(cine.frame(t)[middles].astype(int) - big[t][middles]).mean() < 8
    np.testing.assert_allclose(cine.times_s, np.arange(T) * 0.04)  # the header's, not the stream's


@pytest.mark.parametrize("syntax", [uid.HTJ2K, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL])
def test_high_throughput_jpeg_2000(syntax, tmp_path, write_dicom, colour_frames):
    if not (compress := shutil.which("ojph_compress")):
        pytest.skip("no encoder: OpenJPH's ojph_compress is not on the path")
    stored = []
    for frame in colour_frames:
        cv2.imwrite(str(tmp_path / "frame.ppm"), frame[..., ::-1])
        words = ["-i", "frame.ppm", "-o", "frame.j2c", "-prog_order", "RPCL"]
        words += ["-qstep", "0.002"] if syntax == uid.HTJ2K else ["-reversible", "true"]
        subprocess.run([compress, *words], cwd=tmp_path, check=True, capture_output=True)
        stored.append((tmp_path / "frame.j2c").read_bytes())
    photometric = "YBR_ICT" if syntax == uid.HTJ2K else "YBR_RCT"
    elements = {"PhotometricInterpretation": photometric, "SamplesPerPixel": 3, "PlanarConfiguration": 0}
    cine = open_cine(write_dicom(stored, syntax=syntax, **elements))
    for t, frame in enumerate(colour_frames):
        tolerance = 4 if syntax == uid.HTJ2K else 0
        assert np.abs(cine.frame(t)[4::8, 4::8].astype(int) - frame[4::8, 4::8]).max() <= tolerance
