"""The trainer: it learns, it tells how far it is, and a run that was broken off goes on as if it had not been."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ral.batches import Data, cut
from ral.build import build
from ral.config import BASELINES, RALConfig
from ral.datasets.clip import Clip
from ral.datasets.sources import phantom_clips
from ral.evaluate import dice_of_clips
from ral.network import RAL
from ral.plan import Plan, Stage, learning_rate
from ral.train import SHAPE_WEIGHT, Diverged, follow, shape_weight, train

TINY = RALConfig(
    "tiny", stem=8, stem_stride=2, growth=4, layers=2, lateral=6, hidden=(8,) * 5, view_widths=(6, 6, 6, 8, 8)
)
STAGE = Stage(64, 6, 3e-3, stills=2, real_share=0.5, clips=1, pairs=1, clip_frames=3, window=2)
PLAN = Plan(TINY, (STAGE,), seed=3, validate_every=3, save_every=2)


@pytest.fixture(scope="module")
def phantom() -> list[Clip]:
    return list(phantom_clips(range(3), 4, size=64))


@pytest.fixture(scope="module")
def real(phantom) -> list[Clip]:
    """Stills whose view is withheld, as CAMUS gives them."""
    return [replace(cut(clip, 0, 1), view=-1) for clip in phantom]


@pytest.fixture
def begin(real, phantom):
    def begin(folder: Path, plan: Plan = PLAN) -> Iterator[dict]:
        return train(plan, Data(real, phantom, phantom, phantom[:1]), folder)

    return begin


def told(event: dict) -> dict:
    """An event without the time it took."""
    return {key: value for key, value in event.items() if key != "seconds"}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    [state] = folder.glob("net-*.safetensors")
    return load_file(state)


def test_where_a_person_moved_the_border_an_error_costs_more(real, phantom, tmp_path):
    def first_loss(name: str, *cares: int | None) -> float:
        told = [replace(clip, care=None if c is None else np.full_like(clip.frames, c)) for clip in real for c in cares]
        plan = replace(PLAN, stages=(replace(STAGE, stills=4, real_share=1.0, clips=0, pairs=0),))
        events = train(plan, Data(told, phantom, phantom, phantom[:1]), tmp_path / name)
        return next(event["loss"] for event in events if "loss" in event)

    usual = first_loss("usual", None)
    assert first_loss("alike", 100) == pytest.approx(usual, rel=0.03), "what a turn brings in counts nothing"
    assert first_loss("moved", 200) > 1.1 * usual, "the cross-entropy is twice as large, the Dice is not"


def test_the_loss_falls_and_the_dice_rises(phantom, tmp_path):
    stage = Stage(64, 80, 1e-2, stills=4)
    plan = Plan(TINY, (stage,), ema=0.9, validate_every=20, save_every=1000)
    still = [cut(phantom[0], 0, 1)]
    events = list(train(plan, Data(phantom=still, validation=still), tmp_path))
    losses = [e["loss"] for e in events if e["event"] == "step"]
    dice = [e["dice"] for e in events if e["event"] == "validated"]
    assert losses[-1] < 0.8 * losses[0]
    assert dice[-1] > dice[0]


def test_events(begin, tmp_path):
    events = list(begin(tmp_path))
    assert [(e["event"], e["step"]) for e in events] == [
        ("validated", 3), ("step", 6), ("validated", 6), ("end", 6),
    ]  # fmt: skip
    assert {e["steps"] for e in events} == {6}
    step, end = events[1], events[-1]
    assert step["size"] == 64
    assert step["loss"] > 0
    assert step["view_loss"] > 0
    assert step["rate"] == pytest.approx(learning_rate(STAGE, 5))
    assert end["best_dice"] == max(e["dice"] for e in events if e["event"] == "validated")
    json.dumps(events)  # plain values, for events.jsonl


def test_what_is_left_in_the_folder(begin, tmp_path, phantom):
    events = list(begin(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.safetensors", "net-6.safetensors", "run.json"]
    note = json.loads((tmp_path / "run.json").read_text())
    assert (note["step"], note["state"], note["best"]) == (6, "net-6.safetensors", events[-1]["best_dice"])
    best = RAL(TINY)
    best.load_state_dict(load_file(tmp_path / "best.safetensors"))
    assert dice_of_clips(best, phantom[:1], 64) == pytest.approx(events[-1]["best_dice"], abs=1e-9)


def test_the_same_plan_gives_the_same_weights_and_another_seed_does_not(begin, tmp_path):
    for name, plan in (("a", PLAN), ("b", PLAN), ("c", replace(PLAN, seed=4))):
        list(begin(tmp_path / name, plan))
    a, b, c = (weights(tmp_path / name) for name in "abc")
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert not all(torch.equal(a[k], c[k]) for k in a)


@pytest.mark.parametrize("breaks", [1, 2])
def test_a_run_that_was_broken_off_ends_with_exactly_the_same_weights(begin, tmp_path, breaks):
    """Broken off at step 3, a step after the last save: that step is done again."""
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    whole = list(begin(unbroken))
    for _ in range(breaks):
        run = begin(broken)
        assert told(next(run)) == told(whole[0])
        run.close()
        assert json.loads((broken / "run.json").read_text())["step"] == 2
    rest = list(begin(broken))
    assert told(rest[-1]) == told(whole[-1])
    assert told(rest[-2]) == told(whole[-2])
    one, other = weights(unbroken), weights(broken)
    assert one.keys() == other.keys()
    assert any(name.startswith("adam.") for name in one)
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def test_a_run_over_two_stages_that_was_broken_off_between_them(begin, tmp_path):
    stages = (replace(STAGE, size=32, steps=2), replace(STAGE, steps=2))
    plan = replace(PLAN, stages=stages, validate_every=3, save_every=1)
    whole = list(begin(tmp_path / "unbroken", plan))
    run = begin(tmp_path / "broken", plan)
    assert next(run)["size"] == 64  # step 3, the first of the second stage, not yet saved
    run.close()
    assert told(list(begin(tmp_path / "broken", plan))[-1]) == told(whole[-1])
    one, other = weights(tmp_path / "unbroken"), weights(tmp_path / "broken")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_save_that_was_cut_off_goes_back_to_the_one_before(begin, tmp_path):
    whole = list(begin(tmp_path / "unbroken"))
    run = begin(tmp_path / "broken")
    next(run)
    run.close()
    (tmp_path / "broken" / "net-4.part").write_bytes(b"half")
    (tmp_path / "broken" / "net-4.safetensors").write_bytes(b"whole, but run.json does not name it yet")
    assert told(list(begin(tmp_path / "broken"))[-1]) == told(whole[-1])


def test_a_finished_run_only_says_that_it_has_ended(begin, tmp_path):
    whole = list(begin(tmp_path))
    before = weights(tmp_path)
    assert list(begin(tmp_path)) == [whole[-1]]
    after = weights(tmp_path)
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_only_the_last_stage_chooses_the_best(begin, tmp_path):
    plan = replace(PLAN, stages=(replace(STAGE, size=32, steps=3), replace(STAGE, steps=3)), save_every=3)
    run = begin(tmp_path, plan)
    assert next(run)["event"] == "validated"
    assert not (tmp_path / "best.safetensors").exists()
    assert [e["event"] for e in run][-1] == "end"
    assert (tmp_path / "best.safetensors").exists()


def test_the_learning_rate_warms_up_and_falls_to_a_hundredth():
    stage = Stage(64, 200, 1e-3)
    rates = [learning_rate(stage, n) for n in range(200)]
    assert rates[0] == pytest.approx(1e-4, rel=0.01)
    assert max(rates) <= 1e-3
    assert rates.index(max(rates)) == 9
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] == pytest.approx(1e-5)


def test_the_average_follows_the_network():
    torch.manual_seed(0)
    slow, fast = RAL(TINY), RAL(TINY)
    with torch.no_grad():
        slow.head.weight.fill_(0.0)
        fast.head.weight.fill_(1.0)
    next(m for m in fast.modules() if isinstance(m, torch.nn.BatchNorm2d)).num_batches_tracked.fill_(9)
    follow(slow, fast, 0.75)
    torch.testing.assert_close(slow.head.weight, torch.full_like(slow.head.weight, 0.25))
    assert next(m for m in slow.modules() if isinstance(m, torch.nn.BatchNorm2d)).num_batches_tracked == 9


def test_a_cut_holds_frames_masks_and_weights_together(phantom):
    part = cut(phantom[0], 1, 2)
    assert part.frames.tobytes() == phantom[0].frames[1:3].tobytes()
    assert part.masks.tobytes() == phantom[0].masks[1:3].tobytes()
    assert len(part.weights) == 2
    assert (part.view, part.name) == (phantom[0].view, phantom[0].name)


# The other ways to train


def test_the_rate_is_halved_when_the_dice_has_not_risen(real, phantom, tmp_path, monkeypatch):
    """The paper's decay: with a Dice that stands still, one halving every `patience` validations."""
    plan = replace(PLAN, stages=(replace(STAGE, steps=60, rate=1e-3),), decay="dice", patience=2, validate_every=10)
    monkeypatch.setattr("ral.train.dice_of_clips", lambda *_: 0.5)
    events = list(train(plan, Data(real, phantom, phantom, phantom[:1]), tmp_path))
    rates = [e["rate"] for e in events if e["event"] == "step"]
    assert rates == [1e-3, 5e-4, 2.5e-4]  # of steps 20, 40, 60: halved after the validations at 30 and 50
    assert json.loads((tmp_path / "run.json").read_text())["halvings"] == 2


