"""Temperature, the probability from which an answer is sure, and the probe that tells photos from other pictures."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from cternet.networks.reliability import PhotoProbe
from training.evaluation.calibration import calibration

TARGET = 0.80
"""Accuracy that sure answers must have."""
MARGIN = 0.05
"""By how much it must be exceeded on val: the best epoch was chosen there, so that val looks easier than other photos."""
CALLED_UNLIKE = 0.02
"""Share of photos of val that are called unlike the training photos."""
PENALTY = 0.01
"""Inverse strength of the probe's L2 penalty: strong, so that it also knows kinds of pictures it was not shown."""
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


def probe_of(train: Tensor, strange: Tensor, val: Tensor) -> PhotoProbe:
    """A logistic regression between photos (M, C) and other pictures, with a bias that few photos of val exceed."""
    scale = StandardScaler().fit(train.numpy())
    points = np.concatenate([train.numpy(), strange.numpy()])
    strange_too = np.arange(len(points)) >= len(train)
    fitted = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=2000).fit(scale.transform(points), strange_too)
    weight = torch.from_numpy((fitted.coef_[0] / scale.scale_).astype(np.float32))
    return PhotoProbe(weight, -float(np.quantile((val @ weight).numpy(), 1 - CALLED_UNLIKE)))


def called_unlike(probe: PhotoProbe, pooled: Tensor) -> float:
    """Share of pictures that the probe calls unlike the training photos."""
    return float((probe.strangeness(pooled) > 0).double().mean())


def caught(
    train: Tensor, val: Tensor, shown: Tensor, kinds: NDArray[np.str_], others: Tensor, kinds_of_others: NDArray[np.str_]
) -> dict[str, tuple[float, float]]:
    """Share of other pictures of each kind that are called unlike: by the probe, and by one that was shown none of the kind."""
    probe = probe_of(train, shown, val)
    found = {}
    for kind in dict.fromkeys(kinds):
        without = probe_of(train, shown[torch.from_numpy(kinds != kind)], val)
        of_kind = others[torch.from_numpy(kinds_of_others == kind)]
        found[str(kind)] = called_unlike(probe, of_kind), called_unlike(without, of_kind)
    return found
