"""What a file holds, told from its header alone: quick enough for whole disks of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2

from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io.dicom_header import Header, read_header
from echoview.io.dicom_meta import (
    VIEW_TEXTS,
    keyed_hash,
    other_modality,
    patient_key,
    patient_label,
    read_view,
    study_date,
)
from echoview.io.echonet import echonet_place
from echoview.io.naming import title_of
from echoview.io.pictures import glance_at
from echoview.io.sniff import FileKind
from echoview.io.views import view_from_text
from echoview.io.volume import patient_token, volume_sides

_KEYWORDS = (
    *("Rows", "Columns", "NumberOfFrames", "Modality", "PatientID", "IssuerOfPatientID", "PatientName", "StudyDate"),
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber"),
    *("ViewCodeSequence", *VIEW_TEXTS),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A cine of a folder.

    Attributes:
        path: the file to open.
        kind: as `CineInfo.kind`.
        frames: as the header says, 0 where it does not.
        size: height and width in px, zeros where the header does not say.
        study_key, series_key: keyed hashes that group cines; of the folder where a file names no study.
        patient_key, view_hint, patient_label, study_date: as in `CineInfo`.
        identity: SOP Instance UID, "" for files whose identity is their content.
        number: series and instance number, for sorting within a study.
        title: what to call it where the file's name says nothing, see `naming`.
        trouble: why the header cannot be read, in one sentence; "" where it can.
    """

    path: Path
    kind: str
    frames: int
    size: tuple[int, int]
    study_key: str
    series_key: str = ""
    patient_key: str = ""
    view_hint: View | None = None
    patient_label: str = ""
    study_date: str = ""
    identity: str = ""
    number: tuple[int, int] = (0, 0)
    title: str = ""
    trouble: str = ""


def folder_key(path: Path, secret: bytes) -> str:
    """Groups the files that lie together and name no study."""
    return keyed_hash(str(path.parent.absolute()), secret)


def glance(path: Path, kind: FileKind, secret: bytes) -> Listed | None:
    """Look at the header of a file of a known kind; None where it holds no echo picture.

    Raises:
        CineUnreadable: the header is damaged, or its disk does not answer.
    """
    if kind is FileKind.DICOM:
        return _dicom(path, secret)
    folder = folder_key(path, secret)
    view, patient = view_from_text(path.name.split(".")[0]), ""
    if kind is FileKind.VIDEO:
        frames, size = _video(path)
        place = echonet_place(path)
        view, patient = view or place.view, place.patient
    elif kind is FileKind.PICTURES:
        frames, size = glance_at(path)
        view = view or view_from_text(path.absolute().parent.name)
    else:
        frames, size = volume_sides(path, kind)
        patient = patient_token(path)
    study = keyed_hash(patient, secret) if patient else folder
    return Listed(path, kind.value, frames, size, study, series_key=folder, patient_key=patient, view_hint=view)


def _dicom(path: Path, secret: bytes) -> Listed | None:
    header = read_header(path, _KEYWORDS)
    if header.cut:
        raise CineUnreadable(f"{path.name} is cut off before its first frame.", "Copy or export it again.")
    size = (header.integer("Rows"), header.integer("Columns"))
    frames = header.integer("NumberOfFrames", 0 if header.has("NumberOfFrames") else 1)
    if min(size) < 1 or (frames == 1 and other_modality(header)):
        return None
    patient = patient_key(header, secret)
    number = header.integer("SeriesNumber"), header.integer("InstanceNumber")
    study = _key(header, "StudyInstanceUID", secret) or patient or folder_key(path, secret)
    return Listed(
        path=path,
        kind="dicom",
        frames=max(frames, 0),
        size=size,
        study_key=study,
        series_key=_key(header, "SeriesInstanceUID", secret) or study,
        patient_key=patient,
        view_hint=read_view(header),
        patient_label=patient_label(header),
        study_date=study_date(header),
        identity=header.text("SOPInstanceUID"),
        number=number,
        title=title_of(path.name, *number),
    )


def _key(header: Header, keyword: str, secret: bytes) -> str:
    text = header.text(keyword)
    return keyed_hash(text, secret) if text else ""


def _video(path: Path) -> tuple[int, tuple[int, int]]:
    """Frames and size as the container claims them; nothing is decoded."""
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise CineUnreadable(f"{path.name} holds no video that can be decoded.", "Copy or export it again.")
    keys = (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH)
    found = [capture.get(key) for key in keys]
    frames, height, width = (int(min(max(value, 0), 2**31)) for value in found)
    return frames, (height, width)
