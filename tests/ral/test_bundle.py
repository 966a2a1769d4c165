"""A bundle of labels as a data set: what was exported with frames is what a training reads."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from ral.datasets import bundle_clips, fingerprint, survey
from ral.datasets.bundle import ACCEPTED_WEIGHT
from ral.datasets.survey import kind_of_data
from ral.formats import FormatError
from ral.geometry import dice, open_contour, outline
from ral.phantom import simulate

DRAWN, NODDED, CARRIED = 2, 3, 5


@pytest.fixture(scope="module")
def cine():
    return simulate(5, "A3C", frames=8, size=160, beats=1.0)


def border(mask) -> list[list[float]]:
    line = outline(mask)
    assert line is not None
    return open_contour(line).tolist()


@pytest.fixture
def bundle(cine, tmp_path) -> Path:
    """Frame 3 drawn, its second half left as predicted; frame 4 accepted, frame 6 only carried over, frame 7 drawn and
    taken back."""
    lines = {str(t): border(cine.masks[t]) for t in (DRAWN, NODDED, CARRIED)}
    origins = {DRAWN: ["drawn"] * 7 + ["predicted"] * 6, NODDED: ["accepted"] * 13, CARRIED: ["propagated"] * 13}
    contours = {str(t): {"handles": lines[str(t)][::5][:13], "origins": told} for t, told in origins.items()}
    gone = {"handles": lines[str(CARRIED)][::5][:13], "origins": ["drawn"] * 13}
    history = [
        {"change": {"contours": {**contours, "6": gone}}},
        {"change": {"contours": {"6": None}, "view": "A3C"}},
    ]
    body = {
        "name": "cine-00001", "patient": "patient0001", "frames": 8, "height": 160, "width": 160, "view": "A3C",
        "calibration": [cine.mm_per_px] * 2, "history": history, "outlines": lines,
    }  # fmt: skip
    parts = {"cines/cine-00001.json": json.dumps(body).encode()}
    for t, frame in enumerate(cine.frames):
        parts[f"frames/cine-00001/{t + 1:04d}.png"] = cv2.imencode(".png", frame)[1].tobytes()
    return written(tmp_path / "labels.zip", parts)


def written(path: Path, parts: dict[str, bytes], version: int = 1) -> Path:
    sums = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
        file.writestr("manifest.json", json.dumps({"echoview": "bundle", "version": version, "files": sums}))
    return path


def test_frames_masks_and_weights_come_back(bundle, cine):
    [clip] = bundle_clips(bundle)
    assert (clip.source, clip.name, clip.view) == ("bundle", "patient0001", -1)
    assert clip.weights.tolist() == pytest.approx([0, 0, 1, ACCEPTED_WEIGHT, 0, 0, 0, 0])
    assert clip.frames.shape == clip.masks.shape == (8, 256, 256)
    from ral.datasets.assemble import prepare_cine

    preparation = prepare_cine(cine.frames, (cine.mm_per_px,) * 2)
    for t in (DRAWN, NODDED):
        assert dice(clip.masks[t], preparation.mask(cine.masks[t])) > 0.98
    assert not clip.masks[CARRIED].any()


def test_the_stretch_that_was_drawn_counts_most_and_what_was_left_as_predicted_least(bundle, cine):
    from ral.datasets.assemble import prepare_cine

    [clip] = bundle_clips(bundle)
    assert clip.care is not None
    assert (clip.care.shape, clip.care.dtype) == (clip.masks.shape, np.uint8)
    line = prepare_cine(cine.frames, (cine.mm_per_px,) * 2).to_input(np.array(border(cine.masks[DRAWN])))
    x, y = np.round(line[[10, 20, 45, 55]]).astype(int).T
    assert clip.care[DRAWN, y, x].tolist() == [200, 200, 30, 30]
    assert (clip.care[[t for t in range(8) if t != DRAWN]] == 100).all()


def test_the_view_is_handed_on_only_where_it_is_trusted(bundle):
    [clip] = bundle_clips(bundle, views_trusted=True)
    assert clip.view == 1


def test_survey_of_a_folder_of_bundles(bundle):
    folder = bundle.parent
    assert kind_of_data(folder) == "bundle"
    whole = survey(folder)
    assert (whole.patients, whole.labelled_frames, whole.problems) == (("labels/patient0001",), 2, ())
    assert whole.sequences == {"A3C": 1}
    before = fingerprint(folder, whole.files)
    (folder / "cut.zip").write_bytes(bundle.read_bytes()[:-200])
    written(folder / "later.zip", {}, version=2)
    found = survey(folder)
    assert [problem.file for problem in found.problems] == ["cut.zip", "later.zip"]
    assert fingerprint(folder, found.files) != before


def test_a_bundle_without_frames_or_labels_says_what_to_do(tmp_path):
    body = {"name": "c", "patient": "p", "frames": 2, "height": 9, "width": 9, "view": None, "history": []}
    path = written(tmp_path / "bare.zip", {"cines/c.json": json.dumps(body).encode()})
    with pytest.raises(FormatError, match="export it with frames"):
        list(bundle_clips(path))


def test_a_part_that_was_changed_is_not_believed(bundle, tmp_path):
    other = tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            target.writestr(name, body[:-1] + b"?" if name.endswith("0003.png") else body)
    with pytest.raises(FormatError, match="damaged"):
        list(bundle_clips(other))


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\x03\x04" + bytes(40)])
def test_a_file_that_is_no_bundle_is_refused(tmp_path, body):
    path = tmp_path / "x.zip"
    path.write_bytes(body)
    with pytest.raises(FormatError, match="no bundle"):
        list(bundle_clips(path))
