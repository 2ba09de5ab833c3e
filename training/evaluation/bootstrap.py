"""How far figures, and differences between two checkpoints, may be chance of which images were drawn.

Efron & Tibshirani, "An Introduction to the Bootstrap", 1993: images are drawn again with replacement, and the interval
holds the middle 95 % of the figure over the draws.  Two checkpoints see the same draws, so what they have in common
cancels.  The intervals say nothing of another training run of the same recipe: that takes seeds (training.ablate).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from training.evaluation.readout import NEITHER, Readout

RESAMPLES = 9999
CONFIDENCE = 0.95
FIGURES = ("accuracy", "macro_f1", "polarity_accuracy")


@dataclass(frozen=True)
class Verdicts:
    """What one answer says of M images.

    guesses: class of each (M,).  polarity: 1 where the side of the argmax is right, 0 where it is wrong, NEITHER where the
    image has no side (M,); None where polarity is nothing of its own.
    """

    guesses: NDArray[np.int8]
    polarity: NDArray[np.int8] | None

    @classmethod
    def of(cls, logits: Tensor, labels: Tensor, readout: Readout) -> "Verdicts":
        """From the network's logits (M, K) and the labels (M,)."""
        guesses = readout.scores(logits).argmax(dim=1).numpy().astype(np.int8)
        if not readout.tells_polarity:
            return cls(guesses, None)
        truth = readout.true_side(labels)
        right = (readout.side_of_argmax(logits) == truth).numpy().astype(np.int8)
        return cls(guesses, np.where(truth.numpy() == NEITHER, np.int8(NEITHER), right))


def scores(labels: NDArray, guesses: NDArray, *polarity: NDArray, classes: int, axis: int = -1) -> NDArray[np.float64]:
    """Accuracy, macro F1 and, where ``polarity`` is given, its accuracy, over ``axis`` of arrays (..., M): (figures, ...)."""
    f1 = 0.0
    for index in range(classes):
        truth, guess = labels == index, guesses == index
        f1 = f1 + 2 * (truth & guess).sum(axis) / np.maximum(truth.sum(axis) + guess.sum(axis), 1)
    found = [(labels == guesses).mean(axis), f1 / classes]
    found += [(right == 1).sum(axis) / np.maximum((right != NEITHER).sum(axis), 1) for right in polarity]
    return np.stack(found)


def interval(
    arrays: tuple[NDArray, ...], statistic: Callable[..., NDArray], resamples: int = RESAMPLES, seed: int = 0
) -> list[list[float]]:
    """95 % percentile intervals [low, high] of each figure that ``statistic`` makes of the arrays (M,), drawn together."""
    images = len(arrays[0])
    found = stats.bootstrap(
        arrays,
        statistic,
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=resamples,
        batch=max(1, 2**21 // images),
        confidence_level=CONFIDENCE,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return np.stack([found.low, found.high], axis=-1).tolist()


def intervals(verdicts: Verdicts, labels: Tensor, classes: int, **settings: Any) -> dict[str, list[float]]:
    """95 % interval of each of ``FIGURES`` of one answer; none for fewer than two images."""
    if len(labels) < 2:
        return {}
    arrays = [labels.numpy().astype(np.int8), verdicts.guesses]
    if verdicts.polarity is not None:
        arrays.append(verdicts.polarity)

    def statistic(*drawn: NDArray, axis: int = -1) -> NDArray:
        return scores(*drawn, classes=classes, axis=axis)

    found = interval(tuple(arrays), statistic, **settings)
    return dict(zip(FIGURES, found, strict=False))  # without polarity there are two


def paired(first: Verdicts, second: Verdicts, labels: Tensor, classes: int, **settings: Any) -> dict[str, Any]:
    """The first checkpoint against the second on the same images.

    Returns:
        For each of ``FIGURES`` that both have: ``first``, ``second``, ``difference`` (first - second) and its 95 %
        ``interval``; the share of images on which their guesses ``disagree``, and on how many ``only_first`` and
        ``only_second`` is right.
    """
    truth = labels.numpy().astype(np.int8)
    polar = first.polarity is not None and second.polarity is not None
    arrays = [truth, first.guesses, second.guesses] + ([first.polarity, second.polarity] if polar else [])

    def both(labels: NDArray, *drawn: NDArray, axis: int = -1) -> NDArray:
        """(2, figures, ...)"""
        return np.stack([scores(labels, *drawn[which::2], classes=classes, axis=axis) for which in (0, 1)])

    def difference(*drawn: NDArray, axis: int = -1) -> NDArray:
        return np.subtract(*both(*drawn, axis=axis))

    ours, theirs = both(*arrays).tolist()
    ranges = interval(tuple(arrays), difference, **settings) if len(truth) > 1 else [None] * len(ours)
    result: dict[str, Any] = {
        name: {"first": a, "second": b, "difference": a - b, "interval": span}
        for name, a, b, span in zip(FIGURES, ours, theirs, ranges, strict=False)
    }
    right, other = first.guesses == truth, second.guesses == truth
    return result | {
        "disagree": float((first.guesses != second.guesses).mean()),
        "only_first": int((right & ~other).sum()),
        "only_second": int((other & ~right).sum()),
    }
