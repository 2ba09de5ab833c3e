"""Photos without their subject: what is left is the context."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import normalize

from cternet.networks.ras import RAS
from training.data import Example

SALIENT = 0.5
"""From this probability on, a pixel belongs to the subject."""


def subjects(pixels: Tensor, examples: Sequence[Example], sizes: Sequence[tuple[int, int]], saliency: RAS) -> Tensor:
    """Where the subject of each photo is: the person's box where its example has one, else what is salient.

    Args:
        pixels: whole photos, squashed (B, 3, S, S), in [0, 1].
        examples: of these photos.
        sizes: width and height of the photos, which boxes are given in.

    Returns:
        (B, S, S) of bool.
    """
    side = pixels.shape[-1]
    found = torch.zeros(len(pixels), side, side, dtype=torch.bool)
    without = [index for index, example in enumerate(examples) if example.box is None]
    if without:
        config = saliency.config
        seen = F.interpolate(pixels[without], size=(config.image_size,) * 2, mode="bilinear", antialias=True)
        with torch.inference_mode():
            salient = saliency.saliency(normalize(seen, list(config.mean), list(config.std)))
        found[without] = F.interpolate(salient[:, None].float(), size=(side, side), mode="bilinear")[:, 0] > SALIENT
    for index, (example, (width, height)) in enumerate(zip(examples, sizes, strict=True)):
        if example.box is not None:
            left, top, right, bottom = (
                round(side * min(max(edge, 0), whole) / whole)
                for edge, whole in zip(example.box, (width, height, width, height), strict=True)
            )
            found[index, top:bottom, left:right] = True
    return found


def contexts(pixels: Tensor, subject: Tensor) -> Tensor:
    """Photos (B, 3, S, S) with their subject (B, S, S) black, as CLEF's context branch sees them."""
    return pixels * ~subject[:, None]
