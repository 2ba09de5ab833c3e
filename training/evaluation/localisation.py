"""Whether a network's maps lie where people say the emotion is.

The measures and their protocol are those of EmotionROI (Peng et al., "Where do emotions come from? Predicting the Emotion
Stimuli Map", ICIP 2016), which WSCNet is measured by too (She et al., IEEE TMM 2019), and the pointing game (Zhang et al.,
"Top-down Neural Attention by Excitation Backprop", IJCV 2018, https://arxiv.org/abs/1608.00507).  Published descriptions
leave details open; ours: each map is stretched to [0, 1] by its own smallest and largest value, both maps are made binary
by Otsu's threshold (Otsu, 1979), at the size of the marking, and figures are means over images of the figures of each.

People mark the middle of a photo more than its edges, so every figure stands beside that of two maps that have not seen the
photo: one that is the same everywhere, and a bump in the middle.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from cternet.networks.emotion import EmotionNetwork
from cternet.photos.load import ImageError, load_image
from cternet.photos.preprocess import Input, middle_square
from cternet.show.colours import shared_scale
from cternet.show.overlay import resize_map
from training.data import DataError, Example, Photos, eval_transform

FIGURES = ("precision", "recall", "f1", "mae", "pointing_game")
MARGIN = 15
"""Pixels by which the pointing game may miss, as in its paper."""
CONTROLS = ("uniform", "centre")


@torch.no_grad()
def network_maps(network: EmotionNetwork, images: Tensor) -> dict[str, Tensor]:
    """The maps (B, H, W) a network has of images (B, 3, h, w), by the names of ``EmotionNetwork.maps``."""
    x = network.forward_features(images)
    return network.maps(x, network.forward_head(x, evidence=True))


def stretched(values: NDArray) -> NDArray[np.float64]:
    """A map (h, w) in [0, 1], from its smallest to its largest value; 0.5 where all are the same."""
    return shared_scale(values).normalise(values)


def binary(values: NDArray) -> NDArray[np.bool_]:
    """The part of a map (h, w) in [0, 1] above Otsu's threshold; all of a map that is the same everywhere."""
    if values.min() == values.max():
        return np.ones(values.shape, bool)
    _, mask = cv2.threshold(np.round(values * 255).astype(np.uint8), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return mask.astype(bool)


def compare(predicted: NDArray, marking: NDArray, margin: float = MARGIN) -> NDArray[np.float64]:
    """``FIGURES`` of one map against the marking.

    Args:
        predicted: (h, w), on any scale.
        marking: (h, w), of the same size and not the same everywhere.
        margin: pixels by which the pointing game may miss.

    Returns:
        Precision, recall and F1 of the binary maps; mean absolute error of the stretched ones; and whether the largest value
        lies within ``margin`` pixels of the binary marking, as the share of such places where several are the largest.
    """
    predicted, marking = stretched(predicted), stretched(marking)
    marked, found = binary(marking), binary(predicted)
    hits = (marked & found).sum()
    precision, recall = hits / found.sum(), hits / marked.sum()
    distance = cv2.distanceTransform((~marked).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    pointing = (distance <= margin)[predicted == predicted.max()].mean()
    return np.array([precision, recall, 2 * hits / (found.sum() + marked.sum()), np.abs(predicted - marking).mean(), pointing])


def controls(size: tuple[int, int]) -> dict[str, NDArray]:
    """Maps of (height, width) pixels that know nothing of the photo.

    ``uniform`` marks everything and points anywhere; ``centre`` is a Gaussian whose deviation is a quarter of each side.
    """
    y, x = (np.linspace(-2, 2, length) for length in size)
    return {"uniform": np.ones(size), "centre": np.exp(-(y[:, None] ** 2 + x**2) / 2)}


def load_marking(example: Example, config: Input) -> NDArray[np.uint8]:
    """Grey values (h, w) of the marking, of the part of the photo that the network's map covers.

    Raises:
        DataError: it cannot be read.
    """
    try:
        image = load_image(example.stimulus_map)
    except ImageError as error:
        raise DataError(f"the stimulus map {example.stimulus_map} of {example.path} cannot be read: {error}") from error
    return np.asarray(covered(image, config).convert("L"))


def covered(image: Image.Image, config: Input) -> Image.Image:
    return image if config.geometry == "squash" else middle_square(image)


def localise(
    network: EmotionNetwork, examples: Sequence[Example], accelerator: Accelerator, *, batch_size: int = 64, workers: int = 0
) -> dict[str, Any] | None:
    """``FIGURES`` of the network's maps and the controls on the examples that have a marking.

    Returns:
        ``images``: how many were compared; ``unmarked``: how many were not, because their marking is the same everywhere;
        ``margin``; and ``maps``: for each map's name its figures, means over the images, all in [0, 1].  None where no image
        can be compared.

    Raises:
        DataError: a marking cannot be read.
    """
    marked = [example for example in examples if example.stimulus_map is not None]
    if not marked:
        return None
    config = network.config
    photos = Photos(marked, eval_transform(config))
    sampler = [(index, 0) for index in range(len(photos))]
    loader = accelerator.prepare_data_loader(DataLoader(photos, batch_size=batch_size, sampler=sampler, num_workers=workers))
    network.eval()
    rows: list[Tensor] = []
    names: list[str] = []
    for images, _, indices in tqdm(loader, desc="maps", leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            maps = {name: values.cpu().numpy() for name, values in network_maps(network, images).items()}
        names = [*maps, *CONTROLS]
        found = torch.full((len(images), len(names), len(FIGURES)), torch.nan)
        for row, index in enumerate(indices.tolist()):
            marking = load_marking(marked[index], config)
            if marking.min() < marking.max():
                enlarged = {name: resize_map(values[row], marking.shape) for name, values in maps.items()}
                figures = [compare(values, marking) for values in (enlarged | controls(marking.shape)).values()]
                found[row] = torch.from_numpy(np.stack(figures))
        rows.append(accelerator.gather_for_metrics(found.to(accelerator.device)).cpu())
    table = torch.cat(rows)
    compared = ~table.isnan().any(dim=(1, 2))
    if not compared.any():
        return None
    means = table[compared].double().mean(dim=0).tolist()
    return {
        "images": int(compared.sum()),
        "unmarked": int((~compared).sum()),
        "margin": MARGIN,
        "maps": {name: dict(zip(FIGURES, values, strict=True)) for name, values in zip(names, means, strict=True)},
    }
