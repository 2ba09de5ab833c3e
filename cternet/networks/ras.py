"""RAS: "Reverse Attention Based Residual Network for Salient Object Detection" (Chen et al., IEEE TIP 2020).

https://doi.org/10.1109/TIP.2020.2965989; its first form (ECCV 2018) is https://arxiv.org/abs/1807.09940.

A coarse map is predicted from the deepest features and refined level by level.  Each level looks only where the map so far
sees nothing (reverse attention) and adds what is missing there (a residual).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
import torch.nn.functional as F
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn

from cternet.networks.backbone import Backbone
from cternet.networks.config import triple

BRANCHES = ((1, 1), (3, 2), (5, 4), (7, 6))
"""First kernel and second dilation of each branch of the multi-scale context block."""


@dataclass
class RASConfig:
    """Everything a checkpoint needs to be run as it was trained; stored as ``config.json``."""

    family: Literal["ras"] = "ras"
    """What kind of network it is."""
    backbone: str = "tf_efficientnet_b0"
    """A timm model name; the authors' is resnet50."""
    channels: int = 64
    """Channels inside the blocks, as in the authors' code; a level that has fewer keeps its own number."""
    image_size: int = 224
    """Side of the square input in pixels."""
    geometry: Literal["squash"] = "squash"
    """The whole photo, without its aspect ratio, so that the map covers all of it."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Input normalisation, RGB in [0, 1]."""
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Input normalisation, RGB in [0, 1]."""
    training_data: str = ""
    """What the weights were trained on, in words."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Figures of this checkpoint, by split."""

    def __post_init__(self) -> None:
        self.mean, self.std = triple(self.mean), triple(self.std)
        if self.geometry != "squash":
            raise ValueError(f"unknown geometry {self.geometry!r}: the only one is squash")
        if self.channels < 1:
            raise ValueError(f"channels must be at least 1, not {self.channels}")


class ConvNormAct(nn.Sequential):
    """Convolution that keeps height and width, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        padding = dilation * (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class MultiScaleContext(nn.Module):
    """The deepest features at four scales -> the coarsest map: (B, C, H, W) -> logits (B, 1, H, W)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.reduce = ConvNormAct(inputs, channels, 1)
        self.branches = nn.ModuleList(
            nn.Sequential(ConvNormAct(channels, channels, kernel), ConvNormAct(channels, channels, 3, dilation))
            for kernel, dilation in BRANCHES
        )
        self.score = nn.Conv2d(channels * len(BRANCHES), 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        return self.score(torch.cat([branch(x) for branch in self.branches], dim=1))


class ReverseAttention(nn.Module):
    """A level's features and the map so far -> the map at this level: y = u + convs(sigmoid(-u) * conv1x1(x))."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.reduce = ConvNormAct(inputs, channels, 1)
        self.residual = nn.Sequential(
            *(ConvNormAct(channels, channels, 3) for _ in range(3)), nn.Conv2d(channels, 1, 3, padding=1)
        )

    def forward(self, x: Tensor, coarser: Tensor) -> Tensor:
        """x (B, C, H, W) and the coarser level's logits (B, 1, H', W') -> logits (B, 1, H, W)."""
        u = resize(coarser, x.shape[-2:])
        return u + self.residual(torch.sigmoid(-u) * self.reduce(x))


def resize(y: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(y, size=list(size), mode="bilinear", align_corners=False)


class RAS(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="cternet",
    license="other",
    tags=["salient-object-detection", "image-segmentation"],
):
    """Where a photo's salient objects are.

    Args:
        config: see ``RASConfig``.
        pretrained: start from timm's backbone weights (fetched from the hub).
    """

    family = "ras"

    def __init__(self, config: RASConfig, pretrained: bool = False) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone, pyramid=True, pretrained=pretrained)
        *shallower, deepest = self.backbone.level_channels
        self.context = MultiScaleContext(deepest, config.channels)
        # The authors' finest level is at stride 4, with 256 channels; at stride 2 an EfficientNet has 16, and more would cost
        # more than its backbone.
        self.refinements = nn.ModuleList(ReverseAttention(inputs, min(config.channels, inputs)) for inputs in shallower)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, h, w), normalised with ``config.mean`` and ``config.std``, -> a map of logits a level, finest first.

        Each is (B, 1, H_i, W_i); of an EfficientNet there are five, at strides 2, 4, 8, 16 and 32.
        """
        *shallower, deepest = self.backbone.levels(images)
        maps = [self.context(deepest)]
        for refine, x in zip(reversed(self.refinements), reversed(shallower), strict=True):
            maps.insert(0, refine(x, maps[0]))
        return maps

    def saliency(self, images: Tensor) -> Tensor:
        """Images (B, 3, h, w), normalised, -> how salient each pixel is, (B, h, w) in [0, 1]."""
        finest = self(images)[0].float()
        return torch.sigmoid(resize(finest, images.shape[-2:]))[:, 0]
