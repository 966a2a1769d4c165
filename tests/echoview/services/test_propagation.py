"""Corrections carried to other frames by each way, also by a network that reads hints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echoview.domain.cine import Cine, CineInfo
from echoview.domain.weights import WeightsSet
from echoview.errors import WeightsError
from echoview.services.inference import RUN_UP, Inference, reads_hints, sector_of
from echoview.services.propagation import Way, as_read, carried, flowed, grown, meet
from ral.geometry import dice, raster
from ral.phantom import simulate

SIZE = (128, 128)


@pytest.fixture(scope="module")
def heart():
    return simulate(11, "A4C", frames=16, size=128)


class Held:
    def __init__(self, frames: np.ndarray) -> None:
        self.frames = frames

    def decode(self, t: int) -> np.ndarray:
        return self.frames[t].copy()


@pytest.fixture
def cine(heart) -> Cine:
    return Cine(CineInfo(SIZE, heart.times_s, True, "sha256:0", "sha256:0", "test"), Held(heart.frames))


@pytest.fixture
def hinting(tmp_path) -> WeightsSet:
    """A tiny network that adds what it is told to what it makes of the picture."""
    import torch

    from ral.checkpoint import Card, save_weights
    from ral.config import RALConfig
    from ral.network import RAL

    config = RALConfig(
        "tiny", stem=4, stem_stride=2, growth=2, layers=2, lateral=4, hidden=(4,) * 5, view_widths=(4, 4, 6, 6, 8),
        mask_hint=True,
    )  # fmt: skip
    torch.manual_seed(0)
    save_weights(tmp_path, RAL(config), Card("tiny", config.to_dict(), "", "", False, 0, ""))
    return WeightsSet("tiny", "x", tmp_path, "", False, "", "", {})


def score(points: np.ndarray, mask: np.ndarray) -> float:
    return dice(raster(points, SIZE), mask)


@pytest.mark.parametrize("way", [Way.DISPLACEMENT, Way.INTERPOLATION, Way.FLOW])
def test_no_way_gives_a_corrected_frame_back_or_one_that_was_not_asked_for(heart, way):
    human = {2: heart.contours[2], 9: heart.contours[9]}
    found = carried(way, heart.contours, human, [1, 2, 3, 4], lambda t: heart.frames[t])
    assert set(found) <= {1, 3, 4}
    assert {3, 4} <= set(found)
    for t, points in found.items():
        assert points.shape == (65, 2)
        assert score(points, heart.masks[t]) > 0.8


def test_flow_goes_both_ways_and_the_nearer_frame_counts_more(heart):
    human = {4: heart.contours[4], 12: heart.contours[12] + (0.0, 30.0)}
    found = flowed(human, range(16), lambda t: heart.frames[t])
    assert sorted(found) == [t for t in range(16) if t not in human]
    assert score(found[3], heart.masks[3]) > 0.9
    off = {t: float((found[t] - heart.contours[t])[:, 1].mean()) for t in found}
    assert abs(off[5]) < off[8] < off[11]
    assert flowed({}, range(4), lambda t: heart.frames[t]) == {}


def test_flow_grows_to_both_sides_and_looks_at_no_frame_before_it_is_asked(heart):
    looked: list[int] = []

    def frame(t: int) -> np.ndarray:
        looked.append(t)
        return heart.frames[t]

    growing = grown(Way.FLOW, heart.contours, {8: heart.contours[8]}, range(16), frame)
    assert [t for _ in range(4) for t in next(growing)] == [9, 7, 10, 6]
    assert set(looked) == {6, 7, 8, 9, 10}, "stopped here, nothing more is read"
    last = {t: line for lines in growing for t, line in lines.items()}
    assert sorted(last) == [*range(6), *range(11, 16)]


def test_flow_between_two_corrected_frames_comes_twice_the_second_time_from_both(heart):
    human = {4: heart.contours[4], 8: heart.contours[8] + (0.0, 9.0)}
    came: dict[int, list[np.ndarray]] = {}
    for lines in grown(Way.FLOW, heart.contours, human, [5, 6, 7], lambda t: heart.frames[t]):
        for t, line in lines.items():
            came.setdefault(t, []).append(line)
    assert {t: len(lines) for t, lines in came.items()} == {5: 2, 6: 2, 7: 2}
    lowered = [float((lines[1] - lines[0])[:, 1].mean()) for _, lines in sorted(came.items())]
    assert lowered[0] < lowered[1] < lowered[2], "the nearer one counts more"


def read(cine, weights, hints, backwards: bool = False) -> dict[int, np.ndarray]:
    return {f.t: f.logits for f in Inference().reread_both(cine, weights, hints, "cpu")[backwards]}


def test_both_readings_are_each_as_if_alone_and_encode_a_frame_once(cine, heart, hinting, monkeypatch):
    from ral.network import RAL

    hints = {5: heart.contours[5], 9: heart.contours[9]}
    alone = [read(cine, hinting, hints, backwards) for backwards in (False, True)]
    inference = Inference()
    net, looks = inference.predictor(hinting, "cpu").net, []
    assert isinstance(net, RAL)
    encode = net.look
    monkeypatch.setattr(net, "look", lambda *given: looks.append(1) or encode(*given))
    together = inference.reread_both(cine, hinting, hints, "cpu")
    for one, other in zip(alone, map(list, together), strict=True):
        assert list(one) == [f.t for f in other]
        for found in other:
            np.testing.assert_array_equal(one[found.t], found.logits)
    first, last = 5 - RUN_UP, 9 + RUN_UP
    assert len(looks) == len(cine) < (len(cine) - first) + (last + 1)


def test_a_network_that_reads_hints_is_told_where_the_cavity_lies(cine, heart, hinting):
    assert reads_hints(hinting)
    told = read(cine, hinting, {3: heart.contours[3]})
    other = read(cine, hinting, {3: heart.contours[3] + (12.0, 0.0)})
    assert list(told) == list(range(4, len(cine))), "of the run-up and of the corrected frame nothing is said"
    assert np.abs(told[4] - other[4]).max() > 0, "the hint steers the frames after it"
    second = read(cine, hinting, {3: heart.contours[3], 8: heart.contours[8]})
    np.testing.assert_array_equal(second[7], told[7])
    assert np.abs(second[8] - told[8]).max() > 0.01, "and its own"


def test_read_backwards_a_hint_steers_the_frames_before_it(cine, heart, hinting):
    told = read(cine, hinting, {12: heart.contours[12]}, backwards=True)
    other = read(cine, hinting, {12: heart.contours[12] + (12.0, 0.0)}, backwards=True)
    assert list(told) == list(reversed(range(12)))
    assert np.abs(told[11] - other[11]).max() > 0


def test_the_reading_begins_shortly_before_the_first_hint(cine, heart, hinting, monkeypatch):
    looked: list[int] = []
    decode = cine.frame
    monkeypatch.setattr(type(cine), "frame", lambda _, t: looked.append(t) or decode(t))
    last = len(cine) - 1
    ahead, _ = Inference().reread_both(cine, hinting, {last - 1: heart.contours[last - 1]}, "cpu")
    looked.clear()
    assert [f.t for f in ahead] == [last]
    assert looked == list(range(last - 1 - RUN_UP, last + 1))
    _, back = Inference().reread_both(cine, hinting, {1: heart.contours[1]}, "cpu")
    looked.clear()
    assert [f.t for f in back] == [0]
    assert looked == list(range(1 + RUN_UP, -1, -1))


def test_two_readings_meet_between_the_corrected_frames(heart):
    line = heart.contours[3]
    ahead: dict[int, np.ndarray] = dict.fromkeys(range(16), np.asarray(line))
    back = {t: np.add(line, (10.0, 0.0)) for t in range(16) if t != 14}
    found = meet(ahead, back, (4, 12))
    shift = {t: float((found[t] - found[15])[:, 0].mean()) for t in found}
    assert sorted(found) == list(range(16))
    assert shift[0] == pytest.approx(10), "before the first correction only what was read backwards was told of it"
    assert shift[14] == pytest.approx(0), "behind the last only what was read forwards"
    assert 0 < shift[5] < shift[8] < shift[11] < 10
    assert shift[8] == pytest.approx(5)
    assert meet({}, {13: line}, (4, 12)) == {}, "that reading had not been told of a correction yet"


def test_two_readings_in_turn_grow_to_both_sides_and_end_where_they_meet(heart):
    ahead = {t: heart.contours[t] for t in range(2, 16)}
    back = {t: heart.contours[t] + (10.0, 0.0) for t in reversed(range(16)) if t != 9}
    grown = list(as_read(ahead.items(), back.items(), (6, 10)))
    assert [t for t, _ in grown[:3]] == [7, 8, 8], "what was not told of a correction yet is left out"
    assert [t for t, _ in grown].count(8) == 2, "between two corrected frames a second reading follows the first"
    last = dict(grown)
    met = meet(ahead, back, (6, 10))
    assert set(last) == set(met) - {6, 10}
    for t, line in last.items():
        np.testing.assert_array_equal(line, met[t])


def test_weights_that_read_no_hints_refuse_in_a_sentence(cine, heart, hinting):
    import json

    card = hinting.folder / "card.json"
    known = json.loads(card.read_text(encoding="utf-8"))
    known["config"]["mask_hint"] = False
    card.write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(WeightsError, match="cannot read a corrected frame"):
        Inference().reread_both(cine, hinting, {3: heart.contours[3]}, "cpu")
    assert not reads_hints(replace(hinting, folder=hinting.folder / "nowhere"))


def test_a_prediction_says_how_sure_and_what_was_seen(cine, hinting):
    frames = list(Inference().predict(cine, hinting, "cpu"))
    assert len(frames) == len(cine)
    found, device, pace, seen = frames[0]
    assert device == "cpu"
    assert pace > 0
    assert seen.logits.shape == found.logits.shape
    middle = np.array([64.0, 64.0])
    from echoview.services.inference import preparation_of

    x, y = preparation_of(cine).to_input(middle).round().astype(int)
    assert float(seen.at(middle)) == pytest.approx(float(np.clip(found.logits[y, x], -30, 30)), abs=0.5)


def test_the_sector_is_where_the_ultrasound_is(cine, heart):
    sector = sector_of(cine)
    assert sector.shape == SIZE
    assert sector[heart.masks[0]].all()
    assert not sector[0, 0]


def test_the_first_two_that_a_network_proposes_lie_on_either_side_and_are_soon_there(cine, heart, hinting, monkeypatch):
    from ral.network import RAL

    looks: list[int] = []
    encode = RAL.look
    monkeypatch.setattr(RAL, "look", lambda *given: looks.append(1) or encode(*given))

    def first_two(inference: Inference, hints: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        looks.clear()
        logits: dict[int, np.ndarray] = {}

        def lines(reading):
            for found in reading:
                logits[found.t] = found.logits
                yield found.t, heart.contours[found.t]

        both = as_read(*map(lines, inference.reread_both(cine, hinting, hints, "cpu")), hints)
        assert {next(both)[0], next(both)[0]} == {7, 9}
        return logits

    hints = {8: heart.contours[8]}
    cold = first_two(Inference(), hints)
    assert len(looks) == 2 * RUN_UP + 1, "no frame is waited for that neither of them needs"
    inference = Inference()
    assert list(inference.look_around(cine, hinting, {8}, "cpu")) == [4, 5, 6, 7, 9, 10, 11, 12]
    warm = first_two(inference, hints)
    assert len(looks) == 1, "the corrected frame"
    other = first_two(inference, {8: heart.contours[8] + (6.0, 0.0)})
    assert len(looks) == 1, "with another hint it is seen anew"
    for t in (7, 9):
        np.testing.assert_array_equal(cold[t], warm[t])
        assert np.abs(other[t] - warm[t]).max() > 0


def test_after_a_prediction_or_a_look_around_hardly_anything_is_left_to_do(cine, heart, hinting, monkeypatch):
    from ral.network import RAL, Recurrence

    done: list[str] = []
    for part, name in ((RAL, "look"), (Recurrence, "forward")):
        whole = getattr(part, name)

        def counted(*given, whole=whole, name=name):
            done.append(name)
            return whole(*given)

        monkeypatch.setattr(part, name, counted)

    def first_two(inference: Inference) -> list[np.ndarray]:
        done.clear()
        both = inference.reread_both(cine, hinting, {8: heart.contours[8]}, "cpu")
        return [next(reading).logits for reading in both]

    cold = first_two(Inference())
    assert done.count("look") == 2 * RUN_UP + 1
    inference = Inference()
    for _ in inference.predict(cine, hinting, "cpu", again=True):
        pass
    predicted = first_two(inference)
    assert done.count("look") == 1, "the corrected frame; the others were seen by the prediction"
    again = first_two(inference)
    assert done == ["look", *["forward"] * 4], "the run-ups are known by now"
    inference = Inference()
    for _ in inference.look_around(cine, hinting, {8}, "cpu"):
        pass
    around = first_two(inference)
    assert done == ["look", *["forward"] * 4], "they were known before"
    for found in (predicted, again, around):
        for one, other in zip(cold, found, strict=True):
            np.testing.assert_array_equal(one, other)
    for _ in inference.predict(Cine(cine.info, Held(heart.frames)), hinting, "cpu"):
        pass  # of a cine that is not open
    first_two(inference)
    assert done.count("look") == 1, "what was seen of the open one is still there"


def test_the_crop_of_a_cine_is_decided_once(cine, heart, hinting, monkeypatch):
    import ral.prepare

    made: list[int] = []
    make = ral.prepare.prepare
    monkeypatch.setattr(ral.prepare, "prepare", lambda *given: made.append(1) or make(*given))
    inference = Inference()
    next(inference.predict(cine, hinting, "cpu"))
    inference.reread_both(cine, hinting, {3: heart.contours[3]}, "cpu")
    assert sector_of(cine).any()
    assert len(made) == 1
    assert sector_of(Cine(cine.info, Held(heart.frames))).any()
    assert len(made) == 2, "another cine, another crop"


def test_what_was_seen_is_of_one_cine(cine, heart, hinting):
    inference = Inference()
    assert list(inference.look_around(cine, hinting, {0, 15}, "cpu")) == [1, 14], "there is nothing before and behind"
    mirrored = Cine(cine.info, Held(heart.frames[:, :, ::-1]))
    told = inference.reread_both(mirrored, hinting, {2: heart.contours[2]}, "cpu")[0]
    alone = read(mirrored, hinting, {2: heart.contours[2]})
    for found in told:
        np.testing.assert_array_equal(alone[found.t], found.logits)
