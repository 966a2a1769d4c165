"""A cine decodes what is asked for, keeps no more than its bound, and serves several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from echoview.domain.calibration import Calibration
from echoview.domain.cine import Cine, CineInfo
from echoview.errors import CineAway, CineUnreadable

SIZE = (4, 6)
BYTES = 4 * 6


class Counting:
    """Frames filled with their number; remembers which were decoded."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def decode(self, t: int) -> np.ndarray:
        self.decoded.append(t)
        return np.full(SIZE, t, np.uint8)


def make(frames: int = 10, times=None, cache_bytes: int = 10**6, **info) -> tuple[Cine, Counting]:
    source = Counting()
    times = np.arange(frames) / 20 if times is None else np.array(times)
    return Cine(CineInfo(SIZE, times, True, "uid", "sha256:0", "DICOM", **info), source, cache_bytes), source


def test_it_tells_what_the_file_says():
    cine, _ = make(calibration=Calibration(0.3, 0.2))
    x_mm, y_mm = cine.calibration
    assert (x_mm, y_mm) == (0.3, 0.2)
    assert (len(cine), cine.size) == (10, SIZE)
    assert make()[0].calibration is None


def test_fps_is_the_median_step():
    assert make(times=[0, 0.02, 0.04, 0.06, 1.0])[0].fps == pytest.approx(50)
    assert make(times=[0.0])[0].fps == 0


@pytest.mark.parametrize("t", [-1, 10, 11])
def test_a_frame_that_is_not_there_is_refused_and_not_decoded(t):
    cine, source = make()
    with pytest.raises(IndexError, match=f"frame {t} of 10"):
        cine.frame(t)
    assert source.decoded == []


def test_a_frame_is_decoded_once_and_cannot_be_written():
    cine, source = make()
    assert cine.cached(3) is None
    picture = cine.frame(3)
    assert (picture == 3).all()
    assert cine.frame(3) is picture
    assert cine.cached(3) is picture
    assert source.decoded == [3]
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0] = 1


def test_the_cache_keeps_what_was_used_last_within_its_bound():
    cine, source = make(cache_bytes=3 * BYTES)
    for t in (0, 1, 2, 0, 3):  # 1 is now the one longest unused
        cine.frame(t)
    assert [t for t in range(10) if cine.cached(t) is not None] == [0, 2, 3]
    cine.frame(1)
    assert source.decoded == [0, 1, 2, 3, 1]
    assert [t for t in range(10) if cine.cached(t) is not None] == [0, 1, 3]


def test_a_smaller_bound_holds_at_once():
    cine, _ = make(cache_bytes=5 * BYTES)
    for t in range(5):
        cine.frame(t)
    cine.keep_at_most(2 * BYTES)
    assert [t for t in range(10) if cine.cached(t) is not None] == [3, 4]


def test_one_frame_is_kept_even_when_it_is_larger_than_the_bound():
    cine, source = make(cache_bytes=1)
    assert cine.frame(5) is cine.frame(5)
    cine.frame(6)
    assert cine.cached(5) is None
    assert source.decoded == [5, 6]


def test_several_threads_read_the_right_frames_and_the_bound_holds():
    cine, _ = make(frames=50, cache_bytes=7 * BYTES)
    asked = np.random.default_rng(0).integers(0, 50, 2000).tolist()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda t: (t, int(cine.frame(t)[0, 0])), asked))
    assert all(t == value for t, value in answers)
    assert sum(cine.cached(t) is not None for t in range(50)) <= 7


def test_a_damaged_frame_says_so_each_time_and_the_others_play_on():
    class Damaged(Counting):
        def decode(self, t: int) -> np.ndarray:
            if t == 2:
                raise OSError("frame 2 is damaged")
            return super().decode(t)

    cine = Cine(CineInfo(SIZE, np.arange(4.0), True, "uid", "sha256:0", "DICOM"), Damaged())
    for _ in range(2):
        with pytest.raises(OSError, match="frame 2"):
            cine.frame(2)
    assert (cine.frame(3) == 3).all()


class Failing:
    """Frames whose numbers stand in `bad` cannot be decoded, those in `away` are not given by the disk."""

    any_order = True

    def __init__(self, bad: set[int], away: set[int]) -> None:
        self.bad, self.away = bad, away

    def decode(self, t: int) -> np.ndarray:
        if t in self.away:
            raise CineAway("The file cannot be read.")
        if t in self.bad:
            raise CineUnreadable(f"Frame {t + 1} is damaged.")
        return np.full((4, 4), t, np.uint8)


def failing(bad: set[int], frames: int = 60, away: set[int] = frozenset()) -> Cine:
    return Cine(CineInfo((4, 4), np.arange(frames) / 30, True, "x", "sha256:x", "test"), Failing(bad, away))


def test_frames_that_cannot_be_decoded_are_passed_by_and_remembered() -> None:
    cine = failing({3, 5})
    assert [t for t, _ in cine.readable(range(8))] == [0, 1, 2, 4, 6, 7]
    assert cine.unreadable == {3, 5}
    assert cine.lost(3) and not cine.lost(4)
    assert not cine.gone
    assert cine.frame_near(3)[0, 0] == 4


def test_a_file_that_is_away_is_told_from_damaged_frames_and_can_come_back() -> None:
    away = set(range(10, 60))
    cine = failing({3}, away=away)
    with pytest.raises(CineUnreadable):
        list(cine.readable(range(60)))
    assert cine.gone
    assert cine.damaged is None, "some may be read another time"
    away.clear()
    cine.try_again()
    assert not cine.gone and not cine.unreadable
    assert len(list(cine.readable(range(60)))) == 59
    assert cine.damaged == {3}


def test_however_many_frames_are_damaged_the_others_are_read() -> None:
    cine = failing(set(range(5, 55)))
    assert [t for t, _ in cine.readable(range(60))] == [0, 1, 2, 3, 4, 55, 56, 57, 58, 59]
    assert not cine.gone
    assert cine.damaged == set(range(5, 55))


def test_where_no_frame_can_be_decoded_the_reason_is_said() -> None:
    with pytest.raises(CineUnreadable, match="Frame 3 is damaged"):
        list(failing({2, 3}).readable([2, 3]))
