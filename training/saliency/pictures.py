"""Photo, mask and map side by side."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from cternet.networks.ras import RAS
from cternet.photos.load import load_image
from training.data import eval_transform
from training.saliency.pairs import Pair, load_mask

SHOWN = 12
"""Rows of a contact sheet."""


@torch.no_grad()
def triptychs(network: RAS, pairs: Sequence[Pair]) -> list[NDArray[np.uint8]]:
    """Of each pair (s, 3s, 3): the photo as the network sees it, its mask, and the network's map."""
    network.eval()
    side, transform = network.config.image_size, eval_transform(network.config)
    device = next(network.parameters()).device
    found = []
    for pair in pairs:
        photo = load_image(pair.path)
        saliency = network.saliency(transform(photo)[None].to(device))[0].cpu().numpy()
        mask = np.asarray(load_mask(pair.mask).resize((side, side)))
        greys = [mask, (255 * saliency).round().astype(np.uint8)]
        panels = [np.asarray(photo.resize((side, side))), *(grey[..., None].repeat(3, axis=2) for grey in greys)]
        found.append(np.hstack(panels))
    return found


def contact_sheet(network: RAS, pairs: Sequence[Pair]) -> NDArray[np.uint8]:
    """Up to ``SHOWN`` pairs from all over the list, one above the other."""
    return np.vstack(triptychs(network, pairs[:: max(1, len(pairs) // SHOWN)][:SHOWN]))
