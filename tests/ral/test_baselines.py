"""The peers: their sizes, their answer in RAL's form, ACNN's shape prior."""

import pytest
import torch

from ral.baselines import FrameByFrame, MaskCode
from ral.bench import gmac
from ral.build import build
from ral.config import BASELINES, BaselineConfig, config_from
from ral.losses import shape_loss


@pytest.mark.parametrize(
    ("name", "millions", "giga"), [("unet1", 1.98, 4.0), ("unet2", 17.5, 27.1), ("unetpp", 1.1, 7.7)]
)
def test_the_size_and_the_cost_of_a_frame(name, millions, giga):
    net = build(BASELINES[name]).eval()
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(millions, rel=0.05)
    assert gmac(net) == pytest.approx(giga, rel=0.05)


@pytest.mark.parametrize("name", BASELINES)
def test_a_peer_answers_frame_by_frame_in_the_form_of_ral(name):
    torch.manual_seed(0)
    net = build(BASELINES[name]).eval()
    frames = torch.randn(2, 3, 1, 64, 64)
    with torch.inference_mode():
        out = net(frames)
        alone = net(frames[:, 1:2])
    assert out.logits.shape == (2, 3, 64, 64)
    assert out.view_features is None
    assert out.state == []
    torch.testing.assert_close(out.logits[:, 1:2], alone.logits, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", BASELINES)
def test_every_layer_of_a_peer_learns(name):
    torch.manual_seed(0)
    net = build(BASELINES[name]).train()
    net(torch.randn(2, 1, 1, 64, 64)).logits.square().mean().backward()
    assert [n for n, p in net.net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_config_comes_back_and_an_unknown_peer_is_refused():
    assert config_from(BASELINES["unet2"].to_dict()) == BASELINES["unet2"]
    with pytest.raises(ValueError, match="segnet"):
        FrameByFrame(BaselineConfig("segnet"))


def test_the_code_of_a_mask_is_32_numbers_and_learns_to_give_it_back():
    torch.manual_seed(0)
    code = MaskCode()
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    masks = torch.stack([((x - 32) ** 2 + (y - 20 - k) ** 2 < (8 + k) ** 2).float() for k in range(12)])
    assert code(masks).shape == (12, 32)
    optimiser = torch.optim.Adam(code.parameters(), 3e-3)
    before = code.reconstruction_loss(masks).item()
    for _ in range(60):
        optimiser.zero_grad()
        code.reconstruction_loss(masks).backward()
        optimiser.step()
    assert code.reconstruction_loss(masks).item() < 0.4 * before


def test_the_shape_prior_is_small_for_the_true_mask_and_reaches_the_prediction():
    torch.manual_seed(0)
    code = MaskCode().requires_grad_(False)
    masks = torch.zeros(2, 64, 64)
    masks[:, 20:40, 20:40] = 1
    weights = torch.ones(2)
    right, wrong = 20 * (2 * masks - 1), torch.full_like(masks, -20.0)
    assert shape_loss(code, right, masks, weights) < 1e-6
    logits = wrong.clone().fill_(-1.0).requires_grad_(True)
    loss = shape_loss(code, logits, masks, weights)
    loss.backward()
    assert loss > 0
    assert logits.grad is not None and logits.grad.abs().sum() > 0
    assert shape_loss(code, logits, masks, torch.zeros(2)) == 0


def test_the_prior_of_acnn_does_not_depend_on_how_large_codes_became():
    torch.manual_seed(0)
    code = MaskCode().requires_grad_(False)
    masks = (torch.rand(6, 64, 64) > torch.linspace(0.1, 0.9, 6)[:, None, None]).float()
    losses = []
    for factor in (1, 30):
        last = code.encoder[-1]
        last.weight *= factor
        last.bias *= factor
        code.measure_spread(masks)
        losses.append(shape_loss(code, torch.zeros(6, 64, 64), masks, torch.ones(6)).item())
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert 0.05 < losses[0] < 50
