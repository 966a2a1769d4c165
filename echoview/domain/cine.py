"""A cine: frames, their times and what the file says about them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from echoview.domain.calibration import Calibration
from echoview.domain.view import View
from echoview.errors import CineAway, EchoViewError

CACHE_BYTES = 192 * 2**20
GONE_AFTER = 24  # frames that the disk does not give, one after the other: the file itself is away
_VIDEO_GONE_AFTER = 3  # of a video a frame that is damaged is still decoded, somehow


RATE_HZ = (1.0, 1000.0)  # frames a second that an echo cine can have


def possible_rate(rate_hz: float) -> float:
    """The same.

    Raises:
        ValueError: no echo cine has such a frame rate.
    """
    if not RATE_HZ[0] <= rate_hz <= RATE_HZ[1]:
        raise ValueError("no frame rate")
    return rate_hz


class FrameSource(Protocol):
    """Decodes one frame at a time; `decode` may be called from any thread and raises CineUnreadable.

    One that sets `any_order` to True decodes every frame by itself.
    """

    def decode(self, t: int) -> np.ndarray:
        """Frame `t` as (H,W) or (H,W,3) RGB uint8."""
        ...


class Region(NamedTuple):
    """A 2-D picture within the frame; some files show two side by side.

    Attributes:
        box_px: x0, y0, x1, y1, the last pixels included.
        calibration: mm per px within it, or None.
    """

    box_px: tuple[int, int, int, int]
    calibration: Calibration | None


@dataclass(frozen=True, slots=True, eq=False)
class Ecg:
    """The ECG that was recorded with a cine.

    Attributes:
        start_s: the time of the first sample, in seconds from the first frame; may be negative.
        rate_hz: samples a second.
        values: (N,) float32, in the file's own unit; only the shape of the line is to be relied on.
    """

    start_s: float
    rate_hz: float
    values: np.ndarray

    @property
    def times_s(self) -> np.ndarray:
        """(N,) float64, the time of each sample in seconds from the first frame."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class CineInfo:
    """What is known of a cine without decoding it.

    Attributes:
        size: height and width in px, as displayed.
        times_s: (T,) float64, the time of each frame from the first, strictly rising.
        timing_known: False where the file gives no frame times and they were assumed.
        identity: SOP Instance UID or "sha256:..." of the content; the key of its labels.
        content_hash: "sha256:..." of the file's bytes.
        regions: the 2-D pictures in the frame as the file describes them; empty where it cannot be trusted.
        patient_key: a keyed hash or data-set folder name, never a name or an ID; "" when unknown.
        calibration: mm per px or None; `calibration_note` then says why.
        view_hint: the view that the file names, or None.
        withheld: why no contour may be drawn on it (colour Doppler, M-mode ...), "" when one may.
        region_px: x0, y0, x1, y1 of the 2-D picture in the frame, the last pixels included; None if unknown.
        r_waves_s: R waves that the file names, in seconds from the first frame, rising; empty where it names none.
        heart_rate: beats a minute as the file says, or None.
        ecg: the ECG that the file holds, or None.
        notes: other things to tell about the file, a sentence each.
        missing: frames that the file promises and does not hold, because it was cut off.
        vendor: manufacturer and model as the file says, "" when unknown.
        title: what to call it where its file's name says nothing; "" where that name will do.
        patient_label, study_date: for the screen only, never written anywhere; "" when unknown.
    """

    size: tuple[int, int]
    times_s: np.ndarray
    timing_known: bool
    identity: str
    content_hash: str
    kind: str
    calibration: Calibration | None = None
    calibration_note: str = ""
    timing_note: str = ""
    view_hint: View | None = None
    withheld: str = ""
    region_px: tuple[int, int, int, int] | None = None
    patient_key: str = ""
    vendor: str = ""
    patient_label: str = ""
    study_date: str = ""
    title: str = ""
    notes: tuple[str, ...] = ()
    missing: int = 0
    r_waves_s: tuple[float, ...] = ()
    heart_rate: float | None = None
    ecg: Ecg | None = None
    regions: tuple[Region, ...] = ()


