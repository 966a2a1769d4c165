"""Writes a simulated cine as the files that people have: NPZ with all that is known, MP4, DICOM.

The DICOM file says in every place that can be read that it is simulated. Its UIDs come from the cine itself, so that
the same cine gives the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ral.phantom.simulate import PhantomCine

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Array = np.ndarray

_TWO_D, _TISSUE, _CM = 1, 1, 3  # RegionSpatialFormat, RegionDataType, PhysicalUnits
_STILL_FPS = 25.0


def write_npz(path: str | Path, cine: PhantomCine) -> Path:
    """Every field of the cine under its own name, exact contours and masks included."""
    path = Path(path)
    np.savez_compressed(path, **asdict(cine))
    return path


def write_mp4(path: str | Path, cine: PhantomCine) -> Path:
    """The frames at their own rate as MPEG-4; lossy, and an MP4 knows neither pixel size nor heart.

    Raises:
        OSError: the file cannot be written, or this OpenCV has no MPEG-4 encoder.
    """
    path = Path(path)
    steps = np.diff(cine.times_s)
    fps = 1 / float(np.median(steps)) if len(steps) else _STILL_FPS
    height, width = cine.frames.shape[1:]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    if not writer.isOpened():
        raise OSError(f"cannot write {path}")
    for frame in cine.frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def write_dicom(
    path: str | Path,
    cine: PhantomCine,
    *,
    jpeg_quality: int | None = 92,
    colour: bool = False,
    uneven: bool = False,
) -> Path:
    """An Ultrasound Multi-frame Image with pixel size, frame times and heart rate.

    Args:
        jpeg_quality: 1..100 for JPEG baseline, None for plain pixels.
        colour: three samples a pixel as most machines write them: YBR_FULL_422 in JPEG, else RGB.
        uneven: give the frame times one by one (FrameTimeVector) instead of one step (FrameTime).
    """
    path = Path(path)
    dataset = _described(cine)
    _add_times(dataset, cine, uneven)
    _add_region(dataset, cine)
    _add_pixels(dataset, cine.frames, jpeg_quality, colour)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _uid(*parts: object) -> str:
    """A UID under 2.25, the root for numbers that nobody assigned, from a hash of the parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def _described(cine: PhantomCine) -> Dataset:
    """File meta, patient, study and device; the instance is told apart by its pixels and times."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, UltrasoundMultiFrameImageStorage

    content = hashlib.sha256(cine.frames.tobytes() + cine.times_s.tobytes()).hexdigest()
    dataset = Dataset()
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = _uid("instance", cine.seed, content)
    dataset.StudyInstanceUID = _uid("study", cine.seed)
    dataset.SeriesInstanceUID = _uid("series", cine.seed, cine.view)
    dataset.PatientName = f"PHANTOM^{cine.seed}"
    dataset.PatientID = f"PHANTOM-{cine.seed}"
    dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyDate = dataset.StudyTime = ""
    dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.Modality = "US"
    dataset.Manufacturer = "EchoView phantom"
    dataset.ManufacturerModelName = f"simulated, look {cine.look}"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.ImageComments = f"Simulated {cine.view}, {cine.pathology}. No patient."
    dataset.HeartRate = round(cine.heart_rate_bpm)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(dataset.SOPInstanceUID)
    return dataset


def _add_times(dataset: Dataset, cine: PhantomCine, uneven: bool) -> None:
    steps_ms = 1000 * np.diff(cine.times_s, prepend=0.0)
    dataset.NumberOfFrames = len(cine.frames)
    if uneven:
        dataset.FrameTimeVector = [f"{step:.6f}" for step in steps_ms]
        dataset.FrameIncrementPointer = 0x00181065
    else:
        step_ms = float(steps_ms[1:].mean()) if len(steps_ms) > 1 else 1000 / _STILL_FPS
        dataset.FrameTime = f"{step_ms:.6f}"
        dataset.FrameIncrementPointer = 0x00181063
        dataset.CineRate = dataset.RecommendedDisplayFrameRate = max(round(1000 / step_ms), 1)
    if len(cine.r_waves_s):
        dataset.RWaveTimeVector = [float(1000 * time) for time in cine.r_waves_s]


def _add_region(dataset: Dataset, cine: PhantomCine) -> None:
    """One region over the whole frame, which is all 2-D tissue, with the pixel size in cm."""
    from pydicom.dataset import Dataset as Item

    height, width = cine.frames.shape[1:]
    region = Item()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = _TWO_D, _TISSUE, 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = width - 1, height - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = _CM
    region.PhysicalDeltaX = region.PhysicalDeltaY = cine.mm_per_px / 10
    dataset.SequenceOfUltrasoundRegions = [region]


def _add_pixels(dataset: Dataset, frames: Array, jpeg_quality: int | None, colour: bool) -> None:
    """`frames` is (T, H, W) uint8."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

    dataset.Rows, dataset.Columns = frames.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
        frames = np.repeat(frames[..., None], 3, axis=-1)
    if jpeg_quality is None:
        dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        plain = frames.tobytes()
        dataset.add_new("PixelData", "OB", plain + b"\0" * (len(plain) % 2))
        return
    coded = [_jpeg(frame, jpeg_quality) for frame in frames]
    dataset.PhotometricInterpretation = "YBR_FULL_422" if colour else "MONOCHROME2"
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.LossyImageCompression, dataset.LossyImageCompressionMethod = "01", "ISO_10918_1"
    dataset.LossyImageCompressionRatio = f"{frames.nbytes / sum(map(len, coded)):.2f}"
    dataset.add_new("PixelData", "OB", encapsulate(coded))
    dataset["PixelData"].is_undefined_length = True


def _jpeg(frame: Array, quality: int) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR]
    _, coded = cv2.imencode(".jpg", frame, [*options, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422])
    return coded.tobytes()
