"""Whether attention matters: what becomes of the answer when S is replaced by as much attention elsewhere.

A network whose S says nothing of *where* answers as well with the same amount spread evenly, with S turned around, or with the
S of another photo.  Each of these is scaled to the mean of the photo's own S, so that the amount stays and only the place
changes; the head is linear in S (Eq. 5), so none needs another forward pass.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from cternet.networks.allocations import reverse, uniform
from cternet.networks.checkpoint import CheckpointError
from cternet.networks.emotion import EmotionNetwork
from cternet.networks.families import in_words
from training.evaluation.bootstrap import interval
from training.evaluation.localisation import controls

SMALLEST = 1e-6
"""Of a mean that is divided by."""


def of_another_photo(values: Tensor) -> Tensor:
    """Each image's row (M, ...) from half the images away: images come sorted by class, and neighbours are alike."""
    return values.roll(len(values) // 2, dims=0)


REPLACEMENTS: dict[str, Callable[[Tensor], Tensor]] = {"flat": uniform, "reversed": reverse, "another": of_another_photo}
"""What takes the place of S (M, 1, H, W): the same everywhere; most where there was least; the S of another photo."""
KNOW_NOTHING = ("flat", "another")
"""Replacements that say nothing of where to look in this photo."""


def audit_of(network: EmotionNetwork, loader: DataLoader, accelerator: Accelerator, *, start: int = 0) -> dict[str, Any]:
    """``audit`` of a network on the images of a prepared loader.

    Args:
        start: the backbone section that the loader's tensors go into.

    Raises:
        CheckpointError: the network's answer is not linear in a map S.
    """
    parts = gather(network, loader, accelerator, start)
    return audit(bias=network.bias.detach().float().cpu(), **parts)


@torch.no_grad()
def gather(network: EmotionNetwork, loader: DataLoader, accelerator: Accelerator, start: int = 0) -> dict[str, Tensor]:
    """What ``audit`` needs of every image, over all processes, on the CPU."""
    if not network.has_evidence:
        raise CheckpointError(
            f"--attention asks what the map S does to the answer, and a {network.config.family} network has no head that is "
            f"linear in such a map; give it one of the family {in_words(lambda family: family.has_evidence)}"
        )
    network.eval()
    found: dict[str, list[Tensor]] = {}
    for images, labels, _ in tqdm(loader, desc="attention", leave=False, disable=not accelerator.is_main_process):
        with accelerator.autocast():
            outputs = network(images, start=start, evidence=True)
        parts = {"s": outputs.s.float(), "evidence": outputs.evidence.float(), "labels": labels}
        if network.has_counterfactual:
            parts["s_star"] = outputs.s_star.float().expand_as(parts["s"])
        for name, values in accelerator.gather_for_metrics(parts).items():
            found.setdefault(name, []).append(values.cpu())
    return {name: torch.cat(values) for name, values in found.items()}


def audit(s: Tensor, evidence: Tensor, bias: Tensor, labels: Tensor, s_star: Tensor | None = None) -> dict[str, Any]:
    """Figures of the attention of M images, two at least.

    Args:
        s: (M, 1, H, W).
        evidence: (M, K, H, W), what a unit of attention at a place adds to N times each logit.
        bias: of the head (K,).
        labels: (M,), of the K classes.
        s_star: E[S*] (M, 1, H, W), for a network that has one.

    Returns:
        ``own`` and each of ``REPLACEMENTS``: ``accuracy`` of Y, ``log_probability`` of the true class, mean, in nats; of a
        replacement what is ``lost`` with it of both, each [difference, low, high] with its paired 95 % interval, and the
        share of answers that it ``changes``.  ``top_quarter``: share of S in its largest quarter of the cells, median (0.25 is
        flat).  ``centre``: mean correlation of S with a bump in the middle; ``two_photos``: of S with the S of another photo.
        ``amount``: mean of E[S*] over mean of S; ``gained``: probability of the true class under S less that under E[S*], as
        ``lost`` (Zhang et al., "quality of the affective regions").  ``idle``: whether attention that knows nothing of the
        photo, ``KNOW_NOTHING``, answers as well.
    """

    def log_probabilities(attended: Tensor) -> Tensor:
        return ((evidence * attended).mean(dim=(2, 3)) + bias).log_softmax(dim=1)

    def figures(log_p: Tensor) -> tuple[NDArray, NDArray, NDArray]:
        guesses = log_p.argmax(dim=1)
        truth = log_p.gather(1, labels[:, None])[:, 0]
        return guesses.numpy(), (guesses == labels).double().numpy(), truth.double().numpy()

    amount = s.mean(dim=(2, 3), keepdim=True)
    guesses, right, truth = figures(log_probabilities(s))
    found: dict[str, Any] = {
        "images": len(s),
        "own": {"accuracy": float(right.mean()), "log_probability": float(truth.mean())},
    }
    for name, replace in REPLACEMENTS.items():
        other = replace(s)
        other = other * amount / other.mean(dim=(2, 3), keepdim=True).clamp(min=SMALLEST)
        their_guesses, theirs, their_truth = figures(log_probabilities(other))
        found[name] = {
            "accuracy": float(theirs.mean()),
            "log_probability": float(their_truth.mean()),
            "lost": {"accuracy": mean_and_interval(right - theirs), "log_probability": mean_and_interval(truth - their_truth)},
            "changes": float((guesses != their_guesses).mean()),
        }
    cells = s.flatten(1)
    largest = cells.sort(dim=1, descending=True).values[:, : -(-cells.shape[1] // 4)]
    bump = torch.from_numpy(controls(tuple(s.shape[2:]))["centre"]).to(s).flatten()[None]
    found |= {
        "top_quarter": (largest.sum(dim=1) / cells.sum(dim=1).clamp(min=SMALLEST)).median().item(),
        "centre": correlation(cells, bump),
        "two_photos": correlation(cells, of_another_photo(cells)),
        "idle": not any(found[name]["lost"]["accuracy"][1] > 0 for name in KNOW_NOTHING),
    }
    if s_star is not None:
        gained = np.exp(truth) - np.exp(figures(log_probabilities(s_star))[2])
        found |= {"amount": (s_star.mean() / s.mean().clamp(min=SMALLEST)).item(), "gained": mean_and_interval(gained)}
    return found


def mean_and_interval(values: NDArray) -> list[float]:
    """Mean of values (M,) and its 95 % interval: [mean, low, high]."""
    return [float(values.mean()), *interval((values,), lambda drawn, axis=-1: drawn.mean(axis)[None])[0]]


def correlation(one: Tensor, other: Tensor) -> float:
    """Mean over the rows of Pearson's correlation of two arrays (M, N); rows that are the same everywhere count 0."""
    one, other = (values - values.mean(dim=1, keepdim=True) for values in (one.double(), other.double()))
    return torch.nn.functional.cosine_similarity(one, other.expand_as(one)).mean().item()
