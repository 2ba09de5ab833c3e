"""CLEF, counterfactual emotion inference: an answer without what the context alone says.

Yang et al., "Robust Emotion Recognition in Context Debiasing", CVPR 2024, https://arxiv.org/abs/2403.05963
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from cternet.networks.backbone import Backbone
from cternet.networks.backbone_network import base_weights
from cternet.networks.classifier import Outputs
from cternet.networks.config import CLEFConfig, EmotionConfig
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.ras import RAS, RASConfig
from cternet.networks.twin_backbone import TwinBackbone

FINDER = "backbone.finder."
"""What the names of the saliency network's weights begin with."""


def fuse(y_c: Tensor, y_e: Tensor) -> Tensor:
    """phi(Y_c, Y_e) = log sigmoid(Y_c + Y_e)."""
    return F.logsigmoid(y_c + y_e)


class CounterfactualInference(nn.Module):
    """What CLEF puts around any two branches that give logits: one of the context, and one of an ensemble of all there is.

    Without the ensemble's logits, e* stands for them: a number that all photos and classes share, learnt so that the answer
    without them is as sure as the one with them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.e_star = nn.Parameter(torch.zeros(()))

    def forward(self, y_c: Tensor, y_e: Tensor) -> "CLEFOutputs":
        """Logits of the context and of the ensemble, (B, K) each."""
        y_c, y_e = y_c.float(), y_e.float()  # half precision would round the small differences of two logarithms
        y_ce = fuse(y_c, y_e)
        return CLEFOutputs(y=y_ce, y_c=y_c, y_e=y_e, tie=y_ce - fuse(y_c, self.e_star), e_star=self.e_star.expand(len(y_c)))


@dataclass(kw_only=True)
class CLEFOutputs(Outputs):
    """Answers (B, K), as Yang et al. call them.

    y: Y_{c,e}, factual.  y_c: of the context alone.  y_e: of the ensemble.  tie: TE - NDE = Y_{c,e} - Y_{c,e*}, the prediction.
    e_star (B,): what stood for y_e, the same of all photos.
    """

    y_c: Tensor
    y_e: Tensor
    tie: Tensor
    e_star: Tensor

    def __post_init__(self) -> None:
        self.prediction = self.tie

    @property
    def y_ce(self) -> Tensor:
        return self.y

    @property
    def nde(self) -> Tensor:
        """Y_{c,e*} - Y_{c*,e*}: what the context does by itself; c* is a context of which nothing is said, logits of 0."""
        return fuse(self.y_c, self.e_star[:, None]) - fuse(torch.zeros_like(self.y_c), self.e_star[:, None])

    @property
    def te(self) -> Tensor:
        """Y_{c,e} - Y_{c*,e*} = TIE + NDE."""
        return self.tie + self.nde


class CLEF(EmotionNetwork):
    """Two linear heads on a backbone that sees the photo and its context.

    Y_c = W_c . GAP(X_c) + b_c is the context branch, and Y_e = W_e . [GAP(X) ; GAP(X_c)] + b_e the ensemble.
    """

    family = "clef"
    answers: ClassVar[tuple[str, ...]] = ("y_c", "y_ce", "tie")
    sees_subjects = True
    config: CLEFConfig
    backbone: TwinBackbone

    def __init__(self, config: CLEFConfig, pretrained: bool = False) -> None:
        super().__init__(config, pretrained)
        channels, classes = self.backbone.channels, len(config.classes)
        self.context = nn.Linear(channels // 2, classes)
        self.ensemble = nn.Linear(channels, classes)
        self.inference = CounterfactualInference()

    @staticmethod
    def make_backbone(config: EmotionConfig, pretrained: bool) -> Backbone:
        assert isinstance(config, CLEFConfig)
        finder = RAS(RASConfig(**config.finder))
        options: dict[str, Any] = {"output_stride": config.output_stride, "pretrained": pretrained}
        return TwinBackbone(config.backbone, finder=finder, mean=config.mean, std=config.std, **options)

    @classmethod
    def shared_weights(cls, source: str, config: EmotionConfig) -> dict[str, Tensor]:
        """Those of the backbone, and of the saliency network."""
        assert isinstance(config, CLEFConfig)
        found = super().shared_weights(source, config)
        if config.finder_base is None:
            return found
        finder = load_file(base_weights(source, config.finder_base))
        return found | {f"{FINDER}{name}": one for name, one in finder.items()}

    @property
    def predicts_with(self) -> str:
        return "tie"

    def inputs(self, image: Tensor) -> dict[str, Tensor]:
        """The photo and, as a fourth channel, where its subject is."""
        there = self.backbone.mean.device
        subject = self.backbone.find(image[None].to(there)).to(image)
        return {"images": torch.cat([image, subject])}

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> CLEFOutputs:
        pooled = self.ready(x).mean(dim=(2, 3))  # (B, 2C)
        return self.inference(self.context(pooled.chunk(2, dim=1)[1]), self.ensemble(pooled))

    def loss_terms(
        self, outputs: Outputs, target: Tensor, *, eq7_alone: bool = False, label_smoothing: float = 0.0
    ) -> dict[str, Tensor]:
        """CE(Y_{c,e}) + CE(Y_c) + KL(softmax(Y_{c,e}), softmax(Y_{c,e*})); the last one trains e* alone."""
        assert isinstance(outputs, CLEFOutputs)
        y_c, y_e, e_star = outputs.y_c.float(), outputs.y_e.float(), outputs.e_star[:, None].float()
        # Where several classes may hold, the sigmoid in phi is a class's own probability.
        factual = y_c + y_e if self.config.several else outputs.y_ce
        terms = {
            "y_c": self.mismatch(y_c, target, label_smoothing),
            "y_ce": self.mismatch(factual, target, label_smoothing),
        }
        return terms | {"kl": self.divergence(factual.detach(), y_c.detach() + e_star)}

    def divergence(self, factual: Tensor, imagined: Tensor) -> Tensor:
        """KL of answers from others: their logits (B, K), or the sums Y_c + e* that phi takes for the second."""
        if not self.config.several:
            one, other = factual.log_softmax(dim=1), F.logsigmoid(imagined).log_softmax(dim=1)
            return F.kl_div(other, one, reduction="batchmean", log_target=True)
        one, other = (torch.stack([F.logsigmoid(z), F.logsigmoid(-z)]) for z in (factual, imagined))  # (2, B, K)
        return F.kl_div(other, one, reduction="sum", log_target=True) / len(factual)

    def maps(self, x: Tensor, outputs: Outputs) -> dict[str, Tensor]:
        """``cam``: what each place of the whole photo gives the ensemble's logit of the prediction, where that is positive."""
        predicted = outputs.prediction.argmax(dim=1)
        whole = self.ready(x).float().chunk(2, dim=1)[0]
        weight = self.ensemble.weight.float().chunk(2, dim=1)[0]
        return {"cam": torch.einsum("bchw,bc->bhw", whole, weight[predicted]).float().clamp(min=0)}
