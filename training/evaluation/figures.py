"""Figures of a network on a split, for each of its answers."""

from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassConfusionMatrix
from tqdm.auto import tqdm

from cternet.networks.emotion import EmotionNetwork
from training.evaluation.attention import audit_of
from training.evaluation.readout import Readout


@torch.no_grad()
def collect(
    network: EmotionNetwork,
    loader: DataLoader,
    accelerator: Accelerator,
    *,
    start: int = 0,
    flip: bool = False,
    title: str = "evaluating",
) -> tuple[dict[str, Tensor], Tensor]:
    """Logits of every answer (M, K) and labels (M,), of all images in the loader's order over all processes, on the CPU.

    Args:
        loader: a prepared one.
        start: the backbone section that the loader's tensors go into.
        flip: average the logits of each photo and its mirror image; with photos only (``start`` 0).
    """
    network.eval()
    logits: dict[str, list[Tensor]] = {}
    labels: list[Tensor] = []
    for images, batch_labels, _ in tqdm(loader, desc=title, leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            views = [network(view, start=start) for view in ([images, images.flip(-1)] if flip else [images])]
        answers = {name: torch.stack([getattr(view, name).float() for view in views]).mean(dim=0) for name in network.answers}
        answers, batch_labels = accelerator.gather_for_metrics((answers, batch_labels))
        for name, values in answers.items():
            logits.setdefault(name, []).append(values.cpu())
        labels.append(batch_labels.cpu())
    return {name: torch.cat(values) for name, values in logits.items()}, torch.cat(labels)


def figures(logits: Tensor, labels: Tensor, readout: Readout) -> dict[str, Any]:
    """Figures of one answer.

    Args:
        logits: of the network (M, K).
        labels: of the data's classes (M,).

    Returns:
        Accuracy, balanced accuracy (mean recall of the classes that have images), macro F1 (over all classes), per-class
        precision, recall and F1, all in [0, 1], and the confusion matrix (rows: truth); for a network of several emotions
        polarity both ways.
    """
    classes = readout.classes
    guesses = readout.scores(logits).argmax(dim=1)
    confusion = MulticlassConfusionMatrix(len(classes))(guesses, labels).double()  # rows: truth
    hits, truth, guessed = confusion.diag(), confusion.sum(dim=1), confusion.sum(dim=0)
    precision, recall = hits / guessed.clamp(min=1), hits / truth.clamp(min=1)
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    return {
        "accuracy": (hits.sum() / confusion.sum()).item(),
        "balanced_accuracy": recall[truth > 0].mean().item(),
        "macro_f1": f1.mean().item(),
        "per_class": {
            name: {"precision": p, "recall": r, "f1": f, "images": int(n)}
            for name, p, r, f, n in zip(classes, precision.tolist(), recall.tolist(), f1.tolist(), truth.tolist(), strict=True)
        },
        "confusion_matrix": confusion.long().tolist(),
    } | (readout.polarity(logits, labels) if readout.tells_polarity else {})


def summarise(logits: dict[str, Tensor], labels: Tensor, readout: Readout, prediction: str) -> dict[str, Any]:
    """``figures`` of every answer (M, K), by its name, and the name of the one the model predicts with."""
    return {name: figures(values, labels, readout) for name, values in logits.items()} | {
        "prediction": prediction,
        "images": len(labels),
    }


def evaluate(
    network: EmotionNetwork,
    loader: DataLoader,
    accelerator: Accelerator,
    classes: tuple[str, ...],
    *,
    start: int = 0,
    surprise: str = "skip",
) -> dict[str, Any]:
    """``summarise`` of the network on the loader's images, and the audit of its attention where it has one."""
    logits, labels = collect(network, loader, accelerator, start=start)
    found = summarise(logits, labels, Readout(classes, surprise=surprise), network.predicts_with)
    if network.has_evidence:
        found["attention"] = audit_of(network, loader, accelerator, start=start)
    return found