def test_a_broken_off_run_keeps_its_halvings(real, phantom, tmp_path, monkeypatch):
    monkeypatch.setattr("ral.train.dice_of_clips", lambda *_: 0.5)
    plan = replace(PLAN, stages=(replace(STAGE, steps=20),), decay="dice", patience=1, validate_every=4, save_every=8)
    data = Data(real, phantom, phantom, phantom[:1])
    whole = list(train(plan, data, tmp_path / "unbroken"))
    run = train(plan, data, tmp_path / "broken")
    assert [next(run)["step"] for _ in range(3)] == [4, 8, 12]
    run.close()
    rest = list(train(plan, data, tmp_path / "broken"))
    assert told(rest[-1]) == told(whole[-1])
    one, other = weights(tmp_path / "unbroken"), weights(tmp_path / "broken")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_without_an_average_the_trained_network_is_the_one_kept(begin, tmp_path):
    list(begin(tmp_path, replace(PLAN, ema=0.0)))
    state = weights(tmp_path)
    for name in state:
        if name.startswith("net.") and state[name].dtype.is_floating_point:
            assert torch.equal(state[name], state["ema." + name.removeprefix("net.")]), name


def test_frozen_statistics_stay_and_the_rest_learns(begin, tmp_path):
    list(begin(tmp_path, replace(PLAN, freeze_norm=True)))
    state = weights(tmp_path)
    means = [v for k, v in state.items() if k.startswith("net.") and k.endswith("running_mean")]
    assert means and not any(m.any() for m in means)
    assert any(v.ne(1).any() for k, v in state.items() if k.startswith("net.") and k.endswith("norm.weight"))


