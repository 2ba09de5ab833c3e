"""What is published of a run that learnt saliency."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from cternet.networks.checkpoint import load_model
from cternet.networks.ras import RAS
from training.about import About, read_about
from training.publication import (
    Product,
    Publication,
    card_data,
    curves,
    evaluation_command,
    evaluations,
    lines,
    millions,
    training_command,
)
from training.saliency.config import SaliencyConfig
from training.saliency.run import score
from training.tables import table

TEMPLATE = Path(__file__).with_name("card.md")
LOSSES = {"bce": "cross-entropy", "iou": "1 − IoU"}
NAMES = {"mae": "MAE", "max_f": "max F"}
COUNTS = {"images": "photos", "without_object": "of them without a salient object"}


@dataclass
class SaliencyPublication(Publication):
    """What to publish, and where."""


def product(settings: SaliencyPublication, name: str) -> Product:
    """The network, its card and its curves.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
    """
    network, about, history = load_model(settings.run / "best", RAS), read_about(settings.about), settings.history()
    network.config.training_data = about.training_data
    network.config.metrics, network.config.image_size = measured(settings.run)
    text = card(settings, network, name, about, history)
    return Product(network, about, text, {"curves.png": curves(history, panels(history))})


def commands(settings: SaliencyPublication, name: str, network: RAS) -> str:
    """The commands that made the weights and their figures, without the paths of the machine they ran on."""
    given, config = settings.settings(), network.config
    data = ["--data", "IMAGES", "--masks", "MASKS"] if given["masks"] else ["--data", "DUTS"]
    size = ["--image-size", str(config.image_size)] if config.image_size != given["model"]["image_size"] else []
    ran = settings.commands.read_text().strip() if settings.commands else ""
    made = ran or lines([training_command(given, SaliencyConfig, ["saliency", *data], f"runs/{name}")])
    return f"{made}\n{lines([evaluation_command(name, split, data, size) for split in config.metrics])}"


def panels(history: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """The curves of loss terms, and of error and max F on val."""
    terms = {label: [entry["loss"][name] for entry in history] for name, label in LOSSES.items()}
    return {"Training loss, summed over the maps": terms} | {
        f"{words} on val": {words: [entry["val"][name] for entry in history]} for name, words in NAMES.items()
    }


def history_table(history: list[dict[str, Any]]) -> str:
    rows = [
        [
            entry["epoch"],
            *(f"{entry['loss'][name]:.3f}" for name in LOSSES),
            *(f"{entry['val'][name]:.4f}" for name in NAMES),
        ]
        for entry in history
    ]
    losses, figures = (f"loss: {words}" for words in LOSSES.values()), (f"{words} on val" for words in NAMES.values())
    return table(["epoch", *losses, *figures], rows)


def figures_table(metrics: dict[str, dict[str, Any]]) -> str:
    rows = [
        [split, *(f"{found[key]:.4f}" for key in NAMES), *(found[key] for key in COUNTS)] for split, found in metrics.items()
    ]
    return table(["split", *NAMES.values(), *COUNTS.values()], rows)


def card(settings: SaliencyPublication, network: RAS, name: str, about: About, history: list[dict[str, Any]]) -> ModelCard:
    """The model card in the Hub's format; ``network.config.metrics`` holds its figures."""
    config, metrics, given = network.config, network.config.metrics, settings.settings()
    split = list(metrics)[-1]
    data = card_data(
        name,
        about,
        pipeline="image-segmentation",
        tags=["salient-object-detection"],
        split=split,
        results={(key, words): metrics[split][key] for key, words in NAMES.items()},
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        config=config,
        about=about,
        levels=len(network.backbone.level_channels),
        parameters=millions(network),
        start=settings.start,
        note=settings.note,
        averaged=bool(given["ema"]),
        commands=commands(settings, name, network),
        train_size=given["model"]["image_size"],
        epochs=len(history),
        best_epoch=max(history, key=lambda entry: score(entry["val"]))["epoch"],
        history=history_table(history),
        figures=figures_table(metrics),
    )


def measured(run: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """Figures on val and, where it was measured, on test, by split; and the side of the input they were measured with.

    Raises:
        ValueError: the run was not measured on val, or on val and test with different inputs.
    """
    found = evaluations(run)
    sizes = {values["image_size"] for values in found.values()}
    if len(sizes) > 1:
        raise ValueError(
            f"val and test in {run / 'evaluation'} were measured with another --image-size; measure both with the same"
        )
    figures = {
        split: {key: round(values[key], 6) for key in NAMES} | {key: values[key] for key in COUNTS}
        for split, values in found.items()
    }
    return figures, sizes.pop()
