"""`echoview export` and `echoview import` as a shell would run them, at two sites that share a cine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from echoview import settings
from echoview.app import sample_path
from echoview.domain.contour import Contour, draw
from echoview.domain.label import Label
from echoview.domain.view import View
from echoview.io import open_cine
from echoview.store import open_library
from echoview.store.place import library_url


def run(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "echoview", *map(str, words)], capture_output=True, text=True, timeout=240,
        env={**os.environ, "ECHOVIEW_HOME": str(home)},
    )  # fmt: skip


def contour(size: float) -> Contour:
    return draw([(150 - size, 150), (160, 150 - 2 * size), (160 + size, 150)])


@pytest.fixture
def sites(tmp_path, monkeypatch) -> tuple[Path, Path, Path]:
    """Two homes with settings of their own, and the cine as the second has it; both have labelled it."""
    sample = sample_path()
    assert sample is not None
    (tmp_path / "usb").mkdir()
    copied = Path(shutil.copy(sample, tmp_path / "usb" / "cine"))
    for site, path, size in (("a", sample, 40.0), ("b", copied, 30.0)):
        monkeypatch.setenv("ECHOVIEW_HOME", str(tmp_path / site))
        known = settings.load()
        cine = open_cine(path, patient_secret=bytes.fromhex(known.patient_secret))
        library = open_library(library_url(""))
        label = Label({2: contour(size), 9: contour(size / 2)}, View.A4C, 2, 9)
        who = {"annotator": site, "app_version": "0", "weights": "", "tool": "draw"}
        library.save(cine, str(path), Label(), label, **who)
        library.close()
    return tmp_path / "a", tmp_path / "b", copied


def test_a_pack_goes_from_site_to_site(sites, tmp_path, monkeypatch):
    a, b, copied = sites
    out = run(a, "export", tmp_path / "pack.zip", "--frames")
    assert (out.returncode, out.stdout.strip()) == (0, "1 cine exported as bundle"), out.stderr
    taken = run(b, "import", tmp_path / "pack.zip", "--annotator", "Merger")
    assert taken.returncode == 0, taken.stderr
    lines = taken.stdout.splitlines()
    assert lines[0] == "conflict  cine-00001: frame 3, frame 10 (ours in force, both kept)"
    assert lines[1] == "2 revisions of 1 cines imported, 1 in conflict"
    monkeypatch.setenv("ECHOVIEW_HOME", str(b))
    library = open_library(library_url(""))
    identity = open_cine(copied).info.identity
    np.testing.assert_allclose(library.label(identity).contours[2].handles, contour(30).handles)
    assert [r.annotator for r in library.history(identity)] == ["b", "a", "Merger"]
    library.close()


def test_one_cine_predicted_and_measured(sites, tmp_path):
    a, _, _ = sites
    out = run(a, "export", tmp_path / "m.csv", "--format", "measures", "--predict", "--cine", sample_path())
    assert out.returncode == 0, out.stderr
    header, row = (tmp_path / "m.csv").read_text(encoding="utf-8").splitlines()
    told = dict(zip(header.split(","), row.split(","), strict=False))
    assert (told["labelled_frames"], told["ed_frame"], told["es_frame"]) == ("2", "3", "10")
    assert int(told["predicted_frames"]) > 20
    assert "ral-lite" in row


def test_what_is_there_is_not_overwritten_and_nothing_is_said_plainly(sites, tmp_path):
    a, _, _ = sites
    (tmp_path / "there").write_text("mine")
    out = run(a, "export", tmp_path / "there")
    assert (out.returncode, (tmp_path / "there").read_text()) == (1, "mine")
    assert out.stderr.startswith("echoview: there is there already.")
    none = run(tmp_path / "c", "export", tmp_path / "none.zip")
    assert none.returncode == 1
    assert "nothing to export" in none.stderr
    assert not (tmp_path / "none.zip").exists()
    bad = run(a, "import", tmp_path / "there")
    assert (bad.returncode, "Traceback" in bad.stderr) == (1, False)
