"""The prediction from a map: coupling S with X (CTERNet, Eq. 5).

t(S, X) = [S ; S * X~], Figure 1's "concatenate & multiplication integration".  Everything after it is linear in S,
which is what makes the expectation, the spread and the place map of the total effect exact (``cternet.networks.effect``).
"""

import torch
from einops import rearrange
from torch import Tensor, nn


class Coupling(nn.Module):
    """Y(S, X) = W . [GAP(S) ; GAP(S * X~)] + b with X~ = conv1x1(X).

    Args:
        in_channels: C of X.
        reduced_channels: R of X~.
        classes: K.
    """

    def __init__(self, in_channels: int, reduced_channels: int, classes: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, reduced_channels, kernel_size=1)
        self.classifier = nn.Linear(1 + reduced_channels, classes)

    def forward(self, s: Tensor, reduced: Tensor) -> Tensor:
        """S (B, 1, H, W) and X~ (B, R, H, W) -> Y(S, X) (B, K)."""
        flat = s.flatten(2)  # (B, 1, N)
        coupled = flat @ rearrange(reduced, "b r h w -> b (h w) r") / flat.shape[2]  # GAP(S * X~), without the product map
        z = torch.cat([flat.mean(dim=2), coupled.squeeze(1)], dim=1)  # (B, 1 + R)
        return self.classifier(z)

    def evidence(self, reduced: Tensor) -> Tensor:
        """X~ (B, R, H, W) -> g (B, K, H, W), g_p = W . [1 ; X~_p]: what one unit of S at place p adds to N * Y."""
        weight = self.classifier.weight  # (K, 1 + R)
        g = weight[:, 1:] @ reduced.flatten(2) + weight[:, :1]  # (B, K, N)
        return g.reshape(*g.shape[:2], *reduced.shape[2:])
