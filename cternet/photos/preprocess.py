"""From a decoded photo to the network's input, and back to what the network saw."""

from typing import Protocol

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2


class Input(Protocol):
    """How a network takes photos: the part of its config that this file reads."""

    image_size: int
    geometry: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def geometry_transform(config: Input) -> v2.Transform:
    """PIL RGB -> PIL RGB of ``config.image_size`` squared: the photo as the model sees it."""
    size = config.image_size
    if config.geometry == "squash":
        return v2.Resize((size, size), antialias=True)
    # Cropped before it is resized: the other way round, a strip of 1 x 5000 pixels would first grow to a huge picture.
    return v2.Compose([v2.Lambda(middle_square), v2.Resize((size, size), antialias=True)])


def middle_square(image: Image.Image) -> Image.Image:
    """The largest centred square."""
    return v2.CenterCrop(min(image.size))(image)


def to_input(config: Input) -> v2.Transform:
    """PIL RGB -> normalised float tensor (3, h, w)."""
    return v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(config.mean), list(config.std))]
    )


MAX_VIEW = 640
"""Longest side of the photo that maps are drawn over."""
MAX_ASPECT = 3.0
"""Photos longer than this are drawn as the model saw them: a strip shows no map."""


def covered(image: Image.Image, config: Input) -> Image.Image:
    """The part of the photo that the map covers, in its own aspect ratio, at most ``MAX_VIEW`` pixels a side."""
    view = image if config.geometry == "squash" else middle_square(image)
    if max(view.size) > MAX_ASPECT * min(view.size):
        view = geometry_transform(config)(image)
    longest = max(view.size)
    target = min(max(longest, config.image_size), MAX_VIEW)  # shrink large photos, enlarge tiny ones
    if longest != target:
        size = [max(1, round(length * target / longest)) for length in view.size]
        view = view.resize(size, Image.Resampling.BICUBIC)
    return view


def preprocess(image: Image.Image, config: Input) -> tuple[Image.Image, Tensor]:
    """The photo as the model sees it, and the tensor (3, size, size) the network takes."""
    seen = geometry_transform(config)(image)
    return seen, to_input(config)(seen)
