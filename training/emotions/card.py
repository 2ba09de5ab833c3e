"""What is published of a run that learnt emotions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import ModelCard
from safetensors.torch import save_file

from cternet.networks.checkpoint import BANK, load_model
from cternet.networks.classifier import ANSWERS
from cternet.networks.clef import CLEF, FINDER
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import family_of
from cternet.results.predictor import Predictor
from training.about import About, read_about
from training.emotions.config import TrainConfig
from training.emotions.seeds import markdown
from training.evaluation.attention import REPLACEMENTS
from training.evaluation.pictures import confusion_figure
from training.evaluation.report import answers_table, attention_table, attention_words, per_cent
from training.files import write_json
from training.publication import (
    Product,
    Publication,
    card_data,
    curves,
    evaluation_command,
    leave_out_shared,
    lines,
    millions,
    training_command,
)
from training.tables import table

TEMPLATE = Path(__file__).with_name("card.md")


@dataclass
class EmotionPublication(Publication):
    """What to publish, and where."""

    test: Path | None = None
    """JSON that training.evaluate wrote for the test split; by default RUN/evaluation/test.json, if it is there."""
    table: Path | None = None
    """What training.ablate wrote as JSON: the recipe over several seeds."""
    table_note: str = ""
    """In words, how that table was made and what it says."""
    finder_base: Path | None = None
    """Checkpoint folder of CLEF's saliency network, which is then left out too and must lie beside the folder."""
    bank_images: Path | None = None
    """Folder of photos whose attention becomes the shuffle bank."""


def product(settings: EmotionPublication, name: str) -> Product:
    """The network, its card and its pictures; figures are those on test, or on val where the run was not tested.

    Raises:
        CheckpointError, OSError, ValueError: the run, its figures or the description cannot be read.
    """
    network = load_model(settings.run / "best", EmotionNetwork)
    if network.config.several:
        raise ValueError(f"{settings.run} tells several emotions of a photo at once, and such networks cannot be published yet")
    about, history, test = read_about(settings.about), settings.history(), tested(settings)
    val = network.config.metrics.get("val")
    if not val:
        raise ValueError(f"{settings.run} has no finished epoch to publish")
    split, figures = ("test", test) if test else ("val", val)
    text = card(settings, network, name, about, history, split, figures)
    network.config.training_data = about.training_data
    network.config.metrics = {"val": compact(val)} | ({"test": compact(test)} if test else {})
    confusion = confusion_figure(figures[figures["prediction"]], network.config.classes, f"{name}, {split}")
    pictures = {"confusion.png": confusion, "curves.png": curves(history, panels(history))}
    bank = settings.bank_images if network.has_counterfactual else None
    shared = [] if settings.base is None else [(settings.base, "")]
    network.config.base = settings.base.name if settings.base else None
    if settings.finder_base is not None:
        if not isinstance(network, CLEF):
            raise ValueError(f"{settings.run} has no saliency network inside; leave out --finder-base")
        network.config.finder_base = settings.finder_base.name
        shared.append((settings.finder_base, FINDER))
    return Product(network, about, text, pictures, partial(write, test, bank, shared))


def tested(settings: EmotionPublication) -> dict[str, Any] | None:
    """The run's figures on test, if there are any."""
    path = settings.test or settings.run / "evaluation" / "test.json"
    if settings.test is None and not path.exists():
        return None
    found = json.loads(path.read_text())
    if found.get("split") != "test" or found.get("polarity") or "prediction" not in found:
        raise ValueError(f"{path} is not the evaluation of the classes on a test split; make it with training.evaluate")
    return found


def write(test: dict[str, Any] | None, bank_images: Path | None, shared: Sequence[tuple[Path, str]], folder: Path) -> None:
    """All the figures on test, and the attention on some photos, by the network in the folder; without what others hold."""
    leave_out_shared(shared, folder)
    if test:
        write_json(folder / "evaluation-test.json", {key: value for key, value in test.items() if key != "left_out"})
    if bank_images:
        predictor = Predictor(load_model(folder)).with_bank(sorted(bank_images.glob("*.jpg")))
        save_file({"s_out": predictor.bank.to(torch.float16).contiguous()}, folder / BANK)


