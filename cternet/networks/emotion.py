"""The emotion networks of this project: a backbone, a head, and how both are trained."""

import torch.nn.functional as F
from torch import Tensor, nn

from cternet.networks.backbone_network import BackboneNetwork
from cternet.networks.classifier import Classifier, Outputs
from cternet.networks.config import EmotionConfig


class EmotionNetwork(Classifier, BackboneNetwork, tags=["image-classification", "emotion-recognition", "explainability"]):
    """A ``Classifier`` on a ``Backbone``; a subclass adds its head and says what it answers.

    Each of its answers is trained by its cross-entropy.
    """

    config: EmotionConfig

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
