"""Stage (v), response modulation: the total effect Y_TE = E[Y(S, X) - Y(S*, X)] (CTERNet, Eq. 6), in closed form.

Y is linear in S: Y(S) = (1/N) sum_p S_p g_p + b with g_p the evidence at place p.  So the expectation over random S*
needs only E[S*], the spread only Cov(S*) = alpha I + beta 11^T over places, and the effect is an exact sum over places.
"""

import torch
from torch import Tensor

from cternet.networks.allocations import ALLOCATIONS, Level, allocate
from cternet.networks.sentiment_map import Pooling

SAMPLE = 16_384
"""Cells that are drawn for the variance of S* where no closed form is known, 84 draws of 14 x 14: it is within 2 %."""


def expectation(name: str, level: Level, s: Tensor, pooling: Pooling) -> Tensor | None:
    """E[S*] (B, 1, H, W) under an allocation whose values have mean 1, exact; None where it depends on the image.

    On an equal budget no cell differs from another before the draw and their mean is 1, so E[S*] = 1.  On a free one and the
    attention level, with U ~ U(0, 2) and m_k = sum_d w_kd + b_k: E[S*] = (1/K) sum_k (m_k^2 + |w_k|^2 / 3N), without
    the second term for uniform.  On the map level it is 1, on the scaled one mean(S).
    """
    if not ALLOCATIONS[name].constant:
        return None
    if pooling.budget == "equal":
        return torch.ones_like(s)
    if level == "attention":
        w, b = pooling.weight, pooling.bias
        m = w.sum(dim=1) + b  # (K,)
        varying = w.square().sum(dim=1) / (3 * s.shape[-2] * s.shape[-1]) if ALLOCATIONS[name].drawn else 0.0
        return (m.square() + varying).mean().expand_as(s)
    scale = s.mean(dim=(2, 3), keepdim=True) if level == "scaled-map" else torch.ones_like(s[:, :, :1, :1])
    return scale.expand_as(s)


def spread(name: str, level: Level, s: Tensor, pooling: Pooling) -> tuple[Tensor, Tensor]:
    """alpha and beta (B,) of Cov(S*) = alpha I + beta 11^T over places; 0 where S* is not drawn.

    Every draw has it: no place and no pair of places differs from another beforehand.

    On an equal budget S* always sums to N, so alpha = v N / (N - 1) and beta = -v / (N - 1) with v the variance of one cell,
    which has no closed form: it is that of ``SAMPLE`` seeded cells.  On a free one it is exact.  Attention level, with
    G = w w^T / 3, L = m^T G m, t = tr(G^2), q = -(2/15) sum_d (sum_k w_kd^2)^2:  alpha = (L + t/N + q/N^2) / K^2,
    beta = (3L/N + t/N^2) / K^2.  Map level: alpha = 1/3 (times mean(S)^2 if scaled), beta = 0.
    """
    zero = s.new_zeros(s.shape[0])
    n = s.shape[-2] * s.shape[-1]
    if not ALLOCATIONS[name].drawn:
        return zero, zero
    if pooling.budget == "equal":
        if n == 1:
            return zero, zero
        variance = one_cell(level, s, pooling)
        return zero + variance * n / (n - 1), zero - variance / (n - 1)
    if level == "attention":
        w, b = pooling.weight, pooling.bias
        k, m = w.shape[0], w.sum(dim=1) + b
        gram = w @ w.T / 3  # (K, K)
        linear = m @ gram @ m
        trace = gram.square().sum()
        quartic = -2 / 15 * w.square().sum(dim=0).square().sum()
        alpha = (linear + trace / n + quartic / n**2) / k**2
        beta = (3 * linear / n + trace / n**2) / k**2
        return zero + alpha, zero + beta
    scale = s.mean(dim=(1, 2, 3)) if level == "scaled-map" else torch.ones_like(zero)
    return scale.square() / 3, zero


def one_cell(level: Level, s: Tensor, pooling: Pooling) -> Tensor:
    """Variance of a cell of the random S* on an equal budget, which no image changes, from ``SAMPLE`` cells."""
    generator = torch.Generator(s.device).manual_seed(0)
    like = s.new_ones(1).expand(-(-SAMPLE // s[0].numel()), 1, *s.shape[2:])
    s_out = like.expand(-1, pooling.weight.shape[1], -1, -1)
    drawn = allocate("random", level, s_out=s_out, s=like, pooling=pooling, generator=generator)
    return (drawn - 1).square().mean()


def place_map(s: Tensor, s_star: Tensor, evidence: Tensor) -> Tensor:
    """T (B, K, H, W), T_p = (S_p - S*_p) g_p / N: the signed share of each place; its places sum to Y_TE."""
    n = s.shape[-2] * s.shape[-1]
    return (s - s_star) * evidence / n


def covariance(evidence: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Cov(Y_TE) (B, K, K) = (alpha sum_p g_p g_p^T + beta (sum_p g_p)(sum_p g_p)^T) / N^2, over draws of S*."""
    g = evidence.flatten(2)  # (B, K, N)
    total = g.sum(dim=2)
    outer = total[:, :, None] * total[:, None, :]
    return (alpha[:, None, None] * (g @ g.mT) + beta[:, None, None] * outer) / g.shape[-1] ** 2
