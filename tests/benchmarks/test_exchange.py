"""Cines a second into a bundle without frames, and back."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.contour import Contour, Origin
from echoview.domain.label import Label
from echoview.domain.view import View
from echoview.services.exporting import export_to
from echoview.services.importing import import_from
from echoview.store import open_library
from echoview.store.place import library_url

CINES, EDITS, AIM = 300, 12, 50


class Frames:
    def decode(self, t: int) -> np.ndarray:
        return np.full((400, 400), t, np.uint8)


@pytest.mark.benchmark
def test_bundle(tmp_path: Path) -> None:
    library = open_library(library_url(str(tmp_path / "ours.sqlite")))
    other = open_library(library_url(str(tmp_path / "theirs.sqlite")))
    angle = np.linspace(0, np.pi, 65)
    line = np.column_stack([200 - 80 * np.cos(angle), 300 - 200 * np.sin(angle)])
    who = {"annotator": "A", "app_version": "0", "weights": "w 1"}
    for n in range(CINES):
        info = CineInfo((400, 400), np.arange(60.0), True, f"uid-{n}", f"sha256:{n}", "x")
        cine = Cine(info, Frames())
        before = Label()
        for t in range(EDITS):
            after = before.with_contour(t, Contour.through(line + 0.3 * t, Origin.CORRECTED))
            after = after.with_view(View.A4C).with_ed(0).with_es(t)
            library.save(cine, "/nowhere", before, after, tool="drag", **who)
            before = after
        other.save(cine, "/nowhere", Label(), Label(view=View.A4C), tool="view", **who)
    began = time.perf_counter()
    assert export_to(tmp_path / "pack.zip", "bundle", library, secret=b"s" * 32) == CINES
    out = time.perf_counter() - began
    began = time.perf_counter()
    came = import_from(tmp_path / "pack.zip", other, by="B", secret=b"s" * 32)
    back = time.perf_counter() - began
    assert came.cines == CINES
    began = time.perf_counter()
    with zipfile.ZipFile(tmp_path / "pack.zip") as file:
        bodies = [json.loads(file.read(name)) for name in file.namelist()]
    with zipfile.ZipFile(tmp_path / "bare.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for n, body in enumerate(bodies):
            file.writestr(str(n), json.dumps(body))
    bare = time.perf_counter() - began
    size = (tmp_path / "pack.zip").stat().st_size / CINES / 1024
    print(
        f"\n{CINES} cines of {EDITS} revisions, {size:.1f} KiB a cine, load {os.getloadavg()[0]:.1f}"
        f"\nout {CINES / out:.0f} cines/s = {CINES / out / AIM:.1f} x the aim of {AIM};"
        f" {out / bare:.1f} x reading and zipping the same JSON alone"
        f"\nin  {CINES / back:.0f} cines/s into another library"
    )
    library.close()
    other.close()
