"""Times, views, patients: what the header says, and what is believed of it."""

from __future__ import annotations

import hashlib
import logging

import numpy as np
import pytest
from pydicom.dataset import Dataset

from echoview.domain.view import View
from echoview.io import open_cine

NO_TIME = {"FrameTime": None}


@pytest.fixture
def open_with(write_dicom, grey_frames):
    """Opens a five-frame cine with these header elements."""
    return lambda **elements: open_cine(write_dicom([f.tobytes() for f in grey_frames], **elements)).info


@pytest.mark.parametrize(
    ("elements", "last_s", "known"),
    [
        ({"FrameTime": "40"}, 0.16, True),
        ({"FrameTime": "40", "FrameTimeVector": [0, 10, 20, 30, 40]}, 0.1, True),
        ({"FrameTime": "40", "FrameTimeVector": [7, 10, 20, 30, 40]}, 0.1, True),
        (
            {"FrameTime": "40", "FrameTimeVector": [0, 10, 20], "FrameIncrementPointer": 0x00181065},
            0.16,
            True,
        ),
        ({"FrameTime": "40", "FrameTimeVector": [0, 10, -20, 30, 40]}, 0.16, True),
        (
            {"FrameTime": "40", "FrameTimeVector": [0, 1, 2, 3, 4], "FrameIncrementPointer": 0x00181063},
            0.16,
            True,
        ),
        (
            {"FrameTime": "40", "FrameTimeVector": [0, 1, 2, 3, 4], "FrameIncrementPointer": 0x00181065},
            0.01,
            True,
        ),
        ({"FrameTime": "0", "CineRate": "50"}, 0.08, True),
        ({"FrameTime": "-3", "CineRate": "0", "ActualFrameDuration": "25"}, 0.1, True),
        (NO_TIME | {"CineRate": "50", "RecommendedDisplayFrameRate": "10"}, 0.08, True),
        (NO_TIME | {"RecommendedDisplayFrameRate": "10"}, 0.4, True),
        (NO_TIME, 4 / 30, False),
        ({"FrameTime": "1e300"}, 4 / 30, False),
    ],
)
def test_frame_times(elements, last_s, known, open_with):
    info = open_with(**elements)
    assert info.times_s.shape == (5,)
    assert info.times_s[0] == 0
    assert np.all(np.diff(info.times_s) > 0)
    assert info.times_s[-1] == pytest.approx(last_s)
    assert info.timing_known is known
    assert ("assumed" in info.timing_note) is not known


def test_a_damaged_frame_time_is_passed_over(write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames], FrameTime="4321.0")
    path.write_bytes(path.read_bytes().replace(b"4321.0", b"43x1.0"))
    assert open_cine(path).info.timing_known is False


@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({}, None),
        ({"SeriesDescription": "A4C zoom"}, View.A4C),
        ({"ImageComments": "Apical two chamber"}, View.A2C),
        ({"ViewName": "AP3"}, View.A3C),
        ({"ProtocolName": "Stress", "StageName": "rest"}, None),
        ({"SeriesDescription": "A4C and A2C"}, None),
    ],
)
def test_view_from_texts(elements, view, open_with):
    assert open_with(**elements).view_hint is view


def test_view_code_comes_before_texts(open_with):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "399232001", "SCT", "Apical two chamber"
    assert open_with(ViewCodeSequence=[code], SeriesDescription="A4C").view_hint is View.A2C


def test_the_patient_key_is_a_keyed_hash(write_dicom, grey_frames):
    def key(secret: bytes | None = b"secret", **elements: object) -> str:
        path = write_dicom([grey_frames[0].tobytes()], **elements)
        return open_cine(path, patient_secret=secret).info.patient_key

    mine = key(PatientID="4711")
    assert mine == key(PatientID="4711 ")
    assert mine == hashlib.blake2b(b"\x004711", key=b"secret", digest_size=16).hexdigest()
    different = {
        mine,
        key(PatientID="4712"),
        key(b"other", PatientID="4711"),
        key(b"x" * 99, PatientID="4711"),
    }
    different |= {key(PatientID="4711", IssuerOfPatientID="Ward 3"), key(None, PatientID="4711")}
    assert len(different) == 6
    assert key(None, PatientID="4711") == key(None, PatientID="4711")


@pytest.mark.parametrize("nobody", ["", "ANONYMOUS", "anon", "0", "Unknown", None])
def test_no_key_for_a_patient_without_identity(nobody, open_with):
    assert open_with(PatientID=nobody).patient_key == ""


def test_what_the_screen_shows(open_with):
    info = open_with(StudyDate="20240229", Manufacturer="Acme", ManufacturerModelName="Echo 9")
    assert info.patient_label == "Doe-Fake Patient · ID-4711-FAKE"
    assert info.study_date == "2024-02-29"
    assert info.vendor == "Acme Echo 9"
    assert open_with(StudyDate="hello").study_date == ""


@pytest.mark.parametrize("alphabet", [b"ISO_IR 999", b"nonsense\\x", b"\\ISO_IR 87", b"GBK\\GB1803"])
def test_names_in_unknown_alphabets(alphabet, write_dicom, grey_frames):
    elements = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "山田^太郎"}
    path = write_dicom([grey_frames[0].tobytes()], **elements)
    assert open_cine(path).info.patient_label == "山田 太郎 · ID-4711-FAKE"
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", alphabet.ljust(10)))
    assert open_cine(path).info.patient_label.endswith("ID-4711-FAKE")


def test_identity_is_the_uid_else_the_content(open_with):
    assert open_with(SOPInstanceUID="1.2.3").identity == "1.2.3"
    info = open_with(SOPInstanceUID="1.2.3")
    assert info.content_hash.startswith("sha256:")
    assert len(info.content_hash) == 71


def test_nothing_of_the_patient_is_logged(write_dicom, grey_frames, caplog):
    caplog.set_level(logging.DEBUG)
    elements = {"PatientBirthDate": "19340501", "SeriesDescription": "A4C", "StudyDate": "2024-02-29-wrong"}
    path = write_dicom([f.tobytes() for f in grey_frames], name="Doe-Fake.dcm", **elements)
    open_cine(path)
    path.write_bytes(path.read_bytes().replace(b"PN", b"DS").replace(b"LO", b"IS"))
    open_cine(path)
    assert "opened a dicom cine of 5 frames" in caplog.text
    for secret in ("Fake", "4711", "1934", str(path.parent)):
        assert secret not in caplog.text


@pytest.mark.parametrize(("modality", "kept"), [("CT", False), ("XA", False), ("US", True), ("OT", True), (None, True)])
def test_no_contour_on_pictures_of_another_machine(modality, kept, write_dicom, grey_frames):
    info = open_cine(write_dicom([f.tobytes() for f in grey_frames], Modality=modality)).info
    assert info.withheld == ("" if kept else f"The file says that it is no ultrasound picture (modality {modality}).")
