"""`echoview predict` as a shell would run it: a real process, real cines, real files out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ral.geometry import area, dice, raster

KEYS = {
    "view", "ed_frame", "es_frame", "area_px2", "area_mm2", "length_px", "length_mm", "edv_ml", "esv_ml",
    "ef_percent", "spacing_mm", "timing_known", "weights", "device", "fps", "warnings",
}  # fmt: skip


def predict(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "echoview", "predict", *map(str, words)], capture_output=True, text=True, timeout=240,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def phantom_nifti(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, float]:
    """One simulated frame as NIfTI, its mask and its pixel size in mm."""
    from ral.formats import write_nifti
    from ral.phantom import simulate

    cine = simulate(5, "A4C", frames=2, size=256, beats=0.1)
    path = tmp_path_factory.mktemp("nifti") / "still.nii.gz"
    write_nifti(path, cine.frames[:1], (cine.mm_per_px, cine.mm_per_px))
    return path, cine.masks[0], cine.mm_per_px


@pytest.fixture(scope="module")
def run(sample, phantom_nifti, tmp_path_factory):
    """One run over good and bad files; every test below reads what it left."""
    home = tmp_path_factory.mktemp("in")
    out = tmp_path_factory.mktemp("out")
    folder = home / "folder"
    folder.mkdir()
    shutil.copy(sample, folder / "a.dcm")
    bad = home / "bad.dcm"
    bad.write_text("no cine at all\n" * 20)
    (home / "other").mkdir()
    twin = shutil.copy(phantom_nifti[0], home / "other" / "still.nii.gz")
    done = predict(phantom_nifti[0], bad, twin, home / "gone.mp4", folder, "--out", out, "--device", "cpu")
    return done, out


@pytest.fixture(scope="module")
def sample() -> Path:
    from echoview.app import sample_path

    path = sample_path()
    assert path is not None
    return path


def load(folder: Path) -> tuple[dict[str, np.ndarray], dict]:
    with np.load(folder / "prediction.npz") as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads((folder / "measurements.json").read_text())


def test_what_fails_is_named_in_one_sentence_and_the_others_go_on(run) -> None:
    done, out = run
    assert done.returncode == 1
    assert sorted(p.name for p in out.iterdir()) == ["a", "still", "still-2"]
    lines = [line for line in done.stderr.splitlines() if line.startswith(("bad.dcm:", "gone.mp4:"))]
    assert len(lines) == 2
    assert "Traceback" not in done.stderr


def test_the_arrays_of_a_cine(run) -> None:
    arrays, report = load(run[1] / "a")
    assert arrays["masks"].shape == (30, 240, 320)
    assert arrays["masks"].dtype == bool
    assert arrays["contours"].shape == (30, 65, 2)
    assert arrays["contours"].dtype == np.float64
    assert arrays["confidence"].shape == (30,)
    assert arrays["view_probabilities"].shape == (3,)
    assert arrays["view_probabilities"].sum() == pytest.approx(1)
    np.testing.assert_allclose(np.diff(arrays["times_s"]), 1 / 30, rtol=0.02)
    assert set(report) >= KEYS
    assert report["edv_ml"] is None
    assert report["spacing_mm"] is None
    assert 20 < report["ef_percent"] < 85
    assert any("pixel size" in w for w in report["warnings"])
    for t in range(30):
        contour, mask = arrays["contours"][t], arrays["masks"][t]
        assert contour[0, 0] < contour[-1, 0], "left to right"
        assert dice(mask, raster(contour, mask.shape)) > 0.99
        assert report["area_px2"][t] == pytest.approx(area(contour), abs=0.01)


def test_the_overlay_plays_and_carries_the_contour(run) -> None:
    video = cv2.VideoCapture(str(run[1] / "a" / "overlay.mp4"))
    frames = []
    while True:
        there, frame = video.read()
        if not there:
            break
        frames.append(frame.astype(int))
    assert len(frames) == 30
    assert frames[0].shape == (240, 320, 3)
    cyan = frames[0][..., 0] - frames[0][..., 2] > 60
    assert cyan.sum() > 40


def test_a_still_counts_as_a_cine_of_one_frame_and_is_measured_in_mm(run, phantom_nifti) -> None:
    _, mask, mm = phantom_nifti
    arrays, report = load(run[1] / "still")
    assert arrays["masks"].shape == (1, 256, 256)
    assert report["spacing_mm"] == pytest.approx([mm, mm], rel=1e-5)
    assert report["area_mm2"][0] == pytest.approx(report["area_px2"][0] * mm * mm, rel=1e-3)
    assert report["ef_percent"] is None
    assert report["timing_known"] is False
    assert dice(arrays["masks"][0], mask) > 0.8


def test_weights_that_are_not_there_are_named(sample, tmp_path) -> None:
    done = predict(sample, "--out", tmp_path / "out", "--weights", "nonesuch")
    assert done.returncode == 1
    assert "nonesuch" in done.stderr
    assert not (tmp_path / "out").exists()
