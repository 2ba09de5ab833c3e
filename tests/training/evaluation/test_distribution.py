"""The measures of label distributions, by hand and by their extremes."""

import numpy as np
import pytest
import torch

from training.evaluation.distribution import MEASURES, against_votes, distribution_figures


def test_by_hand():
    p, q = [0.5, 0.5, 0.0], [0.25, 0.5, 0.25]
    found = distribution_figures(torch.tensor([q]), torch.tensor([p]))
    assert found == pytest.approx(
        {
            "kl": 0.5 * np.log(2),
            "chebyshev": 0.25,
            "clark": np.sqrt((1 / 3) ** 2 + 1),
            "canberra": 1 / 3 + 1,
            "cosine": 0.375 / np.sqrt(0.5 * 0.375),
            "intersection": 0.75,
        },
        rel=1e-6,
    )
    assert found.keys() == MEASURES.keys()


def test_the_mean_of_images_and_the_best_there_can_be():
    votes = torch.tensor([[0.2, 0.8], [1.0, 0.0]])
    best = distribution_figures(votes.clamp(min=1e-9), votes)
    assert best == pytest.approx(dict(kl=0, chebyshev=0, clark=0.5, canberra=0.5, cosine=1, intersection=1), abs=1e-6)
    one, other = (distribution_figures(torch.tensor([[0.5, 0.5]]), votes[[row]]) for row in (0, 1))
    both = distribution_figures(torch.full((2, 2), 0.5), votes)
    assert both == pytest.approx({name: (one[name] + other[name]) / 2 for name in both})


def test_images_without_votes_do_not_count():
    probabilities = torch.tensor([[0.5, 0.5], [0.9, 0.1]])
    assert against_votes(probabilities, [None, None]) == {}
    assert against_votes(probabilities, [None, (1.0, 0.0)]) == distribution_figures(
        probabilities[1:], torch.tensor([[1.0, 0.0]])
    )
