"""The predictor: native frames in, contours out; and what is read from logits whose shape is known."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ral.checkpoint import Card, CheckpointError, save_weights
from ral.config import RALConfig
from ral.geometry import area, dice, raster
from ral.network import RAL
from ral.phantom import PhantomCine, simulate
from ral.predict import Predictor, choose_device, read_logits
from ral.prepare import Preparation, prepare

TINY = RALConfig(
    "tiny", stem=4, stem_stride=2, growth=2, layers=2, lateral=4, hidden=(4,) * 5, view_widths=(4, 4, 6, 6, 8)
)
CARD = Card("tiny", TINY.to_dict(), "", "", False, 0, "")
VIEWS = np.array([0.2, 0.3, 0.5])


@pytest.fixture(scope="module")
def cine() -> PhantomCine:
    return simulate(3, "A4C", frames=4, size=128)


@pytest.fixture(scope="module")
def preparation(cine) -> Preparation:
    return prepare(list(cine.frames), (cine.mm_per_px,) * 2, size=64)


def predictor(bias: float = -2.0, config: RALConfig = TINY) -> Predictor:
    """A random network whose every pixel leans to cavity (bias above 0) or away from it."""
    torch.manual_seed(0)
    net = RAL(config)
    with torch.no_grad():
        net.head.weight.mul_(0.1)
        net.head.bias.fill_(bias)
    return Predictor.of(net, CARD)


def logits_of(preparation: Preparation, mask: np.ndarray, sure: float = 8.0) -> np.ndarray:
    return np.where(preparation.mask(mask), sure, -sure).astype(np.float32)


# From frames to contours


def test_shapes_and_ranges_of_a_prediction(cine, preparation):
    found = list(predictor(5.0).stream(cine.frames, preparation))
    assert [f.t for f in found] == [0, 1, 2, 3]
    for f in found:
        assert (f.contour.shape, f.contour.dtype) == ((65, 2), np.float64)
        assert np.isfinite(f.contour).all()
        assert not f.empty
        assert 0 < f.confidence <= 1
        assert (f.logits.shape, f.logits.dtype) == ((64, 64), np.float32)
        assert f.mask(preparation).shape == (128, 128)
        assert f.contour[0, 0] < f.contour[-1, 0]


def test_nothing_found_is_nan_with_no_confidence(cine, preparation):
    for f in predictor(-9.0).stream(cine.frames, preparation):
        assert f.empty
        assert np.isnan(f.contour).all()
        assert f.contour.shape == (65, 2)
        assert f.confidence == 0
        assert not f.mask(preparation).any()


def test_view_probabilities_sum_to_one_and_gather_all_frames_so_far(cine, preparation):
    one = predictor(0.0)
    found = list(one.stream(cine.frames, preparation))
    for f in found:
        assert f.view_probabilities.shape == (3,)
        assert f.view_probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert (f.view_probabilities >= 0).all()
    cut_short = list(one.stream(cine.frames[:2], preparation))
    np.testing.assert_array_equal(cut_short[1].view_probabilities, found[1].view_probabilities)
    assert not np.array_equal(found[0].view_probabilities, found[3].view_probabilities)


def test_without_a_view_branch_all_views_are_alike(cine, preparation):
    from dataclasses import replace

    [first, *_] = predictor(config=replace(TINY, classify=False)).stream(cine.frames[:1], preparation)
    assert first.view_probabilities.tolist() == [1 / 3] * 3


def test_frames_are_taken_one_at_a_time(cine, preparation):
    taken = []

    def frames():
        for t, frame in enumerate(cine.frames):
            taken.append(t)
            yield frame

    stream = predictor().stream(frames(), preparation)
    assert taken == []
    next(stream)
    assert taken == [0]
    next(stream)
    assert taken == [0, 1]


def test_a_stream_begins_afresh_and_two_at_once_do_not_meet(cine, preparation):
    one = predictor(0.0)
    alone = [f.logits for f in one.stream(cine.frames, preparation)]
    other = one.stream(cine.frames[::-1], preparation)
    mixed = []
    for f in one.stream(cine.frames, preparation):
        next(other)
        mixed.append(f.logits)
    for a, b in zip(alone, mixed, strict=True):
        np.testing.assert_array_equal(a, b)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("at", [0, 2])
def test_nothing_is_said_of_a_blank_frame_and_it_leaves_memory_and_view_as_they_were(cine, preparation, at):
    one = predictor(0.0)
    plain = list(one.stream(cine.frames, preparation))
    noise = np.random.default_rng(0).normal(17, 0.5, (1, 128, 128)).astype(np.uint8)  # of the video's compression
    found = list(one.stream(np.concatenate([cine.frames[:at], noise, cine.frames[at:]]), preparation))
    assert [f.empty for f in found] == [t == at for t in range(5)]
    untouched = plain[at - 1].view_probabilities.tolist() if at else [1 / 3] * 3
    assert found.pop(at).view_probabilities.tolist() == untouched
    for f, same in zip(found, plain, strict=True):
        np.testing.assert_array_equal(f.logits, same.logits)
        np.testing.assert_array_equal(f.view_probabilities, same.view_probabilities)


def test_what_a_person_says_of_a_blank_frame_is_heard(cine, preparation):
    torch.manual_seed(0)
    net = RAL(replace(TINY, mask_hint=True))
    net.head.bias.data.fill_(0.0)
    black = np.zeros_like(cine.frames)
    told = list(Predictor.of(net, CARD).stream(black, preparation, {1: cine.masks[1]}))
    assert [f.empty for f in told] == [True, False, True, True]


def test_a_title_before_the_heart_does_not_hold_its_contours_down():
    """With the weights that ship: what such a frame left behind once halved the area of those after it."""
    cine = simulate(11, "A4C", frames=5, size=256)
    title = np.zeros_like(cine.frames[0])
    cv2.putText(title, "APICAL 4C", (30, 130), cv2.FONT_HERSHEY_SIMPLEX, 1, 230, 2)
    preparation = prepare(list(cine.frames), (cine.mm_per_px,) * 2)
    shipped = Path(__file__).parents[2] / "resources/weights/ral-lite-phantom"
    found = list(Predictor(shipped, "cpu").stream([title, *cine.frames], preparation))
    assert found[0].empty
    for f, mask in zip(found[1:], cine.masks, strict=True):
        assert dice(f.mask(preparation), mask) > 0.9


def test_colour_frames_are_read_as_their_grey(cine, preparation):
    colour = np.repeat(cine.frames[:2, :, :, None], 3, axis=3)
    for a, b in zip(
        predictor(0.0).stream(cine.frames[:2], preparation), predictor(0.0).stream(colour, preparation), strict=True
    ):
        np.testing.assert_array_equal(a.logits, b.logits)


@pytest.mark.parametrize("frames", [np.zeros((1, 40, 60), np.uint8), np.zeros((3, 30, 30, 3), np.uint8)])
def test_black_frames_and_single_frames_do_not_crash(frames):
    preparation = prepare(list(frames), size=64)
    for f in predictor(0.0).stream(frames, preparation):
        assert np.isfinite(f.logits).all()
        assert np.isfinite(f.confidence)


def distances(mask: np.ndarray) -> np.ndarray:
    """Signed distance to the border in px, positive inside."""
    inside, outside = (cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, 5) for m in (mask, ~mask))
    return inside - outside


# From logits to contours


@pytest.mark.parametrize("size", [64, 256])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.6, 0.3)])
def test_the_contour_of_sure_logits_is_the_border_of_the_mask(cine, size, spacing):
    narrow = spacing[1] / spacing[0]  # a picture of wide pixels has fewer of them in a row
    contours = (cine.contours + 0.5) * (narrow, 1) - 0.5
    shape = (cine.frames.shape[1], round(cine.frames.shape[2] * narrow))
    frames = [cv2.resize(f, shape[::-1], interpolation=cv2.INTER_AREA) for f in cine.frames]
    preparation = prepare(frames, spacing, size=size)
    for t in range(2):
        mask = raster(contours[t], shape)
        found = read_logits(t, logits_of(preparation, mask), VIEWS, preparation)
        assert dice(found.mask(preparation), mask) > (0.97 if size == 256 else 0.94)
        # on 64 px the corners at the annulus are round, and the straight line between them costs area
        assert area(found.contour) == pytest.approx(area(contours[t]), rel=0.05 if size == 256 else 0.12)
        assert found.contour[0, 0] < found.contour[-1, 0]
        assert found.contour[32, 1] < found.contour[[0, -1], 1].min()  # the apex is above the base
        assert found.confidence > 0.95
        assert (found.t, found.view_probabilities.tolist()) == (t, VIEWS.tolist())


def test_the_ends_lie_on_the_mitral_annulus():
    errors = []
    for seed in range(6):
        cine = simulate(seed, ("A2C", "A3C", "A4C")[seed % 3], frames=1, size=160)
        preparation = prepare(list(cine.frames), (cine.mm_per_px,) * 2)
        found = read_logits(0, logits_of(preparation, cine.masks[0]), VIEWS, preparation)
        first, _, second = cine.landmarks[0]
        errors += [np.hypot(*(found.contour[0] - first)), np.hypot(*(found.contour[-1] - second))]
    assert np.median(errors) * cine.mm_per_px < 3


def test_the_spread_is_the_slope_of_the_logits_across_the_border(cine):
    """A logistic distribution of slope g has the deviation pi / sqrt(3) / g; half as steep, twice as wide."""
    preparation = prepare(list(cine.frames), (1.0, 1.0))
    signed = distances(preparation.mask(cine.masks[0]))
    for slope in (0.2, 0.4):
        found = read_logits(0, (slope * signed).astype(np.float32), VIEWS, preparation)
        sigma = np.pi / np.sqrt(3) / slope / preparation.scale[0]
        assert np.median(found.spread_px) == pytest.approx(sigma, rel=0.1)
        assert found.spread_px.shape == (65,)


@pytest.mark.parametrize("tall", [1, 2])
def test_the_spread_is_in_the_pixels_of_the_file_where_they_are_no_squares(cine, tall):
    """Of pixels half as high, twice as many lie across a border that runs from left to right."""
    preparation = prepare(list(np.repeat(cine.frames, tall, axis=1)), (1.0, 1.0 / tall))
    signed = distances(preparation.mask(np.repeat(cine.masks[0], tall, axis=0)))
    found = read_logits(0, (0.3 * signed).astype(np.float32), VIEWS, preparation)
    along = np.gradient(found.contour, axis=0) / (1.0, tall)
    level = np.abs(along[:, 0]) / np.hypot(*along.T)  # 1 where the border runs from left to right
    steep, flat = np.median(found.spread_px[level < 0.2]), np.median(found.spread_px[level > 0.9])
    assert flat / steep == pytest.approx(tall, rel=0.1)


def test_a_card_that_is_calibrated_says_the_dice_to_expect(cine, preparation):
    raw = read_logits(0, logits_of(preparation, cine.masks[0]), VIEWS, preparation)
    known = {"confidence": [0.5, 1.0], "dice": [0.2, 0.8], "spread_factor": 3.0}
    told = read_logits(0, logits_of(preparation, cine.masks[0]), VIEWS, preparation, known)
    assert told.confidence == pytest.approx(0.2 + (raw.confidence - 0.5) * 1.2)
    np.testing.assert_allclose(told.spread_px, 3 * raw.spread_px)
    np.testing.assert_array_equal(told.contour, raw.contour)


def test_a_corrected_mask_steers_its_frame_and_those_after_it(cine, preparation):
    torch.manual_seed(0)
    net = RAL(replace(TINY, mask_hint=True))
    predictor = Predictor.of(net, CARD)
    plain = [f.logits for f in predictor.stream(cine.frames, preparation)]
    steered = [f.logits for f in predictor.stream(cine.frames, preparation, {1: cine.masks[1]})]
    np.testing.assert_array_equal(steered[0], plain[0])
    assert all(not np.array_equal(a, b) for a, b in zip(steered[1:], plain[1:], strict=True))
    ignorant = Predictor.of(RAL(TINY), CARD)
    one, other = ([f.logits for f in ignorant.stream(cine.frames, preparation, h)] for h in (None, {1: cine.masks[1]}))
    np.testing.assert_array_equal(one, other)


def test_a_network_that_reads_both_ways_is_given_the_cine_in_stretches(cine, preparation, monkeypatch):
    torch.manual_seed(0)
    predictor = Predictor.of(RAL(replace(TINY, bidirectional=True)), CARD)
    frames = list(cine.frames) * 3
    whole = [f.logits for f in predictor.stream(frames, preparation)]
    assert len(whole) == 12
    monkeypatch.setattr("ral.predict._CHUNK", 4)
    monkeypatch.setattr("ral.predict._OVERLAP", 12)  # as much as there is: the same again
    for a, b in zip(predictor.stream(frames, preparation), whole, strict=True):
        np.testing.assert_allclose(a.logits, b, atol=1e-4)


def test_a_network_that_reads_both_ways_says_nothing_of_a_blank_frame_either(cine, preparation):
    one = predictor(0.0, replace(TINY, bidirectional=True))
    frames = [*cine.frames[:2], np.zeros_like(cine.frames[0]), *cine.frames[2:]]
    found = list(one.stream(frames, preparation))
    assert [f.empty for f in found] == [False, False, True, False, False]
    assert found[2].view_probabilities.tolist() == found[1].view_probabilities.tolist()


def test_less_sure_logits_mean_less_confidence(preparation, cine):
    sure, unsure = (
        read_logits(0, logits_of(preparation, cine.masks[0], s), VIEWS, preparation).confidence for s in (8.0, 1.0)
    )
    assert sure > unsure > 0


def half_ellipse(x: float, y: float, length: float, radius: float) -> np.ndarray:
    angle = np.linspace(np.pi, 2 * np.pi, 200)
    return np.column_stack([x + radius * np.cos(angle), y + length * np.sin(angle)])


@pytest.fixture
def whole() -> Preparation:
    """A picture that is all sector, so that input and native pixels are the same."""
    return prepare([np.full((128, 128), 99, np.uint8)], size=128)


def test_of_two_patches_the_larger_counts_and_its_holes_are_filled(whole):
    large, small = raster(half_ellipse(50, 90, 60, 22), (128, 128)), raster(half_ellipse(110, 100, 20, 8), (128, 128))
    hole = np.zeros((128, 128), bool)
    hole[60:68, 46:54] = True
    found = read_logits(0, logits_of(whole, (large & ~hole) | small), VIEWS, whole)
    assert dice(found.mask(whole), large) > 0.97


def test_a_patch_too_small_for_a_ventricle_is_nothing(whole):
    tiny = raster(half_ellipse(60, 60, 8, 3), (128, 128))
    assert 0 < tiny.mean() < 0.004
    assert read_logits(0, logits_of(whole, tiny), VIEWS, whole).empty


def test_a_mask_that_fills_the_picture_has_a_contour(whole):
    found = read_logits(0, np.full((128, 128), 9.0, np.float32), VIEWS, whole)
    assert not found.empty
    assert found.mask(whole).mean() > 0.9


def test_logits_beyond_all_measure_do_not_overflow(whole):
    shape = raster(half_ellipse(60, 90, 60, 22), (128, 128))
    found = read_logits(0, logits_of(whole, shape, 1e30), VIEWS, whole)
    assert found.confidence == pytest.approx(1, abs=0.01)
    assert dice(found.mask(whole), shape) > 0.95


def test_a_patch_that_turns_round_itself_has_no_contour_to_be_sure_of(whole):
    """As where a network takes the wall for the cavity: the Dice of what is drawn is what can be said."""
    wall = raster(half_ellipse(64, 110, 90, 40), (128, 128)) & ~raster(half_ellipse(64, 111, 78, 30), (128, 128))
    cavity = read_logits(0, logits_of(whole, raster(half_ellipse(64, 110, 90, 40), (128, 128))), VIEWS, whole)
    found = read_logits(0, logits_of(whole, wall), VIEWS, whole)
    assert not found.empty
    alike = dice(raster(found.contour, (128, 128)), wall)
    assert alike < 0.85
    assert found.confidence == pytest.approx(alike, abs=0.03)
    assert cavity.confidence > 0.95


def test_a_contour_is_never_sure_by_nothing_at_all_which_is_said_of_a_frame_without_one(cine, preparation):
    hopeless = {"confidence": [0.9, 1.0], "dice": [0.0, 0.0]}
    found = read_logits(0, logits_of(preparation, cine.masks[0]), VIEWS, preparation, hopeless)
    assert not found.empty
    assert 0 < found.confidence < 0.05


def test_where_the_logits_are_flat_the_spread_is_the_widest(whole):
    found = read_logits(0, np.full((128, 128), 5.0, np.float32), VIEWS, whole)
    np.testing.assert_allclose(found.spread_px, 12.8)


# Devices and weights


def test_a_device_that_is_not_here_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"^This machine has no 'abacus' device; it has .*cpu\.$"):
        choose_device("abacus")
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cuda", "mps", "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_is_refused_where_there_is_none(tmp_path):
    save_weights(tmp_path, RAL(TINY), CARD)
    with pytest.raises(ValueError, match="no 'cuda' device"):
        Predictor(tmp_path, "cuda")


def test_weights_from_a_folder_predict_as_the_network_they_were(tmp_path: Path, cine, preparation):
    known = predictor(0.0)
    save_weights(tmp_path, known.net, CARD)
    read = Predictor(tmp_path, "cpu")
    assert (read.device, read.card.name) == ("cpu", "tiny")
    for a, b in zip(known.stream(cine.frames[:2], preparation), read.stream(cine.frames[:2], preparation), strict=True):
        np.testing.assert_array_equal(a.logits, b.logits)


def test_weights_that_are_not_there(tmp_path):
    with pytest.raises(CheckpointError):
        Predictor(tmp_path, "cpu")


def test_the_package_names_the_predictor():
    import ral

    assert ral.Predictor is Predictor
    with pytest.raises(AttributeError, match="no attribute 'Wizard'"):
        _ = ral.Wizard


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_the_graphics_card_agrees_with_the_processor(cine, preparation, tmp_path):
    here = predictor(0.5)
    save_weights(tmp_path / "set", here.net, CARD)
    there = Predictor(tmp_path / "set", "cuda")
    assert there.device == "cuda"
    for a, b in zip(here.stream(cine.frames, preparation), there.stream(cine.frames, preparation), strict=True):
        np.testing.assert_allclose(a.logits, b.logits, atol=2e-2)
        np.testing.assert_allclose(a.view_probabilities, b.view_probabilities, atol=1e-2)
