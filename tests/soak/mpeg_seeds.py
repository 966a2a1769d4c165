"""Small videos as scanners and telephones compress them, plain and within DICOM files; ffmpeg makes them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

T, H, W = 80, 48, 64  # frames: more than two marks of a video, so that the reader jumps as well
BARE = (".h264", ".hevc", ".m2v")  # streams without a container: only DICOM files hold them
# File name, codec, its options, and the syntax of a DICOM file to put it into. They differ in what the decoder does:
# arithmetic and other codes, frames out of order, fields, ten bits, several slices, all frames from themselves.
KINDS = (
    ("main.mp4", "libx264", ["-x264-params", "bframes=3:slices=2"], uid.MPEG4HP41),
    ("base.mp4", "libx264", ["-profile:v", "baseline"], uid.MPEG4HP41),
    ("fields.ts", "libx264", ["-flags", "+ildct+ilme"], uid.MPEG4HP422D),
    ("deep.mkv", "libx264", ["-pix_fmt", "yuv420p10le"], None),
    ("main.h264", "libx264", ["-x264-params", "keyint=12"], uid.MPEG4HP41BD),
    ("main265.mp4", "libx265", ["-x265-params", "log-level=none:bframes=3"], uid.HEVCMP51),
    ("deep265.mkv", "libx265", ["-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"], None),
    ("intra.hevc", "libx265", ["-x265-params", "log-level=none:keyint=1"], uid.HEVCMP51),
    ("main.hevc", "libx265", ["-x265-params", "log-level=none:keyint=12:slices=2"], uid.HEVCMP51),
    ("main.m2v", "mpeg2video", ["-bf", "2"], uid.MPEG2MPML),
)


def write_mpeg(ffmpeg: str, folder: Path) -> Iterator[tuple[Path, uid.UID | None]]:
    """Write them all into `folder`; each with the syntax under which a DICOM file would hold it, or none."""
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{W}x{H}", "-r", "25", "-i", "-"]
    pictures = moving_heart().tobytes()
    for name, codec, options, syntax in KINDS:
        path = folder / name
        shades = [] if "-pix_fmt" in options else ["-pix_fmt", "yuv420p"]
        words = [ffmpeg, "-y", "-v", "error", *raw, "-c:v", codec, *shades, *options, str(path)]
        subprocess.run(words, input=pictures, check=True)
        yield path, syntax


def moving_heart() -> np.ndarray:
    """(T,H,W) uint8: a dark disk that beats in speckle that drifts, so that frames are predicted from one another."""
    chance = np.random.default_rng(1)
    speckle = chance.integers(60, 200, (H, W + T)).astype(np.uint8)
    rows, columns = np.mgrid[:H, :W]
    frames = np.stack([speckle[:, t : t + W] for t in range(T)])
    for t, frame in enumerate(frames):
        radius = 14 + 5 * np.cos(2 * np.pi * t / 20)
        frame[(rows - H / 2) ** 2 + (columns - W / 2) ** 2 < radius**2] //= 8
    return frames


def wrap(stream: bytes, syntax: uid.UID) -> bytes:
    """A sound DICOM file around a stream that need not be."""
    dataset = Dataset()
    dataset.SOPClassUID = uid.UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = H, W, T
    dataset.FrameTime = "40"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 7, 0, 3
    dataset.PhotometricInterpretation = "YBR_PARTIAL_420"
    dataset.PixelData = encapsulate([stream or b"\0\0"])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()
