"""One photo and what each network made of it: nothing is computed twice."""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cternet.compare.errors import MapError
from cternet.compare.metrics import Faithfulness
from cternet.compare.networks import Networks
from cternet.photos.load import Photo, open_photo
from cternet.photos.preprocess import geometry_transform
from cternet.results.result import Classified

Array = NDArray[np.float32]


class Sample:
    """Made by ``load_samples``; belongs to one visitor at a time.

    Attributes:
        analysis: the predictor's: an ``Analysis`` of CTERNet, a ``Classified`` of another network.
        grid: (H, W) of the predictor's features, and of its maps.
        seen: the photo as networks of an input size see it, by that size.
        features: what each network that has run made of it: X (C, H, W), or of ``ras`` the saliency (h, w).
        maps: those made so far, by method and class (None where a map is of no class).
        measured: numbers so far, by method, classifier and class.
        name: what the photo is called.
    """

    def __init__(
        self,
        networks: Networks,
        analysis: Classified,
        seen: dict[int, Image.Image],
        grid: tuple[int, int],
        *,
        name: str = "",
    ) -> None:
        self.networks, self.analysis, self.seen, self.grid, self.name = networks, analysis, seen, grid, name
        self.features: dict[str, Tensor] = {}
        self.maps: dict[tuple[str, str | None], Array] = {}
        self.measured: dict[tuple[str, str, str], Faithfulness] = {}

    @property
    def nbytes(self) -> int:
        """Memory it takes, but for what is small."""
        maps = sum(values.nbytes for values in self.maps.values())
        features = sum(values.nbytes for values in self.features.values())
        return self.analysis.nbytes + maps + features + sum(3 * image.width * image.height for image in self.seen.values())

    def need(self, network: str) -> Tensor:
        """What a network makes of the photo; runs it unless it has run.

        Raises:
            MapError: it is not there.
        """
        if network in self.networks.reasons:
            raise MapError(self.networks.reasons[network])
        if network not in self.features:
            run(network, [self])
        return self.features[network]

    def pixels(self, network: str) -> Tensor:
        """What a network sees, (3, size, size) with values in [0, 1]."""
        image = self.seen[self.networks.config(network).image_size]
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def load_samples(networks: Networks, photos: Sequence[Photo], needed: Collection[str] = ()) -> list[Sample]:
    """A sample of each photo; each network of ``needed`` runs once on all of them, any other when a map asks for it.

    Raises:
        ImageError: a photo cannot be read.
    """
    opened = [open_photo(photo) for photo in photos]
    analyses, x = networks.predictor.analyze_features(opened)
    height, width = networks.predictor.model.on_grid(x).shape[-2:]
    samples = []
    for photo, analysis, features in zip(opened, analyses, x, strict=True):
        seen = {size: geometry_transform(config)(photo) for size, config in networks.views.items()}
        samples.append(Sample(networks, analysis, seen, (height, width)))
        samples[-1].features[networks.main] = features
    for name in needed:
        if name != networks.main and name in networks:
            run(name, samples)
    return samples


def run(network: str, samples: Sequence[Sample]) -> None:
    """One forward of a network on all samples, which keep what comes of it."""
    images = torch.stack([sample.pixels(network) for sample in samples])
    found = samples[0].networks.forward(network, images)
    for sample, one in zip(samples, found, strict=True):
        sample.features[network] = one
