"""Videos: every frame counted, every index exact."""

from __future__ import annotations

import random
import sys
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

from echoview.domain.view import View
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io import open_cine
from echoview.io.video import VideoFrames

COUNT, HEIGHT, WIDTH = 60, 96, 128


@pytest.fixture(scope="module")
def counted() -> np.ndarray:
    """(60,96,128,3): grey frames with their own number in six binary squares, and one red square."""
    frames = np.full((COUNT, HEIGHT, WIDTH, 3), 60, np.uint8)
    for t in range(COUNT):
        for bit in range(6):
            frames[t, 32:48, 16 * bit : 16 * bit + 16] = 220 if t >> bit & 1 else 10
    frames[:, 64:80, :32] = (200, 20, 30)
    return frames


def number_of(picture: np.ndarray) -> int:
    return sum(int(picture[40, 16 * bit + 8].mean() > 110) << bit for bit in range(6))


@pytest.mark.parametrize("name", ["cine.avi", "cine.mp4", "cine.mov", "cine.wmv", "cine.mpg", "cine.mkv", "cine.webm"])
def test_order_colours_and_times(name, counted, write_video):
    cine = open_cine(write_video(counted, name, fps=50.0))
    assert len(cine) == COUNT
    assert cine.size == (HEIGHT, WIDTH)
    assert cine.fps == pytest.approx(50.0)
    assert cine.info.timing_known
    assert cine.calibration is None
    assert cine.info.calibration_note == "Video files carry no pixel size."
    assert [number_of(cine.frame(t)) for t in range(COUNT)] == list(range(COUNT))
    assert np.abs(cine.frame(7)[72, 16].astype(int) - (200, 20, 30)).max() < 15


STEPS_MS = [40, 40, 60, 20, 60, 20]


def test_uneven_times_of_a_gif(counted, tmp_path):
    pictures = [Image.fromarray(frame[..., 0]) for frame in counted[: len(STEPS_MS)]]
    pictures[0].save(tmp_path / "x.gif", save_all=True, append_images=pictures[1:], duration=STEPS_MS)
    cine = open_cine(tmp_path / "x.gif")
    np.testing.assert_allclose(cine.times_s, np.cumsum([0, *STEPS_MS[:-1]]) * 1e-3)
    assert cine.info.timing_known
    assert [number_of(cine.frame(t)) for t in (5, 0, 3)] == [5, 0, 3]


def test_frames_too_large_are_refused_before_one_is_decoded(counted, tmp_path):
    resource = pytest.importorskip("resource", reason="memory is measured on POSIX systems only")
    pictures = [Image.fromarray(frame[..., 0]) for frame in counted[:3]]
    pictures[0].save(tmp_path / "x.gif", save_all=True, append_images=pictures[1:], duration=40)
    data = bytearray((tmp_path / "x.gif").read_bytes())
    data[6:10] = (16_000).to_bytes(2, "little") * 2
    (tmp_path / "x.gif").write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CineUnsupported, match="16000 × 16000 pixels: too large"):
        open_cine(tmp_path / "x.gif")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2e8 / (1 if sys.platform == "darwin" else 1024)