def test_the_view_branch_learns_alone_and_the_border_stays(begin, tmp_path, real, phantom):
    alone = replace(STAGE, steps=4, stills=3, real_share=0.0, clips=2, pairs=0, views_only=True)
    first = tmp_path / "first"
    list(begin(first))
    list(train(replace(PLAN, stages=(alone,)), Data(real, phantom, phantom, phantom[:1]), tmp_path / "views",
               start=first / "best.safetensors"))  # fmt: skip
    before, after = load_file(first / "best.safetensors"), weights(tmp_path / "views")
    for name, value in before.items():
        now = after["net." + name]
        if name.startswith("view_branch"):
            continue
        assert torch.equal(value, now), name
    moved = [n for n, v in before.items() if n.startswith("view_branch") and not torch.equal(v, after["net." + n])]
    assert any(name.endswith("weight") for name in moved)
    assert not any("running" in name for name in moved)  # a branch is read as it learnt


def test_after_the_view_branch_all_of_the_network_learns_again(begin, tmp_path):
    alone = replace(STAGE, steps=2, views_only=True)
    list(begin(tmp_path, replace(PLAN, stages=(alone, replace(STAGE, steps=2)))))
    state = weights(tmp_path)
    assert any(v.any() for k, v in state.items() if k.startswith("net.blocks") and k.endswith("running_mean"))


