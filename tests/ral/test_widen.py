"""A wider network begins where a narrower one ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ral.build import build
from ral.config import BASELINES, RAL_LITE
from ral.network import RAL
from ral.widen import widened

FIRST = "blocks.0.layers.0.conv.weight"
SMALL = replace(RAL_LITE, growth=4, layers=3, mask_hint=True, deep_supervision=True)


def drawn(**changes) -> RAL:
    torch.manual_seed(1)
    net = build(replace(SMALL, **changes))
    assert isinstance(net, RAL)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()  # type: ignore[union-attr]
            module.weight.data.uniform_(0.5, 2)
    return net.eval()


@torch.inference_mode()
def test_it_computes_what_the_narrower_one_did():
    narrow, wide = drawn(), drawn(growth=7)
    frames, hints = torch.randn(2, 3, 1, 64, 64), torch.randn(2, 3, 1, 64, 64)
    before = wide(frames, None, hints).logits
    wide.load_state_dict(widened(narrow.state_dict(), wide))
    expected, found = narrow(frames, None, hints), wide(frames, None, hints)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.view_features, expected.view_features, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(before, expected.logits, atol=1e-2)


def test_what_is_new_can_learn():
    narrow, wide = drawn(), drawn(growth=7)
    wide.load_state_dict(widened(narrow.state_dict(), wide))
    optimiser = torch.optim.SGD(wide.train().parameters(), 0.1)
    before = wide.state_dict()[FIRST].clone()
    for _ in range(2):  # the first step only opens the way: what is new is read then
        optimiser.zero_grad()
        wide(torch.randn(2, 2, 1, 64, 64)).logits.square().mean().backward()
        optimiser.step()
    assert (wide.state_dict()[FIRST][4:] != before[4:]).any()


@pytest.mark.parametrize("changes", [{"growth": 3}, {"stem": 20}, {"lateral": 9}, {"classify": False}])
def test_other_networks_are_refused(changes):
    with pytest.raises(ValueError, match=r"widened\.$"):
        widened(drawn().state_dict(), drawn(**changes))


def test_a_baseline_has_no_growth():
    with pytest.raises(ValueError, match=r"widened\.$"):
        widened(drawn().state_dict(), build(BASELINES["unet1"]))
