"""Stage (i), situation selection: the backbone I -> X, any timm model that offers ``features_only``."""

from typing import Any

import timm
import torch
from timm.models import FeatureListNet
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn


class Backbone(nn.Module):
    """The deepest feature map X of a timm model, computed section by section.

    Sections are the consecutive parts whose composition is the backbone: the stem and the blocks of an
    EfficientNet, the children of a ResNet-like model, or one section for any other architecture.  Splitting
    lets training freeze the leading sections and cache what they put out.

    Args:
        name: timm model name, e.g. ``tf_efficientnet_b0`` or ``res2net101d`` (the paper's).
        output_stride: input pixels a cell of X, or None for the model's own.
        pyramid: keep every level of the model's feature pyramid, for ``levels``; otherwise X alone.
        pretrained: load timm's weights from the hub.
    """

    def __init__(self, name: str, *, output_stride: int | None = None, pyramid: bool = False, pretrained: bool = False) -> None:
        super().__init__()
        options: dict[str, Any] = {} if output_stride is None else {"output_stride": output_stride}
        options |= {} if pyramid else {"out_indices": (-1,)}
        self.net = timm.create_model(name, features_only=True, pretrained=pretrained, **options)
        features: Any = self.net.feature_info
        self.level_channels: list[int] = features.channels()
        self.channels = self.level_channels[-1]
        self.channels_last = getattr(self.net, "output_fmt", None) == "NHWC"

    def sections(self) -> list[nn.Module]:
        """The consecutive parts of the backbone, shallow to deep."""
        if isinstance(self.net, EfficientNetFeatures):
            return [nn.Sequential(self.net.conv_stem, self.net.bn1), *self.net.blocks]
        if isinstance(self.net, FeatureListNet):
            return list(self.net.values())
        return [self.net]

    def frozen_parts(self, sections: int) -> list[nn.Module]:
        """What determines the output of the first sections."""
        return self.sections()[:sections]

    def forward(self, x: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Run sections ``start`` to ``stop``; all of them map (B, 3, h, w) to X (B, C, H, W)."""
        sections = self.sections()
        stop = len(sections) if stop is None else stop
        for section in sections[start:stop]:
            x = section(x)
        if isinstance(x, list):
            x = x[-1]
        if self.channels_last and start < len(sections) <= stop:
            x = x.permute(0, 3, 1, 2)
        return x

    def levels(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, h, w) -> the kept levels, shallow to deep, each (B, C_i, H_i, W_i)."""
        return [x.permute(0, 3, 1, 2) if self.channels_last else x for x in self.net(images)]

    def load_weights(self, state: dict[str, Tensor]) -> None:
        """Load backbone weights; raises ``ValueError`` naming what is missing or of another shape."""
        own = self.net.state_dict()
        missing = sorted(key for key in own if key not in state and not key.endswith("num_batches_tracked"))
        shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
        if missing or shapes:
            raise ValueError(
                f"these weights are not for this backbone: {len(missing)} tensors are missing "
                f"(first: {missing[:1]}), {len(shapes)} have another shape (first: {shapes[:1]})"
            )
        self.net.load_state_dict({key: state[key].to(own[key].dtype) for key in own if key in state}, strict=False)

    def freeze(self, sections: int, *, train_depthwise: bool = True) -> None:
        """Stop gradients in the first ``sections`` sections and, if asked, in every depthwise kernel."""
        for section in self.sections()[:sections]:
            section.requires_grad_(False)
        if not train_depthwise:
            for module in self.modules():
                if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
                    module.weight.requires_grad_(False)

    @torch.no_grad()
    def grid(self, size: int) -> tuple[int, int]:
        """(H, W) of X for a square input of ``size`` pixels."""
        was_training = self.training
        self.eval()
        parameter = next(self.parameters())
        x = self(torch.zeros(1, 3, size, size, device=parameter.device, dtype=parameter.dtype))
        self.train(was_training)
        return tuple(x.shape[-2:])
