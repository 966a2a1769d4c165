"""The network: its size, its recurrence, its branches and its ablations."""

from dataclasses import replace

import pytest
import torch

from ral.bench import gmac
from ral.blocks import DenseBlock
from ral.config import ABLATIONS, CONFIGS, EXTENSIONS, RAL_BASE, RAL_LITE, RALConfig, config_from, variant
from ral.network import RAL

TINY = RALConfig(
    "tiny", stem=4, stem_stride=2, growth=2, layers=2, lateral=4, hidden=(6, 5, 4, 4, 4), view_widths=(4, 4, 6, 6, 8)
)


def build(config: RALConfig, seed: int = 0) -> RAL:
    torch.manual_seed(seed)
    net = RAL(config).eval()
    for module in net.modules():  # statistics other than 0 and 1, as after training
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return net


def clip(batch: int = 1, steps: int = 4, size: int = 32, seed: int = 1) -> torch.Tensor:
    return torch.randn(batch, steps, 1, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("config", "millions", "giga"),
    [(RAL_LITE, 0.40, 1.07), (RAL_BASE, 1.46, 16.4)],
    ids=lambda v: getattr(v, "name", ""),
)
def test_the_size_and_the_cost_of_a_frame(config, millions, giga, record_property):
    net = RAL(config).eval()
    parameters, cost = sum(p.numel() for p in net.parameters()) / 1e6, gmac(net)
    record_property("parameters_millions", parameters)
    record_property("gmac", cost)
    assert parameters == pytest.approx(millions, rel=0.05)
    assert cost == pytest.approx(giga, rel=0.05)
    if config is RAL_LITE:
        assert cost <= 1.6


def test_counting_the_cost_leaves_a_network_in_training_as_it_was():
    net = RAL(TINY).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    gmac(net)
    assert net.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("config", [RAL_LITE, RAL_BASE, TINY], ids=lambda c: c.name)
@torch.inference_mode()
def test_shapes_of_what_comes_out(config):
    net = build(config)
    out = net(clip(2, 3, 32))
    assert out.logits.shape == (2, 3, 32, 32)
    assert out.view_features.shape == (2, 3, config.view_widths[-1])
    assert net.view_logits(out.view_features).shape == (2, 3)
    assert [tuple(h.shape[:2]) for h, _ in out.state] == [(2, hidden) for hidden in config.hidden]
    assert all(h.shape == c.shape for h, c in out.state)


@pytest.mark.parametrize("size", [(32, 32), (40, 64), (8, 8)])
@torch.inference_mode()
def test_sides_divisible_by_eight_need_not_be_equal(size):
    for config in (TINY, replace(TINY, stem_stride=1)):
        out = build(config)(torch.zeros(1, 1, 1, *size))
        assert out.logits.shape == (1, 1, *size)


