"""Intervals: against the figures' own code, the textbook's width, and differences that are known."""

import numpy as np
import pytest
import torch

from training.evaluation.bootstrap import FIGURES, Verdicts, intervals, paired, scores
from training.evaluation.figures import figures
from training.evaluation.readout import Readout

FOUR = ("amusement", "anger", "awe", "surprise")
QUICK = {"resamples": 1000}


def noisy(labels: torch.Tensor, share: float, seed: int) -> torch.Tensor:
    """Logits that are right on about ``share`` of the images."""
    generator = torch.Generator().manual_seed(seed)
    random = torch.randint(0, 4, labels.shape, generator=generator)
    right = torch.rand(labels.shape, generator=generator) < share
    return 5.0 * torch.nn.functional.one_hot(torch.where(right, labels, random), 4)


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.randint(0, 4, (400,), generator=torch.Generator().manual_seed(0))


def verdicts(logits: torch.Tensor, labels: torch.Tensor) -> Verdicts:
    return Verdicts.of(logits, labels, Readout(FOUR))


def test_the_resampled_figures_are_the_reported_ones(labels: torch.Tensor):
    logits = noisy(labels, 0.5, 1)
    found = verdicts(logits, labels)
    reported = figures(logits, labels, Readout(FOUR))
    values = scores(labels.numpy(), found.guesses, found.polarity, classes=4)
    assert values.tolist() == pytest.approx([reported[name] for name in FIGURES])
    order = np.stack([np.arange(400), np.arange(400)[::-1]])
    both = scores(labels.numpy()[order], found.guesses[order], found.polarity[order], classes=4)
    np.testing.assert_allclose(both, np.stack([values, values], axis=1))


def test_the_interval_has_the_binomial_width(labels: torch.Tensor):
    logits = noisy(labels, 0.5, 1)
    found = intervals(verdicts(logits, labels), labels, 4)
    accuracy = figures(logits, labels, Readout(FOUR))["accuracy"]
    low, high = found["accuracy"]
    assert low < accuracy < high
    assert high - low == pytest.approx(2 * 1.96 * (accuracy * (1 - accuracy) / 400) ** 0.5, rel=0.05)
    assert set(found) == set(FIGURES)


def test_a_checkpoint_against_itself(labels: torch.Tensor):
    same = verdicts(noisy(labels, 0.5, 1), labels)
    found = paired(same, same, labels, 4, **QUICK)
    for name in FIGURES:
        assert found[name]["difference"] == 0
        assert found[name]["interval"] == [0, 0]
    assert found["disagree"] == found["only_first"] == found["only_second"] == 0


def test_a_known_difference_is_covered(labels: torch.Tensor):
    """One is right on 0.8 + 0.2 / 4 of the images, the other on 0.5 + 0.5 / 4: 22.5 points apart."""
    better, worse = noisy(labels, 0.8, 1), noisy(labels, 0.5, 2)
    found = paired(verdicts(better, labels), verdicts(worse, labels), labels, 4, **QUICK)
    low, high = found["accuracy"]["interval"]
    assert 0 < low < 0.225 < high
    assert found["accuracy"]["first"] == figures(better, labels, Readout(FOUR))["accuracy"]
    assert found["macro_f1"]["second"] == pytest.approx(figures(worse, labels, Readout(FOUR))["macro_f1"])
    right, other = better.argmax(dim=1) == labels, worse.argmax(dim=1) == labels
    assert found["only_first"] - found["only_second"] == right.sum() - other.sum()
    assert found["disagree"] == pytest.approx((better.argmax(dim=1) != worse.argmax(dim=1)).double().mean().item())
    back = paired(verdicts(worse, labels), verdicts(better, labels), labels, 4, **QUICK)
    assert back["accuracy"]["interval"] == pytest.approx([-high, -low])


def test_pairing_removes_what_both_have_in_common(labels: torch.Tensor):
    """Two that differ on four images are told apart far more finely than either's own interval."""
    logits = noisy(labels, 0.5, 1)
    other = logits.clone()
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:4, 0]
    other[wrong] = 5.0 * torch.nn.functional.one_hot(labels[wrong], 4)
    found = paired(verdicts(other, labels), verdicts(logits, labels), labels, 4, **QUICK)
    low, high = found["accuracy"]["interval"]
    assert found["accuracy"]["difference"] == pytest.approx(4 / 400)
    assert high - low < 0.025 < intervals(verdicts(logits, labels), labels, 4, **QUICK)["accuracy"][1] - 0.5


def test_without_polarity_and_with_one_image():
    readout = Readout(("cats", "dogs"))
    labels = torch.tensor([0, 1, 1])
    found = Verdicts.of(torch.eye(2)[[0, 1, 0]], labels, readout)
    assert set(intervals(found, labels, 2, **QUICK)) == {"accuracy", "macro_f1"}
    assert "polarity_accuracy" not in paired(found, found, labels, 2, **QUICK)
    single = Verdicts.of(torch.eye(2)[:1], labels[:1], readout)
    assert intervals(single, labels[:1], 2) == {}
    assert paired(single, single, labels[:1], 2)["accuracy"]["interval"] is None
