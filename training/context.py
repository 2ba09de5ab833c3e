"""The subjects of a data set's photos: the person's box where there is one, else what is salient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from cternet.networks.ras import RAS
from cternet.networks.subject import salient
from training.data import Example
from training.data.boxes import inside


def subjects(pixels: Tensor, examples: Sequence[Example], sizes: Sequence[tuple[int, int]], saliency: RAS) -> Tensor:
    """Where the subject of each photo is.

    Args:
        pixels: whole photos, squashed (B, 3, S, S), in [0, 1].
        examples: of these photos.
        sizes: width and height of the photos, which boxes are given in.

    Returns:
        (B, S, S) of bool.
    """
    side = pixels.shape[-1]
    found = torch.zeros(len(pixels), side, side, dtype=torch.bool)
    alone = [index for index, example in enumerate(examples) if example.box is None]
    if alone:
        found[alone] = salient(pixels[alone], saliency)
    for index, (example, size) in enumerate(zip(examples, sizes, strict=True)):
        if example.box is not None:
            found[index] = inside(example.box, size, (side, side))
    return found
