"""A plain classifier: global average pooling and a linear layer, the ``vanilla`` row of CTERNet's Table 3."""

import torch
from torch import Tensor, nn

from cternet.networks.classifier import Outputs
from cternet.networks.config import EmotionConfig
from cternet.networks.emotion import EmotionNetwork


class Vanilla(EmotionNetwork):
    """Y = W . GAP(X) + b."""

    family = "vanilla"

    def __init__(self, config: EmotionConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        self.classifier = nn.Linear(self.backbone.channels, len(config.classes))

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Outputs:
        return Outputs(y=self.classifier(self.ready(x).mean(dim=(2, 3))))

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """``cam``: the class activation map of the predicted class (Zhou et al. 2016), where it is positive."""
        predicted = outputs.prediction.argmax(dim=1)
        cam = torch.einsum("bchw,bc->bhw", self.ready(x).float(), self.classifier.weight.float()[predicted])
        return {"cam": cam.float().clamp(min=0)}  # einsum gives half precision under autocast

    @property
    def plain_classifier(self) -> nn.Linear:
        return self.classifier
