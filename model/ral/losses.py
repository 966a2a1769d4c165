"""What training makes small."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def segmentation_loss(logits: Tensor, masks: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy plus one minus the soft Dice, over the frames that carry a label.

    The paper's eq. 5 prints "+ 2GP/(G+P)", which would reward having no overlap when it is minimised; the sign
    that is meant is this one.

    Shape: logits and masks (N,H,W), masks in [0, 1]; weights (N,), 0 for a frame without a label.
    Reference: Li et al. 2019, eq. 5-6.
    """
    total = weights.sum().clamp_min(1e-6)
    cross = F.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean((1, 2))
    p = logits.sigmoid()
    dice = (2 * (p * masks).sum((1, 2)) + 1) / (p.sum((1, 2)) + masks.sum((1, 2)) + 1)
    return ((cross + 1 - dice) * weights).sum() / total


def view_loss(logits: Tensor, views: Tensor) -> Tensor:
    """Cross-entropy over the sequences whose view may be trusted; zero where there is none.

    Shape: logits (B,3); views (B,) int64, -1 where the view is unknown or the data's origin gives it away.
    Reference: Li et al. 2019, eq. 7.
    """
    if not bool((views >= 0).any()):
        return logits.sum() * 0.0
    return F.cross_entropy(logits, views, ignore_index=-1, label_smoothing=0.05)
