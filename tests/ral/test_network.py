"""The network: its size, its recurrence, its branches and its ablations."""

from dataclasses import replace

import pytest
import torch

from ral.bench import gmac
from ral.config import CONFIGS, RAL_BASE, RAL_LITE, RALConfig
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


def test_the_other_ablations_run_and_learn():
    for config in (replace(TINY, dense=False), replace(TINY, classify=False), replace(TINY, dilations=(1,) * 5)):
        net = RAL(config).train()
        out = net(clip(2, 2, 32))
        assert (out.view_features is None) == (not config.classify)
        out.logits.square().mean().backward()
        assert net.stem.weight.grad.abs().sum() > 0


def test_every_parameter_gets_a_gradient():
    net = RAL(TINY).train()
    out = net(clip(2, 3, 32))
    (out.logits.square().mean() + net.view_logits(out.view_features).square().mean()).backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_config_comes_back_from_json():
    import json

    for config in (*CONFIGS.values(), TINY):
        assert RALConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(TypeError, match="wings"):
        RALConfig.from_dict({"name": "x", "wings": 2})
