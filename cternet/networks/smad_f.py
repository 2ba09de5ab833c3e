"""CTERNet without its counterfactual: stages (i) to (iii), the sentiment map and the answer from it (Table 3's SMAD-F)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from cternet.networks.classifier import Outputs
from cternet.networks.config import CTERNetConfig
from cternet.networks.coupling import Coupling
from cternet.networks.deployment import AttentionalDeployment
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.sentiment_map import SentimentMap
from cternet.networks.situation import SituationModification


@dataclass(kw_only=True)
class AttentionOutputs(Outputs):
    """y (B, K): Y(S, X).  v (B, K): class scores of the map.  s (B, 1, H, W).  s_out (B, D, H, W).

    evidence (B, K, H, W), only on request.
    """

    v: Tensor
    s: Tensor
    s_out: Tensor
    evidence: Tensor | None = None


class SMADF(EmotionNetwork):
    """Situation modification and attentional deployment to a map S, and Y(S, X), which is linear in it."""

    family = "smad-f"
    answers: ClassVar[tuple[str, ...]] = ("v", "y")
    has_evidence = True

    def __init__(self, config: CTERNetConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        channels, classes = self.backbone.channels, len(config.classes)
        reduced = config.reduced_channels or (channels if channels <= 512 else 32)
        self.situation = SituationModification(channels, config.attention_channels, full_view=config.full_view)
        self.deployment = AttentionalDeployment(scaled=config.scaled_attention)
        self.sentiment_map = SentimentMap(config.attention_channels, classes, config.maps_per_class, budget=config.budget)
        self.coupling = Coupling(channels, reduced, classes)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> AttentionOutputs:
        x = self.ready(x)
        s_out, reduced = self.deployment(self.situation(x)), self.coupling.reduce(x)
        # Y_TE is a difference of logits: from here on in the weights' own precision, also under autocast.
        with torch.autocast(x.device.type, enabled=False):
            dtype = self.coupling.classifier.weight.dtype
            return self.effect_head(s_out.to(dtype), reduced.to(dtype), evidence=evidence, generator=generator)

    def effect_head(
        self, s_out: Tensor, reduced: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None
    ) -> AttentionOutputs:
        """S_out (B, D, H, W) and X~ (B, R, H, W) -> the outputs."""
        v, s = self.sentiment_map(s_out)
        g = self.coupling.evidence(reduced) if evidence else None
        return AttentionOutputs(y=self.coupling(s, reduced), v=v, s=s, s_out=s_out, evidence=g)

    @property
    def bias(self) -> Tensor:
        """b (K,) of Y(S) = (1/N) sum_p S_p g_p + b."""
        return self.coupling.classifier.bias

    def attended(self, outputs: AttentionOutputs) -> Tensor:
        """The map (B, 1, H, W) that the places' shares of the prediction are counted by."""
        return outputs.s

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """``s``: the sentiment map.  ``effect``: what each place adds to the predicted class's logit, where it is positive."""
        assert isinstance(outputs, AttentionOutputs) and outputs.evidence is not None
        predicted = outputs.prediction.argmax(dim=1)
        evidence = outputs.evidence[torch.arange(len(predicted), device=predicted.device), predicted]
        effect = (self.attended(outputs)[:, 0] * evidence).float().clamp(min=0)
        return {"s": outputs.s[:, 0].float(), "effect": effect}

    def as_plain(self, plain: nn.Linear) -> dict[str, Tensor]:
        """X~ is X, and the part of S alone has no weight."""
        weight, channels = plain.weight, plain.in_features
        return {
            "coupling.reduce.weight": torch.eye(channels)[:, :, None, None],
            "coupling.reduce.bias": torch.zeros(channels),
            "coupling.classifier.weight": torch.cat([torch.zeros(len(weight), 1), weight], dim=1),
            "coupling.classifier.bias": plain.bias,
        }
