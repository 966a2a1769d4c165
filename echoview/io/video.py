"""AVI, MP4, MOV, GIF and the like: frames counted by decoding them, and reached exactly."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineUnreadable, CineUnsupported
from echoview.io.colour import DOPPLER, central_box, shows_flow
from echoview.io.echonet import echonet_place
from echoview.io.timing import Timing, assumed_timing, even_timing, uneven_timing
from echoview.io.views import view_from_text

_RECENT_BYTES = 48 * 2**20
_MAX_FRAMES = 20_000
_SAME_S = 1e-4
_MARK = 32  # frames from one place that can be jumped to to the next
_LEAST_BYTES = 100  # of a frame, however well it is compressed
_MAX_PIXELS = 2**24
_HINT = "Convert it to MP4 (H.264) or AVI (Motion JPEG)."

Opener = Callable[[], cv2.VideoCapture]


class VideoFrames:
    """Frames of a video by index, exact: decoded forward from the last one, or from a mark not far before.

    A container's own seeking may land on a neighbour, and every label would be off by one. So every 32nd frame is
    marked while the frames are counted, and a jump counts only where time and pixels of two marks prove to be the
    same; where they once are not, all is decoded from the start. Safe to use from several threads; they take turns.
    """

    def __init__(self, name: str, opener: Opener, held_bytes: int, jumps: bool = True) -> None:
        """Count the frames of a video and read their times.

        Args:
            held_bytes: of the whole file; tells a long video from a header that lies.
            jumps: whether the container may be asked to seek.

        Raises:
            CineUnreadable: no frame can be decoded.
            CineUnsupported: far too long, or too large, for a cine.
        """
        self._name = name
        self._opener = opener
        self._lock = threading.Lock()
        self._recent: OrderedDict[int, np.ndarray] = OrderedDict()
        self._capture = opener()
        self._next = 0
        self._other: tuple[cv2.VideoCapture, int] | None = None  # a second place of the file, see _choose_head
        self.claimed = int(max(self._capture.get(cv2.CAP_PROP_FRAME_COUNT), 0))
        if self.claimed > _MAX_FRAMES and held_bytes > _LEAST_BYTES * self.claimed:
            raise _too_long(name)  # before minutes are spent on counting it
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.size = self._first_size()
        self._start_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        self._marks: dict[int, int] = {}  # frame -> checksum of its pixels
        self._proven: set[int] = set()
        self.stamps_s = np.array([0.0, *self._later_stamps()])
        self._jumps = jumps and bool((np.diff(self.stamps_s) > _SAME_S).all())  # else times do not tell frames apart
        self._rewind()

    def __len__(self) -> int:
        return len(self.stamps_s)

    def decode(self, t: int) -> np.ndarray:
        """Frame `t` as (H,W,3) RGB uint8, read-only.

        Raises:
            CineUnreadable: the file has changed since it was opened, or its disk is gone.
        """
        with self._lock:
            if t not in self._recent:
                self._advance(t)
            return self._recent[t]

    def _advance(self, t: int) -> None:
        """Decode up to frame `t`; those on the way are kept as far as there is room."""
        self._choose_head(t)
        room = max(_RECENT_BYTES // (self.size[0] * self.size[1] * 3), 2)
        while self._next <= t:
            keep = self._next > t - room
            found, picture = self._capture.read() if keep else (self._capture.grab(), None)
            if not found or (picture is not None and picture.shape[:2] != self.size):
                self._rewind()
                raise CineUnreadable(f"Frame {t + 1} of {self._name} is not decoded.", "Open the file again.")
            if picture is not None:
                self._keep(self._next, picture)
            self._next += 1
        while len(self._recent) > room:
            self._recent.popitem(last=False)

    def _choose_head(self, t: int) -> None:
        """Of the two places of the file that are being read, the one nearest before `t`.

        The player and the network each read forwards, far from one another: one place would be wound to and fro.
        """
        other = self._other
        here = t - self._next if t >= self._next else None
        there = t - other[1] if other is not None and t >= other[1] else None
        if there is not None and (here is None or there < here):
            assert other is not None
            self._other, (self._capture, self._next) = (self._capture, self._next), other
        elif here is None:
            self._other = (self._capture, self._next)
            self._rewind()
        if self._jumps and t - self._next > 2 * _MARK and not self._jump(t // _MARK * _MARK):
            self._jumps = False
            self._rewind()

    def _jump(self, mark: int) -> bool:
        """Go on from a mark; the first time it is decoded up to the next one, whose pixels must be right as well."""
        if mark not in self._proven:
            following = mark + _MARK
            if not self._land(mark):
                return False
            if following in self._marks:
                for _ in range(_MARK):
                    self._capture.grab()
                if self._checksum() != self._marks[following]:
                    return False
            self._proven.add(mark)
        return self._land(mark)

    def _land(self, mark: int) -> bool:
        """Seek to a mark and read it; False where another frame comes out."""
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, mark)
        found, picture = self._capture.read()
        if not found or abs(self._stamp() - self.stamps_s[mark]) > _SAME_S or _sum_of(picture) != self._marks[mark]:
            return False
        self._keep(mark, picture)
        self._next = mark + 1
        return True

    def _keep(self, t: int, picture: np.ndarray) -> None:
        self._recent[t] = as_rgb(picture)
        self._recent[t].setflags(write=False)

    def _checksum(self) -> int:
        """Of the frame that was grabbed last; -1 where it cannot be decoded."""
        found, picture = self._capture.retrieve()
        return _sum_of(picture) if found else -1

    def _stamp(self) -> float:
        """Presentation time of the frame that was grabbed last, in seconds from the first."""
        return (self._capture.get(cv2.CAP_PROP_POS_MSEC) - self._start_ms) * 1e-3

    def _rewind(self) -> None:
        # Never release(): it lets go of a memory stream without holding Python's lock, and crashes.
        self._capture = self._opener()
        self._next = 0

    def _first_size(self) -> tuple[int, int]:
        sides = [self._capture.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        if sides[0] * sides[1] > _MAX_PIXELS:  # before so much is allocated
            width, height = map(int, sides)
            raise CineUnsupported(f"{self._name} has frames of {width} × {height} pixels: too large.", _HINT)
        found, picture = self._capture.read() if self._capture.isOpened() else (False, None)
        if not found or picture is None:
            raise CineUnreadable(f"{self._name} holds no video that can be decoded.", _HINT)
        return picture.shape[0], picture.shape[1]

    def _later_stamps(self) -> list[float]:
        """Presentation times of all frames after the first, in seconds from it; marks every 32nd."""
        stamps: list[float] = []
        while self._capture.grab():
            stamps.append(self._stamp())
            if len(stamps) % _MARK == 0:
                self._marks[len(stamps)] = self._checksum()
            if len(stamps) >= _MAX_FRAMES:
                raise _too_long(self._name)
        return stamps


def _sum_of(picture: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(picture).data)


def _too_long(name: str) -> CineUnsupported:
    message = f"{name} has more than {_MAX_FRAMES} frames: too long for a cine."
    return CineUnsupported(message, "Cut out the beats that you want to measure.")


def open_video(path: Path) -> Cine:
    """Open a video file.

    Raises:
        CineUnreadable: no frame of it can be decoded.
        CineUnsupported: far too long or too large for a cine.
    """
    named = str(path.absolute())  # a relative name with a colon would be taken for a protocol
    content_hash, held_bytes = _hash_file(path)
    video = VideoFrames(path.name, lambda: cv2.VideoCapture(named, cv2.CAP_FFMPEG), held_bytes)
    timing = video_timing(video)
    count = len(video)
    x0, y0, x1, y1 = central_box(*video.size)
    pictures = [video.decode(t)[y0:y1, x0:x1] for t in sorted({0, count // 4, count // 2})]
    place = echonet_place(path)
    cut = video.claimed > count + 1  # some containers count one too many
    info = CineInfo(
        size=video.size,
        times_s=timing.times_s,
        timing_known=timing.known,
        timing_note=timing.note,
        identity=content_hash,
        content_hash=content_hash,
        kind="video",
        calibration_note="Video files carry no pixel size.",
        view_hint=view_from_text(path.stem) or place.view,
        patient_key=place.patient,
        withheld=DOPPLER if shows_flow(pictures) else "",
        notes=(f"The file promises {video.claimed} frames, but only {count} can be decoded.",) if cut else (),
        missing=video.claimed - count if cut else 0,
    )
    return Cine(info, video)


def open_stream(name: str, stream: Callable[[], BufferedIOBase], held_bytes: int) -> VideoFrames:
    """The frames of a video that lies within another file, as DICOM files carry MPEG.

    Args:
        stream: gives the video from its beginning, as often as it is asked.
        held_bytes: of the video.

    Raises:
        CineUnreadable: no frame of it can be decoded.
        CineUnsupported: far too long or too large for a cine.
    """

    def opener() -> cv2.VideoCapture:
        source: Any = stream()  # OpenCV's type stubs ask for a class of their own
        return cv2.VideoCapture(source, cv2.CAP_FFMPEG, [])

    return VideoFrames(name, opener, held_bytes, jumps=False)  # the stream would be called back while it seeks


def video_timing(video: VideoFrames) -> Timing:
    """Presentation times where they rise at plausible steps, else an even step from the frame rate."""
    count = len(video)
    if count == 1:
        return assumed_timing(1)
    timing = uneven_timing(np.diff(video.stamps_s, prepend=0.0))
    return timing or even_timing(count, 1.0 / video.fps if video.fps > 0 else None) or assumed_timing(count)


def as_rgb(picture: np.ndarray) -> np.ndarray:
    """What OpenCV decodes, (H,W), (H,W,1) or (H,W,3) BGR, as (H,W,3) RGB uint8."""
    grey = picture.ndim == 2 or picture.shape[2] == 1
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if grey else cv2.COLOR_BGR2RGB)


def _hash_file(path: Path) -> tuple[str, int]:
    """Hash and number of the file's bytes."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}", file.tell()
    except OSError as error:
        raise CineUnreadable(f"{path.name} cannot be read: {error.strerror}.", "Check the disk.") from None
