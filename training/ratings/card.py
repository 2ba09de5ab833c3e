"""What is published of a run that learnt valence and arousal."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from cternet.networks.checkpoint import load_model
from cternet.networks.valence_arousal import ValenceArousal
from training.about import About, read_about
from training.publication import (
    Product,
    Publication,
    card_data,
    curves,
    evaluation_command,
    evaluations,
    leave_out_shared,
    lines,
    millions,
    training_command,
)
from training.ratings.config import RatingConfig
from training.ratings.figures import AXES, MEASURES
from training.tables import table

TEMPLATE = Path(__file__).with_name("card.md")
Metrics = dict[str, dict[str, Any]]

STAGES = {
    ("ratings", True): "in two stages: first on emotion labels, each standing for the rating of its word, then on rated photos",
    ("ratings", False): "on rated photos",
    ("labels", True): "on emotion labels, each standing for the rating of its word, from the weights of another such network",
    ("labels", False): "on emotion labels, each standing for the rating of its word",
}
"""How a network was trained, by the truth it was given and whether it went on from another's head."""


@dataclass
class RatingPublication(Publication):
    """What to publish, and where."""

    table_note: str = ""
    """In words, what the recipe gave over several seeds."""


def product(settings: RatingPublication, name: str) -> Product:
    """The network, its card and its curves.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
    """
    network, about, history = load_model(settings.run / "best", ValenceArousal), read_about(settings.about), settings.history()
    network.config.training_data, network.config.metrics = about.training_data, measured(settings.run)
    network.config.base = settings.base.name if settings.base else None
    text = card(settings, network, name, about, history)
    drawn = {"curves.png": curves(history, panels(history))}
    return Product(
        network, about, text, drawn, partial(leave_out_shared, [] if settings.base is None else [(settings.base, "")])
    )


def commands(settings: RatingPublication, name: str, splits: Sequence[str]) -> str:
    """The commands that made the weights and their figures, without the paths of the machine they ran on."""
    data = ["--data", "DATA"]
    ran = settings.commands.read_text().strip() if settings.commands else ""
    made = ran or lines([training_command(settings.settings(), RatingConfig, ["ratings", *data], f"runs/{name}")])
    return f"{made}\n{lines([evaluation_command(name, split, data) for split in splits])}"


def panels(history: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """The curves of loss terms, and of correlations on val."""
    terms = {name: [entry["loss"][name] for entry in history] for name in history[0]["loss"]}
    correlations = {name: [entry["val"][f"{name}_r"] for entry in history] for name in AXES}
    return {"Training loss": terms, "Pearson r on val": correlations}


def figures_table(metrics: Metrics) -> str:
    heads = [f"{name}: {words}" for name in AXES for words in MEASURES.values()]
    rows = [
        [split, *(f"{found[name][key]:.3f}" for name in AXES for key in MEASURES), found["images"]]
        for split, found in metrics.items()
    ]
    return table(["split", *heads, "photos"], rows)


def card(
    settings: RatingPublication, network: ValenceArousal, name: str, about: About, history: list[dict[str, Any]]
) -> ModelCard:
    """The model card in the Hub's format; ``network.config.metrics`` holds its figures."""
    config, metrics, given = network.config, network.config.metrics, settings.settings()
    split = list(metrics)[-1]
    data = card_data(
        name,
        about,
        pipeline="image-feature-extraction",
        tags=["emotion-recognition", "valence-arousal", "image-regression"],
        split=split,
        results={(f"{axis}_r", f"Pearson r, {axis}"): round(metrics[split][axis]["r"], 4) for axis in AXES},
    )
    best = max(history, key=lambda entry: entry["val"]["score"])
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        config=config,
        about=about,
        parameters=millions(network),
        start=settings.start,
        note=settings.note,
        stages=STAGES[given.get("truth"), bool(given.get("start_head"))],
        averaged=bool(given.get("ema")),
        commands=commands(settings, name, list(metrics)),
        epochs=len(history),
        best_epoch=best["epoch"],
        figures=figures_table(metrics),
        seeds_note=settings.table_note,
        classes=[(label, *place) for label, place in zip(config.classes, config.places, strict=True)],
    )


def measured(run: Path) -> Metrics:
    """Figures on val and, where it was measured, on test, by split.

    Raises:
        ValueError: the run was not measured on val.
    """
    return {
        split: {axis: {key: round(values[axis][key], 6) for key in MEASURES} for axis in AXES} | {"images": values["images"]}
        for split, values in evaluations(run).items()
    }
