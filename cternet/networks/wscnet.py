"""WSCNet: weakly supervised coupled networks, the method CTERNet's sentiment map comes from.

She et al., "WSCNet: Weakly Supervised Coupled Networks for Visual Sentiment Classification and Detection", IEEE TMM 2019,
https://ieeexplore.ieee.org/document/8825564
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cternet.networks.classifier import Outputs
from cternet.networks.config import CTERNetConfig
from cternet.networks.emotion import EmotionNetwork
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


@dataclass(kw_only=True)
class WSCNetOutputs(Outputs):
    """v (B, K): class scores of the map.  s (B, 1, H, W): the sentiment map."""

    v: Tensor
    s: Tensor


class WSCNet(EmotionNetwork):
    """A backbone and ``WSCNetHead``; its loss is (CE(v) + CE(Y)) / 2, as in the paper."""

    family = "wscnet"
    answers: ClassVar[tuple[str, ...]] = ("v", "y")

    def __init__(self, config: CTERNetConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        self.wscnet = WSCNetHead(self.backbone.channels, len(config.classes), config.maps_per_class)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> WSCNetOutputs:
        y, v, s = self.wscnet(self.ready(x))
        return WSCNetOutputs(y=y, v=v, s=s)

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """``s``: the sentiment map."""
        assert isinstance(outputs, WSCNetOutputs)
        return {"s": outputs.s[:, 0].float()}

    def loss_terms(self, outputs: Outputs, target: Tensor, **options: Any) -> dict[str, Tensor]:
        return {name: 0.5 * term for name, term in super().loss_terms(outputs, target, **options).items()}

    def as_plain(self, plain: nn.Linear) -> dict[str, Tensor]:
        """Each half of [X ; X * S] has half the weight."""
        weight = torch.cat([plain.weight, plain.weight], dim=1) / 2
        return {"wscnet.classifier.weight": weight, "wscnet.classifier.bias": plain.bias}
