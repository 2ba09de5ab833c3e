"""Photos that evoke several emotions at once, as those of EMOTIC: their targets, and how well networks find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics.classification import MultilabelAveragePrecision

from cternet.networks.classifier import ANSWERS
from training.data import DataConfig, DataError, Example, load_examples
from training.evaluation.report import per_cent
from training.tables import table


@dataclass(frozen=True)
class CategoryTarget:
    """1 for each class that holds of an example, else 0: (K,)."""

    classes: tuple[str, ...]

    def __call__(self, example: Example) -> Tensor:
        return torch.tensor([float(name in example.categories) for name in self.classes])


def load_several(config: DataConfig, classes: Sequence[str], splits: Sequence[str] | None) -> list[Example]:
    """The examples of the splits that have categories.

    Raises:
        DataError: see ``load_examples``; no categories, or one that is none of the classes, unless these are to be skipped.
    """
    found = load_examples(config, None, splits)
    if not any(example.categories for example in found):
        raise DataError(f"{config.data} has no categories that hold together; learn its labels without --model.several")
    others = {name: example for example in found for name in example.categories if name not in classes}
    if others and config.other_labels == "fail":
        listing = "; ".join(f"{name} (first: {example.path})" for name, example in others.items())
        raise DataError(
            f"{config.data} has categories that are none of the classes {', '.join(classes)}: {listing}. Ignore these with "
            "--other-labels skip, or give the classes with --model.classes, such as emotic"
        )
    return [example for example in found if set(example.categories) & set(classes)]


def several_figures(logits: dict[str, Tensor], targets: Tensor, classes: Sequence[str], prediction: str) -> dict[str, Any]:
    """Figures of every answer (M, K) against targets (M, K).

    Returns:
        By answer ``map``, the mean over the classes that occur of their average precision, ``per_class``, that of each (None
        where it does not occur), and ``chance``, what answers at random would have; in [0, 1].
    """
    occurs = targets.sum(dim=0) > 0
    chance = targets.double().mean(dim=0)[occurs].mean().item()
    found: dict[str, Any] = {}
    for name, values in logits.items():
        # Ranks rather than logits: the library would take their sigmoid, and those of sure answers are equal in float32.
        ranks = values.argsort(dim=0).argsort(dim=0).double() / len(values)
        measure = MultilabelAveragePrecision(len(classes), average=None, validate_args=False)
        scores = measure(ranks, targets.long()).double()
        found[name] = {
            "map": scores[occurs].mean().item(),
            "chance": chance,
            "per_class": {
                label: score if there else None
                for label, score, there in zip(classes, scores.tolist(), occurs.tolist(), strict=True)
            },
        }
    return found | {"prediction": prediction, "images": len(targets)}


def several_table(figures: dict[str, Any], classes: Sequence[str]) -> str:
    """Average precision of each class, by answer, in per cent."""
    names = [name for name in ANSWERS if name in figures]
    chance = figures[figures["prediction"]]["chance"]
    rows = [[label, *(share(figures[name]["per_class"][label]) for name in names)] for label in classes]
    rows.append(["mean (mAP)", *(per_cent(figures[name]["map"]) for name in names)])
    heads = [str(ANSWERS[name]) for name in names]
    words = f"Average precision, %; answers at random would have {per_cent(chance)}. {figures['images']:,} rows."
    return f"{table(['class', *heads], rows)}\n\n{words}"


def share(value: float | None) -> str:
    return "none there" if value is None else per_cent(value)
