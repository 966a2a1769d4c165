"""What training makes small: the sign of it, and what must not count."""

import pytest
import torch

from ral.losses import segmentation_loss, view_loss

MASK = torch.zeros(1, 8, 8)
MASK[:, 2:6, 2:6] = 1
ONE = torch.ones(1)


def sure(mask: torch.Tensor, by: float = 10.0) -> torch.Tensor:
    return (2 * mask - 1) * by


def test_a_perfect_overlap_costs_less_than_a_half_and_a_half_less_than_none():
    half = MASK.clone()
    half[:, 4:6] = 0
    losses = [segmentation_loss(sure(m), MASK, ONE).item() for m in (MASK, half, torch.zeros(1, 8, 8), 1 - MASK)]
    assert losses == sorted(losses)
    assert losses[0] < 0.01
    assert losses[3] > 5


def test_the_loss_by_hand():
    """All logits 0: p is 1/2 everywhere, cross-entropy ln 2, Dice (2 * 8 + 1) / (32 + 16 + 1)."""
    found = segmentation_loss(torch.zeros(1, 8, 8), MASK, ONE)
    assert found.item() == pytest.approx(torch.log(torch.tensor(2.0)).item() + 1 - 17 / 49, abs=1e-6)


def test_its_gradient_points_to_the_mask():
    logits = torch.zeros(1, 8, 8, requires_grad=True)
    segmentation_loss(logits, MASK, ONE).backward()
    assert (logits.grad[MASK > 0] < 0).all()
    assert (logits.grad[MASK == 0] > 0).all()


def test_frames_without_a_label_carry_no_loss():
    logits = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    masks = torch.cat([MASK, 1 - MASK, MASK])
    weights = torch.tensor([1.0, 0.0, 0.0])
    loss = segmentation_loss(logits, masks, weights)
    torch.testing.assert_close(loss, segmentation_loss(logits[:1], MASK, ONE))
    loss.backward()
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1:].abs().sum() == 0


def test_no_label_at_all_is_no_loss():
    logits = torch.ones(2, 8, 8, requires_grad=True)
    loss = segmentation_loss(logits, MASK.expand(2, 8, 8), torch.zeros(2))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_weights_are_shares():
    masks, logits = torch.cat([MASK, MASK]), torch.cat([sure(MASK), sure(1 - MASK)])
    good, bad = (segmentation_loss(logits[i : i + 1], MASK, ONE).item() for i in (0, 1))
    assert segmentation_loss(logits, masks, torch.tensor([3.0, 1.0])).item() == pytest.approx((3 * good + bad) / 4)
    assert segmentation_loss(logits, masks, torch.tensor([0.3, 0.1])).item() == pytest.approx((3 * good + bad) / 4)


def test_an_empty_mask_that_is_found_empty_costs_nothing():
    assert segmentation_loss(sure(torch.zeros(1, 8, 8), 20), torch.zeros(1, 8, 8), ONE).item() < 1e-3


def test_the_right_view_costs_less():
    right, wrong = torch.tensor([[0.0, 5.0, 0.0]]), torch.tensor([[5.0, 0.0, 0.0]])
    view = torch.tensor([1])
    assert view_loss(right, view) < view_loss(torch.zeros(1, 3), view) < view_loss(wrong, view)
    assert view_loss(torch.zeros(1, 3), view).item() == pytest.approx(1.0986, abs=1e-4)


def test_views_that_may_not_be_trusted_carry_no_loss():
    logits = torch.randn(3, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = view_loss(logits, torch.tensor([-1, 2, -1]))
    torch.testing.assert_close(loss, view_loss(logits[1:2], torch.tensor([2])))
    loss.backward()
    assert logits.grad[[0, 2]].abs().sum() == 0
    assert logits.grad[1].abs().sum() > 0


def test_no_trusted_view_at_all_is_no_loss_that_can_still_be_differentiated():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = view_loss(logits, torch.tensor([-1, -1]))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0
