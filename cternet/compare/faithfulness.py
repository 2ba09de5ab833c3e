"""How faithful a map is to the classifier it explains: what its answer does when the places the map ranks highest go, or come.

Deletion and insertion: Petsiuk, Das & Saenko, "RISE", BMVC 2018, https://arxiv.org/abs/1806.07421.
ROAD: Rong et al., ICML 2022, https://arxiv.org/abs/2202.00449.

Everything is a function of the photo, the map and the weights: what is random is seeded by the photo.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cternet.compare.metrics import SHARES, Faithfulness
from cternet.compare.networks import Networks
from cternet.compare.pixel_ranking import generator, random_map, ranks
from cternet.compare.sample import Sample
from cternet.stopping import Stopped, never

STEPS = 10
"""Equal steps of deletion and insertion, most of a map's 45 images; more of them hardly change the area (docs/compare.md)."""
BLUR = 0.05
"""Deviation of the blurred baseline's Gaussian, in sides of the input."""
NOISE = 0.01
"""Deviation of ROAD's noise, in units of the pixel range [0, 1], as in the authors' code."""
BATCH = 16
"""Images a forward; ``stop`` is asked before each."""


def baselines(photo: Tensor) -> tuple[Tensor, Tensor]:
    """A photo (3, h, w) without its detail: blurred, and its mean colour, each (3, h, w)."""
    deviation = BLUR * photo.shape[-1]
    blurred = cv2.GaussianBlur(photo.permute(1, 2, 0).numpy(), (0, 0), deviation)
    return torch.from_numpy(blurred).permute(2, 0, 1), photo.mean(dim=(1, 2), keepdim=True).expand_as(photo)


def altered(photo: Tensor, rank: Tensor, noise: NDArray[Any]) -> Iterator[Tensor]:
    """The photo, its baselines, a step's (deletion, insertion) on each baseline, and a share's (lowest, highest) removed."""
    from cternet.compare.imputation import impute  # brings scipy, a tenth of a second for all who measure nothing

    without = baselines(photo)
    yield from (photo, *without)
    for step in range(1, STEPS):
        top = rank < round(step * rank.numel() / STEPS)
        for baseline in without:
            yield torch.where(top, baseline, photo)
            yield torch.where(top, photo, baseline)
    for share in SHARES:
        count = round(share * rank.numel())
        for removed in (rank >= rank.numel() - count, rank < count):
            yield torch.from_numpy(impute(photo.numpy(), removed.numpy(), noise))


def answers(
    networks: Networks, classifier: str, label: str, images: Iterable[Tensor], stop: Callable[[], bool]
) -> NDArray[np.float64]:
    """Probability of a class for each image, in batches.

    Raises:
        Stopped: ``stop()`` said so before a batch.
    """
    index, images = networks.class_index(classifier, label), iter(images)
    found: list[NDArray[np.float64]] = []
    while True:
        if stop():
            raise Stopped
        batch = list(islice(images, BATCH))
        if not batch:
            return np.concatenate(found)
        found.append(networks.probabilities(classifier, torch.stack(batch))[:, index].double().cpu().numpy())


def faithfulness(
    sample: Sample, classifier: str, label: str, values: NDArray[Any], *, stop: Callable[[], bool] = never
) -> Faithfulness:
    """The numbers of a map (H, W) on any grid and scale, larger where it sees more.

    Raises:
        Stopped: ``stop()`` said so before a batch.
    """
    photo, seen = sample.pixels(classifier), sample.analysis.seen
    rank = ranks(values, (photo.shape[-2], photo.shape[-1]), random_map(sample.grid, seen))
    noise = NOISE * generator(seen, "noise").standard_normal(photo.shape, np.float32)
    p = answers(sample.networks, classifier, label, altered(photo, torch.from_numpy(rank), noise), stop)

    whole, without, rest = p[0], p[1:3], p[3:]
    steps, road = np.split(rest, [4 * (STEPS - 1)])
    deletion, insertion = steps.reshape(STEPS - 1, 2, 2).transpose(2, 1, 0)  # each (baseline, step)

    def area(first: float, between: NDArray[Any], last: float) -> float:
        return float(np.trapezoid([first, *between, last], dx=1 / STEPS))

    removed = [area(whole, curve, end) for curve, end in zip(deletion, without, strict=True)]
    shown = [area(start, curve, whole) for curve, start in zip(insertion, without, strict=True)]
    return Faithfulness(
        deletion_blur=removed[0],
        deletion_mean=removed[1],
        insertion_blur=shown[0],
        insertion_mean=shown[1],
        road=float((road[0::2] - road[1::2]).mean() / 2),
    )
