"""The sentiment map: class-wise and cross-spatial pooling (CTERNet, Eq. 4), and the budget of attention.

After WSCNet's coupled map: She et al., https://ieeexplore.ieee.org/document/8825564
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

Budget = Literal["equal", "free"]
BUDGETS: tuple[str, ...] = ("equal", "free")
NEXT_TO_NOTHING = 1e-6
"""Attention that every cell has before a map is divided by its mean, so that a map of zeros becomes an even one."""


LEAST = 0.5
"""Share of a map's mean below which Eq. 4's map on an equal budget is no attention at all."""


def spend(s: Tensor) -> Tensor:
    """Any map (B, 1, H, W) on the equal budget: (max(S, 0) + e) / (mean + e), never negative and of mean 1 over the cells."""
    s = s.clamp(min=0) + NEXT_TO_NOTHING
    return s / s.mean(dim=(2, 3), keepdim=True)


class Pooling(NamedTuple):
    """The 1x1 convolution averaged over the l maps of a class: what turns attention channels into S.

    weight: w, (K, D); bias: (K,).  budget: on an ``equal`` one ``LEAST`` of the mean is taken off what Eq. 4 gives, and every
    map goes through ``spend``; ``free`` leaves maps as they come.
    """

    weight: Tensor
    bias: Tensor
    budget: Budget = "free"

    def __call__(self, s_out: Tensor) -> tuple[Tensor, Tensor]:
        """S_out (B, D, H, W) -> class scores v (B, K) and map S (B, 1, H, W).

        M_k = w_k . S_out + b_k;  v_k = GAP(M_k);  S = (1/K) sum_k v_k M_k, on the budget.
        """
        maps = (self.weight @ s_out.flatten(2) + self.bias[:, None]).reshape(len(s_out), -1, *s_out.shape[2:])  # (B, K, H, W)
        v = maps.mean(dim=(2, 3))  # (B, K)
        s = (v[:, :, None, None] * maps).mean(dim=1, keepdim=True)  # (B, 1, H, W)
        if self.budget == "equal":
            s = s - LEAST * s.mean(dim=(2, 3), keepdim=True)
        return v, self.on_budget(s)

    def on_budget(self, s: Tensor) -> Tensor:
        """A map (B, 1, H, W) with the amount of attention that S has."""
        return spend(s) if self.budget == "equal" else s


class SentimentMap(nn.Module):
    """A 1x1 convolution to l maps for each of K classes, pooled to the class scores v and the map S.

    Args:
        channels: D of S_out.
        classes: K.
        maps_per_class: l.
        budget: of S, see ``Pooling``.
    """

    def __init__(self, channels: int, classes: int, maps_per_class: int = 4, *, budget: Budget = "free") -> None:
        super().__init__()
        self.budget: Budget = budget
        self.classes = classes
        self.maps_per_class = maps_per_class
        self.conv = nn.Conv2d(channels, classes * maps_per_class, kernel_size=1)
        # Start with S = 1 everywhere, so that Y(S) starts as a linear classifier on the pooled features.  On a free budget
        # S* starts at 0 for uniform attention (every kernel and its bias sum to 0), so that Y_TE starts there too.
        assert self.conv.bias is not None
        with torch.no_grad():
            self.conv.bias.fill_(1.0)
            self.conv.weight -= self.conv.weight.mean(dim=1, keepdim=True) + (1.0 / channels if budget == "free" else 0.0)

    @property
    def pooling(self) -> Pooling:
        """Averaging the l maps of a class and averaging their kernels is the same thing."""
        shape = (self.classes, self.maps_per_class)
        assert self.conv.bias is not None
        weight = self.conv.weight.reshape(*shape, -1).mean(dim=1)
        return Pooling(weight, self.conv.bias.reshape(shape).mean(dim=1), self.budget)

    def forward(self, s_out: Tensor) -> tuple[Tensor, Tensor]:
        """S_out (B, D, H, W) -> v (B, K), S (B, 1, H, W)."""
        return self.pooling(s_out)