class Cine:
    """Frames decoded when asked for and kept in a bounded cache; safe to read from several threads.

    It remembers which frames could not be read, so that whoever comes next passes them by.
    """

    def __init__(self, info: CineInfo, source: FrameSource, cache_bytes: int = CACHE_BYTES) -> None:
        self.info = self._given = info
        self._source = source
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._held = 0
        self._unreadable: set[int] = set()
        self._failing: set[int] = set()  # since the last frame that was decoded; without those known to be damaged
        self._away: set[int] = set()  # of the unreadable ones those that may be read another time
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.info.times_s)

    @property
    def times_s(self) -> np.ndarray:
        """(T,) float64 seconds from the first frame."""
        return self.info.times_s

    @property
    def calibration(self) -> Calibration | None:
        """Millimetres per pixel in x and y, or None when they are not known for certain."""
        return self.info.calibration

    def calibration_of(self, points: Sequence[tuple[float, float]]) -> Calibration | None:
        """Millimetres per pixel between points (x,y px): of the 2-D picture that they lie in, where there are several.

        None where they lie in pictures of different pixel sizes: a line from one into the other has no length.
        """
        found = {self._calibration_at(x, y) for x, y in points}
        return found.pop() if len(found) == 1 else None

    @property
    def one_size(self) -> bool:
        """Whether all pictures in the frame have one pixel size, or none has."""
        return self.calibration is not None or not self.info.regions

    def calibration_around(self, contours: np.ndarray) -> Calibration | None:
        """As `calibration_of`, of the picture that all these contours (...,N,2) lie in, by their middles.

        NaN where there is no contour.
        """
        if self.one_size:
            return self.calibration
        middles = contours.reshape(-1, *contours.shape[-2:]).mean(1)
        return self.calibration_of([(x, y) for x, y in middles if np.isfinite(x)])

    def _calibration_at(self, x_px: float, y_px: float) -> Calibration | None:
        for (x0, y0, x1, y1), calibration in self.info.regions:
            if x0 <= x_px <= x1 and y0 <= y_px <= y1:
                return calibration
        return self.calibration

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in px."""
        return self.info.size

    @property
    def fps(self) -> float:
        """Median frames per second; 0 for a single frame."""
        steps = np.diff(self.times_s)
        return float(1.0 / np.median(steps)) if len(steps) else 0.0

    @property
    def rate_assumed(self) -> bool:
        """Whether the file gives no frame times, so that a person may say how fast it plays."""
        return len(self) > 1 and not self._given.timing_known

    def play_at(self, rate_hz: float | None) -> None:
        """So many frames a second, as a person said; None goes back to what is assumed. A file's own times stay."""
        if not self.rate_assumed:
            return
        self.info = self._given
        if rate_hz is not None:
            note = f"The frame rate, {rate_hz:g} a second, was given by hand."
            times_s = np.arange(len(self)) / rate_hz
            self.info = replace(self._given, times_s=times_s, timing_known=True, timing_note=note)

    @property
    def any_order(self) -> bool:
        """Whether a frame costs the same wherever the last one was: not in a video, which is decoded forwards."""
        return getattr(self._source, "any_order", False)

    def known_as(self, info: CineInfo) -> Cine:
        """The same frames with something else known of them; what is decoded is not shared."""
        return Cine(info, self._source, self._cache_bytes)

    def keep_at_most(self, cache_bytes: int) -> None:
        """Hold fewer decoded frames from now on: several cines are open at once."""
        with self._lock:
            self._cache_bytes = cache_bytes
            self._evict()

    def cached(self, t: int) -> np.ndarray | None:
        """Frame `t` if it is decoded already, else None; never decodes, so the GUI thread may call it."""
        with self._lock:
            return self._cache.get(t)

    def frame(self, t: int) -> np.ndarray:
        """Frame `t`, (H,W) or (H,W,3) RGB uint8, read-only.

        Raises:
            IndexError: `t` is not a frame of this cine.
            CineUnreadable: the frame's bytes are damaged.
        """
        if not 0 <= t < len(self):
            raise IndexError(f"frame {t} of {len(self)}")
        with self._lock:
            if t in self._cache:
                self._cache.move_to_end(t)
                return self._cache[t]
        try:
            picture = self._source.decode(t)
        except Exception as error:
            with self._lock:
                self._unreadable.add(t)
                if isinstance(error, CineAway) or not self.any_order:  # a video does not say why
                    self._failing.add(t)
                    self._away.add(t)
            raise
        picture.setflags(write=False)
        with self._lock:
            self._unreadable.discard(t)
            self._away.discard(t)
            self._failing.clear()
            if t not in self._cache:
                self._cache[t] = picture
                self._held += picture.nbytes
                self._evict()
        return picture

    @property
    def unreadable(self) -> frozenset[int]:
        """Frames that were asked for and could not be decoded."""
        with self._lock:
            return frozenset(self._unreadable)

    @property
    def damaged(self) -> frozenset[int] | None:
        """The unreadable frames, where all of them are so for good; None where the disk may give some another time."""
        with self._lock:
            return None if self._away else frozenset(self._unreadable)

    def pass_by(self, frames: Iterable[int]) -> None:
        """These frames are known to be damaged: nobody need try."""
        with self._lock:
            self._unreadable.update(frames)

    def lost(self, t: int) -> bool:
        """Whether frame `t` was asked for and could not be decoded."""
        return t in self._unreadable

    @property
    def gone(self) -> bool:
        """Whether so many frames were not given one after the other that the file itself must be out of reach."""
        return len(self._failing) >= min(GONE_AFTER if self.any_order else _VIDEO_GONE_AFTER, len(self))

    def try_again(self) -> None:
        """The file may be there again: what could not be read is asked for anew."""
        with self._lock:
            self._unreadable.clear()
            self._failing.clear()
            self._away.clear()

    def readable(self, order: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Of these frames those that can be decoded, each with its number.

        Raises:
            CineUnreadable: none of them can, or the file is out of reach.
        """
        found, refusal = False, None
        for t in order:
            try:
                picture = self.frame(t)
            except EchoViewError as error:
                if self.gone:
                    raise
                refusal = refusal or error
                continue
            found = True
            yield t, picture
        if refusal is not None and not found:
            raise refusal

    def frame_near(self, t: int) -> np.ndarray:
        """Frame `t`, or where it cannot be decoded the nearest one that can.

        Raises:
            CineUnreadable: no frame around it can.
        """
        return next(self.readable(sorted(range(len(self)), key=lambda k: (abs(k - t), -k))))[1]

    def _evict(self) -> None:
        while self._held > self._cache_bytes and len(self._cache) > 1:
            _, oldest = self._cache.popitem(last=False)
            self._held -= oldest.nbytes
