"""De-identified DICOM: nothing of the patient in its bytes, and all that a reader of the heart needs."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from echoview.domain.calibration import Calibration
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.io.deidentify import EDITION, EMPTY, NUMBERS, UIDS, by_profile, deidentified, keyed_uid
from echoview.io.export_dicom import write_dicom
from echoview.io.export_item import Outgoing

SECRET = b"s" * 32
FRAMES = 6


@pytest.fixture(scope="module")
def phantom():
    from ral.phantom import simulate

    return simulate(21, "A4C", frames=FRAMES, size=128, beats=1.0)


def fill(dataset: Dataset) -> None:
    """A word that begins with Zzqx in every place where a scanner, a clinic or a person may have left one."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "Zzqxvalue", "99Zzqx", "Zzqxmeaning four chamber"
    deep = Dataset()
    deep.PatientName = "Zzqxdeep"
    deep.ReferencedSOPInstanceUID = "1.2.3.44444.7"
    deep.PurposeOfReferenceCodeSequence = Sequence([code])
    for keyword, value in {
        "PatientName": "Zzqxname^Zzqxfirst", "PatientID": "Zzqxid-20471188", "OtherPatientNames": "Zzqxother",
        "PatientComments": "Zzqxcomment", "PatientAddress": "Zzqxaddress", "StudyDescription": "Zzqxstudy",
        "SeriesDescription": "Zzqxseries", "ProtocolName": "Zzqxprotocol", "StageName": "Zzqxstage",
        "ViewName": "Zzqxview",
        "TransducerData": "Zzqxtransducer", "SoftwareVersions": "Zzqxsoftware", "DeviceSerialNumber": "Zzqxserial",
        "ImageComments": "Zzqximage", "InstitutionName": "Zzqxinstitution", "StationName": "Zzqxstation",
        "OperatorsName": "Zzqxoperator", "ReferringPhysicianName": "Zzqxreferring", "AccessionNumber": "Zzqxaccession",
        "StudyID": "Zzqxstudyid", "Manufacturer": "Zzqxmaker", "ManufacturerModelName": "Zzqxmodel",
        "DerivationDescription": "Zzqxderived", "ReferencedImageSequence": Sequence([deep]),
        "ViewCodeSequence": Sequence([code]), "RequestAttributesSequence": Sequence([deep]),
        "PatientBirthDate": "19310922", "StudyDate": "20190307", "StudyTime": "104455", "ContentDate": "20190307",
        "AcquisitionDateTime": "20190307104455", "StudyInstanceUID": "1.2.3.44444.1",
        "SeriesInstanceUID": "1.2.3.44444.2", "SOPInstanceUID": "1.2.3.44444.3", "SeriesNumber": 4,
        "HeartRate": 71, "LossyImageCompression": "01",
    }.items():  # fmt: skip
        setattr(dataset, keyword, value)
    dataset.private_block(0x0009, "Zzqxprivate", create=True).add_new(1, "LO", "Zzqxsecret")
    dataset.add_new(0x60000022, "LO", "Zzqxoverlay")
    dataset.add_new(0x60003000, "OW", b"Zzqxqxoverlaydata!")
    dataset.add_new(0x50000022, "LO", "Zzqxcurve")
    dataset.SequenceOfUltrasoundRegions[0].PatientName = "Zzqxregion"
    dataset.SequenceOfUltrasoundRegions[0].private_block(0x0011, "Zzqxinner", create=True).add_new(1, "LO", "Zzqxinner")
    dataset.file_meta.SourceApplicationEntityTitle = "Zzqxtitle"
    dataset.preamble = b"Zzqxqxpreamble".ljust(128, b"\0")


WORDS = (b"zzqx", b"19310922", b"20190307", b"104455", b"20471188", b"1.2.3.44444")


