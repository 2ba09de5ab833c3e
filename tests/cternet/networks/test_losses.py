"""Each family's loss, Eq. 7 with the original losses among them."""

import math

import pytest
import torch

from cternet.networks.classifier import Outputs
from cternet.networks.emotion import EmotionNetwork
from tests.tiny import SIZE, tiny_network

TARGET = torch.tensor([0, 2])


def seen(family: str) -> tuple[EmotionNetwork, Outputs]:
    """A network, and what it makes of two photos."""
    network = tiny_network(family=family)
    with torch.no_grad():
        return network, network(torch.randn(2, 3, SIZE, SIZE))


def naive(logits: torch.Tensor, smoothing: float = 0.0) -> float:
    total = 0.0
    for row, target in zip(logits.tolist(), TARGET.tolist(), strict=True):
        normaliser = math.log(sum(math.exp(value) for value in row))
        for k, value in enumerate(row):
            wanted = smoothing / len(row) + (1 - smoothing) * (k == target)
            total += wanted * (normaliser - value) / len(TARGET)
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_each_term_is_a_cross_entropy(smoothing: float):
    network, out = seen("cternet")
    terms = network.loss_terms(out, TARGET, label_smoothing=smoothing)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {name: naive(getattr(out, name), smoothing) for name in ("v", "y", "y_te")}, rel=1e-5
    )


@pytest.mark.parametrize(
    ("family", "eq7_alone", "terms"),
    [
        ("cternet", False, {"v", "y", "y_te"}),
        ("cternet", True, {"v", "y_te"}),
        ("smad-f", False, {"v", "y"}),
        ("smad-f", True, {"v", "y"}),
        ("wscnet", False, {"v", "y"}),
        ("vanilla", False, {"y"}),
        ("vanilla", True, {"y"}),
    ],
)
def test_terms_of_each_family(family: str, eq7_alone: bool, terms: set[str]):
    network, out = seen(family)
    assert set(network.loss_terms(out, TARGET, eq7_alone=eq7_alone)) == terms


def test_wscnet_weighs_its_two_terms_by_a_half():
    network, out = seen("wscnet")
    terms = network.loss_terms(out, TARGET)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {name: naive(getattr(out, name)) / 2 for name in ("v", "y")}, rel=1e-5
    )
