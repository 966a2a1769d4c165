"""A folder of 5,000 cines: until the list stands, and what a frame costs while it is scrolled."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from echoview.services.jobs import Jobs
from echoview.services.study_feed import StudyFeed
from echoview.ui.worklist_list import WorklistList
from echoview.ui.worklist_model import WorklistModel
from ral.formats import write_nifti

CINES, STUDIES = 5000, 100
FRAME_MS = 1000 / 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("archive")
    write_nifti(home / "one.nii", np.random.default_rng(0).integers(0, 255, (2, 64, 64), np.uint8), (0.5, 0.5))
    body = (home / "one.nii").read_bytes()
    (home / "one.nii").unlink()
    for study in range(STUDIES):
        room = home / f"study_{study:03d}"
        room.mkdir()
        for cine in range(CINES // STUDIES):
            (room / f"IM_{cine:04d}_A4C.nii").write_bytes(body)
    return home


@pytest.mark.benchmark
def test_five_thousand_cines(qtbot, folder: Path) -> None:
    jobs = Jobs()
    feed = StudyFeed(jobs, lambda: None, b"k" * 32)
    model = WorklistModel()
    view = WorklistList(model)
    view.resize(256, 800)
    view.show()
    batches: list[float] = []
    ended: list[object] = []
    feed.found.connect(lambda found: (model.add(found), batches.append(time.perf_counter())))
    feed.ended.connect(ended.append)
    began = time.perf_counter()
    feed.list_folder(folder)
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    model.arrange()
    view.grab()
    opened = time.perf_counter() - began
    walk = time.perf_counter()
    for parent, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(parent, name), "rb") as file:
                file.read(4096)
    walk = time.perf_counter() - walk
    assert len(model.shown()) == CINES

    pictures = {path: np.full((128, 128), 90, np.uint8) for path in list(model.rows)[:1500]}
    for path, picture in pictures.items():
        model._keep_picture(path, picture)
    costs = []
    bar = view.verticalScrollBar()
    for value in np.linspace(0, bar.maximum(), 300).astype(int):
        start = time.perf_counter()
        bar.setValue(int(value))
        view.viewport().repaint()
        costs.append(1000 * (time.perf_counter() - start))
    arranged = time.perf_counter()
    model.text = "im_0007"
    model.arrange()
    view.grab()
    arranged = time.perf_counter() - arranged
    assert len(model.shown()) == STUDIES
    median, worst = statistics.median(costs), np.percentile(costs, 99)
    print(
        f"\n{CINES} cines in {STUDIES} studies, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        f"\nopen {opened:.2f} s = {opened / walk:.1f} x reading the heads alone; first rows after"
        f" {batches[0] - began:.2f} s"
        f"\nscroll frame {median:.1f} ms = {median / FRAME_MS:.2f} of a frame at 60 Hz (median),"
        f" {worst / FRAME_MS:.2f} (99 %)"
        f"\nfilter and order anew {1000 * arranged:.0f} ms"
    )
    view.close()
    jobs.shut_down()
