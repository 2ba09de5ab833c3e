"""WSCNet: weakly supervised coupled networks, the method CTERNet's sentiment map comes from.

She et al., "WSCNet: Weakly Supervised Coupled Networks for Visual Sentiment Classification and Detection", IEEE TMM 2019,
https://ieeexplore.ieee.org/document/8825564
"""

import torch
from torch import Tensor, nn

from cternet.networks.sentiment_map import SentimentMap


class WSCNetHead(nn.Module):
    """Sentiment map S straight from X, coupled with it: Y = W . [GAP(X) ; GAP(X * S)] + b.

    Args:
        channels: C of X.
        classes: K.
        maps_per_class: l.
    """

    def __init__(self, channels: int, classes: int, maps_per_class: int = 4) -> None:
        super().__init__()
        self.sentiment_map = SentimentMap(channels, classes, maps_per_class)
        self.classifier = nn.Linear(2 * channels, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """X (B, C, H, W) -> Y (B, K), class scores of the map v (B, K), S (B, 1, H, W)."""
        v, s = self.sentiment_map(x)
        pooled = torch.cat([x.mean(dim=(2, 3)), (x * s).mean(dim=(2, 3))], dim=1)  # (B, 2C)
        return self.classifier(pooled), v, s
