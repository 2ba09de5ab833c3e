"""Any image classifier of timm, from a folder, the hub or timm's own names, so that its answer can be explained too.

https://huggingface.co/docs/timm
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import timm
import torch
from einops import rearrange
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from cternet.networks.classifier import Classifier, Outputs


@dataclass
class TimmConfig:
    """How a timm classifier is run; what is None is the model's own.  ``config.json`` may say it beside what timm wrote."""

    family: Literal["timm"] = "timm"
    """What kind of network it is."""
    classes: tuple[str, ...] | None = None
    """Class names in the order of the logits; those the model came with, or their numbers."""
    image_size: int | None = None
    """Side of the square input in pixels."""
    geometry: Literal["squash", "center"] = "center"
    """center: the middle square, all of it, where timm cuts a margin off; squash: the whole photo."""
    mean: tuple[float, float, float] | None = None
    """Input normalisation, RGB in [0, 1]."""
    std: tuple[float, float, float] | None = None
    """Input normalisation, RGB in [0, 1]."""

    def completed(self, net: Any) -> "TimmConfig":
        """With what the model itself says of its input and its classes.

        Raises:
            ValueError: it does not take square RGB photos, or has another number of classes.
        """
        own = net.pretrained_cfg
        channels, height, width = own["input_size"]
        if channels != 3 or height != width:
            raise ValueError(f"it takes {channels} channels of {height}x{width} pixels, but photos are squares of 3 channels")
        count = net.num_classes
        classes = tuple(self.classes or own.get("label_names") or map(str, range(count)))
        if len(classes) != count or len(set(classes)) != count:
            raise ValueError(f"it has {count} classes, but {len(set(classes))} different names are given")
        return TimmConfig(
            classes=classes,
            image_size=self.image_size or height,
            geometry=self.geometry,
            mean=tuple(self.mean or own["mean"]),
            std=tuple(self.std or own["std"]),
        )


class TimmClassifier(Classifier):
    """A timm model and its own head.

    A vision transformer may answer by its class token, which the places of the last features do not reach any more; so its X is
    what goes into the last block.

    Args:
        net: a timm model with a classifier.
        config: see ``TimmConfig``.

    Raises:
        ValueError: it is no classifier of square RGB photos.
    """

    family = "timm"
    net: Any
    """Any: each architecture has attributes of its own."""

    def __init__(self, net: Any, config: TimmConfig) -> None:
        super().__init__()
        if not net.num_classes:
            raise ValueError("it has no classifier")
        self.config = config.completed(net)
        self.head: nn.Module = nn.Identity()
        if isinstance(net, VisionTransformer):
            blocks: Any = net.blocks
            self.head = nn.Sequential(blocks[-1], net.norm)
            net.blocks, net.norm = blocks[:-1], nn.Identity()
        self.net: Any = net

    @classmethod
    def from_pretrained(
        cls, source: str, *, config: TimmConfig, revision: str | None = None, strict: bool = True
    ) -> "TimmClassifier":
        """From a folder, ``owner/name`` on the hub, or a name of timm that has weights."""
        name = source
        if Path(source).is_dir():
            name = f"local-dir:{source}"
        elif not is_timm_name(source):
            name = f"hf-hub:{source}@{revision}" if revision else f"hf-hub:{source}"
        return cls(timm.create_model(name, pretrained=True), config)

    def forward_features(self, images: Tensor) -> Tensor:
        """Images (B, 3, h, w) -> X as the model has it: (B, C, H, W), (B, H, W, C) or tokens (B, N, C)."""
        return self.net.forward_features(images)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Outputs:
        return Outputs(y=self.net.forward_head(self.head(x)))

    def on_grid(self, x: Tensor) -> Tensor:
        if x.ndim == 3:
            height, width = self.net.patch_embed.grid_size
            return rearrange(x[:, self.net.num_prefix_tokens :], "b (h w) c -> b c h w", h=height, w=width)
        if getattr(self.net, "output_fmt", None) == "NHWC":
            return rearrange(x, "b h w c -> b c h w")
        return x


def is_timm_name(source: str) -> bool:
    """Whether timm has a model of that name, with or without the tag of its weights."""
    return timm.is_model(source) if "/" not in source and ":" not in source else False
