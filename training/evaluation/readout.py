"""How a network's answers are read in terms of a data set's classes.

A network of several emotions answers a set of two polarities in two ways: by the side of its strongest emotion, and by the
side whose emotions have the larger probability together.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from cternet.emotions import POLARITY_CLASSES, sides
from training.data import DataError

NEGATIVE, POSITIVE, NEITHER = 0, 1, -1
"""Places in ``POLARITY_CLASSES``; NEITHER is the side of surprise where it is to be skipped."""


class Readout:
    """Reads the logits of a network with classes ``network`` on images labelled with ``classes``.

    Args:
        network: the network's classes, in the order of its logits.
        classes: the data's classes: the network's in any order, or the two polarities.
        surprise: polarity of surprise; with ``skip`` images of surprise do not count for polarity, nor does its logit.

    Raises:
        DataError: the network knows other emotions than the data.
    """

    def __init__(self, network: Sequence[str], classes: Sequence[str] | None = None, surprise: str = "skip") -> None:
        self.network = tuple(network)
        self.classes = self.network if classes is None else tuple(classes)
        try:
            named = sides(self.network, surprise)
        except ValueError:
            named = None
        places = {"negative": NEGATIVE, "positive": POSITIVE, None: NEITHER}
        self.sides = None if named is None else torch.tensor([places[side] for side in named])
        self.same = set(self.network) == set(self.classes)
        if not self.same and (self.classes != POLARITY_CLASSES or self.sides is None):
            raise DataError(
                f"the network tells {', '.join(self.network)} apart, the images are labelled {', '.join(self.classes)}; "
                "compare networks of the same classes, or their polarities with --polarity"
            )

    @property
    def tells_polarity(self) -> bool:
        """Whether polarity is something else than the classes themselves."""
        return self.sides is not None and len(self.network) > 2

    def scores(self, logits: Tensor) -> Tensor:
        """Logits of the network (M, K) -> logits of the data's classes (M, classes).

        For polarities from emotions, the logarithm of each side's summed exponentials: their softmax is its summed
        probability among the emotions that have a side.
        """
        if self.same:
            return logits[:, [self.network.index(name) for name in self.classes]]
        return self.side_scores(logits)

    def side_scores(self, logits: Tensor) -> Tensor:
        """(M, K) -> (M, 2), negative and positive."""
        return torch.stack([logits[:, self.sides == side].logsumexp(dim=1) for side in (NEGATIVE, POSITIVE)], dim=1)

    def side_of_argmax(self, logits: Tensor) -> Tensor:
        """(M, K) -> (M,), the side of the strongest emotion that has one."""
        return self.sides[logits.masked_fill(self.sides == NEITHER, -torch.inf).argmax(dim=1)]

    def true_side(self, labels: Tensor) -> Tensor:
        """Labels (M,) -> their sides (M,), NEITHER for an emotion without one."""
        return self.sides[[self.network.index(name) for name in self.classes]][labels] if self.same else labels

    def polarity(self, logits: Tensor, labels: Tensor) -> dict[str, Any]:
        """Polarity both ways, on the images whose emotion has a side.

        Args:
            logits: of the network (M, K).
            labels: of the data's classes (M,).

        Returns:
            Accuracy and balanced accuracy (mean recall of the two sides), each by the side of the argmax and by the larger
            summed probability, the area under the ROC curve of the summed positive probability, all in [0, 1], and the
            share of images of the more frequent side.  Empty where no image has a side; without the balanced figures and
            the area where all have the same.
        """
        truth = self.true_side(labels)
        counted = truth != NEITHER
        truth, logits = truth[counted], logits[counted]
        if not len(truth):
            return {}
        scores = self.side_scores(logits)
        guesses = {"": self.side_of_argmax(logits), "_by_sum": scores.argmax(dim=1)}
        positive = (truth == POSITIVE).double().mean().item()
        result: dict[str, Any] = {"polarity_majority": max(positive, 1 - positive)}
        for way, guess in guesses.items():
            right = (guess == truth).double()
            result[f"polarity_accuracy{way}"] = right.mean().item()
            if 0 < positive < 1:
                recalls = [right[truth == side].mean().item() for side in (NEGATIVE, POSITIVE)]
                result[f"polarity_balanced_accuracy{way}"] = sum(recalls) / 2
        if 0 < positive < 1:
            result["polarity_auc"] = binary_auroc(scores.double().softmax(dim=1)[:, POSITIVE], truth).item()
        return result
