"""How near predicted valence and arousal come to the true ones, and whether they still tell the emotion."""

from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from torchmetrics.functional import concordance_corrcoef, mean_squared_error, pearson_corrcoef
from tqdm.auto import tqdm

from cternet.networks.network import Ratings
from cternet.networks.valence_arousal import ValenceArousal
from training.ratings.targets import NO_LABEL

AXES = ("valence", "arousal")
MEASURES = {"r": "Pearson r", "ccc": "CCC", "rmse": "RMSE"}
"""By their names in the figures: Pearson's correlation, Lin's concordance correlation
(https://doi.org/10.2307/2532051), and the root of the mean squared error on the scale from 1 to 9."""


@torch.no_grad()
def collect(
    network: ValenceArousal, loader: DataLoader, accelerator: Accelerator, *, start: int = 0
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Ratings (M, 2), targets (M, 3) and, of a network that has them, logits (M, K), over all processes, on the CPU.

    Args:
        loader: a prepared one.
        start: the backbone section that the loader's tensors go into.
    """
    network.eval()
    found: list[tuple[Tensor, ...]] = []
    for inputs, targets, _ in tqdm(loader, desc="evaluating", leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            said: Ratings = network(inputs, start=start)
        parts = (torch.stack([said.valence, said.arousal], dim=1), targets)
        parts += () if said.logits is None else (said.logits,)
        found.append(tuple(part.float().cpu() for part in accelerator.gather_for_metrics(parts)))
    rated, targets, *logits = (torch.cat(parts) for parts in zip(*found, strict=True))
    return rated, targets, logits[0] if logits else None


def figures(rated: Tensor, targets: Tensor, logits: Tensor | None, places: Tensor) -> dict[str, Any]:
    """Figures of a split.

    Args:
        rated: (M, 2).
        targets: as ``RatingTarget`` makes them, (M, 3).
        logits: (M, K), or None.
        places: of the classes, (K, 2); none where the network knows none.

    Returns:
        ``MEASURES`` for valence and arousal; where photos have labels, ``recovered``: how often the class whose place is
        nearest is the label, and ``accuracy`` of the logits; ``images``.
    """
    found: dict[str, Any] = {}
    for axis, name in enumerate(AXES):
        ours, truth = rated[:, axis].double(), targets[:, axis].double()
        found[name] = {
            "r": pearson_corrcoef(ours, truth).item(),
            "ccc": concordance_corrcoef(ours, truth).item(),
            "rmse": mean_squared_error(ours, truth, squared=False).item(),
        }
    labels = targets[:, 2].long()
    known = labels != NO_LABEL
    if known.any() and len(places):
        found["recovered"] = (nearest(rated, places)[known] == labels[known]).double().mean().item()
    if known.any() and logits is not None:
        found["accuracy"] = (logits.argmax(dim=1)[known] == labels[known]).double().mean().item()
    return found | {"images": len(rated)}


def nearest(rated: Tensor, places: Tensor) -> Tensor:
    """(M, 2) -> index of the nearest place (M,)."""
    return torch.cdist(rated, places).argmin(dim=1)


def score(found: dict[str, Any]) -> float:
    """By what epochs are compared: the mean concordance, which a wrong scale lowers as well as a wrong order."""
    return sum(found[name]["ccc"] for name in AXES) / len(AXES)


def flat(found: dict[str, Any]) -> dict[str, float]:
    """The figures by one name each, for ``metrics.jsonl``."""
    named = {f"{name}_{measure}": found[name][measure] for name in AXES for measure in MEASURES}
    return named | {name: found[name] for name in ("recovered", "accuracy") if name in found} | {"score": score(found)}


def summary(found: dict[str, Any]) -> str:
    """In a line."""
    said = [f"{name}: " + ", ".join(f"{words} {found[name][key]:.3f}" for key, words in MEASURES.items()) for name in AXES]
    more = {"recovered": "nearest class right", "accuracy": "classifier right"}
    said += [f"{words} {100 * found[key]:.1f} %" for key, words in more.items() if key in found]
    return f"{'; '.join(said)} ({found['images']:,} photos)"
