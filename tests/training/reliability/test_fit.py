"""Calibration, sureness and familiarity on made-up answers whose truth is known."""

import numpy as np
import torch

from training.reliability.fit import (
    CALLED_UNLIKE,
    MARGIN,
    TARGET,
    Answers,
    called_unlike,
    caught,
    probe_of,
    right_when_said,
    sure_from,
    temperature_of,
)
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
    assert val.right[first >= threshold - 0.05].double().mean() < TARGET + MARGIN
    hopeless = Answers(val.scores, (val.scores.argmax(dim=1) + 1) % 4, val.pooled)
    assert sure_from(hopeless, temperature) == 1.0


def test_precision_of_each_emotion():
    scores = torch.tensor([[2.0, 1, 0], [2, 1, 0], [0, 1, 0], [0, 1, 0]])
    answers = Answers(scores, torch.tensor([0, 1, 1, 1]), torch.zeros(4, 2))
    assert right_when_said(answers, ("a", "b", "c")) == {"a": 0.5, "b": 1.0, "c": None}


def test_the_probe_finds_what_lies_elsewhere_and_spares_photos():
    noise = torch.Generator().manual_seed(0)
    photos = torch.randn(800, 20, generator=noise)
    away = 7 * torch.nn.functional.one_hot(torch.arange(100) % 2, 20).float()
    shown, others = (torch.randn(100, 20, generator=noise) + away for _ in range(2))
    kinds = np.array(["a", "b"] * 50)
    probe = probe_of(photos[:400], shown, photos[400:600])
    assert called_unlike(probe, others) > 0.9
    assert called_unlike(probe, photos[400:600]) <= CALLED_UNLIKE + 0.005
    assert called_unlike(probe, photos[600:]) < 0.08
    found = caught(photos[:400], photos[400:600], shown, kinds, others, kinds)
    assert found["a"][0] > 0.9 > 0.5 > found["a"][1], "a kind in a direction of its own is not known unless it was shown"


def test_strange_pictures_are_many_and_each_its_own():
    pictures = list(strange_pictures(3, seed=1))
    assert [kind for kind, _ in pictures] == [kind for kind in KINDS for _ in range(3)]
    assert len({picture.tobytes() for _, picture in pictures}) > len(KINDS) * 2
    again = list(strange_pictures(3, seed=1))
    assert all(a.tobytes() == b.tobytes() for (_, a), (_, b) in zip(pictures, again, strict=True))
    assert pictures[4][1].tobytes() != list(strange_pictures(3, seed=2))[4][1].tobytes()
