"""Figures of a network on a split, for each of its answers: v, Y(S) and Y_TE."""

from collections.abc import Iterator
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassConfusionMatrix
from tqdm.auto import tqdm

from cternet.emotions import POLARITY, positive_mask
from cternet.model import Outputs

ANSWERS = ("v", "y", "y_te")


@torch.no_grad()
def predict(
    network: nn.Module, loader: DataLoader, accelerator: Accelerator, *, start: int = 0, title: str = "evaluating"
) -> Iterator[tuple[Outputs, Tensor]]:
    """Outputs and labels of each batch, gathered over the processes; ``loader`` is a prepared one."""
    network.eval()
    for images, labels, _ in tqdm(loader, desc=title, leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            outputs = network(images, start=start)
        answers = {name: getattr(outputs, name) for name in ANSWERS if getattr(outputs, name) is not None}
        answers, labels = accelerator.gather_for_metrics(({k: t.float() for k, t in answers.items()}, labels))
        yield Outputs(**answers), labels


def summarise(logits: dict[str, Tensor], labels: Tensor, classes: tuple[str, ...]) -> dict[str, Any]:
    """Figures of every answer.

    Args:
        logits: (M, K) for each answer; the last is the model's prediction.
        labels: (M,).

    Returns:
        For each answer accuracy, macro F1, per-class precision, recall and F1, and the confusion matrix (rows: truth), all
        shares in [0, 1]; for eight classes polarity both ways: the side of the argmax and the larger summed probability.
    """
    return {name: figures(values, labels, classes) for name, values in logits.items()} | {
        "prediction": list(logits)[-1],
        "images": len(labels),
    }


def figures(logits: Tensor, labels: Tensor, classes: tuple[str, ...]) -> dict[str, Any]:
    """Accuracy, F1, per-class figures, confusion matrix and polarity of one answer (M, K)."""
    confusion = MulticlassConfusionMatrix(len(classes))(logits.argmax(dim=1), labels).double()  # rows: truth
    hits, truth, guesses = confusion.diag(), confusion.sum(dim=1), confusion.sum(dim=0)
    precision, recall = hits / guesses.clamp(min=1), hits / truth.clamp(min=1)
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    result: dict[str, Any] = {
        "accuracy": (hits.sum() / confusion.sum()).item(),
        "macro_f1": f1.mean().item(),
        "per_class": {
            name: {"precision": p, "recall": r, "f1": f, "images": int(n)}
            for name, p, r, f, n in zip(classes, precision.tolist(), recall.tolist(), f1.tolist(), truth.tolist(), strict=True)
        },
        "confusion_matrix": confusion.long().tolist(),
    }
    if len(classes) > 2 and all(name in POLARITY for name in classes):
        positive = torch.tensor(positive_mask(classes))
        truth_positive = positive[labels]
        by_argmax = positive[logits.argmax(dim=1)]
        by_sum = logits.softmax(dim=1)[:, positive].sum(dim=1) > 0.5
        result["polarity_accuracy"] = (by_argmax == truth_positive).double().mean().item()
        result["polarity_accuracy_by_sum"] = (by_sum == truth_positive).double().mean().item()
    return result


def evaluate(
    network: nn.Module, loader: DataLoader, accelerator: Accelerator, classes: tuple[str, ...], *, start: int = 0
) -> dict[str, Any]:
    """``summarise`` of the network on the loader's images."""
    logits: dict[str, list[Tensor]] = {}
    labels: list[Tensor] = []
    for outputs, batch_labels in predict(network, loader, accelerator, start=start):
        for name in ANSWERS:
            if getattr(outputs, name) is not None:
                logits.setdefault(name, []).append(getattr(outputs, name).cpu())
        labels.append(batch_labels.cpu())
    return summarise({name: torch.cat(values) for name, values in logits.items()}, torch.cat(labels), classes)
