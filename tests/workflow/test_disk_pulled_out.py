"""The disk is pulled out while a cine plays: one sentence, and a window that goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

SENTENCE = "The file cannot be read any more. Connect its disk again, then play."
FRAMES, SIDE = 600, 512


def long_dicom(folder: Path) -> Path:
    """150 MB, of which nothing is held; black, so that it takes no room."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = UltrasoundMultiFrameImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.Modality, ds.Rows, ds.Columns, ds.NumberOfFrames, ds.FrameTime = "US", SIDE, SIDE, FRAMES, 20
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    path = folder / "long.dcm"
    ds.save_as(path, enforce_file_format=True)
    size = FRAMES * SIDE * SIDE
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"\xe0\x7f\x10\x00OB\0\0" + size.to_bytes(4, "little"))
        file.truncate(file.tell() + size)
    return path


def long_video(folder: Path) -> Path:
    path = folder / "long.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (320, 240))
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    for t in range(500):
        writer.write(np.roll(noise, t, axis=0))
    writer.release()
    return path


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("make", [long_dicom, long_video])
def test_one_sentence_and_the_window_goes_on(new_desk, sample, tmp_path, make, every) -> None:
    desk = new_desk(review_only=True)
    path = make(tmp_path)
    player, banner = desk.window.player, desk.window.banner
    said = []
    desk.window.reading.failed.connect(lambda message: said.append(f"{message.text} {message.hint}"))
    desk.workflow.open(path)
    desk.until(lambda: desk.session.path == str(path), 30)
    player.set_every_frame(every)
    desk.until(lambda: player.t >= 5, 20)
    kept = tmp_path / "kept"
    shutil.copy(path, kept)
    os.truncate(path, 20_000)
    desk.until(lambda: not player.playing, 30)
    assert said == [SENTENCE]
    assert banner.text == SENTENCE
    t = player.t
    assert desk.window.view.frame_item.frame is not None, "the last picture stands"
    player.step(-1)
    assert player.t == t - 1
    player.play()
    desk.until(lambda: not player.playing, 30)
    assert said == [SENTENCE] * 2, "again, for it was asked for again"
    path.write_bytes(kept.read_bytes())
    player.play()
    desk.until(lambda: player.t > t + 60, 30)
    assert player.playing, "the disk is there again"
    os.truncate(path, 20_000)
    desk.open(sample)
    assert desk.session.path == str(sample)
    player.play()
    desk.until(lambda: player.t >= 5, 20)


def test_a_short_cine_that_is_away_stops_as_well(new_desk, tmp_path) -> None:
    """Of so few frames that all of them are known to be lost before the playhead comes to one."""
    desk = new_desk(review_only=True)
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (1920, 1440))
    noise = np.random.default_rng(0).integers(0, 255, (1440, 1920, 3), np.uint8)
    for t in range(60):
        writer.write(np.roll(noise, 8 * t, axis=0))
    writer.release()
    desk.workflow.open(path)
    desk.until(lambda: desk.session.path == str(path), 60)
    desk.session.cine.keep_at_most(2 * noise.nbytes)
    desk.until(lambda: desk.window.player.t >= 2, 30)
    os.truncate(path, 20_000)
    desk.until(lambda: not desk.window.player.playing, 60)
    assert desk.window.banner.text == SENTENCE
