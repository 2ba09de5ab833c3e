"""Valence and arousal of a photo, learnt from ratings or from emotion labels whose words were rated.

After Lee et al., "Enhancing dimensional image emotion detection with a low-resource dataset via two-stage training", IEEE TCDS
2025, https://doi.org/10.1109/TCDS.2024.3465602: a regression on pooled features, alone (single task) or beside a classifier of
the labels (multi-task).
"""

import torch
from torch import Tensor, nn

from cternet.networks.backbone_network import BackboneNetwork
from cternet.networks.config import ValenceArousalConfig
from cternet.networks.network import Rater, Ratings

LOWEST, HIGHEST = 1.0, 9.0
"""Ends of the scale."""


class ValenceArousal(Rater, BackboneNetwork, tags=["image-regression", "emotion-recognition", "valence-arousal"]):
    """(valence, arousal) = 1 + 8 sigmoid(W GAP(X) + b)."""

    family = "valence-arousal"
    config: ValenceArousalConfig

    def __init__(self, config: ValenceArousalConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        self.rate = nn.Linear(self.backbone.channels, 2)
        self.classify = nn.Linear(self.backbone.channels, len(config.classes)) if config.categories else None

    def forward(self, images: Tensor, *, start: int = 0) -> Ratings:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> ``Ratings``."""
        return self.forward_head(self.forward_features(images, start))

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Ratings:
        pooled = self.ready(x).mean(dim=(2, 3)).float()
        with torch.autocast(x.device.type, enabled=False):
            rated = LOWEST + (HIGHEST - LOWEST) * self.rate(pooled).sigmoid()  # (B, 2)
            logits = None if self.classify is None else self.classify(pooled)
        return Ratings(valence=rated[:, 0], arousal=rated[:, 1], logits=logits)

    def maps(self, x: Tensor, outputs: Ratings) -> dict[str, Tensor]:
        """What each place says, W X_p + b: above 0 for more than the middle of the scale; the sigmoid takes its mean."""
        said = torch.einsum("rc,bchw->brhw", self.rate.weight.float(), self.ready(x).float()) + self.rate.bias[:, None, None]
        return {"valence": said[:, 0].float(), "arousal": said[:, 1].float()}
