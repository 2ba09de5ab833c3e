"""Stage (v), response modulation: the total effect Y_TE = E[Y(S, X) - Y(S*, X)] (CTERNet, Eq. 6), in closed form.

Y is linear in S: Y(S) = (1/N) sum_p S_p g_p + b with g_p the evidence at place p.  So the expectation over random S*
needs only E[S*], the spread only Cov(S*) = alpha I + beta 11^T over places, and the effect is an exact sum over places.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from cternet.sentiment_map import Pooling


class Moments(NamedTuple):
    """Mean and covariance of S*: E[S*] = mean (B, 1, H, W), Cov(S*) = alpha I + beta 11^T, each (B,)."""

    mean: Tensor
    alpha: Tensor
    beta: Tensor


def moments(name: str, level: str, s: Tensor, pooling: Pooling) -> Moments | None:
    """The exact moments of S* under ``random`` and ``uniform``; None for allocations that depend on the image.

    On the attention level with U ~ U(0, 2), m_k = sum_d w_kd + b_k, G = w w^T / 3, L = m^T G m, t = tr(G^2),
    q = -(2/15) sum_d (sum_k w_kd^2)^2:  E[S*] = (1/K) sum_k (m_k^2 + |w_k|^2 / 3N),
    alpha = (L + t/N + q/N^2) / K^2,  beta = (3L/N + t/N^2) / K^2.
    On the map level alpha = 1/3 (times mean(S)^2 if scaled), beta = 0.
    """
    if name not in ("random", "uniform"):
        return None
    zero = s.new_zeros(s.shape[0])
    if level == "attention":
        w, b = pooling
        k, n = w.shape[0], s.shape[-2] * s.shape[-1]
        m = w.sum(dim=1) + b  # (K,)
        if name == "uniform":
            return Moments(m.square().mean().expand_as(s), zero, zero)
        gram = w @ w.T / 3  # (K, K)
        linear = m @ gram @ m
        trace = gram.square().sum()
        quartic = -2 / 15 * w.square().sum(dim=0).square().sum()
        mean = (m.square() + w.square().sum(dim=1) / (3 * n)).mean()
        alpha = (linear + trace / n + quartic / n**2) / k**2
        beta = (3 * linear / n + trace / n**2) / k**2
        return Moments(mean.expand_as(s), zero + alpha, zero + beta)
    scale = s.mean(dim=(2, 3), keepdim=True) if level == "scaled-map" else torch.ones_like(s[:, :, :1, :1])
    alpha = scale.flatten().square() / 3 if name == "random" else zero
    return Moments(scale.expand_as(s), alpha, zero)


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
