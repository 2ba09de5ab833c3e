"""What takes the place of S in one image: the S* of an allocation, its expectation and its spread."""

from dataclasses import dataclass, field

import numpy as np
import torch

from cternet.networks.allocations import Level, allocate, allocation_of
from cternet.networks.effect import expectation, spread
from cternet.networks.sentiment_map import Pooling
from cternet.results.result import Array


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """What takes the place of S under an allocation.

    mean: E[S*] (H, W), on which the numbers rest.  shown: the S* in the picture (H, W), one seeded draw where S* is random or
    borrowed.  alpha, beta: Cov(S*) = alpha I + beta 11^T over places; 0 where S* is not random.  borrowed (M, H, W): the other
    images' maps that S* is one of, or None.
    """

    allocation: str
    level: str
    seed: int | None
    mean: Array
    shown: Array
    alpha: float = 0.0
    beta: float = 0.0
    borrowed: Array | None = field(default=None, repr=False)


SAME = 0.05
"""Largest distance of two maps, in shares of their norm, that are called the same: a bank is stored in half precision."""


def others(bank: torch.Tensor, s: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """A bank (M, D, H, W) without the image looked at, known by its map S (1, H, W); all of it where there is no other."""
    maps = pooling(bank)[1][:, 0]
    other = (maps - s).flatten(1).norm(dim=1) > SAME * s.norm()
    return bank[other] if other.any() else bank


def counterfactual(
    name: str,
    level: Level,
    *,
    s: Array,
    s_out: Array,
    pooling: Pooling,
    seed: int = 0,
    bank: torch.Tensor | None = None,
    painting: Array | None = None,
    expected: Array | None = None,
) -> Counterfactual:
    """The named allocation on one image's arrays: E[S*] and its spread where they are known, and the S* shown.

    Args:
        expected: E[S*] over other images, by a network that keeps one; otherwise it is the mean of the bank.
    """
    chosen = allocation_of(name)
    borrows = chosen.needs == "bank"
    if borrows and bank is None:
        raise ValueError(f"this model's folder has no shuffle_bank.safetensors, so the {name} allocation is not available")
    if bank is not None and bank.shape[1:] != s_out.shape:
        raise ValueError(f"the shuffle bank has maps of shape {tuple(bank.shape[1:])}, this network's are {s_out.shape}")
    s_t, s_out_t = torch.from_numpy(s)[None, None], torch.from_numpy(s_out)[None]
    source = others(bank, s_t[0], pooling) if borrows and bank is not None else None
    shown = allocate(
        name,
        level,
        s_out=s_out_t,
        s=s_t,
        pooling=pooling,
        generator=torch.Generator().manual_seed(seed),
        bank=source,
        painting=None if painting is None else torch.from_numpy(np.asarray(painting, np.float32)),
    )[0, 0].numpy()
    if source is not None:
        borrowed = pooling(source)[1][:, 0].numpy()
        mean = borrowed.mean(axis=0) if expected is None else expected
        return Counterfactual(name, level, seed, mean=mean, shown=shown, borrowed=borrowed)
    precise = Pooling(pooling.weight.double(), pooling.bias.double(), pooling.budget)
    mean = expectation(name, level, s_t.double(), precise)
    if mean is None:
        return Counterfactual(name, level, None, mean=shown, shown=shown)
    alpha, beta = spread(name, level, s_t.double(), precise)
    return Counterfactual(
        name,
        level,
        seed if chosen.drawn else None,
        mean=mean[0, 0].float().numpy(),
        shown=shown,
        alpha=alpha.item(),
        beta=beta.item(),
    )
