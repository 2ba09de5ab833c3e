"""A run that learns emotions: labelled photos through a network, behind a cache of its frozen sections."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from cternet.networks.classifier import ANSWERS
from cternet.networks.clef import CLEF
from cternet.networks.config import CLEFConfig
from cternet.networks.emotion import EmotionNetwork
from training.data import LABEL, Example, leave_out_unreadable, load_examples
from training.data.targets import require_images
from training.emotions.config import TrainConfig
from training.emotions.finder import finder_settings, load_finder
from training.emotions.several import CategoryTarget, load_several, several_figures
from training.emotions.soft_labels import target_table
from training.emotions.start_head import load_head
from training.emotions.teachers import Teachers
from training.engine.batches import Batch
from training.engine.features import Features
from training.engine.processes import on_main
from training.engine.run import Run
from training.engine.sampler import EpochSampler
from training.engine.start_weights import load_backbone, new_network
from training.evaluation import collect, evaluate
from training.evaluation.attention import REPLACEMENTS
from training.sample_figures import sample_figures


class ClassificationRun(Run):
    """A run of the task emotions."""

    config: TrainConfig
    bare: EmotionNetwork
    weights: EmotionNetwork

    def complete_settings(self) -> None:
        super().complete_settings()
        model = self.config.model
        if model.several:
            refuse_single(self.config)
        if isinstance(model, CLEFConfig):
            self.finder = load_finder(self.config.saliency)
            model.finder = finder_settings(self.finder)

    def read_examples(self) -> tuple[dict[str, list[Example]], dict[Path, str]]:
        """The readable examples of train and val, and what was left out; never those of test.

        Raises:
            DataError: no train or val, a class without images, or an unreadable image that may not be skipped.
        """
        config, classes, splits = self.config, self.config.model.classes, ("train", "val")

        several = config.model.several

        def read() -> tuple[list[Example], dict[Path, str]]:
            if several:
                found = load_several(config, classes, splits)
            else:
                found = load_examples(config, classes, splits, every_class=True)
            kept, left_out = leave_out_unreadable(found, config.on_bad_image)
            require_images(kept, () if several else classes, config.data, splits)
            return kept, left_out

        kept, left_out = on_main(self.accelerator, read)
        return {split: [example for example in kept if example.split == split] for split in splits}, left_out

    def identity(self, example: Example) -> str:
        said = f"{example.label} {example.shares}" if not self.config.model.several else " ".join(example.categories)
        return f"{'/'.join(example.path.parts[-2:])} {said}"

    def make_network(self) -> EmotionNetwork:
        config = self.config
        network = new_network(config)
        if isinstance(network, CLEF):
            network.backbone.finder.load_state_dict(self.finder.state_dict())
        if config.start is not None:
            load_backbone(network, config.start)
            if config.start_head:
                load_head(network, config.start)
        return network

    def open_data(self) -> None:
        config, train, device = self.config, self.examples["train"], self.accelerator.device
        classes = len(config.model.classes)
        self.targets = target_table(train, classes).to(device) if config.soft_labels else None
        # Behind the frozen sections, so that their cached outputs serve; with none frozen it mixes the photos themselves.
        self.mix = v2.MixUp(alpha=config.mixup, num_classes=classes) if config.mixup else None
        self.teachers = None
        if config.teachers:
            self.teachers = Teachers(config.teachers, self.bare, config.frozen_sections, config.teaching).to(device)
        self.features = Features(
            config,
            self.bare.backbone,
            train,
            self.accelerator,
            cache=config.cache,
            target=CategoryTarget(config.model.classes) if config.model.several else LABEL,
            subjects=self.bare.sees_subjects,
        )
        self.val_loader, self.val_start = self.features.evaluation(self.examples["val"])

    def sampler(self, *, epoch: int, start_step: int) -> EpochSampler:
        labels = None if self.config.model.several else [example.label for example in self.examples["train"]]
        return super().sampler(epoch=epoch, start_step=start_step, labels=labels, balance=self.config.balance)

    def batches(self, sampler: EpochSampler, *, from_start: bool) -> Iterator[Batch]:
        return self.features.training(sampler, from_start=from_start)

    def loss(self, inputs: Tensor, targets: Tensor, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The network's ``loss_terms``; that of an effect by its weight, which rises over the first epochs if asked for."""
        config = self.config
        if self.targets is not None:
            targets = self.targets[indices.to(self.targets.device)]
        if self.mix is not None:
            inputs, targets = self.mix(inputs, targets)
        with self.accelerator.autocast():
            if self.teachers is not None:
                targets = self.teachers.targets(inputs, targets)
            outputs = self.network(inputs, start=config.frozen_sections)
        terms = self.bare.loss_terms(outputs, targets, eq7_alone=config.eq7_alone, label_smoothing=config.label_smoothing)
        rise = self.progress.total_steps / (config.effect_warmup * self.steps) if config.effect_warmup else 1.0
        weight = config.effect_weight * min(1.0, rise)
        effects = {name for name, answer in ANSWERS.items() if answer.effect}
        return sum(term * weight if name in effects else term for name, term in terms.items()), terms

    def evaluate(self, loader: DataLoader, start: int) -> dict[str, Any]:
        """Figures of ``weights`` on what ``Features.evaluation`` gave."""
        if self.config.model.several:
            logits, targets = collect(self.weights, loader, self.accelerator, start=start)
            return several_figures(logits, targets, self.config.model.classes, self.weights.predicts_with)
        return evaluate(
            self.weights, loader, self.accelerator, self.config.model.classes, start=start, surprise=self.config.surprise
        )

    def validate(self) -> tuple[dict[str, Any], dict[str, float | None]]:
        figures = self.evaluate(self.val_loader, self.val_start)
        chosen = figures[figures["prediction"]]
        if self.config.model.several:
            return figures, {"map": chosen["map"]} | {f"map_{name}": figures[name]["map"] for name in self.weights.answers}
        val = {"accuracy": chosen["accuracy"], "polarity_accuracy": chosen.get("polarity_accuracy")}
        val |= {f"accuracy_{name}": figures[name]["accuracy"] for name in ANSWERS if name in figures}
        if audit := figures.get("attention"):
            val |= {f"accuracy_y_{name}": audit[name]["accuracy"] for name in REPLACEMENTS}
            val |= {"changed_by_flat": audit["flat"]["changes"], "top_quarter": audit["top_quarter"]}
        return figures, val

    def score(self, val: dict[str, float | None]) -> float:
        return val["map" if self.config.model.several else "accuracy"]

    def pictures(self, examples: Sequence[Example]) -> list[NDArray[np.uint8]]:
        """S, S*, the effect map and the logits; networks that the predictor does not take have none."""
        return sample_figures(self.weights, examples) if self.weights.has_counterfactual else []


def refuse_single(config: TrainConfig) -> None:
    """Settings for photos of one label each.

    Raises:
        ValueError: one of them is set.
    """
    chosen = {"soft_labels": config.soft_labels, "teachers": config.teachers, "mixup": config.mixup, "balance": config.balance}
    if wrong := [f"--{name.replace('_', '-')}" for name, value in chosen.items() if value]:
        raise ValueError(f"{', '.join(wrong)} is for photos of one label each; leave it out with --model.several")
