"""What every network that tells emotions apart has in common: a backbone, a head, and what is asked of both."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from cternet.networks.backbone import Backbone
from cternet.networks.config import EmotionConfig


@dataclass(frozen=True)
class Answer:
    """One of the logits (K,) a network has for a photo.

    Attributes:
        symbol: how the paper writes it.
        words: what it is.
    """

    symbol: str
    words: str

    def __str__(self) -> str:
        return f"{self.symbol} ({self.words})"


ANSWERS: dict[str, Answer] = {
    "v": Answer("v", "scores of the map"),
    "y": Answer("Y(S)", "factual"),
    "y_te": Answer("Y_TE", "total effect"),
}
"""By the field of ``Outputs`` that holds it, in the order of reports; a family with another answer adds it here."""


@dataclass
class Outputs:
    """What a forward pass computed; a family with more has a subclass.

    y (B, K): logits.  prediction (B, K): the logits the network answers with; ``y`` where none are named.
    """

    y: Tensor
    prediction: Tensor = None  # type: ignore[assignment]  # never None after __post_init__

    def __post_init__(self) -> None:
        if self.prediction is None:
            self.prediction = self.y


class EmotionNetwork(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="cternet",
    license="other",
    tags=["image-classification", "emotion-recognition", "explainability"],
):
    """A backbone; a subclass adds its head after it and says what it answers.

    Args:
        config: see ``EmotionConfig``.
        pretrained: start from timm's backbone weights (fetched from the hub).

    Raises:
        ValueError: a config of another family.

    Attributes:
        family: what ``config.json`` calls networks of this class.
        answers: the logits it has, keys of ``ANSWERS`` and fields of its outputs; each is trained by its cross-entropy.
        has_evidence: whether Y is linear in a map S, with ``evidence`` (B, K, H, W) among its outputs on
            request, and ``bias`` (K,) beside it.
        has_counterfactual: whether there is an S* beside S, and with it a total effect.
    """

    family: ClassVar[str]
    answers: ClassVar[tuple[str, ...]] = ("y",)
    has_evidence: ClassVar[bool] = False
    has_counterfactual: ClassVar[bool] = False

    def __init__(self, config: EmotionConfig, pretrained: bool = False) -> None:
        super().__init__()
        if config.family != self.family:
            raise ValueError(f"a {type(self).__name__} is of the family {self.family}, and the config's is {config.family}")
        self.config = config
        self.backbone = Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)
        self.drop = nn.Dropout2d(config.dropout)

    @property
    def predicts_with(self) -> str:
        """The one of ``answers`` that is the prediction."""
        return "y"

    def inputs(self, image: Tensor) -> dict[str, Tensor]:
        """What ``forward_features`` takes of a normalised photo (3, h, w), by its arguments."""
        return {"images": image}

    def forward_features(self, images: Tensor, start: int = 0) -> Tensor:
        """Images (B, 3, h, w), or what section ``start`` of the backbone takes, -> X (B, C, H, W)."""
        return self.backbone(images, start)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Outputs:
        """X (B, C, H, W) -> ``Outputs``.

        Args:
            evidence: have it among the outputs, in families that have it.
            generator: of what a head draws in training.
        """
        raise NotImplementedError

    def forward(self, images: Tensor, *, start: int = 0, evidence: bool = False) -> Outputs:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> ``Outputs``."""
        return self.forward_head(self.forward_features(images, start), evidence=evidence)

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """The maps (B, H, W) the network has of images, larger where it looks more, from X (B, C, H, W) and its outputs."""
        return {}

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

    @property
    def plain_classifier(self) -> nn.Linear | None:
        """The linear layer (C to K) on pooled X that is the whole head, where it is."""
        return None

    def as_plain(self, plain: nn.Linear) -> dict[str, Tensor] | None:
        """Parameters with which this network answers like a ``plain_classifier`` where S = 1; None where it cannot."""
        return None
