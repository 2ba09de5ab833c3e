"""From a decoded photo to the network's input, and back to what the network saw."""

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from cternet.model import CTERNetConfig


def geometry_transform(config: CTERNetConfig) -> v2.Transform:
    """PIL RGB -> PIL RGB of ``config.image_size`` squared: the photo as the model sees it."""
    size = config.image_size
    if config.geometry == "squash":
        return v2.Resize((size, size), antialias=True)
    return v2.Compose([v2.Resize(size, antialias=True), v2.CenterCrop(size)])


def to_input(config: CTERNetConfig) -> v2.Transform:
    """PIL RGB -> normalised float tensor (3, h, w)."""
    return v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(config.mean), list(config.std))]
    )


def preprocess(image: Image.Image, config: CTERNetConfig) -> tuple[Image.Image, Tensor]:
    """The photo as the model sees it, and the tensor (3, size, size) the network takes."""
    seen = geometry_transform(config)(image)
    return seen, to_input(config)(seen)
