"""Photos that evoke several emotions at once, as those of EMOTIC: their targets, and how well networks find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
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


def average_precisions(scores: Tensor, categories: Tensor) -> list[float | None]:
    """The average precision of each class, in [0, 1], as EMOTIC's 26 categories are measured; None for one that never holds.

    Args:
        scores: (M, K), larger where a class is likelier, on any scale.
        categories: (M, K), true for each that holds; several may.
    """
    # Ranks, equal ones for equal scores: the library takes the sigmoid of logits, which is 1 for all that are sure.
    ranks = torch.stack([column.unique(return_inverse=True)[1] for column in scores.T], dim=1) / len(scores)
    occurs = categories.bool().any(dim=0)
    found = iter(MultilabelAveragePrecision(int(occurs.sum()), average=None)(ranks[:, occurs], categories[:, occurs].long()))
    return [float(next(found)) if there else None for there in occurs]


def several_figures(logits: dict[str, Tensor], targets: Tensor, classes: Sequence[str], prediction: str) -> dict[str, Any]:
    """Figures of every answer (M, K) against targets (M, K).

    Returns:
        By answer ``map``, the mean over the classes that occur of their average precision, ``per_class``, that of each, and
        ``chance``, what answers at random would have; in [0, 1].
    """
    shares = targets.double().mean(dim=0)
    chance = shares[shares > 0].mean().item()
    found: dict[str, Any] = {}
    for name, values in logits.items():
        scores = average_precisions(values, targets)
        mean = fmean(score for score in scores if score is not None)
        found[name] = {"map": mean, "chance": chance, "per_class": dict(zip(classes, scores, strict=True))}
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