def commands(settings: EmotionPublication, name: str, test: dict[str, Any] | None) -> str:
    """The commands that made the weights and their figures, without the paths of the machine they ran on."""
    data = ["--data", "DATA"]
    ran = settings.commands.read_text().strip() if settings.commands else ""
    made = ran or lines([training_command(settings.settings(), TrainConfig, data, f"runs/{name}")])
    if test is None:
        return made
    return f"{made}\n{lines([evaluation_command(name, 'test', data, ['--attention'] if 'attention' in test else [])])}"


def confusion_table(figures: dict[str, Any], classes: tuple[str, ...]) -> str:
    rows = [
        [name, *row, per_cent(figures["per_class"][name]["recall"])]
        for name, row in zip(classes, figures["confusion_matrix"], strict=True)
    ]
    return table(["labelled \\ predicted", *classes, "recall"], rows)


def panels(history: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """The curves of loss terms and of accuracy on val."""
    answers = [key for key in history[0]["val"] if key.startswith("accuracy_")]
    return {
        "Training loss": {
            f"CE({name})" if name in ANSWERS else name.upper(): [entry["loss"][name] for entry in history]
            for name in history[0]["loss"]
        },
        "Accuracy on val, %": {
            name.removeprefix("accuracy_"): [100 * entry["val"][name] for entry in history] for name in answers
        },
    }


def card(
    settings: EmotionPublication,
    network: EmotionNetwork,
    name: str,
    about: About,
    history: list[dict[str, Any]],
    split: str,
    figures: dict[str, Any],
) -> ModelCard:
    """The model card in the Hub's format."""
    config, answer = network.config, figures[figures["prediction"]]
    best = max(history, key=lambda entry: entry["val"]["accuracy"])
    headline = {("accuracy", "accuracy"): "accuracy", ("accuracy", "polarity accuracy"): "polarity_accuracy"}
    data = card_data(
        name,
        about,
        pipeline="image-classification",
        tags=["emotion-recognition", "counterfactual", "explainability", config.family],
        split=split,
        results={words: round(answer[key], 4) for words, key in headline.items() if key in answer},
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        name=name,
        family=config.family,
        kind=family_of(config.family).about,
        config=config,
        about=about,
        parameters=millions(network),
        start=settings.start,
        note=settings.note,
        averaged=bool(settings.settings().get("ema")),
        commands=commands(settings, name, figures if split == "test" else None),
        epochs=len(history),
        best_epoch=best["epoch"],
        val=per_cent(best["val"]["accuracy"]),
        split=split,
        images=figures["images"],
        answers=answers_table(figures),
        attention=f"{attention_table(figures)}\n\n{attention_words(figures)}" if "attention" in figures else "",
        confusion=confusion_table(answer, config.classes),
        seeds=markdown(json.loads(settings.table.read_text())) if settings.table else "",
        seeds_note=settings.table_note,
    )


def compact(figures: dict[str, Any]) -> dict[str, Any]:
    """The headline figures of a split."""
    names = ("accuracy", "macro_f1", "polarity_accuracy", "polarity_accuracy_by_sum")
    found = {
        key: {name: round(figures[key][name], 6) for name in names if name in figures[key]} for key in ANSWERS if key in figures
    } | {"images": figures["images"], "prediction": figures["prediction"]}
    if audit := figures.get("attention"):
        found["attention"] = {
            "idle": audit["idle"],
            "top_quarter": round(audit["top_quarter"], 6),
            "changed_by_flat": round(audit["flat"]["changes"], 6),
            "lost": {name: round(audit[name]["lost"]["accuracy"][0], 6) for name in REPLACEMENTS},
        }
    return found
