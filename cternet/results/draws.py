"""Many draws of a random S*, one by one: what the exact expectation and spread sum up.  Needs no backbone."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from cternet.networks.allocations import Level, allocate, available
from cternet.results.analysis import Analysis

__all__ = [
    "CHUNK",
    "MOST",
    "Draws",
    "draw",
    "side_by_side",
]

MOST = 1000
"""Most draws at once."""
CHUNK = 32
"""Draws in memory at a time: 64 channels of 14x14 cells are 50 kB a draw."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Y_TE of each of n draws of S*, beside what is known without drawing.

    labels: K class names.  samples: (n, K), logits.  mean, std: of the analysis, (K,).  prediction: the network's.
    level, seed: of the draws.
    """

    labels: tuple[str, ...]
    samples: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    prediction: str
    level: str
    seed: int

    def quantiles(self, *shares: float) -> NDArray[np.float64]:
        """Quantiles of the samples (len(shares), K), each share in [0, 1]."""
        return np.quantile(self.samples, shares, axis=0)

    @property
    def leading(self) -> NDArray[np.int64]:
        """The class that leads in each draw (n,), argmax of its Y_TE."""
        return self.samples.argmax(axis=1)

    @property
    def disagreement(self) -> float:
        """The share of draws in which another emotion leads than the predicted one."""
        return float((self.leading != self.labels.index(self.prediction)).mean())


def draw(analysis: Analysis, count: int = 200, *, level: Level = "attention", seed: int = 0) -> Draws:
    """Draw S* under the random allocation and evaluate Y_TE = Y(S) - Y(S*) for each.

    The first draw is the S* that ``analysis.intervene("random", level=level, seed=seed)`` shows.

    Args:
        analysis: of any allocation; its S, or the map painted in its place, stays.
        count: 1 to ``MOST``.
        level: where S* is drawn.
        seed: of all draws together.

    Raises:
        ValueError: a count out of range, or an unknown level.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"the number of draws must be from 1 to {MOST}, not {count}")
    exact = analysis.intervene("random", level=level, seed=seed)
    s_out, s = torch.from_numpy(analysis.s_out)[None], torch.from_numpy(analysis.s)[None, None]
    generator = torch.Generator().manual_seed(seed)
    evidence = analysis.evidence.reshape(len(analysis.labels), -1).astype(np.float64)  # (K, N)
    y_star = np.empty((count, len(analysis.labels)))
    for start in range(0, count, CHUNK):
        n = min(CHUNK, count - start)
        s_star = allocate(
            "random",
            level,
            s_out=s_out.expand(n, -1, -1, -1),
            s=s.expand(n, -1, -1, -1),
            pooling=analysis.pooling,
            generator=generator,
        )
        flat = s_star.reshape(n, -1).numpy().astype(np.float64)  # (n, N)
        y_star[start : start + n] = flat @ evidence.T / flat.shape[1] + analysis.bias
    return Draws(
        labels=analysis.labels,
        samples=analysis.y_factual - y_star,
        mean=exact.total_effect,
        std=exact.total_effect_std,
        prediction=analysis.prediction,
        level=level,
        seed=seed,
    )


def side_by_side(
    analysis: Analysis,
    allocations: tuple[str, ...] | None = None,
    *,
    level: Level = "attention",
    seed: int = 0,
) -> list[Analysis]:
    """The same photo under several allocations, on the same level and seed.

    Args:
        allocations: by default all that need no painting; shuffle only where the network has a bank.

    Raises:
        ValueError: an allocation that is unknown or lacks what it needs.
    """
    if allocations is None:
        allocations = available(bank=analysis.bank is not None)
    return [analysis.intervene(name, level=level, seed=seed) for name in allocations]
