"""Temperature, the probability from which an answer is sure, and what training photos' features are like."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.decomposition import PCA
from torch import Tensor

from cternet.networks.reliability import Familiarity
from training.evaluation.calibration import calibration

TARGET = 0.80
"""Accuracy that sure answers must have."""
MARGIN = 0.02
"""By how much it must be exceeded where the threshold is chosen, so that it holds on other photos."""
CALLED_UNLIKE = 0.02
"""Share of photos of val that are called unlike the training photos."""
EXPLAINED = 0.90
"""Share of the variance of the training photos' features that their components hold."""
GRID = np.linspace(0.2, 0.99, 80)


@dataclass(frozen=True)
class Answers:
    """What a network says of photos: scores (M, K), labels (M,), pooled features (M, C)."""

    scores: Tensor
    labels: Tensor
    pooled: Tensor

    def probabilities(self, temperature: float = 1.0) -> Tensor:
        return (self.scores.double() / temperature).softmax(dim=1)

    @property
    def right(self) -> Tensor:
        return self.scores.argmax(dim=1) == self.labels

    def calibration_error(self, temperature: float = 1.0) -> float:
        """Expected calibration error of the first emotion's probability."""
        return float(calibration(self.scores / temperature, self.labels)["error"])


def temperature_of(val: Answers) -> float:
    """The temperature with the smallest negative log-likelihood (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        return torch.nn.functional.cross_entropy(val.scores.double() / np.exp(log_temperature), val.labels).item()

    return float(np.exp(minimize_scalar(loss, bounds=(-2.5, 2.5), method="bounded").x))


def sure_from(val: Answers, temperature: float) -> float:
    """The smallest probability of ``GRID`` from which on answers are right often enough; 1 where there is none."""
    first, right = val.probabilities(temperature).max(dim=1).values.numpy(), val.right.numpy()
    for threshold in GRID:
        sure = first >= threshold
        if sure.any() and right[sure].mean() >= TARGET + MARGIN:
            return float(round(threshold, 2))
    return 1.0


def right_when_said(test: Answers, labels: tuple[str, ...]) -> dict[str, float | None]:
    """Precision of each emotion; None where it was never said."""
    said = test.scores.argmax(dim=1)
    return {
        label: float(test.right[said == index].double().mean()) if (said == index).any() else None
        for index, label in enumerate(labels)
    }


def familiarity_of(train: Tensor, val: Tensor) -> Familiarity:
    """Components of the training photos' pooled features (M, C), and the distance that few photos of val exceed."""
    fitted = PCA(EXPLAINED, svd_solver="full").fit(train.numpy())
    mean, components = (torch.from_numpy(np.asarray(part, np.float16)).float() for part in (fitted.mean_, fitted.components_))
    plain = Familiarity(mean, components, 1.0)
    return Familiarity(mean, components, float(np.quantile(plain.strangeness(val).numpy(), 1 - CALLED_UNLIKE)))


def caught(familiarity: Familiarity, pooled: Tensor, kinds: NDArray[np.str_]) -> dict[str, float]:
    """Share of each kind of pictures that is called unlike the training photos."""
    unlike = (familiarity.strangeness(pooled) > 1).numpy()
    return {str(kind): float(unlike[kinds == kind].mean()) for kind in dict.fromkeys(kinds)}
