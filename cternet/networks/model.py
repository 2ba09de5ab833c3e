"""CTERNet: counterfactual thinking driven emotion regulation for image sentiment recognition (Zhang et al.).

Composes the five stages of emotion regulation; each stage is a file of its own.  docs/method.md maps equations to files.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from cternet.emotions import MIKELS, TABLES
from cternet.networks.allocations import ALLOCATIONS, AllocationName, Level, allocate
from cternet.networks.backbone import Backbone
from cternet.networks.coupling import Coupling
from cternet.networks.deployment import AttentionalDeployment
from cternet.networks.effect import expectation
from cternet.networks.sentiment_map import BUDGETS, Budget, SentimentMap
from cternet.networks.situation import SituationModification
from cternet.networks.wscnet import WSCNetHead

Variant = Literal["vanilla", "wscnet", "smad-f", "cternet"]
VARIANTS: tuple[str, ...] = ("vanilla", "wscnet", "smad-f", "cternet")
ANSWERS: dict[str, str] = {"y": "Y(S)", "y_te": "Y_TE"}
"""What a network can answer with, and how that is written."""


@dataclass
class CTERNetConfig:
    """Everything a checkpoint needs to be run as it was trained; stored as ``config.json``."""

    variant: Variant = "cternet"
    """vanilla: GAP and a linear layer; smad-f: no counterfactual; cternet: all (Table 3's rows); wscnet: that method."""
    backbone: str = "tf_efficientnet_b0"
    """A timm model name; the paper's is res2net101d."""
    output_stride: int | None = 16
    """Input pixels a map cell; None for the backbone's own."""
    classes: tuple[str, ...] = MIKELS
    """Class names, in the order of the logits; mikels, ekman and polarity stand for the classes of that name."""
    image_size: int = 224
    """Side of the square input in pixels."""
    geometry: Literal["squash", "center"] = "squash"
    """squash: the whole photo, without its aspect ratio; center: the middle square."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Input normalisation, RGB in [0, 1]."""
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Input normalisation, RGB in [0, 1]."""
    attention_channels: int = 64
    """D."""
    reduced_channels: int | None = None
    """R; None for C where C is at most 512, else 32 as in the authors' code."""
    maps_per_class: int = 4
    """l."""
    full_view: bool = False
    """Let every kernel of Eq. 1 see all channels, as in the authors' code."""
    scaled_attention: bool = False
    """Divide Eq. 2's products by sqrt(N)."""
    allocation: AllocationName = "random"
    """What S* the network is trained and predicts with."""
    level: Level = "attention"
    """Where the allocation acts."""
    training_effect: Literal["draw", "exact"] = "draw"
    """In training, Y(S*) of draws or its exact expectation (random and uniform)."""
    draws: int = 1
    """In training, draws of S* a step, averaged."""
    budget: Budget = "free"
    """equal: S and every S* are never negative and have mean 1 over the cells, so that they differ in where alone; free: as
    they come, which is how checkpoints were made that do not say."""
    answer: Literal["y", "y_te"] = "y_te"
    """What cternet answers with: Y_TE, as in the paper, or Y(S)."""
    dropout: float = 0.2
    """Share of the channels of X dropped in training, before every head."""
    training_data: str = ""
    """What the weights were trained on, in words."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Figures of this checkpoint, by split."""

    def __post_init__(self) -> None:
        self.classes, self.mean, self.std = tuple(self.classes), tuple(self.mean), tuple(self.std)
        if len(self.classes) == 1:
            self.classes = TABLES.get(self.classes[0], self.classes)
        if self.variant not in VARIANTS:
            raise ValueError(f"unknown variant {self.variant!r}: choose one of {', '.join(VARIANTS)}")
        if len(self.classes) < 2:
            raise ValueError(f"at least two classes are needed, or one of the names {', '.join(TABLES)}")
        if self.draws < 1:
            raise ValueError("draws must be at least 1")
        for name, known in (("budget", BUDGETS), ("answer", ANSWERS), ("allocation", get_args(AllocationName))):
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}: choose one of {', '.join(known)}")

    @property
    def predicts_with(self) -> str:
        """The answer that a network of this variant predicts with, a key of ``ANSWERS``."""
        return self.answer if self.variant == "cternet" else "y"


