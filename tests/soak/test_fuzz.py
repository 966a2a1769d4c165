"""Damaged files for as long as one likes: ECHOVIEW_SOAK_MINUTES, twenty by default, shared by the targets."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="memory is measured on POSIX systems only")

CHILD = Path(__file__).with_name("fuzz_child.py")
ROOT = Path(__file__).parent.parent.parent
MINUTES = float(os.environ.get("ECHOVIEW_SOAK_MINUTES", "20"))
# What share of the time each gets: whole files, and each decoder by itself.
SHARES = {"files": 0.15, "others": 0.1, "headers": 0.1, "mpeg": 0.2}
SHARES |= dict.fromkeys(("jpeg", "lossless", "jpeg-ls", "jpeg-2000", "rle"), 0.09)


def fuzz(target: str, seed: int, count: int, seconds: float, folder: Path) -> None:
    """No crash, no hang, no memory above 1 GB, nothing but refusals; the input to blame lies in `folder`."""
    if target == "mpeg" and not shutil.which("ffmpeg"):
        pytest.skip("nothing writes H.264 and HEVC: ffmpeg is not on the path")
    words = [sys.executable, str(CHILD), target, str(seed), str(count), str(seconds), str(folder)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "model"), os.environ.get("PYTHONPATH", "")])
    quiet = {"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "OFF"}  # an hour of complaints would be held
    child = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": paths, **quiet}, capture_output=True, text=True, errors="replace",
        timeout=seconds + 120,
    )  # fmt: skip
    print(child.stdout)
    assert child.returncode == 0, f"{target}, seed {seed}, input in {folder / 'last'}:\n{child.stderr[-3000:]}"


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", SHARES)
def test_damaged_input_for_a_long_time(target, tmp_path):
    fuzz(target, random.randrange(2**31), 2**31, 60 * MINUTES * SHARES[target], tmp_path)


SLICE = {"files": 250, "others": 120, "headers": 100, "mpeg": 60}
SLICE |= {"jpeg": 200, "lossless": 40, "jpeg-ls": 20, "jpeg-2000": 80, "rle": 200}


@pytest.mark.parametrize(("target", "count"), SLICE.items())
def test_the_same_damaged_input_every_time(target, count, tmp_path):
    fuzz(target, 1, count, 120, tmp_path)
