"""Where the subject of a photo is, and the photo without it: its context, as CCIM and CLEF take it."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import normalize

from cternet.networks.ras import RAS

SALIENT = 0.5
"""From this probability on, a pixel belongs to the subject."""


@torch.no_grad()
def salient(pixels: Tensor, finder: RAS) -> Tensor:
    """What stands out in photos (B, 3, h, w) with values in [0, 1]: (B, h, w) of bool, all False where nothing does."""
    config, size = finder.config, pixels.shape[-2:]
    seen = F.interpolate(pixels, size=(config.image_size,) * 2, mode="bilinear", antialias=True)
    found = finder.saliency(normalize(seen, list(config.mean), list(config.std)))
    return F.interpolate(found[:, None].float(), size=size, mode="bilinear")[:, 0] > SALIENT


def without(pixels: Tensor, subject: Tensor) -> Tensor:
    """Photos (B, 3, h, w) with values in [0, 1], with their subject (B, h, w) black."""
    return pixels * ~subject[:, None]
