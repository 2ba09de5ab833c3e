"""Calibration, sureness and familiarity on made-up answers whose truth is known."""

import numpy as np
import torch

from training.reliability.fit import MARGIN, TARGET, Answers, caught, familiarity_of, right_when_said, sure_from, temperature_of
from training.reliability.strange_pictures import KINDS, strange_pictures


def made_up(factor: float, count: int = 4000, seed: int = 0) -> Answers:
    """Answers whose logits are ``factor`` times those from which the labels were drawn."""
    noise = torch.Generator().manual_seed(seed)
    logits = 1.5 * torch.randn(count, 4, generator=noise)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=noise)[:, 0]
    return Answers(factor * logits, labels, torch.randn(count, 6, generator=noise))


def test_the_temperature_undoes_a_factor_of_the_logits():
    for factor in (0.5, 1.0, 3.0):
        val, test = made_up(factor), made_up(factor, seed=1)
        found = temperature_of(val)
        assert abs(found / factor - 1) < 0.1
        assert test.calibration_error(found) < 0.03
        assert factor == 1.0 or test.calibration_error() > 2 * test.calibration_error(found)


def test_sure_answers_are_right_often_enough_and_no_stricter_than_needed():
    val = made_up(2.0)
    temperature = temperature_of(val)
    threshold = sure_from(val, temperature)
    first = val.probabilities(temperature).max(dim=1).values
    assert val.right[first >= threshold].double().mean() >= TARGET + MARGIN
    assert val.right[first >= threshold - 0.03].double().mean() < TARGET + MARGIN
    hopeless = Answers(val.scores, torch.zeros_like(val.labels), val.pooled)
    assert sure_from(hopeless, temperature) == 1.0


def test_precision_of_each_emotion():
    scores = torch.tensor([[2.0, 1, 0], [2, 1, 0], [0, 1, 0], [0, 1, 0]])
    answers = Answers(scores, torch.tensor([0, 1, 1, 1]), torch.zeros(4, 2))
    assert right_when_said(answers, ("a", "b", "c")) == {"a": 0.5, "b": 1.0, "c": None}


def test_features_in_other_directions_are_strange():
    noise = torch.Generator().manual_seed(0)
    basis = torch.randn(3, 20, generator=noise)
    familiar = torch.randn(600, 3, generator=noise) @ basis + 0.1 * torch.randn(600, 20, generator=noise)
    found = familiarity_of(familiar[:400], familiar[400:])
    other = torch.randn(50, 20, generator=noise) * 3
    kinds = np.array(["other"] * 50 + ["familiar"] * 200)
    shares = caught(found, torch.cat([other, familiar[400:]]), kinds)
    assert shares["other"] > 0.9
    assert shares["familiar"] <= 0.03


def test_strange_pictures_are_many_and_each_its_own():
    pictures = list(strange_pictures(3, seed=1))
    assert [kind for kind, _ in pictures] == [kind for kind in KINDS for _ in range(3)]
    assert len({picture.tobytes() for _, picture in pictures}) > len(KINDS) * 2
    again = list(strange_pictures(3, seed=1))
    assert all(a.tobytes() == b.tobytes() for (_, a), (_, b) in zip(pictures, again, strict=True))
    assert pictures[4][1].tobytes() != list(strange_pictures(3, seed=2))[4][1].tobytes()
