"""What a file may take of the memory while it is opened, measured in a process of its own."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.uid import MPEG4HP41

from ral.formats import write_nifti

CHILD = """
import resource, sys
from pathlib import Path
import cv2, nibabel, pydicom
from echoview.errors import EchoViewError
from echoview.io import open_cine
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    cine = open_cine(Path(sys.argv[1]), patient_secret=b"x" * 16)
    said = f"{len(cine)} frames"
except EchoViewError as error:
    said = str(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, said)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted otherwise elsewhere")


def opened(path: Path) -> tuple[int, str]:
    """MiB above the libraries alone, and what was said."""
    answer = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True)
    grown, _, said = answer.stdout.strip().partition(" ")
    return int(grown), said


def packed(path: Path, header: bytes, zeros: int) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header)
        for _ in range(0, zeros, 2**24):
            file.write(bytes(2**24))
    return path


def nifti_head(tmp_path: Path, frames: np.ndarray, slope: float = 1.0) -> bytes:
    """Of a file with so many pixels, without them."""
    write_nifti(tmp_path / "head.nii", frames[:1, :1, :1], (0.3, 0.3))
    head = bytearray((tmp_path / "head.nii").read_bytes()[:352])
    t, h, w = frames.shape
    head[40:56] = np.array([3, w, h, t, 1, 1, 1, 1], "<i2").tobytes()
    head[112:120] = np.array([slope, 0], "<f4").tobytes()
    return bytes(head)


@pytest.mark.parametrize(("dtype", "slope"), [(np.float64, 1.0), (np.uint8, 0.5)])
def test_a_small_file_that_unpacks_to_more_than_the_memory_is_refused(tmp_path, dtype, slope) -> None:
    frames = np.broadcast_to(np.zeros(1, dtype), (480, 512, 512))
    path = packed(tmp_path / "bomb.nii.gz", nifti_head(tmp_path, frames, slope), frames.nbytes)
    grown, said = opened(path)
    assert "too large for a cine" in said
    assert grown < 100


def test_a_metaimage_whose_pixels_are_too_many_is_refused(tmp_path) -> None:
    head = "ObjectType = Image\nNDims = 3\nDimSize = 512 512 480\nElementType = MET_DOUBLE\nElementDataFile = LOCAL\n"
    path = tmp_path / "bomb.mha"
    with path.open("wb") as file:
        file.write(head.encode())
        file.truncate(len(head) + 512 * 512 * 480 * 8)  # nothing of it takes room on the disk
    grown, said = opened(path)
    assert "too large for a cine" in said
    assert grown < 100


def test_the_largest_that_is_opened_stays_below_its_bound(tmp_path) -> None:
    frames = np.broadcast_to(np.zeros(1, np.float64), (90, 512, 512))
    path = packed(tmp_path / "large.nii.gz", nifti_head(tmp_path, frames), frames.nbytes)
    grown, said = opened(path)
    assert said == "90 frames"
    assert grown < 600


def test_a_long_mpeg_in_dicom_stays_on_its_disk(tmp_path) -> None:
    """A stream of 400 MB, most of it a box that no decoder looks into."""
    video = tmp_path / "v.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48))
    for t in range(10):
        writer.write(np.full((48, 64, 3), 20 * t, np.uint8))
    writer.release()
    stream, free = video.read_bytes(), 400 * 2**20
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UltrasoundMultiFrameImageStorage, generate_uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = MPEG4HP41
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = UltrasoundMultiFrameImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.Modality, ds.Rows, ds.Columns, ds.NumberOfFrames = "US", 48, 64, 10
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    path = tmp_path / "long.dcm"
    ds.save_as(path, enforce_file_format=True)
    tag, item, end = b"\xe0\x7f\x10\x00", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(tag + b"OB\0\0\xff\xff\xff\xff" + item + bytes(4))
        file.write(item + (len(stream) + free + len(stream) % 2).to_bytes(4, "little") + stream)
        file.write(free.to_bytes(4, "big") + b"free")
        file.seek(free - 8 + len(stream) % 2, 1)
        file.write(end + bytes(4))
    grown, said = opened(path)
    assert said == "10 frames"
    assert grown < 150
