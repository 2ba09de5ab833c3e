"""A run that learns where photos are salient: RAS on photos with masks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cternet.networks.ras import RAS
from training.engine.batches import Batch, evaluation_loader, training_loader
from training.engine.processes import on_main
from training.engine.run import Run
from training.engine.sampler import EpochSampler
from training.engine.start_weights import load_backbone, load_everything, new_network
from training.saliency.config import SaliencyConfig
from training.saliency.figures import evaluate
from training.saliency.loss import loss_terms
from training.saliency.pairs import Pair, read_pairs
from training.saliency.photos import MaskedPhotos, WholePhotos
from training.saliency.pictures import triptychs


class SaliencyRun(Run):
    """A run of the task saliency."""

    config: SaliencyConfig
    bare: RAS
    weights: RAS

    def read_examples(self) -> tuple[dict[str, list[Pair]], dict[Path, str]]:
        return on_main(self.accelerator, lambda: read_pairs(self.config, ("train", "val")))

    def identity(self, example: Pair) -> str:
        """Masks of another origin under the same names are told by their size in bytes."""
        return f"{'/'.join(example.path.parts[-2:])} {'/'.join(example.mask.parts[-2:])} {example.mask.stat().st_size}"

    def make_network(self) -> RAS:
        config = self.config
        network = new_network(config)
        if config.start_head:
            load_everything(network, config.start)
        elif config.start is not None:
            load_backbone(network, config.start)
        return network

    def open_data(self) -> None:
        config, val = self.config, self.examples["val"]
        self.photos = MaskedPhotos(self.examples["train"], config.model, config.crop_scale, config.view_seed)
        loader = evaluation_loader(WholePhotos(val, config.model), batch_size=2 * config.batch_size, workers=config.workers)
        self.val_loader = self.accelerator.prepare_data_loader(loader)

    def batches(self, sampler: EpochSampler, *, from_start: bool) -> Iterator[Batch]:
        device = self.accelerator.device
        loader = training_loader(self.photos, sampler, batch_size=self.config.batch_size, workers=self.config.workers)
        for images, masks, indices in loader:
            yield images.to(device, memory_format=torch.channels_last), masks.to(device), indices

    def loss(self, inputs: Tensor, targets: Tensor, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        with self.accelerator.autocast():
            maps = self.network(inputs)
        terms = loss_terms(maps, targets)
        return sum(terms.values()), terms

    def validate(self) -> tuple[dict[str, Any], dict[str, float | None]]:
        figures = evaluate(self.weights, self.examples["val"], self.val_loader, self.accelerator)
        return figures, {name: figures[name] for name in ("mae", "max_f")}

    def score(self, val: dict[str, float | None]) -> float:
        return score(val)

    def pictures(self, examples: Sequence[Pair]) -> list[NDArray[np.uint8]]:
        """Photo, mask and map; the next epoch puts the network back into training."""
        return triptychs(self.weights, examples)


def score(val: dict[str, float | None]) -> float:
    """Max F less the error: F alone forgives grey maps, as it takes the best threshold; the error alone forgives missed small
    objects."""
    return val["max_f"] - val["mae"]
