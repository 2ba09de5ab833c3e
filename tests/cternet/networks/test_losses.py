"""Eq. 7 with the original losses."""

import math

import pytest
import torch

from cternet.networks.losses import loss_terms
from cternet.networks.model import Outputs

TARGET = torch.tensor([0, 2])


def outputs(attention: bool = True, **which: bool) -> Outputs:
    logits = {name: torch.randn(2, 3) for name, there in which.items() if there}
    return Outputs(**logits, s_out=torch.zeros(2, 4, 3, 3) if which.get("v") and attention else None)


def naive(logits: torch.Tensor, smoothing: float) -> float:
    total = 0.0
    for row, target in zip(logits.tolist(), TARGET.tolist(), strict=True):
        normaliser = math.log(sum(math.exp(value) for value in row))
        for k, value in enumerate(row):
            wanted = smoothing / len(row) + (1 - smoothing) * (k == target)
            total += wanted * (normaliser - value) / len(TARGET)
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_each_term_is_a_cross_entropy(smoothing: float):
    out = outputs(v=True, y=True, y_te=True)
    terms = loss_terms(out, TARGET, label_smoothing=smoothing)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {name: naive(getattr(out, name), smoothing) for name in ("v", "y", "y_te")}, rel=1e-5
    )


@pytest.mark.parametrize(
    ("there", "eq7_alone", "terms"),
    [
        (("v", "y", "y_te"), False, {"v", "y", "y_te"}),
        (("v", "y", "y_te"), True, {"v", "y_te"}),
        (("v", "y"), False, {"v", "y"}),
        (("v", "y"), True, {"v", "y"}),
        (("y",), False, {"y"}),
        (("y",), True, {"y"}),
    ],
)
def test_terms_of_each_variant(there: tuple[str, ...], eq7_alone: bool, terms: set[str]):
    out = outputs(**dict.fromkeys(there, True))
    assert set(loss_terms(out, TARGET, eq7_alone=eq7_alone)) == terms


def test_wscnet_weighs_its_two_terms_by_a_half():
    out = outputs(attention=False, v=True, y=True)
    terms = loss_terms(out, TARGET)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {name: naive(getattr(out, name), 0.0) / 2 for name in ("v", "y")}, rel=1e-5
    )
