"""Figures of a network that rates: Pearson r, concordance and RMSE of valence and arousal, and the classes they give back.

Written are SPLIT.json, and SPLIT.png with predicted against true ratings.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from matplotlib.figure import Figure
from torch import Tensor

from cternet.circumplex import HIGHEST, LOWEST
from cternet.networks.checkpoint import load_model
from cternet.networks.valence_arousal import ValenceArousal
from training.data import DataConfig, DataError, Photos, eval_transform, leave_out_unreadable
from training.engine.batches import evaluation_loader
from training.engine.evaluation import EvaluationConfig, Report, name_of
from training.engine.processes import on_main
from training.ratings.config import Truth
from training.ratings.figures import AXES, collect, figures, summary
from training.ratings.targets import RatingTarget, load_rated


@dataclass(kw_only=True)
class RatingEvaluation(EvaluationConfig, DataConfig):
    """What to measure, and on what."""

    truth: Truth = "ratings"
    """ratings: the photos are rated; labels: take the places of their labels' words, and tell how often they are recovered."""


def measure(config: RatingEvaluation, accelerator: Accelerator) -> Report:
    """The figures of ``config.weights``.

    Raises:
        CheckpointError, DataError: the weights or the data cannot be used.
    """
    network = load_model(config.weights, ValenceArousal).to(accelerator.device, memory_format=torch.channels_last)
    places = network.config.places
    if config.truth == "labels" and not places:
        raise DataError(f"{config.weights} was trained without a lexicon; measure it with --truth ratings")
    examples, left_out = on_main(
        accelerator,
        lambda: leave_out_unreadable(
            load_rated(config, network.config.classes, config.truth, (config.split,)), config.on_bad_image
        ),
    )
    photos = Photos(examples, eval_transform(network.config), target=RatingTarget(config.truth, places))
    loader = evaluation_loader(photos, batch_size=config.batch_size, workers=config.workers)
    rated, targets, logits = collect(network, accelerator.prepare_data_loader(loader), accelerator)
    found = figures(rated, targets, logits, torch.tensor(places))
    found |= {
        "weights": name_of(config.weights),
        "data": Path(config.data).name,
        "split": config.split,
        "truth": config.truth,
        "left_out": {str(path): why for path, why in left_out.items()},
    }
    name = config.split if config.truth == "ratings" else f"{config.split}-labels"
    draw = partial(write, rated, targets, f"{found['weights']} on {found['data']}, {name}", name)
    return Report(name=name, figures=found, summary=f"{name}: {summary(found)}", write=draw)


def write(rated: Tensor, targets: Tensor, title: str, name: str, out: Path) -> None:
    against_truth(rated, targets, title).savefig(out / f"{name}.png")


def against_truth(rated: Tensor, targets: Tensor, title: str) -> Figure:
    """Predicted (M, 2) against true ratings (M, 2 or more), an axis a panel; a perfect network has all on the diagonal."""
    figure = Figure(figsize=(8, 4.2), layout="constrained", dpi=120)
    for axes, index, name in zip(figure.subplots(1, 2), range(2), AXES, strict=True):
        axes.plot([LOWEST, HIGHEST], [LOWEST, HIGHEST], color="#bbbbbb", linewidth=0.8)
        axes.plot(targets[:, index], rated[:, index], ".", markersize=5, alpha=0.6)
        axes.set(xlim=(LOWEST, HIGHEST), ylim=(LOWEST, HIGHEST), aspect="equal", title=name, xlabel="rated", ylabel="predicted")
    figure.suptitle(title, fontsize=9)
    return figure