@dataclass
class Outputs:
    """What a forward pass computed; None where the variant has no such part.

    y (B, K): Y(S, X), or the plain logits of ``vanilla``.  v (B, K): class scores of the map.  y_star (B, K): Y(S*, X), in
    eval mode its exact expectation.  y_te (B, K) = y - y_star.  s, s_star (B, 1, H, W).  s_out (B, D, H, W).
    evidence (B, K, H, W), only on request.  prediction (B, K): the logits the model answers with, Y where none are named.
    """

    y: Tensor
    v: Tensor | None = None
    y_star: Tensor | None = None
    y_te: Tensor | None = None
    s: Tensor | None = None
    s_star: Tensor | None = None
    s_out: Tensor | None = None
    evidence: Tensor | None = None

    prediction: Tensor | None = None

    def __post_init__(self) -> None:
        if self.prediction is None:
            self.prediction = self.y


class CTERNet(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="cternet",
    license="other",
    tags=["image-classification", "emotion-recognition", "counterfactual", "explainability"],
):
    """A backbone and one of the heads ``vanilla``, ``wscnet``, ``smad-f`` and ``cternet``.

    Args:
        config: see ``CTERNetConfig``.
        pretrained: start from timm's backbone weights (fetched from the hub).
    """

    def __init__(self, config: CTERNetConfig, pretrained: bool = False) -> None:
        super().__init__()
        self.config = config
        classes = len(config.classes)
        self.backbone = Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)
        channels = self.backbone.channels
        self.drop = nn.Dropout2d(config.dropout)
        if config.variant == "vanilla":
            self.classifier = nn.Linear(channels, classes)
            return
        if config.variant == "wscnet":
            self.wscnet = WSCNetHead(channels, classes, config.maps_per_class)
            return
        reduced = config.reduced_channels or (channels if channels <= 512 else 32)
        self.situation = SituationModification(channels, config.attention_channels, full_view=config.full_view)
        self.deployment = AttentionalDeployment(scaled=config.scaled_attention)
        self.sentiment_map = SentimentMap(config.attention_channels, classes, config.maps_per_class, budget=config.budget)
        self.coupling = Coupling(channels, reduced, classes)
        if config.variant == "cternet" and ALLOCATIONS[config.allocation].needs == "bank":
            # E[S*] over other images, the reference outside training; NaN until a first training batch is seen.
            self.register_buffer("shuffle_mean", torch.full((1, 1, *self.backbone.grid(config.image_size)), torch.nan))

    def forward_features(self, images: Tensor, start: int = 0) -> Tensor:
        """Images (B, 3, h, w), or what section ``start`` of the backbone takes, -> X (B, C, H, W)."""
        return self.backbone(images, start)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Outputs:
        """X (B, C, H, W) -> ``Outputs``; ``generator`` draws S* in training."""
        x = self.drop(x)
        if self.config.variant == "vanilla":
            return Outputs(y=self.classifier(x.mean(dim=(2, 3))))
        if self.config.variant == "wscnet":
            y, v, s = self.wscnet(x)
            return Outputs(y=y, v=v, s=s)
        s_out, reduced = self.deployment(self.situation(x)), self.coupling.reduce(x)
        # Y_TE is a difference of logits: from here on in the weights' own precision, also under autocast.
        with torch.autocast(x.device.type, enabled=False):
            dtype = self.coupling.classifier.weight.dtype
            return self.effect_head(s_out.to(dtype), reduced.to(dtype), evidence=evidence, generator=generator)

    def effect_head(
        self, s_out: Tensor, reduced: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None
    ) -> Outputs:
        """S_out (B, D, H, W) and X~ (B, R, H, W) -> ``Outputs``."""
        v, s = self.sentiment_map(s_out)
        g = self.coupling.evidence(reduced) if evidence else None
        y = self.coupling(s, reduced)
        if self.config.variant == "smad-f":
            return Outputs(y=y, v=v, s=s, s_out=s_out, evidence=g)
        s_star = self.counterfactual(s_out, s, generator=generator)
        y_star = self.coupling(s_star, reduced)
        y_te = y - y_star
        return Outputs(
            y=y,
            v=v,
            y_star=y_star,
            y_te=y_te,
            s=s,
            s_star=s_star,
            s_out=s_out,
            evidence=g,
            prediction=y if self.config.predicts_with == "y" else y_te,
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
        s_star = sum(draws) / config.draws
        if borrows:
            mean = s.detach().float().mean(dim=0, keepdim=True)
            self.shuffle_mean.copy_(mean if self.shuffle_mean.isnan().any() else self.shuffle_mean.lerp(mean, 0.01))
        return s_star

    def forward(self, images: Tensor, *, start: int = 0, evidence: bool = False) -> Outputs:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> ``Outputs``."""
        return self.forward_head(self.forward_features(images, start), evidence=evidence)
