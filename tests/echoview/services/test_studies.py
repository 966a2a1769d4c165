"""Listing, standing and small pictures, on real files; what the cache holds names nobody."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from echoview import paths
from echoview.domain.calibration import Calibration
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.study import Status
from echoview.domain.view import View
from echoview.errors import CineUnreadable
from echoview.io import open_cine
from echoview.measure import measure
from echoview.services.studies import list_files, list_folder, listed, standings
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


def test_a_folder_comes_in_batches_by_study(sample, tmp_path):
    for name in ("b/two", "a/one", "a/sub/three"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(sample.read_bytes())
    (tmp_path / "a" / "notes.txt").write_text("no cine")
    found = [one for batch in list_folder(tmp_path) for one in batch]
    assert [(one.study, one.name) for one in found] == [("a", "one"), ("a/sub", "three"), ("b", "two")]
    assert found[0].size == sample.stat().st_size
    assert list_files((found[0].path, str(tmp_path / "gone"))) == [listed(Path(found[0].path), None)]


def test_a_listing_can_be_cancelled_and_an_empty_folder_is_refused(sample, tmp_path):
    (tmp_path / "one").write_bytes(sample.read_bytes())
    assert list(list_folder(tmp_path, lambda: True)) == []
    (tmp_path / "empty").mkdir()
    with pytest.raises(CineUnreadable, match="no cine"):
        list(list_folder(tmp_path / "empty"))


def test_a_look_is_the_sector_and_comes_from_the_cache_afterwards(named):
    one = listed(named, None)
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
    assert not cached_at(listed(named, None), folder, SECRET).exists(), "a changed file is looked at anew"


def test_the_cache_names_nobody(named):
    glimpse_of(listed(named, None), cache_folder(), SECRET)
    uid = str(pydicom.dcmread(named).SOPInstanceUID)
    files = [f for f in paths.user_cache_dir().rglob("*") if f.is_file()]
    assert len(files) == 1
    for file in files:
        held = (str(file.relative_to(paths.user_cache_dir())).encode() + file.read_bytes()).lower()
        for word in ("fakename", "thumb^", ID, BIRTH, uid, "IM_1", str(named.parent)):
            assert word.lower().encode() not in held


def test_a_damaged_or_old_cache_is_thrown_away(named):
    one, folder = listed(named, None), cache_folder()
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