def test_a_network_without_views_cannot_learn_them_alone(real, phantom, tmp_path):
    plan = replace(PLAN, config=replace(TINY, classify=False), stages=(replace(STAGE, views_only=True),))
    with pytest.raises(ValueError, match="no view branch"):
        list(train(plan, Data(real, phantom, phantom, phantom[:1]), tmp_path))


def test_bfloat16_learns_as_float32_does(phantom, tmp_path):
    """At first the same to a thousandth; after twenty steps at this rate two runs are as far apart as two seeds."""
    still = [cut(phantom[0], 0, 1)]
    data = Data(phantom=still, validation=still)

    def losses(half: bool, steps: int) -> list[float]:
        plan = Plan(TINY, (Stage(64, steps, 1e-2, stills=4),), ema=0.9, validate_every=100, bfloat16=half)
        events = train(plan, data, tmp_path / f"{half}-{steps}")
        return [e["loss"] for e in events if e["event"] == "step"]

    exact, short = losses(False, 3)[0], losses(True, 3)[0]
    assert short == pytest.approx(exact, rel=2e-3)
    assert short != exact
    long = losses(True, 60)
    assert long[-1] < 0.85 * long[0]


def test_a_network_that_does_not_halve_the_picture_first_spares_memory(real, phantom, tmp_path, monkeypatch):
    import ral.network

    spared, checkpoint = [], ral.network.checkpoint

    def counted(block, *arguments, **named):
        spared.append(block)
        return checkpoint(block, *arguments, **named)

    monkeypatch.setattr(ral.network, "checkpoint", counted)
    for stride, expected in ((2, 0), (1, 5)):
        config = replace(TINY, stem_stride=stride)
        plan = replace(PLAN, config=config, stages=(replace(STAGE, size=32, steps=1, clips=0, pairs=0),))
        list(train(plan, Data(real, phantom, phantom, phantom[:1]), tmp_path / str(stride)))
        assert len(spared) == expected


@pytest.mark.parametrize("name", ["unet1", "acnn"])
def test_a_peer_is_trained_by_the_same_trainer_and_goes_on_exactly(name, real, phantom, tmp_path, monkeypatch):
    monkeypatch.setattr("ral.train.CODE_STEPS", 5)
    plan = replace(PLAN, config=BASELINES[name], stages=(replace(STAGE, steps=3),), validate_every=2, save_every=2)
    data = Data(real, phantom, phantom, phantom[:1])
    whole = list(train(plan, data, tmp_path / "unbroken"))
    assert whole[0]["event"] == "validated" and whole[-1]["event"] == "end"
    run = train(plan, data, tmp_path / "broken")
    next(run)
    run.close()
    list(train(plan, data, tmp_path / "broken"))
    one, other = weights(tmp_path / "unbroken"), weights(tmp_path / "broken")
    assert all(torch.equal(one[key], other[key]) for key in one)
    frozen = [key for key in one if key.startswith("adam.")]
    assert len(frozen) // 3 == sum(1 for _ in build(plan.config).net.parameters())  # the code is not the optimiser's


def test_the_prior_of_acnn_begins_at_nothing_and_has_its_weight_at_half_of_the_run(
    real, phantom, tmp_path, monkeypatch
):
    assert [shape_weight(step, 8) / SHAPE_WEIGHT for step in (0, 1, 2, 4, 8)] == [0.0, 0.25, 0.5, 1.0, 1.0]
    monkeypatch.setattr("ral.train.CODE_STEPS", 5)
    losses = {}
    for weight in (0.0, 100.0):
        monkeypatch.setattr("ral.train.SHAPE_WEIGHT", weight)
        for steps in (1, 2):
            plan = replace(PLAN, config=BASELINES["acnn"], stages=(replace(STAGE, steps=steps),))
            events = list(train(plan, Data(real, phantom, phantom, phantom[:1]), tmp_path / f"{weight} {steps}"))
            losses[weight, steps] = next(e["loss"] for e in events if e["event"] == "step")
    assert losses[100.0, 1] == losses[0.0, 1]  # the first guesses are not held against any shape
    assert losses[100.0, 2] > 1.5 * losses[0.0, 2]


