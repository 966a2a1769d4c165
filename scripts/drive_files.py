"""Files that the driver opens: a medium with its DICOMDIR, a cine with an ECG, a damaged one, one that is too long to
be held; and a window to drag a file out of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

_RATE_HZ = 500
_WAVES = ((-0.17, 0.02, 0.15), (-0.03, 0.008, -0.12), (0.0, 0.01, 1.0), (0.03, 0.009, -0.2), (0.26, 0.04, 0.3))
"""P, Q, R, S and T: seconds from the R wave, width in seconds, mV."""

_DRAGGED = """
import sys
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication(sys.argv[:1])
label = QLabel("drag me")
def drag(event):
    mime, drag = QMimeData(), QDrag(label)
    mime.setUrls([QUrl.fromLocalFile(path) for path in sys.argv[3:]])
    drag.setMimeData(mime)
    drag.exec(Qt.DropAction.CopyAction)
label.mouseMoveEvent = drag
label.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.X11BypassWindowManagerHint)
label.setGeometry(int(sys.argv[1]), int(sys.argv[2]), 90, 60)
label.show()
application.exec()
"""


def dragged_from(x: int, y: int, *paths: Path) -> subprocess.Popen[bytes]:
    """Another program with a window of 90 × 60 at (x, y), out of which these files are dragged as out of a folder."""
    return subprocess.Popen([sys.executable, "-c", _DRAGGED, str(x), str(y), *map(str, paths)])


def write_medium(folder: Path) -> Path:
    """Two cines as a disc holds them, under names that say nothing, with a DICOMDIR; its path."""
    from pydicom import dcmread
    from pydicom.fileset import FileSet

    from ral.phantom import simulate
    from ral.phantom.write import write_dicom

    made = FileSet()
    for number, view in enumerate(("A2C", "A4C"), 1):
        path = write_dicom(folder.with_name(f"{view}.tmp"), simulate(52, view, 24, 256, beats=1.3, pathology="normal"))
        dataset = dcmread(path)
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20261110", "101500", "1"
        dataset.InstanceNumber = number
        made.add(dataset)
        path.unlink()
    made.write(folder)
    return folder / "DICOMDIR"


def write_with_ecg(path: Path) -> Path:
    """A simulated A4C of more than two beats whose file holds its R waves and the ECG that belongs to them."""
    from pydicom import dcmread
    from pydicom.dataset import Dataset

    from ral.phantom import simulate
    from ral.phantom.write import write_dicom

    cine = simulate(63, "A4C", 60, 320, beats=2.6, pathology="normal")
    dataset = dcmread(write_dicom(path, cine))
    lead, source, group = Dataset(), Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "5.6.3-9-2", "SCPECG", "Lead II"
    lead.ChannelSourceSequence = [source]
    lead.ChannelSensitivity, lead.ChannelBaseline, lead.ChannelSensitivityCorrectionFactor = "0.001", "0", "1"
    times = np.arange(-0.1, cine.times_s[-1] + 0.1, 1 / _RATE_HZ)
    millivolts = sum(
        high * np.exp(-0.5 * ((times - wave - after) / wide) ** 2)
        for wave in cine.r_waves_s for after, wide, high in _WAVES
    )  # fmt: skip
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = 1, len(times)
    group.SamplingFrequency, group.MultiplexGroupTimeOffset = str(_RATE_HZ), "-100"
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = [lead]
    group.add_new(0x54001010, "OW", np.round(1000 * millivolts).astype("<i2").tobytes())
    dataset.WaveformSequence = [group]
    dataset.save_as(path)
    return path


def write_damaged(path: Path, t: int) -> Path:
    """The sample as a cine of its own, in which the JPEG bytes of frame t are no picture."""
    from pydicom import dcmread
    from pydicom.encaps import encapsulate, generate_frames
    from pydicom.uid import generate_uid

    from echoview.app import sample_path

    sample = sample_path()
    assert sample is not None
    dataset = dcmread(sample)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    frames[t] = b"\xff\xd8" + bytes(200)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(path)
    return path


def write_long(path: Path) -> Path:
    """A simulated A4C over and over, uncompressed and longer than what is held in memory."""
    from pydicom import dcmread

    from echoview.io.longfile import HELD_BYTES
    from ral.phantom import simulate
    from ral.phantom.write import write_dicom

    dataset = dcmread(write_dicom(path, simulate(74, "A4C", 24, 512, beats=1.0), jpeg_quality=None))
    beat = dataset.PixelData
    beats = HELD_BYTES // len(beat) + 2
    dataset.PixelData, dataset.NumberOfFrames = beat * beats, beats * dataset.NumberOfFrames
    dataset.save_as(path)
    return path