def out_of(path, tmp_path, secret=SECRET, **said):
    """A cine written without its patient, and that file's name."""
    cine = open_cine(path, patient_secret=secret)
    item = Outgoing(
        "cine-00001", "p", "", "", (len(cine), *cine.size), frame=cine.frame,
        header=lambda: deidentified(path, cine, secret, **said),
    )  # fmt: skip
    assert write_dicom(tmp_path / "out", b"", "0", [item]) == (1, {})
    return cine, tmp_path / "out" / "cine-00001.dcm"


@pytest.mark.parametrize(("colour", "uneven"), [(False, False), (True, True)])
def test_no_word_of_the_patient_is_in_the_bytes_and_the_cine_is_the_same(tmp_path, phantom, colour, uneven):
    from ral.phantom.write import write_dicom as write_phantom

    path = write_phantom(tmp_path / "Zzqxname.dcm", phantom, jpeg_quality=None, colour=colour, uneven=uneven)
    dataset = pydicom.dcmread(path)
    fill(dataset)
    dataset.save_as(path)
    assert path.read_bytes().lower().count(b"zzqx") > 30
    cine, written = out_of(path, tmp_path, view=View.A3C)
    body = written.read_bytes().lower()
    for word in WORDS:
        assert word not in body, word
        assert word.decode().encode("utf-16-le") not in body
    again = open_cine(written, patient_secret=SECRET)
    assert len(again) == len(cine) == FRAMES
    np.testing.assert_allclose(again.times_s, cine.times_s, atol=1e-8)
    assert again.info.timing_known
    for t in range(FRAMES):
        np.testing.assert_array_equal(again.frame(t), cine.frame(t))
    assert again.calibration is not None
    np.testing.assert_allclose(again.calibration, cine.calibration)
    assert again.info.region_px == cine.info.region_px
    assert (again.info.heart_rate, again.info.view_hint) == (71, View.A3C)
    np.testing.assert_allclose(again.info.r_waves_s, cine.info.r_waves_s, atol=1e-5)
    assert (again.info.study_date, again.info.vendor) == ("", "")
    assert "Zzqx" not in again.info.patient_label


def test_the_file_says_what_was_done_to_it(tmp_path, phantom):
    from ral.phantom.write import write_dicom as write_phantom

    path = write_phantom(tmp_path / "a.dcm", phantom)
    dataset = pydicom.dcmread(path)
    fill(dataset)
    dataset.save_as(path)
    done = pydicom.dcmread(out_of(path, tmp_path)[1])
    assert done.PatientIdentityRemoved == "YES"
    assert done.BurnedInAnnotation == "NO"
    assert done.LongitudinalTemporalInformationModified == "REMOVED"
    assert [item.CodeValue for item in done.DeidentificationMethodCodeSequence] == ["113100", "113101"]
    assert done.DeidentificationMethod[0] == "DICOM PS3.15 2026c Basic Profile"
    assert (done.LossyImageCompression, done.SeriesNumber) == ("01", 4)
    assert done.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    for keyword in EMPTY:
        assert keyword in ("PatientName", "PatientID") or not done[keyword].value
    assert done.file_meta.MediaStorageSOPInstanceUID == done.SOPInstanceUID


def test_one_study_stays_one_under_one_secret_and_no_other(tmp_path, phantom):
    from ral.phantom.write import write_dicom as write_phantom

    found = []
    for n, secret in enumerate((SECRET, SECRET, b"t" * 32)):
        path = write_phantom(tmp_path / f"{n}.dcm", phantom)
        dataset = pydicom.dcmread(path)
        fill(dataset)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.44444.{n}"
        dataset.save_as(path)
        found.append(pydicom.dcmread(out_of(path, tmp_path / str(n), secret)[1]))
    one, two, other = found
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "PatientID"):
        assert one[keyword].value == two[keyword].value != other[keyword].value
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert all(pydicom.uid.UID(one[keyword].value).is_valid for keyword in UIDS if keyword in one)