def test_uneven_times_of_an_mp4(counted, write_video):
    path = write_video(counted[: len(STEPS_MS)], "cine.mp4", fps=25.0)
    data = path.read_bytes()
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 :][:4], "big")
    at = data.index(b"stts") - 4
    entries = b"".join((1).to_bytes(4, "big") + (step * scale // 1000).to_bytes(4, "big") for step in STEPS_MS)
    table = b"stts\0\0\0\0" + len(STEPS_MS).to_bytes(4, "big") + entries
    data = _grown(data, at, (len(table) + 4).to_bytes(4, "big") + table)
    path.write_bytes(data)
    cine = open_cine(path)
    np.testing.assert_allclose(cine.times_s, np.cumsum([0, *STEPS_MS[:-1]]) * 1e-3, atol=1e-3)
    assert [number_of(cine.frame(t)) for t in range(len(STEPS_MS))] == list(range(len(STEPS_MS)))


def _grown(data: bytes, at: int, box: bytes) -> bytes:
    """The MP4 with the box at `at` replaced; the boxes around it, which stand after the pictures, grow with it."""
    old = int.from_bytes(data[at : at + 4], "big")
    out = bytearray(data[:at] + box + data[at + old :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        start = data.index(name) - 4
        size = int.from_bytes(data[start : start + 4], "big") + len(box) - old
        out[start : start + 4] = size.to_bytes(4, "big")
    return bytes(out)


@pytest.mark.parametrize("name", ["cine.avi", "cine.mp4", "cine.wmv", "cine.mpg"])
def test_any_order_gives_the_right_frame(name, counted, write_video):
    cine = open_cine(write_video(counted, name))
    source = cine._source
    order = random.Random(5).choices(range(COUNT), k=40) + list(range(COUNT - 1, -1, -1))
    assert [number_of(source.decode(t)) for t in order] == order


def test_from_several_threads(counted, write_video):
    source = open_cine(write_video(counted))._source
    wrong: list[int] = []

    def read(seed: int) -> None:
        for t in random.Random(seed).choices(range(COUNT), k=20):
            if number_of(source.decode(t)) != t:
                wrong.append(t)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_memory_of_recent_frames_is_bounded(counted, write_video, monkeypatch):
    monkeypatch.setattr("echoview.io.video._RECENT_BYTES", 5 * HEIGHT * WIDTH * 3)
    source = open_cine(write_video(counted))._source
    for t in (50, 3, 59, 0, 30):
        assert number_of(source.decode(t)) == t
        assert len(source._recent) <= 5


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_avi_opens_with_its_complete_frames(share, counted, write_video):
    path = write_video(counted, "cine.avi")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    try:
        cine = open_cine(path)
    except CineUnreadable:
        assert share == 0.02
        return
    assert 0 < len(cine) < COUNT
    assert [number_of(cine.frame(t)) for t in range(len(cine) - 1)] == list(range(len(cine) - 1))
    assert "promises" in "".join(cine.info.notes)


def test_a_cut_mp4_is_refused(counted, write_video):
    path = write_video(counted, "cine.mp4")
    path.write_bytes(path.read_bytes()[:-400])  # the index stands at the end
    with pytest.raises(CineUnreadable, match="no video that can be decoded"):
        open_cine(path)


def test_a_file_that_vanishes_is_reported(counted, write_video):
    path = write_video(counted)
    source = VideoFrames(path.name, lambda: cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), 9999)
    source.decode(COUNT - 1)
    source._recent.clear()
    path.unlink()
    with pytest.raises(CineUnreadable, match="Frame 1"):
        source.decode(0)


def test_a_video_far_too_long_is_refused_before_it_is_counted(counted, write_video, monkeypatch):
    path = write_video(counted)
    monkeypatch.setattr("echoview.io.video._MAX_FRAMES", COUNT - 1)
    monkeypatch.setattr(VideoFrames, "_later_stamps", lambda self: pytest.fail("counted"))
    with pytest.raises(CineUnsupported, match="too long for a cine"):
        open_cine(path)


def test_a_video_whose_header_lies_is_counted(counted, write_video):
    path = write_video(counted)
    data = bytearray(path.read_bytes())
    for name in (b"avih", b"strh"):
        at = data.index(name) + 8 + (16 if name == b"avih" else 32)
        data[at : at + 4] = (500_000).to_bytes(4, "little")
    path.write_bytes(data)
    assert len(open_cine(path)) == COUNT


def test_colour_doppler_is_withheld(counted, write_video):
    flow = counted.copy()
    flow[:, 50:70, 40:70] = (220, 60, 20)
    assert open_cine(write_video(flow)).info.withheld.startswith("This cine shows colour Doppler")
    grey = counted.copy()
    grey[:, 64:80, :32] = 90
    assert open_cine(write_video(grey)).info.withheld == ""


def test_a_name_with_a_colon_and_accents(counted, write_video, monkeypatch, tmp_path):
    write_video(counted, "cine.avi").rename(tmp_path / "http:échö_A4C.avi")
    monkeypatch.chdir(tmp_path)
    cine = open_cine("http:échö_A4C.avi")
    assert len(cine) == COUNT
    assert cine.info.view_hint is View.A4C


@pytest.mark.parametrize(
    ("name", "count", "fps", "size"),
    [
        ("a4c_1024x768_20fps.mp4", 45, 20, (768, 1024)),
        ("a3c_630x584_25fps_scale.mp4", 68, 25, (584, 630)),
    ],
)
def test_real_videos(name, count, fps, size, shared_data):
    path = shared_data / "cines" / name
    cine = open_cine(path)
    assert len(cine) == count
    assert cine.fps == pytest.approx(fps, rel=1e-3)
    assert cine.size == size
    assert cine.info.withheld == ""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = [capture.read()[1][..., ::-1] for _ in range(count)]
    for t in (count - 1, 0, count // 2, 3):
        np.testing.assert_array_equal(cine.frame(t), frames[t])


@pytest.mark.parametrize("name", ["cine.mp4", "cine.mkv", "cine.avi"])
def test_far_frames_are_jumped_to_and_are_the_right_ones(name, counted, write_video, monkeypatch):
    monkeypatch.setattr("echoview.io.video._MARK", 8)
    monkeypatch.setattr("echoview.io.video._RECENT_BYTES", 4 * HEIGHT * WIDTH * 3)
    path = str(write_video(counted, name))
    video = VideoFrames(name, lambda: cv2.VideoCapture(path, cv2.CAP_FFMPEG), 10**6)
    straight = VideoFrames(name, lambda: cv2.VideoCapture(path, cv2.CAP_FFMPEG), 10**6, jumps=False)
    pictures = [straight.decode(t).copy() for t in range(COUNT)]
    for t in (59, 30, 58, 25, *range(57, 20, -1), 3, 40, 0):
        np.testing.assert_array_equal(video.decode(t), pictures[t])
    assert video._proven or not video._jumps
    assert name == "cine.avi" or video._proven, "these containers land where they are asked to"
    assert not straight._proven


def test_a_jump_that_lands_elsewhere_is_found_out(counted, write_video, monkeypatch):
    monkeypatch.setattr("echoview.io.video._MARK", 8)
    monkeypatch.setattr("echoview.io.video._RECENT_BYTES", 4 * HEIGHT * WIDTH * 3)
    path = str(write_video(counted, "cine.mp4"))
    for wrong in (48, 56):  # the mark that is landed on, and the one that proves it
        video = VideoFrames("cine.mp4", lambda: cv2.VideoCapture(path, cv2.CAP_FFMPEG), 10**6)
        video._marks[wrong] ^= 1
        assert number_of(video.decode(50)) == 50
        assert not video._jumps, "all is decoded from the start from now on"
        assert [number_of(video.decode(t)) for t in (2, 59, 17)] == [2, 59, 17]
