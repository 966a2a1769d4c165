"""Frame times, view and patient of a DICOM file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import numpy as np

from echoview.domain.view import View
from echoview.io.dicom_header import Header
from echoview.io.timing import Timing, assumed_timing, even_timing, uneven_timing
from echoview.io.views import view_from_text

_FRAME_TIME, _FRAME_TIME_VECTOR = 0x00181063, 0x00181065
_NO_ONE = re.compile(r"0*|none|unknown|removed|anon(ymous|ymi[sz]ed)?|de-?identified", re.IGNORECASE)
VIEW_TEXTS = ("ViewName", "ImageComments", "SeriesDescription", "ProtocolName", "StageName")


def read_timing(header: Header, count: int, promised: int) -> Timing:
    """The times of `count` frames, from the element that the increment pointer names or the first sound one.

    Args:
        promised: the number of frames in the header; a file that is cut off has fewer.
    """
    if count == 1:
        return assumed_timing(1)
    readers: list[Callable[[], Timing | None]] = [
        lambda: _from_vector(header.numbers("FrameTimeVector"), count, promised),
        lambda: even_timing(count, _scaled(header.number("FrameTime"), 1e-3)),
        lambda: even_timing(count, _inverse(header.number("CineRate"))),
        lambda: even_timing(count, _scaled(header.number("ActualFrameDuration"), 1e-3)),
    ]
    if _FRAME_TIME in _pointers(header) and _FRAME_TIME_VECTOR not in _pointers(header):
        readers[0], readers[1] = readers[1], readers[0]
    for reader in readers:
        if timing := reader():
            return timing
    display = even_timing(count, _inverse(header.number("RecommendedDisplayFrameRate")))
    if display:
        return display._replace(note="The frame times come from the display rate that the file recommends.")
    return assumed_timing(count)


def read_view(header: Header) -> View | None:
    """The view from its code, else from the texts of the header."""
    for item in header.items("ViewCodeSequence"):
        if view := view_from_text(item.text("CodeMeaning")):
            return view
    return next((view for key in VIEW_TEXTS if (view := view_from_text(header.text(key)))), None)


def patient_key(header: Header, secret: bytes) -> str:
    """A keyed hash of issuer and patient ID, 32 hex digits; "" where the file names no patient."""
    patient = header.text("PatientID")
    if _NO_ONE.fullmatch(patient):
        return ""
    return keyed_hash(f"{header.text('IssuerOfPatientID')}\0{patient}", secret)


def keyed_hash(text: str, secret: bytes) -> str:
    """32 hex digits that tell texts apart and cannot be turned back without the secret."""
    key = secret if len(secret) <= hashlib.blake2b.MAX_KEY_SIZE else hashlib.sha256(secret).digest()
    return hashlib.blake2b(text.encode(errors="replace"), key=key, digest_size=16).hexdigest()


def patient_label(header: Header) -> str:
    """Name and ID for the screen, so that the right patient can be recognised."""
    name = " ".join(header.text("PatientName").replace("^", " ").replace("=", " ").split())
    return " · ".join(part for part in (name, header.text("PatientID")) if part)


def study_date(header: Header) -> str:
    """YYYY-MM-DD, "" when unknown."""
    parts = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)", header.text("StudyDate"))
    return "-".join(parts.groups()) if parts else ""


def other_modality(header: Header) -> str:
    """What made the pictures, where that was no ultrasound machine: "CT", "MR", ...; "" where it may have been one."""
    modality = header.text("Modality").upper()
    return "" if modality in ("", "US", "IVUS", "OT") else modality[:16]


def vendor(header: Header) -> str:
    """Manufacturer and model, "" when unknown."""
    return f"{header.text('Manufacturer')} {header.text('ManufacturerModelName')}".strip()


def _from_vector(steps_ms: list[float], count: int, promised: int) -> Timing | None:
    """A vector gives the step to each frame from the one before: 0 first, and as many as there are frames."""
    if len(steps_ms) not in (count, promised) or len(steps_ms) < count:
        return None
    return uneven_timing(np.array(steps_ms[:count]) * 1e-3)


def _pointers(header: Header) -> set[int]:
    try:
        return {int(tag) for tag in header.values("FrameIncrementPointer")}
    except (TypeError, ValueError):
        return set()


def _scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _inverse(rate: float | None) -> float | None:
    return 1.0 / rate if rate else None
