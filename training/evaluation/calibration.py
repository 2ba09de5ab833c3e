"""Whether a network is as often right as it is sure.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, https://arxiv.org/abs/1706.04599
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_calibration_error

BINS = 15
"""Of equal width over [0, 1], as in the paper."""


def calibration(logits: Tensor, labels: Tensor, bins: int = BINS) -> dict[str, Any]:
    """Expected calibration error of the strongest class's probability, and the bins of a reliability diagram.

    Args:
        logits: of the data's classes (M, K).
        labels: (M,).

    Returns:
        ``error``: mean over the images of |accuracy - confidence| of the bin they fall in, in [0, 1].  ``confidence``: mean
        probability of the strongest class.  ``bins``: for each its edges ``low`` and ``high``, number of ``images``, and
        their mean ``confidence`` and ``accuracy`` (None without images).
    """
    # Below 1 by a hair: a confidence of exactly 1 would fall behind the last bin.
    probabilities = logits.double().softmax(dim=1).clamp(max=1 - 1e-12)
    confidence, guesses = probabilities.max(dim=1)
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    places = torch.bucketize(confidence, edges, right=True) - 1
    found = []
    for index in range(bins):
        inside = places == index
        some = bool(inside.any())
        found.append(
            {
                "low": edges[index].item(),
                "high": edges[index + 1].item(),
                "images": int(inside.sum()),
                "confidence": confidence[inside].mean().item() if some else None,
                "accuracy": (guesses == labels)[inside].double().mean().item() if some else None,
            }
        )
    error = multiclass_calibration_error(probabilities, labels, num_classes=logits.shape[1], n_bins=bins, norm="l1")
    return {"error": error.item(), "confidence": confidence.mean().item(), "bins": found}
