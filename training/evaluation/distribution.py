"""How near predicted distributions come to the shares of votes: the six measures of label distribution learning.

Geng, "Label Distribution Learning", TKDE 2016; Yang et al., "Learning visual sentiment distributions via augmented conditional
probability neural network", AAAI 2017, which measures FlickrLDL and TwitterLDL by them.
"""

from collections.abc import Sequence

import torch
from scipy.spatial.distance import canberra, chebyshev, cosine
from scipy.stats import entropy
from torch import Tensor

MEASURES = {
    "kl": "KL divergence ↓",
    "chebyshev": "Chebyshev distance ↓",
    "clark": "Clark distance ↓",
    "canberra": "Canberra distance ↓",
    "cosine": "cosine similarity ↑",
    "intersection": "intersection ↑",
}
"""By their names in the figures; an arrow shows which way is better."""


def distribution_figures(predicted: Tensor, votes: Tensor) -> dict[str, float]:
    """Means over the images.

    Args:
        predicted: probabilities (M, K), each positive.
        votes: shares (M, K); both sum to 1 in each row.

    Returns:
        With votes p and prediction q of K classes: KL Σ p log(p/q) in nats, Chebyshev max |p − q|, Clark √Σ ((p − q)/(p + q))²,
        Canberra Σ |p − q|/(p + q) (0/0 counts as 0), cosine p·q/(|p||q|) and intersection Σ min(p, q).
    """
    q, p = predicted.double(), votes.double()
    pairs = list(zip(p.numpy(), q.numpy(), strict=True))
    apart = torch.nan_to_num((p - q) / (p + q))
    rows = {
        "kl": entropy(p.numpy(), q.numpy(), axis=1),
        "chebyshev": [chebyshev(*pair) for pair in pairs],
        "clark": apart.square().sum(dim=1).sqrt(),
        "canberra": [canberra(*pair) for pair in pairs],
        "cosine": [1 - cosine(*pair) for pair in pairs],
        "intersection": torch.minimum(p, q).sum(dim=1),
    }
    return {name: float(torch.as_tensor(values, dtype=torch.float64).mean()) for name, values in rows.items()}


def against_votes(predicted: Tensor, shares: Sequence[Sequence[float] | None]) -> dict[str, float]:
    """``distribution_figures`` of the images that have votes; empty where none has.

    Args:
        predicted: probabilities (M, K).
        shares: of the M images, K each, or None.
    """
    voted = [index for index, one in enumerate(shares) if one is not None]
    return distribution_figures(predicted[voted], torch.tensor([shares[index] for index in voted])) if voted else {}
