"""How faithful a map is to the classifier it explains: what its answer does when the places the map ranks highest go, or come.

Deletion and insertion: Petsiuk, Das & Saenko, "RISE", BMVC 2018, https://arxiv.org/abs/1806.07421.
ROAD: Rong et al., ICML 2022, https://arxiv.org/abs/2202.00449.

Everything is a function of the photo, the map and the weights: what is random is seeded by the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cternet.compare.errors import Stopped, never
from cternet.compare.imputation import impute
from cternet.compare.ranking import generator, random_map, ranks

if TYPE_CHECKING:
    from cternet.compare.networks import Networks
    from cternet.compare.scene import Scene

STEPS = 10
"""Equal steps of deletion and insertion, most of a map's 45 images; more of them hardly change the area (docs/compare.md)."""
SHARES = (0.1, 0.3, 0.5)
"""Of pixels ROAD removes: three of its paper's; filling a hole costs more than in proportion to its size."""
BLUR = 0.05
"""Deviation of the blurred baseline's Gaussian, in sides of the input."""
NOISE = 0.01
"""Deviation of ROAD's noise, in units of the pixel range [0, 1], as in the authors' code."""
BATCH = 16
"""Images a forward; ``stop`` is asked before each."""


@dataclass(frozen=True)
class Metric:
    """What a number under a panel means.

    Attributes:
        title: its name.
        higher_is_better: which way a more faithful map moves it.
        formula: in plain text; p is the classifier's probability of the class looked at.
        about: what is done, for someone who never heard of it.
        paper: author and year.
        link: to the paper.
    """

    title: str
    higher_is_better: bool
    formula: str
    about: str
    paper: str
    link: str

    @property
    def arrow(self) -> str:
        """Where better values lie."""
        return "↑" if self.higher_is_better else "↓"


@dataclass(frozen=True)
class Faithfulness:
    """The numbers under a panel, all from probabilities of the class looked at; ``METRICS`` says what each is.

    Deletion and insertion are in [0, 1], ROAD in [-0.5, 0.5].
    """

    deletion_blur: float
    deletion_mean: float
    insertion_blur: float
    insertion_mean: float
    road: float


RISE = ("Petsiuk et al. 2018", "https://arxiv.org/abs/1806.07421")
BASELINES = {"blur": "a blurred copy of the photo", "mean": "the photo's mean colour"}
METRICS: dict[str, Metric] = {
    **{
        f"deletion_{name}": Metric(
            f"Deletion AUC, {name}",
            False,
            f"area under p(photo with its top share t replaced by {words}), t from 0 to 1",
            f"The places the map ranks highest are replaced by {words}, more and more of them; if the classifier used them, "
            "its answer falls early and the area under it is small.",
            *RISE,
        )
        for name, words in BASELINES.items()
    },
    **{
        f"insertion_{name}": Metric(
            f"Insertion AUC, {name}",
            True,
            f"area under p({words} with the photo's top share t put back), t from 0 to 1",
            f"Onto {words}, the places the map ranks highest are put back first; if they are enough for the classifier, its "
            "answer rises early and the area under it is large.",
            *RISE,
        )
        for name, words in BASELINES.items()
    },
    "road": Metric(
        "ROAD",
        True,
        f"mean over t of (p(bottom share t filled in) - p(top share t filled in)) / 2, t = {', '.join(map(str, SHARES))}",
        "Removed places are filled in from their surroundings, so that nothing looks cut out: removing what the map ranks "
        "lowest should hurt the answer less than removing what it ranks highest.",
        "Rong et al. 2022",
        "https://arxiv.org/abs/2202.00449",
    ),
}
"""By field of ``Faithfulness``, in its order."""


def baselines(photo: Tensor) -> tuple[Tensor, Tensor]:
    """A photo (3, h, w) without its detail: blurred, and its mean colour, each (3, h, w)."""
    deviation = BLUR * photo.shape[-1]
    blurred = cv2.GaussianBlur(photo.permute(1, 2, 0).numpy(), (0, 0), deviation)
    return torch.from_numpy(blurred).permute(2, 0, 1), photo.mean(dim=(1, 2), keepdim=True).expand_as(photo)


def altered(photo: Tensor, rank: Tensor, noise: NDArray) -> Iterator[Tensor]:
    """The photo, its baselines, a step's (deletion, insertion) on each baseline, and a share's (lowest, highest) removed."""
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
    index, images, found = networks.class_index(classifier, label), iter(images), []
    while True:
        if stop():
            raise Stopped
        batch = list(islice(images, BATCH))
        if not batch:
            return np.concatenate(found)
        found.append(networks.probabilities(classifier, torch.stack(batch))[:, index].double().cpu().numpy())


def faithfulness(
    scene: Scene, classifier: str, label: str, values: NDArray, *, stop: Callable[[], bool] = never
) -> Faithfulness:
    """The numbers of a map (H, W) on any grid and scale, larger where it sees more.

    Raises:
        Stopped: ``stop()`` said so before a batch.
    """
    photo, seen = scene.pixels(classifier), scene.analysis.seen
    rank = ranks(values, photo.shape[-2:], random_map(scene.analysis.s.shape, seen))
    noise = NOISE * generator(seen, "noise").standard_normal(photo.shape, np.float32)
    p = answers(scene.networks, classifier, label, altered(photo, torch.from_numpy(rank), noise), stop)

    whole, without, rest = p[0], p[1:3], p[3:]
    steps, road = np.split(rest, [4 * (STEPS - 1)])
    deletion, insertion = steps.reshape(STEPS - 1, 2, 2).transpose(2, 1, 0)  # each (baseline, step)

    def area(first: float, between: NDArray, last: float) -> float:
        return float(np.trapezoid([first, *between, last], dx=1 / STEPS))

    return Faithfulness(
        *(area(whole, curve, end) for curve, end in zip(deletion, without, strict=True)),
        *(area(start, curve, whole) for curve, start in zip(insertion, without, strict=True)),
        road=float((road[0::2] - road[1::2]).mean() / 2),
    )
