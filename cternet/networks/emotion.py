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
        """Cross-entropies whose sum is the loss, by answer; binary ones where ``config.several`` says so.

        Args:
            outputs: of this network.
            target: class indices (B,), or class probabilities (B, K), which are those of each class where several may hold.
            eq7_alone: see ``CTERNet``; other families have nothing to leave out.
        """
        return {name: self.mismatch(getattr(outputs, name), target, label_smoothing) for name in self.answers}

    def mismatch(self, logits: Tensor, target: Tensor, label_smoothing: float) -> Tensor:
        """The cross-entropy of logits (B, K) with a target: a softmax's, or the sum of the classes' own."""
        if not self.config.several:
            return F.cross_entropy(logits.float(), target, label_smoothing=label_smoothing)
        smooth = target * (1 - label_smoothing) + label_smoothing / 2
        return F.binary_cross_entropy_with_logits(logits.float(), smooth, reduction="sum") / len(target)

    def as_plain(self, plain: nn.Linear) -> dict[str, Tensor] | None:
        """Parameters with which this network answers like a ``plain_classifier`` where S = 1; None where it cannot."""
        return None