def test_a_run_begins_from_given_weights(begin, real, phantom, tmp_path):
    list(begin(tmp_path / "first"))
    start = tmp_path / "first" / "best.safetensors"
    plan = replace(PLAN, stages=(replace(STAGE, steps=1, rate=0.0),), weight_decay=0.0, freeze_norm=True)
    list(train(plan, Data(real, phantom, phantom, phantom[:1]), tmp_path / "second", start=start))
    given, now = load_file(start), weights(tmp_path / "second")
    for name, tensor in given.items():
        torch.testing.assert_close(now["net." + name], tensor, msg=name)


def test_stages_that_have_not_begun_may_change_and_others_not(begin, tmp_path):
    first, second = replace(STAGE, steps=2), replace(STAGE, steps=4)
    plan = replace(PLAN, stages=(first, second), validate_every=2, save_every=2)
    run = begin(tmp_path, plan)
    next(run)
    next(run)  # what is saved is step 2: the second stage has not begun
    run.close()
    with pytest.raises(ValueError, match="another plan"):
        list(begin(tmp_path, replace(plan, stages=(replace(first, rate=1.0), second))))
    with pytest.raises(ValueError, match="another plan"):
        list(begin(tmp_path, replace(plan, config=replace(TINY, dense=False))))
    events = list(begin(tmp_path, replace(plan, stages=(first, replace(second, steps=2)))))
    assert events[-1]["step"] == 4


# Refused


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_state(real, phantom, tmp_path):
    plan = replace(PLAN, stages=(replace(STAGE, steps=6, rate=1e-3), replace(STAGE, steps=6, rate=1e18)))
    data = Data(real, phantom, phantom, phantom[:1])
    with pytest.raises(Diverged, match="not a number at step"):
        list(train(replace(plan, save_every=6), data, tmp_path))
    note = json.loads((tmp_path / "run.json").read_text())
    assert note["step"] == 6
    assert all(torch.isfinite(v).all() for v in weights(tmp_path).values())


def test_a_gradient_that_is_no_number_stops_the_run_and_keeps_the_last_state(begin, tmp_path, monkeypatch):
    """A gradient may overflow where the loss did not, and after the last step no later loss would tell."""
    steps = []

    def overflow(net, world):
        steps.append(world)
        if len(steps) == PLAN.steps:
            next(net.parameters()).grad[0] = torch.inf

    monkeypatch.setattr("ral.train.average_gradients", overflow)
    with pytest.raises(Diverged, match="gradient is not a number at step 6"):
        list(begin(tmp_path))
    assert json.loads((tmp_path / "run.json").read_text())["step"] == 4
    assert all(torch.isfinite(v).all() for v in weights(tmp_path).values())


def test_a_run_does_not_go_on_with_other_data(real, phantom, tmp_path):
    """More of a kind that it had none of may come with a stage that has not begun."""
    plan = replace(PLAN, stages=(replace(STAGE, clips=0, pairs=0, real_share=1.0),))
    list(train(plan, Data(real, validation=phantom[:1]), tmp_path))
    list(train(plan, Data(real, phantom, validation=phantom[:1]), tmp_path))
    other = [replace(real[0], masks=~real[0].masks), *real[1:]]
    with pytest.raises(ValueError, match=r"other data \(real\)"):
        list(train(plan, Data(other, validation=phantom[:1]), tmp_path))


def test_weights_to_begin_from_that_are_damaged_are_refused(real, phantom, tmp_path):
    start = tmp_path / "set" / "weights.safetensors"
    start.parent.mkdir()
    start.write_bytes(b"nothing that could be weights")
    with pytest.raises(ValueError, match="'set', are missing or damaged"):
        list(train(PLAN, Data(real, phantom, phantom, phantom[:1]), tmp_path / "run", start=start))


def test_nothing_to_learn_from_or_to_judge_by_is_refused(real, phantom, tmp_path):
    for data, word in (
        (Data((), phantom, phantom, phantom), "real frames"),
        (Data(real, (), phantom, phantom), "simulated cines"),
        (Data(real, phantom, (), phantom), "warped pairs"),
        (Data(real, phantom, phantom, ()), "validate"),
    ):
        with pytest.raises(ValueError, match=word):
            next(train(PLAN, data, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_cannot_be_read_is_refused(begin, tmp_path):
    list(begin(tmp_path))
    [state] = tmp_path.glob("net-*.safetensors")
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(ValueError, match="cannot be read"):
        list(begin(tmp_path))
