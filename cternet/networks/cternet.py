"""CTERNet: counterfactual thinking driven emotion regulation for image sentiment recognition (Zhang et al.).

``SMADF`` composes the stages up to Y(S); here the counterfactual S* and the total effect are added.  docs/method.md maps
equations to files.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cternet.networks.allocations import ALLOCATIONS, allocate
from cternet.networks.classifier import Outputs
from cternet.networks.config import CTERNetConfig
from cternet.networks.effect import expectation
from cternet.networks.smad_f import SMADF, AttentionOutputs


@dataclass(kw_only=True)
class CounterfactualOutputs(AttentionOutputs):
    """y_star (B, K): Y(S*, X), in eval mode its exact expectation.  y_te (B, K) = y - y_star.  s_star (B, 1, H, W)."""

    y_star: Tensor
    y_te: Tensor
    s_star: Tensor


class CTERNet(SMADF, tags=["counterfactual"]):
    """SMAD-F and its counterfactual: all five stages of emotion regulation.

    The loss is CE(v) + CE(Y) + CE(Y_TE) (Eq. 7 "in combination with the original losses"), or with ``eq7_alone`` the printed
    CE(v) + CE(Y_TE), which leaves Y(S) free (docs/method.md).
    """

    family = "cternet"
    answers = ("v", "y", "y_te")
    has_counterfactual = True
    config: CTERNetConfig
    shuffle_mean: Tensor

    def __init__(self, config: CTERNetConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        if ALLOCATIONS[config.allocation].needs == "bank":
            # E[S*] over other images, the reference outside training; NaN until a first training batch is seen.
            self.register_buffer("shuffle_mean", torch.full((1, 1, *self.backbone.grid(config.image_size)), torch.nan))

    @property
    def predicts_with(self) -> str:
        return self.config.answer

    def effect_head(
        self, s_out: Tensor, reduced: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None
    ) -> CounterfactualOutputs:
        """S_out (B, D, H, W) and X~ (B, R, H, W) -> the outputs; ``generator`` draws S* in training."""
        factual = super().effect_head(s_out, reduced, evidence=evidence)
        s_star = self.counterfactual(s_out, factual.s, generator=generator)
        y_star = self.coupling(s_star, reduced)
        y_te = factual.y - y_star
        return CounterfactualOutputs(
            y=factual.y,
            v=factual.v,
            y_star=y_star,
            y_te=y_te,
            s=factual.s,
            s_star=s_star,
            s_out=s_out,
            evidence=factual.evidence,
            prediction=factual.y if self.predicts_with == "y" else y_te,
        )

    def counterfactual(self, s_out: Tensor, s: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """S* (B, 1, H, W) under the model's own allocation: a draw in training, its expectation in eval mode."""
        config, pooling = self.config, self.sentiment_map.pooling
        borrows = ALLOCATIONS[config.allocation].needs == "bank"
        if not self.training or config.training_effect == "exact":
            exact = expectation(config.allocation, config.level, s, pooling)
            if exact is not None:
                return exact
            if borrows and not self.training:
                return self.shuffle_mean.expand_as(s)
        draws = [
            allocate(config.allocation, config.level, s_out=s_out, s=s, pooling=pooling, generator=generator)
            for _ in range(config.draws)
        ]
        s_star = torch.stack(draws).mean(dim=0)
        if borrows:
            mean = s.detach().float().mean(dim=0, keepdim=True)
            self.shuffle_mean.copy_(mean if self.shuffle_mean.isnan().any() else self.shuffle_mean.lerp(mean, 0.01))
        return s_star

    def attended(self, outputs: AttentionOutputs) -> Tensor:
        """S - S*, whose shares of the evidence sum to Y_TE."""
        assert isinstance(outputs, CounterfactualOutputs)
        return outputs.s - outputs.s_star

    def loss_terms(self, outputs: Outputs, target: Tensor, *, eq7_alone: bool = False, **options: Any) -> dict[str, Tensor]:
        terms = super().loss_terms(outputs, target, **options)
        if eq7_alone:
            del terms["y"]
        return terms
