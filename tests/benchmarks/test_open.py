"""Opening a long cine: time to the first frame and memory, against decoding it whole with pydicom."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from echoview.io import open_cine

CINE = Path(data_store.__file__).parent / "data" / "color3d_jpeg_baseline.dcm"  # 120 frames of 640 x 480
LONG = 2000  # frames
STATUS = Path("/proc/self/status")
CHILD = """
import sys, pydicom
from echoview.io import open_cine
path = sys.argv[1]
{work}
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
PLAY = "\nfor t in range(len(cine)): cine.frame(t)"
WAYS = {
    "imports only": "pass",
    "echoview, first frame": "open_cine(path).frame(0)",
    "echoview, played through": "cine = open_cine(path)" + PLAY,
    "echoview, one frame kept": "cine = open_cine(path); cine._cache_bytes = 0" + PLAY,
    "pydicom, whole": "pydicom.dcmread(path).pixel_array",
}


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def pydicom_whole() -> object:
    dataset = pydicom.dcmread(CINE)
    dataset.pixel_array_options(decoding_plugin="pillow")  # the faster of its plugins
    return dataset.pixel_array


@pytest.mark.benchmark
def test_time_to_the_first_frame():
    ours: list[float] = []
    theirs: list[float] = []
    rest: list[float] = []
    for _ in range(5):  # side by side, so that a busy machine slows both
        ours.append(seconds(lambda: open_cine(CINE).frame(0)))
        cine = open_cine(CINE)
        rest.append(seconds(lambda cine=cine: [cine.frame(t) for t in range(len(cine))]))
        theirs.append(seconds(pydicom_whole))
    first, played, whole = (statistics.median(times) for times in (ours, rest, theirs))
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, medians of {len(ours)}")
    print(f"open to first frame {first * 1e3:.0f} ms, pydicom whole {whole * 1e3:.0f} ms", end="")
    print(f": 1 : {whole / first:.0f}")
    print(f"decode all 120 frames {played * 1e3:.0f} ms: 1 : {whole / played:.1f}")
    assert min(first, played, whole) > 0


@pytest.mark.benchmark
@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from /proc")
def test_peak_memory():
    peaks = {}
    for name, work in WAYS.items():
        command = [sys.executable, "-c", CHILD.format(work=work), str(CINE)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[name] = int(answer.stdout) // 1024
    base = peaks["imports only"]
    print(f"\npeak memory above the {base} MiB of the imports, load {os.getloadavg()[0]:.1f}")
    whole = peaks["pydicom, whole"] - base
    for name, peak in peaks.items():
        print(f"  {name:26} {peak - base:4d} MiB  {(peak - base) / max(whole, 1):.2f} of pydicom's")
    assert whole > 0


@pytest.fixture
def long_cine(tmp_path: Path) -> Path:
    """2,000 uncompressed grey frames of 640 x 480, 614 MB: those of the real cine, over and over."""
    dataset = pydicom.dcmread(CINE)
    grey = [np.ascontiguousarray(frame[..., 1]).tobytes() for frame in dataset.pixel_array]
    del dataset.PixelData
    dataset.NumberOfFrames, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = LONG, 1, "MONOCHROME2"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in ("PlanarConfiguration", "FrameTimeVector"):
        if keyword in dataset:
            delattr(dataset, keyword)
    path = tmp_path / "long.dcm"
    dataset.save_as(path)
    with path.open("ab") as file:
        file.write(b"\xe0\x7f\x10\x00OB\0\0" + (LONG * len(grey[0])).to_bytes(4, "little"))
        for t in range(LONG):
            file.write(grey[t % len(grey)])
    return path


@pytest.mark.benchmark
@pytest.mark.skipif(not STATUS.exists(), reason="the peak is read from /proc")
def test_peak_memory_of_a_long_uncompressed_cine(long_cine: Path):
    assert len(open_cine(long_cine)) == LONG
    peaks = {}
    for name in ("imports only", "echoview, first frame", "echoview, played through"):
        command = [sys.executable, "-c", CHILD.format(work=WAYS[name]), str(long_cine)]
        peaks[name] = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) // 1024
    base, size = peaks["imports only"], long_cine.stat().st_size / 2**20
    print(f"\n{LONG} frames in {size:.0f} MiB, above the {base} MiB of the imports, load {os.getloadavg()[0]:.1f}")
    for name, peak in peaks.items():
        print(f"  {name:26} {peak - base:4d} MiB, {(peak - base) / size:.2f} of the file")
