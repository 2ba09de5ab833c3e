"""The emotion networks of this project: a backbone, a head, and how both are trained."""

from typing import Any

import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from cternet.networks.backbone import Backbone
from cternet.networks.classifier import Classifier, Outputs
from cternet.networks.config import EmotionConfig


class EmotionNetwork(
    Classifier,
    PyTorchModelHubMixin,
    library_name="cternet",
    license="other",
    tags=["image-classification", "emotion-recognition", "explainability"],
):
    """A ``Classifier`` on a ``Backbone``; a subclass adds its head and says what it answers.

    Each of its answers is trained by its cross-entropy.

    Args:
        config: see ``EmotionConfig``.
        pretrained: start from timm's backbone weights (fetched from the hub).

    Raises:
        ValueError: a config of another family.
    """

    def __init__(self, config: EmotionConfig, pretrained: bool = False) -> None:
        super().__init__()
        if config.family != self.family:
            raise ValueError(f"a {type(self).__name__} is of the family {self.family}, and the config's is {config.family}")
        self.config = config
        self.backbone = Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)
        self.drop = nn.Dropout2d(config.dropout)

    @classmethod
    def _from_pretrained(cls, *, strict: bool = True, **options: Any) -> "EmotionNetwork":
        """Weights that do not fit are an error: the mixin would leave what they lack at random."""
        return super()._from_pretrained(strict=strict, **options)

    def forward_features(self, images: Tensor, start: int = 0) -> Tensor:
        """Images (B, 3, h, w), or what section ``start`` of the backbone takes, -> X (B, C, H, W)."""
        return self.backbone(images, start)

    def forward(self, images: Tensor, *, start: int = 0, evidence: bool = False) -> Outputs:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> ``Outputs``."""
        return self.forward_head(self.forward_features(images, start), evidence=evidence)

    def loss_terms(
        self, outputs: Outputs, target: Tensor, *, eq7_alone: bool = False, label_smoothing: float = 0.0
    ) -> dict[str, Tensor]:
        """Cross-entropies whose sum is the loss, by answer.

        Args:
            outputs: of this network.
            target: class indices (B,), or class probabilities (B, K).
            eq7_alone: see ``CTERNet``; other families have nothing to leave out.
        """
        return {
            name: F.cross_entropy(getattr(outputs, name).float(), target, label_smoothing=label_smoothing)
            for name in self.answers
        }

    def as_plain(self, plain: nn.Linear) -> dict[str, Tensor] | None:
        """Parameters with which this network answers like a ``plain_classifier`` where S = 1; None where it cannot."""
        return None
