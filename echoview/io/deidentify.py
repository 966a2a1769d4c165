"""A DICOM header without the patient, after the basic profile of DICOM PS3.15.

Few elements of the original are let through at all, none of them a sequence, private, or free text; of these the table
of dicom-anonymizer says what happens to each. Everything else is written anew from what was checked when the file was
opened: times, pixel size, regions, view. The pixels are the exporter's own, see `export_dicom`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
from dicomanonymizer.simpledicomanonymizer import anonymize_dataset, initialize_actions
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine, Region
from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io.dicom_header import Header, parse_dicom, quiet
from echoview.io.dicom_meta import keyed_hash

EDITION = "dicomfields_2026c"  # of the profile's table
METHOD = ("DICOM PS3.15 2026c Basic Profile", "dicom-anonymizer", "EchoView: black outside the sector")
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID", "Manufacturer",
)  # fmt: skip
"""What a DICOM picture must have, known or not."""
NUMBERS = ("SeriesNumber", "InstanceNumber")
_PROFILES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113101", "Clean Pixel Data Option"),
)
_VIEWS = {
    View.A2C: ("399232001", "Apical two chamber"),
    View.A3C: ("399339008", "Apical long axis"),
    View.A4C: ("399214001", "Apical four chamber"),
}
_TWO_D, _TISSUE, _CM, _NO_UNIT = 1, 1, 3, 0
_FRAME_TIME, _FRAME_TIME_VECTOR = 0x00181063, 0x00181065
_EVEN_S = 1e-6


def deidentified(
    path: Path, cine: Cine, secret: bytes, calibration: Calibration | None = None, view: View | None = None
) -> Dataset:
    """The header of a cine's file as it may leave, without pixels; of a file that is no DICOM, a new one.

    Args:
        secret: the key of all hashes: under it one study stays one study, and whoever lacks it learns nothing.
        calibration: a person's; else the file's own stands where it was trusted.
        view: as the label or the file names it.

    Raises:
        CineUnreadable: the file cannot be read again.
    """
    dataset = by_profile(_let_through(_header(path)) if cine.info.kind == "dicom" else Dataset(), secret)
    for keyword in UIDS[:3]:
        if keyword not in dataset:
            setattr(dataset, keyword, keyed_uid(f"{keyword}\0{cine.info.identity}", secret))
    for keyword in EMPTY:
        setattr(dataset, keyword, "")
    if cine.info.patient_key:
        dataset.PatientID = dataset.PatientName = keyed_hash(f"patient\0{cine.info.patient_key}", secret)[:16]
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage if len(cine) > 1 else UltrasoundImageStorage
    dataset.Modality = "US"
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    _add_statement(dataset)
    _add_times(dataset, cine)
    _add_regions(dataset, cine, calibration)
    if view is not None:
        value, meaning = _VIEWS[view]
        dataset.ViewCodeSequence = Sequence([_code(value, "SCT", meaning)])
    return dataset


def by_profile(dataset: Dataset, secret: bytes) -> Dataset:
    """The basic profile applied, in place and in the items of sequences; UIDs become keyed hashes of themselves."""

    def replaced(given: Dataset, tag: tuple[int, int]) -> None:
        if (element := given.get(tag)) is not None:
            element.value = keyed_uid(str(element.value), secret)

    uids: dict[Any, Any] = dict.fromkeys(dicom_anonymization_database_selector(EDITION)["U_TAGS"], replaced)
    anonymize_dataset(dataset, uids, base_rules_gen=partial(initialize_actions, EDITION))
    for element in dataset:
        for item in element.value if element.VR == "SQ" else ():
            by_profile(item, secret)
    return dataset


def keyed_uid(text: str, secret: bytes) -> str:
    """A UID under 2.25, the root for numbers that nobody assigned: the same for the same text and secret."""
    return f"2.25.{int(keyed_hash(f'uid{chr(0)}{text}', secret), 16)}"


def _header(path: Path) -> Header:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CineUnreadable(f"Its file cannot be read: {error.strerror}.", "Check the disk.") from None
    return parse_dicom("Its file", data).header


def _let_through(header: Header) -> Dataset:
    """The elements that may go on, each as a plain value; what is damaged stays behind."""
    kept = Dataset()
    for keyword in (*UIDS, *EMPTY):
        if text := header.text(keyword):
            with quiet():
                setattr(kept, keyword, text)
    for keyword in NUMBERS:
        number = header.integer(keyword, -1)
        if 0 <= number < 2**31:
            setattr(kept, keyword, number)
    if header.text("LossyImageCompression") == "01":
        kept.LossyImageCompression = "01"
    return kept


def _add_statement(dataset: Dataset) -> None:
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = list(METHOD)
    dataset.DeidentificationMethodCodeSequence = Sequence([_code(value, "DCM", words) for value, words in _PROFILES])
    dataset.LongitudinalTemporalInformationModified = "REMOVED"
    dataset.BurnedInAnnotation = "NO"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _add_times(dataset: Dataset, cine: Cine) -> None:
    """When each frame was taken, and the heart in it; nothing where the file did not say."""
    dataset.NumberOfFrames = len(cine)
    steps = np.diff(cine.times_s)
    if cine.info.timing_known and len(steps):
        if np.ptp(steps) < _EVEN_S:
            dataset.FrameIncrementPointer = _FRAME_TIME
            dataset.FrameTime = _decimal(1e3 * float(cine.times_s[-1]) / len(steps))
        else:
            dataset.FrameIncrementPointer = _FRAME_TIME_VECTOR
            dataset.FrameTimeVector = ["0", *(_decimal(1e3 * float(step)) for step in steps)]
    if cine.info.heart_rate is not None:
        dataset.HeartRate = round(cine.info.heart_rate)
    if cine.info.r_waves_s:
        dataset.RWaveTimeVector = [1e3 * time for time in cine.info.r_waves_s]


def _decimal(number: float) -> str:
    return f"{number:.10g}"  # at most 16 characters


def _add_regions(dataset: Dataset, cine: Cine, own: Calibration | None) -> None:
    """The 2-D pictures with their pixel size, where the file was trusted or a person measured."""
    height, width = cine.size
    whole = cine.info.region_px or (0, 0, width - 1, height - 1)
    if own is not None and own != cine.info.calibration:
        regions = (Region(whole, own),)
    elif cine.info.regions or cine.calibration is None:
        regions = cine.info.regions
    else:
        regions = (Region(whole, cine.calibration),)
    if regions:
        dataset.SequenceOfUltrasoundRegions = Sequence([_region(one) for one in regions])


def _region(region: Region) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = _TWO_D, _TISSUE, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = (
        int(value) for value in region.box_px
    )
    size = region.calibration
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = _CM if size else _NO_UNIT
    item.PhysicalDeltaX, item.PhysicalDeltaY = (size.x_mm / 10, size.y_mm / 10) if size else (1.0, 1.0)
    return item
