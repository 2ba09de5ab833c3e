"""A task of its own, as someone who adds one would write it: how pleasant and exciting a photo is, from ratings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from huggingface_hub import ModelCard, PyTorchModelHubMixin
from torch import Tensor, nn
from torch.utils.data import DataLoader

from cternet.networks.backbone import Backbone
from cternet.networks.checkpoint import load_model
from cternet.networks.config import EmotionConfig
from cternet.networks.families import FAMILIES, Family, register
from cternet.networks.network import Rater, Ratings
from training.about import read_about
from training.data import DataConfig, Example, Photos, eval_transform, leave_out_unreadable, load_examples
from training.engine.batches import evaluation_loader
from training.engine.config import RunConfig
from training.engine.evaluation import EvaluationConfig, Report, name_of
from training.engine.features import Features
from training.engine.processes import on_main
from training.engine.run import Run
from training.engine.start_weights import load_backbone, new_network
from training.publication import Product, Publication, card_data, curves, lines, training_command
from training.tasks import TASKS, Task


@dataclass
class RaterConfig(EmotionConfig):
    family: str = "toy-rater"


class ToyRater(Rater, PyTorchModelHubMixin):
    family = "toy-rater"

    def __init__(self, config: RaterConfig, pretrained: bool = False) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone, output_stride=config.output_stride, pretrained=pretrained)
        self.head = nn.Linear(self.backbone.channels, 2)

    def forward(self, images: Tensor, start: int = 0) -> Tensor:
        """Valence and arousal (B, 2) in [1, 9]."""
        return 1 + 8 * self.head(self.backbone(images, start).mean(dim=(2, 3))).sigmoid()

    def forward_features(self, images: Tensor) -> Tensor:
        return self.backbone(images)

    def forward_head(self, x: Tensor, *, evidence: bool = False, generator: torch.Generator | None = None) -> Ratings:
        return Ratings(*(1 + 8 * self.head(x.mean(dim=(2, 3))).sigmoid()).unbind(dim=1))


@dataclass(kw_only=True)
class RatingConfig(RunConfig, DataConfig):
    model: RaterConfig = field(default_factory=lambda: RaterConfig(backbone="test_efficientnet", image_size=64))
    cache: Path | None = None
    FREE_TO_CHANGE: ClassVar[frozenset[str]] = RunConfig.FREE_TO_CHANGE | {"cache", "data", "splits"}


def ratings(example: Example) -> Tensor:
    """Valence and arousal on the scale from 1 to 9."""
    low, high = example.scale
    return torch.tensor([1 + 8 * (value - low) / (high - low) for value in (example.valence, example.arousal)])


@torch.no_grad()
def error(network: ToyRater, loader: DataLoader, accelerator: Accelerator, start: int = 0) -> dict[str, Any]:
    network.eval()
    found = [
        accelerator.gather_for_metrics((network(inputs, start) - targets).abs().mean(dim=1)) for inputs, targets, _ in loader
    ]
    errors = torch.cat(found)
    return {"mae": errors.mean().item(), "images": len(errors)}


class RatingRun(Run):
    def read_examples(self) -> tuple[dict[str, list[Example]], dict[Path, str]]:
        found, left_out = on_main(
            self.accelerator,
            lambda: leave_out_unreadable(load_examples(self.config, None, ("train", "val")), self.config.on_bad_image),
        )
        return {split: [one for one in found if one.split == split] for split in ("train", "val")}, left_out

    def identity(self, example: Example) -> str:
        return f"{example.path.name} {example.valence} {example.arousal}"

    def make_network(self) -> ToyRater:
        network = new_network(self.config)
        if self.config.start is not None:
            load_backbone(network, self.config.start)
        return network

    def open_data(self) -> None:
        train, val = self.examples["train"], self.examples["val"]
        backbone, cache = self.bare.backbone, self.config.cache
        self.features = Features(self.config, backbone, train, self.accelerator, cache=cache, target=ratings)
        self.val_loader, self.val_start = self.features.evaluation(val)

    def batches(self, sampler: Any, *, from_start: bool) -> Iterator[Any]:
        return self.features.training(sampler, from_start=from_start)

    def loss(self, inputs: Any, targets: Any, indices: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        terms = {"l1": F.l1_loss(self.network(inputs, self.config.frozen_sections), targets)}
        return terms["l1"], terms

    def validate(self) -> tuple[dict[str, Any], dict[str, float | None]]:
        figures = error(self.weights, self.val_loader, self.accelerator, self.val_start)
        return figures, {"mae": figures["mae"]}

    def score(self, val: dict[str, float | None]) -> float:
        return -val["mae"]

    def pictures(self, examples: Sequence[Example]) -> list:
        return []


@dataclass(kw_only=True)
class RatingEvaluation(EvaluationConfig, DataConfig):
    """What to measure."""


def measure(config: RatingEvaluation, accelerator: Accelerator) -> Report:
    network = load_model(config.weights, ToyRater).to(accelerator.device)
    photos = Photos(load_examples(config, None, (config.split,)), eval_transform(network.config), target=ratings)
    loader = evaluation_loader(photos, batch_size=config.batch_size, workers=config.workers)
    figures = error(network, accelerator.prepare_data_loader(loader), accelerator) | {"weights": name_of(config.weights)}
    summary = f"error {figures['mae']:.3f}"
    return Report(name=config.split, figures=figures, summary=summary, write=lambda out: (out / "note.txt").write_text(summary))


def product(settings: Publication, name: str) -> Product:
    network, about, history = load_model(settings.run / "best", ToyRater), read_about(settings.about), settings.history()
    command = lines([training_command(settings.settings(), RatingConfig, ["toy-ratings", "--data", "DATA"], f"runs/{name}")])
    data = card_data(name, about, pipeline="image-classification", tags=[], split="val", results={("mae", "error"): 1.0})
    card = ModelCard(f"---\n{data}\n---\n\n# {name}\n\n{command}\n")
    drawn = curves(history, {"Error on val": {"MAE": [entry["val"]["mae"] for entry in history]}})
    return Product(network, about, card, {"curves.png": drawn})


@contextmanager
def toy_task() -> Iterator[Task]:
    """The task is known as long as this lasts; a real one would be an entry in ``training/tasks.py``."""
    task = Task(
        name="toy-ratings",
        about="how pleasant and exciting a photo is",
        network=ToyRater,
        config=RatingConfig,
        run=RatingRun,
        recipes={},
        evaluation=RatingEvaluation,
        evaluate=measure,
        publication=Publication,
        publish=product,
    )
    register(Family("a toy that rates", RaterConfig, ToyRater))
    TASKS[task.name] = task
    try:
        yield task
    finally:
        del TASKS[task.name], FAMILIES[ToyRater.family]
