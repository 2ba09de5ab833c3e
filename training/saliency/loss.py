"""The loss of RAS: at every level, how wrong each pixel is and how little the whole map overlaps the mask."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cternet.networks.ras import resize


def loss_terms(maps: Sequence[Tensor], mask: Tensor) -> dict[str, Tensor]:
    """Binary cross-entropy and 1 - IoU, each summed over the levels, whose maps are brought to the mask's size.

    The overlap is that of BASNet (Qin et al., CVPR 2019), which the authors' code takes too: the mean over photos of
    1 - sum(p m) / sum(p + m - p m).

    Args:
        maps: of ``RAS``, logits (B, 1, H_i, W_i).
        mask: (B, 1, h, w) in [0, 1].
    """
    full = [resize(logits.float(), mask.shape[-2:]) for logits in maps]
    return {
        "bce": sum(F.binary_cross_entropy_with_logits(logits, mask) for logits in full),
        "iou": sum(1 - overlap(torch.sigmoid(logits), mask).mean() for logits in full),
    }


def overlap(p: Tensor, m: Tensor) -> Tensor:
    """Soft intersection over union of each map and its mask, (B, 1, h, w) each -> (B,).

    One pixel's worth is added to both, so that a photo without a salient object has its best value, 1, at an empty map.
    """
    both = (p * m).sum(dim=(1, 2, 3))
    either = (p + m - p * m).sum(dim=(1, 2, 3))
    return (both + 1) / (either + 1)
