"""A backbone that sees a photo twice: as it is, and without its subject."""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import normalize

from cternet.networks.backbone import Backbone
from cternet.networks.ras import RAS
from cternet.networks.subject import salient


class TwinBackbone(Backbone):
    """``Backbone`` on the photo and on its context, side by side in the channels: X : (B, 2C, H, W).

    Both go through the same weights.  What the subject is, a saliency network tells, which is never trained here; it does not
    where the images come with it.

    Args:
        name, options: as ``Backbone`` has them.
        finder: the saliency network.
        mean, std: normalisation of the images.
    """

    def __init__(
        self, name: str, *, finder: RAS, mean: tuple[float, float, float], std: tuple[float, float, float], **options: Any
    ) -> None:
        super().__init__(name, **options)
        self.channels *= 2
        self.finder = finder.requires_grad_(False).eval()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    mean: Tensor
    std: Tensor

    def train(self, mode: bool = True) -> "TwinBackbone":
        super().train(mode)
        self.finder.eval()
        return self

    def frozen_parts(self, sections: int) -> list[nn.Module]:
        return [self.finder, *super().frozen_parts(sections)]

    def find(self, images: Tensor) -> Tensor:
        """The subjects of images (B, 3, h, w): (B, h, w) of bool."""
        return salient((images.float() * self.std + self.mean).clamp(0, 1), self.finder)

    def subjects(self, images: Tensor) -> Tensor:
        """The subjects of images (B, 3, h, w), or those that images (B, 4, h, w) have in their last channel: above 0 where it
        is, and -1 all over where it is to be found."""
        if images.shape[1] == 3:
            return self.find(images)
        given = images[:, 3] > 0.5
        unknown = images[:, 3].amin(dim=(1, 2)) < 0
        if unknown.any():
            given[unknown] = self.find(images[unknown, :3])
        return given

    def context(self, images: Tensor, subjects: Tensor) -> Tensor:
        """Normalised images (B, 3, h, w) without their subjects (B, h, w)."""
        black = normalize(torch.zeros_like(images[:1]), self.mean.flatten().tolist(), self.std.flatten().tolist())
        return torch.where(subjects[:, None], black, images)

    def forward(self, x: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        if start == 0:
            images = x[:, :3]
            both = torch.cat([images, self.context(images, self.subjects(x))])
        else:
            both = torch.cat(x.chunk(2, dim=1))
        both = super().forward(both.contiguous(memory_format=torch.channels_last), start, stop)
        return torch.cat(both.chunk(2), dim=1)
