"""What a step learns from: decided by seed and step, shared out without loss, with corrected masks as hints."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ral.batches import Data, cut, draw
from ral.config import RALConfig
from ral.datasets.clip import Clip
from ral.datasets.sources import phantom_clips
from ral.plan import Plan, Stage

CONFIG = RALConfig("tiny")
STAGE = Stage(64, 6, 1e-3, stills=5, real_share=0.4, clips=2, pairs=1, clip_frames=3, window=2)
PLAN = Plan(CONFIG, (STAGE,), seed=3)


@pytest.fixture(scope="module")
def phantom() -> list[Clip]:
    return list(phantom_clips(range(3), 4, size=64))


@pytest.fixture(scope="module")
def data(phantom) -> Data:
    real = [replace(cut(clip, 0, 1), view=-1) for clip in phantom]
    return Data(real, phantom, [replace(clip, view=-1) for clip in phantom], real)


def test_a_step_holds_what_its_stage_says(data):
    stills, clips = draw(PLAN, 0, data)
    assert stills["frames"].shape == (5, 1, 1, 64, 64)
    assert clips["frames"].shape == (3, 3, 1, 64, 64)
    assert clips["hints"].shape == clips["frames"].shape
    assert (stills["views"] == -1).sum() == 2  # the real ones: their view is withheld
    assert (clips["views"] == -1).sum() == 1


def test_seed_and_step_decide_and_nothing_else(data):
    torch.manual_seed(0)
    np.random.seed(0)
    one = draw(PLAN, 2, data)
    torch.manual_seed(1)
    np.random.seed(1)
    again, later, other = draw(PLAN, 2, data), draw(PLAN, 3, data), draw(replace(PLAN, seed=4), 2, data)
    assert all(torch.equal(a[k], b[k]) for a, b in zip(one, again, strict=True) for k in a)
    assert not torch.equal(one[0]["frames"], later[0]["frames"])
    assert not torch.equal(one[0]["frames"], other[0]["frames"])


@pytest.mark.parametrize("world", [2, 3, 8])
def test_processes_that_share_a_step_make_the_samples_of_one(data, world):
    whole = draw(PLAN, 1, data)
    shares = [draw(PLAN, 1, data, rank, world) for rank in range(world)]
    for b, batch in enumerate(whole):
        made = [s[b]["frames"][n] for s in shares if s[b] for n in range(len(s[b]["frames"]))]
        assert len(made) == len(batch["frames"])
        for frames in batch["frames"]:
            assert sum(torch.equal(frames, other) for other in made) == 1


def test_a_calm_stage_is_calm_with_real_stills_alone(data):
    calm = replace(PLAN, stages=(replace(STAGE, calm=True),))
    (stills, clips), (calm_stills, calm_clips) = draw(PLAN, 0, data), draw(calm, 0, data)
    same = [torch.equal(a, b) for a, b in zip(stills["frames"], calm_stills["frames"], strict=True)]
    assert same == [view >= 0 for view in stills["views"].tolist()]
    assert torch.equal(clips["frames"], calm_clips["frames"])


def test_a_wild_stage_changes_simulated_samples_alone(data):
    wild = replace(PLAN, stages=(replace(STAGE, wild_share=1.0),))
    for usual, other in zip(draw(PLAN, 0, data), draw(wild, 0, data), strict=True):
        same = [torch.equal(a, b) for a, b in zip(usual["frames"], other["frames"], strict=True)]
        assert same == [view < 0 for view in usual["views"].tolist()]


def hinting(share):
    return replace(PLAN, stages=tuple(replace(stage, hint_share=share) for stage in PLAN.stages))


def test_a_hint_is_the_mask_of_its_frame_and_other_frames_have_none(data):
    plan, hinted = hinting(1.0), 0
    for step in range(4):
        for batch in draw(plan, step, data):
            for masks, hints in zip(batch["masks"], batch["hints"][:, :, 0], strict=True):
                given = hints.abs().amax((1, 2)) > 0
                assert given.sum() <= 1
                hinted += int(given.sum())
                torch.testing.assert_close(hints[given], 2 * masks[given] - 1)
                assert not hints[~given].any()
    assert hinted > 20


def test_without_hints_none_is_given_and_the_masks_are_the_drawn_ones(data):
    plan = hinting(0.0)
    assert not any(batch["hints"].any() for step in range(3) for batch in draw(plan, step, data))


def test_another_hand_draws_alike_in_all_frames(data):
    """Under hints masks are often wider or narrower than drawn, by a little, and in every frame the same way."""
    plain, hinted = (hinting(share) for share in (0.0, 1.0))
    ratios = []
    for step in range(6):
        before, after = (draw(plan, step, data)[1]["masks"].sum((2, 3)) for plan in (plain, hinted))
        ratios += [(a / b).numpy() for a, b in zip(after, before, strict=True) if (b > 200).all()]
    assert max(abs(np.log(r)).max() for r in ratios) < 0.35
    assert np.median([np.ptp(r) for r in ratios]) < 0.04
    assert np.std([r.mean() for r in ratios]) > 0.03


def test_a_corrected_mask_leaves_how_much_each_pixel_counts(data):
    care = np.full(data.pairs[0].frames.shape, 30, np.uint8)
    weighed = replace(data, pairs=[replace(clip, care=care) for clip in data.pairs])
    plan = replace(PLAN, stages=(replace(STAGE, stills=0, clips=0, pairs=4, hint_share=1.0),))
    clips = draw(plan, 0, weighed)[-1]
    assert clips["hints"].any()
    assert clips["care"].max() == pytest.approx(0.3)  # 0 beyond the picture


def test_other_care_is_other_data(data):
    before = data.digests()["pairs"]
    one = data.pairs[0]
    cared = replace(one, care=np.ones_like(one.frames))
    assert replace(data, pairs=[cared, *data.pairs[1:]]).digests()["pairs"] != before