@pytest.mark.parametrize("config", [TINY, RAL_LITE], ids=lambda c: c.name)
@torch.inference_mode()
def test_frame_by_frame_is_the_clip_at_once(config):
    net, frames = build(config), clip(2, 5, 32)
    whole = net(frames)
    state, logits, views = None, [], []
    for t in range(5):
        out = net(frames[:, t : t + 1], state)
        state = out.state
        logits.append(out.logits)
        views.append(out.view_features)
    torch.testing.assert_close(torch.cat(logits, 1), whole.logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(torch.cat(views, 1), whole.view_features, atol=1e-5, rtol=1e-4)
    for (h, c), (h_whole, c_whole) in zip(state, whole.state, strict=True):
        torch.testing.assert_close(h, h_whole, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(c, c_whole, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_clips_of_a_batch_do_not_see_each_other():
    net, frames = build(TINY), clip(3, 4, 32)
    together = net(frames)
    for n in range(3):
        alone = net(frames[n : n + 1])
        torch.testing.assert_close(together.logits[n : n + 1], alone.logits, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(together.view_features[n : n + 1], alone.view_features, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_what_was_seen_before_matters_and_what_comes_after_does_not():
    net, frames = build(TINY), clip(1, 4, 32)
    whole = net(frames).logits
    other = frames.clone()
    other[:, 0] += 3
    changed = net(other).logits
    assert (changed[:, 3] - whole[:, 3]).abs().max() > 1e-4
    other = frames.clone()
    other[:, 3] += 3
    torch.testing.assert_close(net(other).logits[:, :3], whole[:, :3], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_without_time_every_frame_stands_alone():
    net, frames = build(replace(TINY, temporal=False)), clip(1, 4, 32)
    whole = net(frames)
    for t in range(4):
        torch.testing.assert_close(net(frames[:, t : t + 1]).logits, whole.logits[:, t : t + 1], atol=1e-5, rtol=1e-4)
    given = net(frames[:, :1], whole.state)
    torch.testing.assert_close(given.logits, whole.logits[:, :1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("flag", [*ABLATIONS, *EXTENSIONS])
def test_every_flag_runs_and_all_its_parameters_learn(flag):
    config, silent = variant(TINY, flag), None
    hints = torch.ones(2, 3, 1, 32, 32) if config.mask_hint else None
    for seed in range(3):  # of so few channels one may be dead by chance
        torch.manual_seed(seed)
        net = RAL(config).train()
        out = net(clip(2, 3, 32), None, hints)
        assert out.logits.shape == (2, 3, 32, 32)
        assert (out.view_features is None) == (not config.classify)
        loss = out.logits.square().mean() + sum(d.square().mean() for d in out.deep)
        if out.view_features is not None:
            loss = loss + net.view_logits(out.view_features).square().mean()
        loss.backward()
        dead = {name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
        silent = dead if silent is None else silent & dead
    assert not silent


@torch.inference_mode()
def test_the_backward_stack_sees_what_comes_after():
    net, frames = build(variant(TINY, "bidirectional")), clip(1, 4, 32)
    whole = net(frames).logits
    other = frames.clone()
    other[:, 3] += 3
    assert (net(other).logits[:, 0] - whole[:, 0]).abs().max() > 1e-5


@torch.inference_mode()
def test_without_space_a_level_does_not_hear_the_one_above():
    net, frames = build(variant(TINY, "no_spatial")), clip(1, 2, 32)
    before = net.cells([f.unflatten(0, (1, 2)) for f in net._encode(frames.flatten(0, 1))[0]], None)[0]
    next(net.cells[0].parameters()).add_(1.0)
    after = net.cells([f.unflatten(0, (1, 2)) for f in net._encode(frames.flatten(0, 1))[0]], None)[0]
    assert not torch.equal(before[0], after[0])
    assert all(torch.equal(a, b) for a, b in zip(before[1:], after[1:], strict=True))


@torch.inference_mode()
def test_literal_inputs_are_the_same_function_with_shared_weights():
    """A convolution is linear in its inputs: each map twice is each map once under the summed weights."""
    once, twice = build(TINY), build(variant(TINY, "literal_inputs"))
    for a, b in zip(once.cells, twice.cells, strict=True):
        lateral, each = TINY.lateral, a.gates.weight.shape[1] - TINY.lateral
        b.gates.weight.copy_(torch.cat([a.gates.weight, torch.zeros_like(a.gates.weight[:, lateral:])], 1))
        share = torch.rand(1)
        b.gates.weight[:, lateral : lateral + each] *= share
        b.gates.weight[:, lateral + each :] = (1 - share) * a.gates.weight[:, lateral:]
        b.gates.bias.copy_(a.gates.bias)
    state = {k: v for k, v in once.state_dict().items() if not k.startswith("cells.")}
    twice.load_state_dict(state, strict=False)
    frames = clip(1, 3, 32)
    torch.testing.assert_close(twice(frames).logits, once(frames).logits, atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_a_hint_speaks_and_none_is_zeros():
    net, frames = build(variant(TINY, "mask_hint")), clip(1, 3, 32)
    none = torch.zeros(1, 3, 1, 32, 32)
    plain = net(frames).logits
    assert torch.equal(net(frames, None, none).logits, plain)
    hint = none.clone()
    hint[:, 0] = 1
    steered = net(frames, None, hint).logits
    assert (steered - plain).abs().amax((0, 2, 3)).min() > 1e-5  # and it is carried to the frames after it


def test_deep_supervision_speaks_while_training_only():
    net = RAL(variant(TINY, "deep_supervision"))
    deep = net.train()(clip(1, 2, 32)).deep
    assert [tuple(d.shape[:2]) for d in deep] == [(1, 2)] * 4
    assert net.eval()(clip(1, 2, 32)).deep == []


def test_sparing_memory_changes_no_gradient():
    torch.manual_seed(0)
    net = RAL(TINY).train()
    other = RAL(TINY).train()
    other.load_state_dict(net.state_dict())
    other.spare_memory = True
    for each in (net, other):
        each(clip(2, 2, 32)).logits.square().mean().backward()
    for (name, a), b in zip(net.named_parameters(), other.parameters(), strict=True):
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_every_parameter_gets_a_gradient():
    net = RAL(TINY).train()
    out = net(clip(2, 3, 32))
    (out.logits.square().mean() + net.view_logits(out.view_features).square().mean()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_config_comes_back_from_json():
    import json

    for config in (*CONFIGS.values(), TINY, variant(TINY, "no_dilation")):
        assert config_from(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(TypeError, match="wings"):
        RALConfig.from_dict({"name": "x", "wings": 2})


def test_a_picture_goes_through_a_block_without_copies_and_gives_the_same_numbers(monkeypatch):
    block = DenseBlock(10, 2, 2, 1).eval()
    x = torch.rand(1, 10, 16, 16)
    kept = x.clone()
    expected = block(x).detach()
    copies = []
    join = torch.cat
    monkeypatch.setattr(torch, "cat", lambda *given: copies.append(1) or join(*given))
    with torch.no_grad():
        found = block(x)
    assert torch.equal(found, expected)
    assert torch.equal(x, kept), "what came in is as it was"
    assert not copies
