"""Listing, standing and small pictures, on real files; what the cache holds names nobody."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from echoview import paths
from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.study import CineFile, Status
from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io import listing, open_cine
from echoview.measure import measure
from echoview.services.studies import Standing, list_files, list_folder, list_places, standings
from echoview.services.thumbnails import SIDE, cache_folder, cached_at, glimpse_of, key_of, read_glimpse, trim
from echoview.store import open_library
from echoview.store.place import library_url
from ral.formats import write_nifti

SECRET = b"s" * 32
NAME, ID, BIRTH = "Fakename^Thumb", "ID-998877", "19330415"


@pytest.fixture
def sample() -> Path:
    return Path(pydicom.__file__).parent / "data" / "test_files" / "examples_ybr_color.dcm"


@pytest.fixture
def named(sample, tmp_path) -> Path:
    """The real cine with a patient in its header and in its path."""
    dataset = pydicom.dcmread(sample)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAME, ID, BIRTH
    path = tmp_path / "Fakename_Thumb" / "IM_1.dcm"
    path.parent.mkdir()
    dataset.save_as(path)
    return path


def files_of(folder: Path, **wishes) -> list[CineFile]:
    return [one for batch in list_folder(folder, **wishes) for one in batch.cines]


def row(path: Path) -> CineFile:
    (one,) = list_files((str(path),), SECRET)
    return one


def volume(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(path, np.zeros((2, 32, 32), np.uint8), (0.5, 0.5))
    return path


def test_files_that_name_no_study_are_grouped_by_folder(tmp_path):
    for name in ("b/two", "a/one", "a/sub/three"):
        volume(tmp_path / f"{name}_A2C.nii")
    (tmp_path / "a" / "notes.txt").write_text("no cine")
    found = files_of(tmp_path)
    assert [(one.study, one.name) for one in found] == [
        ("a", "one_A2C.nii"), ("a/sub", "three_A2C.nii"), ("b", "two_A2C.nii"),
    ]  # fmt: skip
    assert (found[0].view, found[0].frames) == (View.A2C, 2), "known before a picture is made"
    assert found[0].size == (tmp_path / "a" / "one_A2C.nii").stat().st_size
    assert list_files((found[0].path, str(tmp_path / "gone"))) == [row(Path(found[0].path))]


def test_studies_are_those_of_the_header_wherever_the_files_lie(sample, tmp_path):
    dataset = pydicom.dcmread(sample)
    for place, uid, date in (("1/x", "1.2.3", "20240229"), ("2/y", "1.2.3", "20240229"), ("2/z", "1.2.4", "20240301")):
        dataset.StudyInstanceUID, dataset.StudyDate, dataset.PatientName, dataset.PatientID = uid, date, NAME, ID
        (tmp_path / place).parent.mkdir(exist_ok=True)
        dataset.save_as(tmp_path / place)
    volume(tmp_path / "3" / "patient0007_4CH_sequence.nii")
    volume(tmp_path / "4" / "patient0007_2CH_sequence.nii")
    found = files_of(tmp_path, secret=SECRET)
    x, y, z, four, two = found
    assert x.study == y.study != z.study
    assert (x.heading, z.heading) == (f"Fakename Thumb · {ID}, 2024-02-29", f"Fakename Thumb · {ID}, 2024-03-01")
    assert four.study == two.study != x.study
    assert two.heading == "patient0007"
    assert not any(word in one.study for one in found for word in ("Fake", ID, "1.2.3", "patient"))


def test_a_listing_goes_on_while_nothing_is_found_and_stops_when_told(tmp_path, monkeypatch):
    """On a slow disk: the first batch comes long before the last file, and no file is looked at after the stop."""
    for n in range(300):
        (tmp_path / f"{n:03d}.txt").write_text("no cine")
    volume(tmp_path / "150.nii")
    looked: list[Path] = []
    real = listing.look_at

    def slow(path: Path, secret: bytes):
        looked.append(path)
        time.sleep(0.002)
        return real(path, secret)

    monkeypatch.setattr(listing, "look_at", slow)
    stop: list[bool] = []
    batches = []
    for batch in list_folder(tmp_path, lambda: bool(stop)):
        batches.append(batch)
        if batch.cines:
            stop.append(True)
    assert not batches[0].cines and 0 < batches[0].seen < 150, "it says how far it is before it finds anything"
    (first,) = [batch for batch in batches if batch.cines]
    assert first.seen == 151, "the first cine is handed out at once"
    assert len(looked) == 151


def test_an_empty_folder_is_refused_and_a_damaged_cine_is_listed_with_the_reason(sample, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CineUnreadable, match="no cine"):
        files_of(tmp_path / "empty")
    (tmp_path / "bad.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST" + b"\xff" * 999)
    (one,) = files_of(tmp_path)
    assert one.trouble.startswith("bad.avi")
    assert (one.study, one.view, one.frames) == (tmp_path.name, None, None)


def test_several_places_are_one_list(tmp_path):
    places = (volume(tmp_path / "a" / "one.nii"), volume(tmp_path / "b" / "two.nii").parent)
    batches = list(list_places(places))
    assert [one.name for batch in batches for one in batch.cines] == ["one.nii", "two.nii"]
    assert batches[-1].seen == 2


def test_a_look_is_the_sector_and_comes_from_the_cache_afterwards(named):
    one = row(named)
    folder = cache_folder()
    glimpse = glimpse_of(one, folder, SECRET)
    assert (glimpse.frames, glimpse.picture.shape, glimpse.picture.dtype) == (30, (SIDE, SIDE), np.uint8)
    assert glimpse.picture.max() > 100
    assert glimpse.picture[:8, :8].max() == 0, "text beside the sector is blank"
    kept = cached_at(one, folder, SECRET)
    again = read_glimpse(kept)
    assert again is not None
    assert again.identity_key == glimpse.identity_key == key_of(open_cine(named).info.identity, SECRET)
    np.testing.assert_array_equal(again.picture, glimpse.picture)
    os.utime(named, ns=(1, 1))
    assert not cached_at(row(named), folder, SECRET).exists(), "a changed file is looked at anew"


def test_the_cache_names_nobody(named):
    glimpse_of(row(named), cache_folder(), SECRET)
    uid = str(pydicom.dcmread(named).SOPInstanceUID)
    files = [f for f in paths.user_cache_dir().rglob("*") if f.is_file()]
    assert len(files) == 1
    for file in files:
        held = (str(file.relative_to(paths.user_cache_dir())).encode() + file.read_bytes()).lower()
        for word in ("fakename", "thumb^", ID, BIRTH, uid, "IM_1", str(named.parent)):
            assert word.lower().encode() not in held


def test_a_damaged_or_old_cache_is_thrown_away(named):
    one, folder = row(named), cache_folder()
    glimpse_of(one, folder, SECRET)
    kept = cached_at(one, folder, SECRET)
    whole = kept.read_bytes()
    for damage in (b"", whole[:40], b"EVTHUMB1" + b"\xff" * 30, whole[:-30]):
        kept.write_bytes(damage)
        assert read_glimpse(kept) is None
        assert glimpse_of(one, folder, SECRET).frames == 30
    for n in range(5):
        (folder / f"old{n}").write_bytes(b"x")
        os.utime(folder / f"old{n}", ns=(n, n))
    assert trim(folder, 2) == 4
    assert sorted(f.name for f in folder.iterdir()) == sorted([kept.name, "old4"])


def test_the_library_says_status_view_and_ef(tmp_path):
    frames = np.random.default_rng(1).integers(0, 255, (6, 80, 80)).astype(np.uint8)
    write_nifti(tmp_path / "cine.nii.gz", frames, (0.5, 0.25))
    cine = open_cine(tmp_path / "cine.nii.gz")
    wide = np.array([(20.0, 70), (15, 40), (40, 8), (66, 40), (60, 72)])
    small = (wide - 40) * 0.8 + 42
    label = Label(
        {1: Contour.through(wide, Origin.DRAWN), 4: Contour.through(small, Origin.ACCEPTED)}, View.A2C, ed=1, es=4
    )  # fmt: skip
    library = open_library(library_url(str(tmp_path / "l.sqlite")))
    library.save(cine, "/there", Label(), label, annotator="a", app_version="", weights="", tool="t")
    by_path, by_key = standings(library, SECRET)
    standing = by_key[key_of(cine.info.identity, SECRET)]
    assert by_path["/there"] is standing
    assert (standing.status, standing.view) == (Status.APPROVED, View.A2C)
    contours = np.full((6, 65, 2), np.nan)
    for t, contour in library.label(cine.info.identity).contours.items():
        contours[t] = contour.dense()
    expected = measure(contours, Calibration(0.5, 0.25), None, 1, 4).ef_percent
    assert standing.ef_percent(cine.calibration) == pytest.approx(expected)
    assert standings(None, SECRET) == ({}, {})
    library.close()


def test_a_scaled_copy_with_the_same_uid_does_not_have_the_status_of_the_other(tmp_path):
    path = tmp_path / "moving.nii.gz"
    rng = np.random.default_rng(5)
    write_nifti(path, rng.integers(0, 250, (3, 60, 80)).astype(np.uint8), (0.4, 0.4))
    glimpse = glimpse_of(row(path), cache_folder(), SECRET)
    standing = Standing(Label(view=View.A4C), 3, first=glimpse.first, size=(60, 80))
    assert standing.fits(glimpse)
    assert not standing.fits(replace(glimpse, size=(120, 160)))