def test_what_is_let_through_meets_the_profile():
    """Every element that the profile names is changed by it; the others are no words of a person's."""
    dataset = Dataset()
    for keyword in EMPTY:
        setattr(
            dataset, keyword, {"DA": "20190307", "TM": "104455"}.get(pydicom.datadict.dictionary_VR(keyword), "Zzqx")
        )
    for keyword in UIDS:
        setattr(dataset, keyword, "1.2.3.44444")
    dataset.SeriesNumber = 4
    before = {element.keyword: str(element.value) for element in dataset}
    by_profile(dataset, SECRET)
    listed = {tag for tag in dicom_anonymization_database_selector(EDITION)["ALL_TAGS"] if len(tag) == 2}
    named = {word for word in before if (pydicom.tag.Tag(word).group, pydicom.tag.Tag(word).element) in listed}
    assert named >= {*UIDS, "PatientName", "PatientID", "StudyDate", "AccessionNumber"}
    for keyword in named:
        assert keyword not in dataset or str(dataset[keyword].value) != before[keyword], keyword
    assert dataset.StudyInstanceUID == keyed_uid("1.2.3.44444", SECRET)
    assert {*before} - named <= {"Manufacturer", *NUMBERS}


def test_the_profile_reaches_into_sequences():
    inner, outer = Dataset(), Dataset()
    inner.PatientName, inner.ReferencedSOPInstanceUID = "Zzqxdeep", "1.2.3.44444"
    outer.SequenceOfUltrasoundRegions = Sequence([inner])
    by_profile(outer, SECRET)
    assert str(outer.SequenceOfUltrasoundRegions[0].get("PatientName", "")) != "Zzqxdeep"
    assert outer.SequenceOfUltrasoundRegions[0].ReferencedSOPInstanceUID == keyed_uid("1.2.3.44444", SECRET)


def test_a_video_becomes_dicom_too_and_a_persons_pixel_size_goes_along(tmp_path, phantom):
    from ral.phantom.write import write_mp4

    path = tmp_path / "Zzqxname.mp4"
    write_mp4(path, phantom)
    cine, written = out_of(path, tmp_path, calibration=Calibration(0.4, 0.3))
    again = open_cine(written, patient_secret=SECRET)
    assert again.calibration == pytest.approx((0.4, 0.3))
    np.testing.assert_allclose(again.times_s, cine.times_s, atol=1e-6)
    np.testing.assert_array_equal(again.frame(3), cine.frame(3))
    assert (again.info.patient_key, again.info.view_hint) == ("", None)


def test_a_still_without_times_has_none(tmp_path, phantom):
    from ral.formats import write_nifti

    write_nifti(tmp_path / "a.nii.gz", phantom.frames[:1], None)
    _, written = out_of(tmp_path / "a.nii.gz", tmp_path)
    assert "FrameTime" not in pydicom.dcmread(written)
    assert len(open_cine(written)) == 1


def test_garbage_in_the_header_stays_behind_and_a_file_that_is_gone_is_left_out(tmp_path, phantom):
    from ral.phantom.write import write_dicom as write_phantom

    path = write_phantom(tmp_path / "a.dcm", phantom, jpeg_quality=None)
    body = path.read_bytes()
    dataset = pydicom.dcmread(path)
    uid = str(dataset.StudyInstanceUID).encode()
    path.write_bytes(body.replace(uid, (b"Zzqx \xc4\xd6" * 9)[: len(uid)]))
    dataset = pydicom.dcmread(path)
    for keyword in ("PatientBirthDate", "StudyDate", "StudyTime", "SeriesNumber", "PatientName"):
        dataset[keyword] = pydicom.DataElement(keyword, "LO", "Zzqx \\ 12", validation_mode=0)
    dataset.save_as(path)
    cine, written = out_of(path, tmp_path)
    assert b"zzqx" not in written.read_bytes().lower()
    assert pydicom.dcmread(written).StudyInstanceUID.is_valid
    gone = Outgoing(
        "b", "p", "", "", (len(cine), *cine.size), frame=cine.frame,
        header=lambda: deidentified(tmp_path / "gone.dcm", cine, SECRET),
    )  # fmt: skip
    assert write_dicom(tmp_path / "none", b"", "0", [gone]) == (0, {"b": "a header that can be read again"})
