"""What was predicted is found again exactly, of just this cine and these weights, and names nobody."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from echoview import paths
from echoview.domain.cine import Cine
from echoview.domain.prediction import LogitMap, Prediction
from echoview.domain.view import View
from echoview.domain.weights import WeightsSet
from echoview.io import open_cine
from echoview.services import predictions
from echoview.services.inference import Inference
from echoview.services.predictions import Predictions, trim
from echoview.services.thumbnails import key_of
from ral.formats import write_nifti

SECRET = b"s" * 32


@pytest.fixture
def cine(tmp_path) -> Cine:
    """A real cine with a patient in its header and in its path."""
    dataset = pydicom.dcmread(Path(pydicom.__file__).parent / "data" / "test_files" / "examples_ybr_color.dcm")
    dataset.PatientName, dataset.PatientID = "Fakename^Kept", "ID-665544"
    path = tmp_path / "Fakename_Kept.dcm"
    dataset.save_as(path)
    return open_cine(path)


def weights(identity: str = "sha-1") -> WeightsSet:
    return WeightsSet("camus", identity, Path("nowhere"), "", False, "", "", {})


def predicted(frames: int, identity: str = "sha-1") -> Prediction:
    rng = np.random.default_rng(frames)
    made = Prediction.none_yet(frames, "camus", identity, "cpu")
    for t in range(frames):
        contour = rng.uniform(10, 90, (65, 2))
        made = made.with_frame(t, contour if t != 1 else np.full((65, 2), np.nan), 0.9, np.array([0.1, 0.2, 0.7]), 12.5)
        seen = LogitMap(rng.normal(0, 8, (24, 24)).astype(np.float16), np.array([0.5, 0.5]), np.array([3.0, 4.0]))
        made = made.with_evidence(t, rng.uniform(0, 3, 65), seen)
    return made


def keeper() -> Predictions:
    return Predictions(Inference(), SECRET)


def kept_file() -> Path:
    (one,) = (paths.user_cache_dir() / "predictions").iterdir()
    return one


def test_it_comes_back_as_it_was(cine):
    made = predicted(len(cine))
    keeper().keep(cine, made)
    found = keeper().recall(cine, weights())
    assert found is not None and found.complete
    for name in ("contours", "confidence", "view_probabilities", "spread_px"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert (found.weights, found.weights_identity, found.device, found.fps) == ("camus", "sha-1", "cpu", 12.5)
    assert sorted(found.maps) == sorted(made.maps)
    seen, before = found.maps[7], made.maps[7]
    np.testing.assert_allclose(seen.logits, np.clip(before.logits, -127 / 8, 127 / 8), atol=1 / 16)
    np.testing.assert_array_equal(seen.offset, before.offset)


def test_a_row_is_told_view_and_ef_of_it(cine):
    made = predicted(len(cine))
    keeper().keep(cine, made)
    key = key_of(cine.info.content_hash, SECRET)
    known = keeper().known(key, len(cine), "sha-1")
    assert known is not None
    assert (known.view, known.share) == (list(View)[2], pytest.approx(0.7))
    assert keeper().known(key, len(cine) + 1, "sha-1") is None
    assert keeper().known(key, len(cine), "sha-2") is None


def test_other_weights_and_other_files_of_the_same_cine_have_none(cine, tmp_path):
    keep = keeper()
    keep.keep(cine, predicted(len(cine)))
    assert keep.recall(cine, weights("sha-2")) is None
    dataset = pydicom.dcmread(tmp_path / "Fakename_Kept.dcm")
    dataset.ImageComments = "written again"  # the same UID, another content
    dataset.save_as(tmp_path / "again.dcm")
    again = open_cine(tmp_path / "again.dcm")
    assert again.info.identity == cine.info.identity
    assert keep.recall(again, weights()) is None
    assert keep.known(key_of(again.info.content_hash, SECRET), len(again), "sha-1") is None
    keep.keep(again, predicted(len(again)))
    assert keeper().recall(cine, weights()) is not None, "each has a file of its own"


def test_the_file_names_nobody(cine, tmp_path):
    keeper().keep(cine, predicted(len(cine)))
    file = kept_file()
    with np.load(file, allow_pickle=False) as arrays:
        told = b"".join(arrays[name].tobytes() for name in arrays.files)
    held = (file.name.encode() + told).lower()
    for word in ("fakename", "ID-665544", cine.info.identity, cine.info.content_hash[7:], str(tmp_path)):
        assert word.lower().encode() not in held


def test_a_damaged_file_is_thrown_away_and_made_anew(cine):
    made = predicted(len(cine))
    keeper().keep(cine, made)
    whole = kept_file().read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for damage in (b"", whole[:100], whole[: len(whole) // 2], bytes(flipped), b"PK\x03\x04" + b"\xff" * 999):
        path = kept_file()
        path.write_bytes(damage)
        assert keeper().recall(cine, weights()) is None
        assert not path.exists()
        assert keeper().known(key_of(cine.info.content_hash, SECRET), len(cine), "sha-1") is None
        keeper().keep(cine, made)
        assert keeper().recall(cine, weights()) is not None


def test_disk_and_memory_are_bounded(tmp_path, monkeypatch):
    cines = []
    for n in range(4):
        write_nifti(tmp_path / f"{n}.nii", np.full((3, 24, 24), n, np.uint8), None)
        cines.append(open_cine(tmp_path / f"{n}.nii"))
    keep = keeper()
    monkeypatch.setattr(predictions, "MEMORY_BYTES", 2 * predictions._bytes(predicted(3)))
    for n, one in enumerate(cines):
        keep.keep(one, predicted(3))
        file = max((paths.user_cache_dir() / "predictions").iterdir(), key=lambda f: f.stat().st_mtime_ns)
        os.utime(file, ns=(n + 1, n + 1))
    assert len(keep._recent) == 2
    assert keep.recall(cines[0], weights()) is not None, "from the disk, and it counts as used"
    sizes = [f.stat().st_size for f in (paths.user_cache_dir() / "predictions").iterdir()]
    assert trim(paths.user_cache_dir() / "predictions", 2 * max(sizes)) == 2
    fresh = keeper()
    assert [fresh.recall(one, weights()) is not None for one in cines] == [True, False, False, True]


def test_a_cache_that_cannot_be_written_is_none(cine, tmp_path):
    (tmp_path / "file").write_text("no folder")
    keep = Predictions(Inference(), SECRET, tmp_path / "file")
    keep.keep(cine, predicted(len(cine)))
    assert keep.recall(cine, weights()) is not None, "in memory"
    assert keep.known("key", 1, "sha-1") is None
