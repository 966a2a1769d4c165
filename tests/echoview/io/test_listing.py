"""Folders listed from headers: what is there, in which study, and what was passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydicom import uid
from pydicom.dataset import Dataset

from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io import open_cine
from echoview.io.listing import list_cines
from ral.formats import write_nifti

SECRET = b"s" * 32


def everything(folder: Path):
    listing = list_cines(folder, lambda: False, secret=SECRET)
    return list(listing), listing


@pytest.fixture
def study(tmp_path, write_dicom, grey_frames) -> Path:
    """Two cines of one study, one of another, a slice of a scanner that is no echo machine, and other things."""
    stored = [f.tobytes() for f in grey_frames]
    common = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1", "Modality": "US", "StudyDate": "20200131"}
    write_dicom(stored, name="b", **common, SeriesNumber=1, InstanceNumber=7, SeriesDescription="AP4")
    write_dicom(stored[:3], name="a", **common, SeriesNumber=1, InstanceNumber=8)
    write_dicom(stored, name="c", syntax=uid.DeflatedExplicitVRLittleEndian, StudyInstanceUID="1.2.4")
    write_dicom(stored[:1], name="slice", Modality="CT")
    write_dicom([], name="report", Rows=None, Columns=None, Modality="SR", SOPClassUID=uid.ComprehensiveSRStorage)
    (tmp_path / "letter.txt").write_text("Dear colleague")
    (tmp_path / "damaged").write_bytes((tmp_path / "a").read_bytes()[:400])
    return tmp_path


def test_cines_come_with_what_their_headers_say(study):
    cines, listing = everything(study)
    assert [(c.path.name, c.kind, c.frames, c.size) for c in cines] == [
        ("a", "dicom", 3, (48, 64)),
        ("b", "dicom", 5, (48, 64)),
        ("c", "dicom", 5, (48, 64)),
        ("damaged", "dicom", 0, (0, 0)),
    ]
    a, b, c, damaged = cines
    assert damaged.trouble == "damaged is cut off before its first frame."
    assert a.study_key == b.study_key != c.study_key
    assert a.series_key == b.series_key != c.series_key
    assert (a.number, b.number) == ((1, 8), (1, 7))
    assert (a.view_hint, b.view_hint) == (None, View.A4C)
    assert a.study_date == "2020-01-31"
    assert "Fake" in a.patient_label
    assert (listing.seen, listing.unreadable) == (7, 1)


def test_what_a_disc_counts_is_called_by_what_its_header_says(tmp_path, write_dicom, grey_frames):
    stored = [f.tobytes() for f in grey_frames]
    names = {"IM000001": (2, 14), "IM000002": (None, 15), "IM000003": (None, None), "rest-A4C.dcm": (2, 16)}
    for name, (series, number) in names.items():
        write_dicom(stored, name=name, SeriesNumber=series, InstanceNumber=number)
    cines, _ = everything(tmp_path)
    assert [c.title for c in cines] == ["Series 2, no. 14", "No. 15", "", ""]
    assert open_cine(tmp_path / "IM000001").info.title == "Series 2, no. 14"
    assert all("Fake" not in c.title and "4711" not in c.title for c in cines)


def test_a_listed_cine_is_the_one_that_opens(study):
    for listed in [one for one in everything(study)[0] if not one.trouble]:
        info = open_cine(listed.path, patient_secret=SECRET).info
        assert listed.identity == info.identity
        assert listed.patient_key == info.patient_key != ""
        assert listed.view_hint == info.view_hint
        assert (listed.frames, listed.size) == (len(info.times_s), info.size)


def test_keys_show_neither_the_patient_nor_the_study(study):
    for listed in everything(study)[0]:
        keys = listed.study_key + listed.series_key + listed.patient_key
        assert "1.2.3" not in keys
        assert "4711" not in keys
        other = next(list_cines(listed.path, lambda: False, secret=b"another"))
        assert other.study_key != listed.study_key


def test_videos_and_volumes(tmp_path, write_video, grey_frames, colour_frames):
    write_video(colour_frames.repeat(2, axis=1).repeat(2, axis=2), "patient A2C.avi")
    for patient in ("patient0001", "patient0002"):
        (tmp_path / patient).mkdir()
        write_nifti(tmp_path / patient / f"{patient}_4CH_sequence.nii.gz", grey_frames, None)
        write_nifti(tmp_path / patient / f"{patient}_4CH_ED.nii", grey_frames[0], None)
        write_nifti(tmp_path / patient / f"{patient}_4CH_ED_gt.nii.gz", grey_frames[0], None)
    header = "NDims = 3\nDimSize = 64 48 5\nElementType = MET_UCHAR\nElementDataFile = x.raw\n"
    (tmp_path / "x.mhd").write_text(header)
    (tmp_path / "x.raw").write_bytes(grey_frames.tobytes())
    cines, _ = everything(tmp_path)
    assert [(c.path.name, c.frames, c.size, c.view_hint) for c in cines] == [
        ("patient A2C.avi", 5, (96, 128), View.A2C),
        ("x.mhd", 5, (48, 64), None),
        ("patient0001_4CH_ED.nii", 1, (48, 64), View.A4C),
        ("patient0001_4CH_sequence.nii.gz", 5, (48, 64), View.A4C),
        ("patient0002_4CH_ED.nii", 1, (48, 64), View.A4C),
        ("patient0002_4CH_sequence.nii.gz", 5, (48, 64), View.A4C),
    ]
    assert cines[2].study_key == cines[3].study_key != cines[4].study_key
    assert cines[2].patient_key == "patient0001"


def test_damaged_files_are_counted_and_those_that_should_be_cines_are_listed(tmp_path, write_dicom, grey_frames):
    write_dicom([f.tobytes() for f in grey_frames], name="good")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "cut.nii.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\0garbage" * 9)
    (tmp_path / "bad.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST" + b"\xff" * 999)
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nowhere")
    cines, listing = everything(tmp_path)
    assert [(c.path.name, bool(c.trouble)) for c in cines] == [("bad.avi", True), ("good", False)]
    assert "bad.avi" in cines[0].trouble
    assert (listing.unreadable, listing.seen) == (3, 5)


def test_what_is_passed_over(tmp_path, write_dicom, grey_frames):
    write_dicom([f.tobytes() for f in grey_frames], name="IM0002")
    deep = tmp_path / "study" / "ünï"
    deep.mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    content = (tmp_path / "IM0002").read_bytes()
    for place in ("IM0001.bin", ".IM0003", ".hidden/IM0004", "study/b.dcm", "study/ünï/a.dcm"):
        (tmp_path / place).write_bytes(content)
    write_nifti(tmp_path / "patient0001_4CH_ED.nii.gz", grey_frames[0], None)
    write_nifti(tmp_path / "patient0001_4CH_ED_gt.nii.gz", grey_frames[0], None)
    (tmp_path / "x.mhd").write_text("NDims = 2\nElementDataFile = x.raw\n")
    (tmp_path / "x.raw").write_bytes(content)
    (tmp_path / "notes.txt").write_text("A4C is good")
    (tmp_path / "DICOMDIR").write_bytes(content[:132] + b"..UI1.2.840.10008.1.3.10\0...")
    (tmp_path / "dangling.dcm").symlink_to(tmp_path / "gone")
    found = [one.path.relative_to(tmp_path).as_posix() for one in everything(tmp_path)[0]]
    assert found == [
        "IM0001.bin",
        "IM0002",
        "patient0001_4CH_ED.nii.gz",
        "x.mhd",
        "study/b.dcm",
        "study/ünï/a.dcm",
    ]


def test_a_listing_can_be_cancelled_and_is_read_as_it_goes(study):
    stop = []
    listing = list_cines(study, lambda: bool(stop))
    next(listing)
    assert listing.seen == 1
    stop.append(True)
    assert list(listing) == []
    assert listing.seen == 1


def test_only_headers_are_read(tmp_path, write_dicom, grey_frames):
    path = write_dicom([f.tobytes() for f in grey_frames])
    path.write_bytes(path.read_bytes()[: -grey_frames.size])
    assert [c.frames for c in everything(tmp_path)[0]] == [5]
    with pytest.raises(CineUnreadable):
        open_cine(path)


@pytest.mark.parametrize("before", [20_000, 64_000, 66_000, 200_000])
@pytest.mark.parametrize("deflated", [True, False])
def test_headers_longer_than_what_is_read_at_first(before, deflated, tmp_path, write_dicom, grey_frames):
    syntax = uid.DeflatedExplicitVRLittleEndian if deflated else uid.ExplicitVRLittleEndian
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.840.99999.123456789.123456789.123456789"
    many = [item] * (before // 60)  # this sequence comes before the sizes of the frames
    path = write_dicom([f.tobytes() for f in grey_frames], syntax=syntax, ReferencedImageSequence=many)
    assert deflated or path.stat().st_size > before
    (listed,) = everything(tmp_path)[0]
    assert (listed.frames, listed.size) == (5, (48, 64))


def test_one_file_and_no_folder(study):
    assert [c.path.name for c in everything(study / "b")[0]] == ["b"]
    with pytest.raises(CineUnreadable, match="does not exist"):
        list_cines(study / "gone", lambda: False)


def test_a_medium_is_listed_from_its_index(study, bundled):
    index = bundled("badVR.dcm").parent / "dicomdirtests" / "DICOMDIR"
    (study / "DICOMDIR").write_bytes(index.read_bytes())
    cines, listing = everything(study / "DICOMDIR")
    assert [c.path.name for c in cines if not c.trouble] == ["a", "b", "c"]
    assert listing.seen == 8


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_folder_that_may_not_be_read(tmp_path, write_dicom, grey_frames):
    write_dicom([f.tobytes() for f in grey_frames], name="good")
    shut = tmp_path / "shut"
    shut.mkdir(mode=0)
    assert [c.path.name for c in everything(tmp_path)[0]] == ["good"]


def test_real_data(shared_data):
    cines, _ = everything(shared_data / "camus_a4c" / "patient0001")
    assert [c.path.name for c in cines] == ["patient0001_4CH_ED.nii.gz", "patient0001_4CH_ES.nii.gz"]
    assert len({c.study_key for c in cines}) == 1
    assert [c.size for c in cines] == [open_cine(c.path).size for c in cines]
