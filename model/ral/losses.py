"""What training makes small.

Sums are divided by a `total` that the caller may give, so that a batch shared by several processes weighs its frames as
one batch would.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ral.baselines import MaskCode


def segmentation_loss(
    logits: Tensor, masks: Tensor, weights: Tensor, total: float | None = None, care: Tensor | None = None
) -> Tensor:
    """Cross-entropy plus one minus the soft Dice, over the frames that carry a label.

    The paper's eq. 5 prints "+ 2GP/(G+P)", which would reward having no overlap when it is minimised; the sign
    that is meant is this one.

    Shape: logits and masks (N,H,W), masks in [0, 1]; weights (N,), 0 for a frame without a label; total: what the
    weights add up to, by default their sum; care (N,H,W): how much each pixel counts, by default all alike.
    Reference: Li et al. 2019, eq. 5-6.
    """
    cross = F.binary_cross_entropy_with_logits(logits, masks, weight=care, reduction="none").mean((1, 2))
    p = logits.sigmoid()
    both, either = p * masks, p + masks
    if care is not None:
        both, either = both * care, either * care
    dice = (2 * both.sum((1, 2)) + 1) / (either.sum((1, 2)) + 1)
    return ((cross + 1 - dice) * weights).sum() / _at_least(weights.sum() if total is None else total)


def deep_loss(deep: Sequence[Tensor], masks: Tensor, weights: Tensor, total: float | None = None) -> Tensor:
    """The mean segmentation loss of the heads on the inner maps, each against the mask at its own size.

    Shape: deep: logits (B,T,h,w) each; masks (B,T,H,W); weights (B,T).
    Reference: deep supervision of Li et al., Appl. Soft Comput. 88, 106049.
    """
    losses = [
        segmentation_loss(
            d.flatten(0, 1).float(),
            F.adaptive_avg_pool2d(masks.flatten(0, 1), (d.shape[-2], d.shape[-1])),
            weights.flatten(),
            total,
        )
        for d in deep
    ]
    return torch.stack(losses).mean()


def view_loss(logits: Tensor, views: Tensor, total: float | None = None) -> Tensor:
    """Cross-entropy over the sequences whose view may be trusted; zero where there is none.

    Shape: logits (B,3); views (B,) int64, -1 where the view is unknown or the data's origin gives it away; total: the
    number of trusted ones, by default those in `views`.
    Reference: Li et al. 2019, eq. 7.
    """
    trusted = views >= 0
    if not bool(trusted.any()):
        return logits.sum() * 0.0
    summed = F.cross_entropy(logits, views, ignore_index=-1, label_smoothing=0.05, reduction="sum")
    return summed / _at_least(trusted.sum() if total is None else total)


def shape_loss(code: MaskCode, logits: Tensor, masks: Tensor, weights: Tensor, total: float | None = None) -> Tensor:
    """ACNN's prior: the squared distance of the codes of prediction and truth, in units of the codes' own spread.

    Shape: logits and masks (N,H,W); weights (N,).
    Reference: Oktay et al., IEEE TMI 2018.
    """
    away = (code(logits.sigmoid()) - code(masks)).square().sum(1) / code.spread
    return (away * weights).sum() / _at_least(weights.sum() if total is None else total)


def _at_least(total: Tensor | float) -> Tensor | float:
    return total.clamp_min(1e-6) if isinstance(total, Tensor) else max(total, 1e-6)
