"""A run that learns valence and arousal, from ratings or from labels through a lexicon."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cternet.networks.network import Ratings
from cternet.networks.valence_arousal import ValenceArousal
from training.data import Example, leave_out_unreadable
from training.data.targets import require_images
from training.engine.batches import Batch
from training.engine.features import Features
from training.engine.processes import on_main
from training.engine.run import Run
from training.engine.sampler import EpochSampler
from training.engine.start_weights import load_backbone, load_everything, new_network
from training.ratings.config import RatingConfig
from training.ratings.figures import collect, figures, flat
from training.ratings.lexicon import places_of
from training.ratings.targets import NO_LABEL, RatingTarget, load_rated
from training.sample_figures import sample_figures


class RatingRun(Run):
    """A run of the task ratings."""

    config: RatingConfig
    bare: ValenceArousal
    weights: ValenceArousal

    def complete_settings(self) -> None:
        super().complete_settings()
        self.config.model.places = places_of(self.config.model.classes, self.config.lexicon)

    def read_examples(self) -> tuple[dict[str, list[Example]], dict[Path, str]]:
        """The readable examples of train, or a share of them, and val.

        Raises:
            DataError: see ``load_rated``; or an unreadable image that may not be skipped.
        """
        config, splits = self.config, ("train", "val")

        def read() -> tuple[list[Example], dict[Path, str]]:
            found = load_rated(config, config.model.classes, config.truth, splits)
            kept, left_out = leave_out_unreadable(found, config.on_bad_image)
            require_images(kept, (), config.data, splits)
            return kept, left_out

        kept, left_out = on_main(self.accelerator, read)
        of_split = {split: [example for example in kept if example.split == split] for split in splits}
        return of_split | {"train": part_of(of_split["train"], config.share, config.seed)}, left_out

    def identity(self, example: Example) -> str:
        return f"{'/'.join(example.path.parts[-2:])} {example.label} {example.valence} {example.arousal}"

    def make_network(self) -> ValenceArousal:
        config = self.config
        network = new_network(config)
        if config.start is not None and config.start_head:
            load_everything(network, config.start)
        elif config.start is not None:
            load_backbone(network, config.start)
        return network

    def open_data(self) -> None:
        config = self.config
        target = RatingTarget(config.truth, config.model.places)
        train, backbone = self.examples["train"], self.bare.backbone
        self.features = Features(config, backbone, train, self.accelerator, cache=config.cache, target=target)
        self.val_loader, self.val_start = self.features.evaluation(self.examples["val"])

    def batches(self, sampler: EpochSampler, *, from_start: bool) -> Iterator[Batch]:
        return self.features.training(sampler, from_start=from_start)

    def loss(self, inputs: Tensor, targets: Tensor, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean squared error of each axis, and the labels' cross-entropy by its weight."""
        config = self.config
        with self.accelerator.autocast():
            said: Ratings = self.network(inputs, start=config.frozen_sections)
        terms = {"valence": F.mse_loss(said.valence, targets[:, 0]), "arousal": F.mse_loss(said.arousal, targets[:, 1])}
        loss = terms["valence"] + terms["arousal"]
        if said.logits is not None:
            labels = targets[:, 2].long()
            # Rated photos have no labels: the classifier then stays as it was.
            terms["category"] = F.cross_entropy(said.logits, labels, ignore_index=NO_LABEL, reduction="sum") / len(labels)
            loss = loss + config.category_weight * terms["category"]
        return loss, terms

    def validate(self) -> tuple[dict[str, Any], dict[str, float | None]]:
        rated, targets, logits = collect(self.weights, self.val_loader, self.accelerator, start=self.val_start)
        found = figures(rated, targets, logits, torch.tensor(self.config.model.places))
        return found, flat(found)

    def score(self, val: dict[str, float | None]) -> float:
        assert val["score"] is not None
        return val["score"]

    def pictures(self, examples: Sequence[Example]) -> list[NDArray[np.uint8]]:
        return sample_figures(self.weights, examples)


def part_of(examples: list[Example], share: float, seed: int) -> list[Example]:
    """A share of the examples, at least one, in their order; a smaller share is part of a larger one."""
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed)).tolist()
    chosen = set(order[: max(1, round(share * len(examples)))])
    return [example for index, example in enumerate(examples) if index in chosen]
